"""`callengine why CALL`: what happened to a call, and why it went where it went."""

import asyncio
import json
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import orjson
import typer
from rich.console import Console
from rich.table import Table

from callengine.boot.cli import CommandFailed, Invocation
from callengine.core.ids import CallId
from callengine.core.records import CallRecord, DecisionRecord
from callengine.engine.ports import CallHistory
from callengine.store.archive import SqlArchive
from callengine.store.database import Database

MAX_CALL_CHARS = 128


def why(
    context: typer.Context,
    call: Annotated[str, typer.Argument(help="The call's id, as logs and pages show.")],
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object instead of tables.")
    ] = False,
    zone: Annotated[str, typer.Option(help="Time zone of the instants shown.")] = "UTC",
) -> None:
    """Explain why a call went where it went: legs, events, decisions, disposition."""
    invocation: Invocation = context.obj
    try:
        shown_in = ZoneInfo(zone)
    except (KeyError, ValueError):
        raise CommandFailed(f"There is no time zone {zone!r}.") from None
    url = invocation.settings().database_url
    history = asyncio.run(_read(url, CallId(call[:MAX_CALL_CHARS])))
    if history is None:
        raise CommandFailed(
            f"Nothing is on record of call {call!r}. A call in progress is recorded"
            " when it ends; ask the running engine: GET /api/v1/calls/CALL/why."
        )
    if as_json:
        typer.echo(orjson.dumps(history, option=orjson.OPT_INDENT_2).decode())
    else:
        _print(history, shown_in, Console(highlight=False))


async def _read(url: str, call: CallId) -> CallHistory | None:
    database = Database.open(url)
    try:
        return await SqlArchive(database).why(call)
    finally:
        await database.close()


def _print(history: CallHistory, zone: ZoneInfo, console: Console) -> None:
    if history.call is not None:
        _print_call(history.call, zone, console)
    for decision in history.decisions:
        _print_decision(decision, zone, console)
    for attempt in history.attempts:
        console.print(
            f"attempt {attempt.tries}: [bold]{attempt.outcome}[/bold], SIP"
            f" {attempt.sip_code or '-'}, cause {attempt.cause}, rang"
            f" {attempt.ring_s:.1f} s; {attempt.rule}"
        )
    if history.disposition is not None:
        said = history.disposition
        console.print(f"disposition: [bold]{said.disposition}[/bold] {said.note}")


def _print_call(call: CallRecord, zone: ZoneInfo, console: Console) -> None:
    console.print(
        f"[bold]{call.direction}[/bold] call {call.call} of shop {call.shop or '-'}:"
        f" {call.ending}, agent {call.agent or '-'}"
    )
    console.print(f"required: {call.requirement or 'nothing'}")
    if call.off_skill:
        console.print(f"off skill: {call.off_skill}")
    events = Table("at", "after s", "event", "detail", title="events")
    for at, name, detail in call.events:
        events.add_row(_clock(at, zone), f"{at - call.enqueued_at:.3f}", name, detail)
    legs = Table("channel", "role", "rang", "answered", "ended", "cause", title="legs")
    for leg in call.legs:
        instants = (leg.ringing_at, leg.answered_at, leg.ended_at)
        ended = f"{leg.cause}" + (f" / SIP {leg.sip_code}" if leg.sip_code else "")
        legs.add_row(
            leg.channel, leg.role, *(_clock(at, zone) for at in instants), ended
        )
    console.print(events, legs)


def _print_decision(decision: DecisionRecord, zone: ZoneInfo, console: Console) -> None:
    table = Table(
        title=f"{decision.kind}: {decision.chosen} because {decision.reason}",
        show_header=False,
    )
    table.add_row("at", _clock(decision.at, zone))
    for name, value in decision.detail.items():
        table.add_row(name.replace("_", " "), _text(value))
    console.print(table)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _clock(at: float | None, zone: ZoneInfo) -> str:
    if at is None:
        return "-"
    return datetime.fromtimestamp(at, zone).strftime("%H:%M:%S.%f")[:-3]
