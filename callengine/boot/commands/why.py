"""`callengine why CALL`: what happened to a call, and why it went where it went."""

import asyncio
from typing import Annotated
from zoneinfo import ZoneInfo

import orjson
import typer
from rich.console import Console

from callengine.boot.cli import CommandFailed, Invocation
from callengine.boot.why.order import order_story
from callengine.boot.why.parts import Part
from callengine.boot.why.printing import print_story
from callengine.boot.why.story import story_of
from callengine.core.ids import CallId
from callengine.engine.ports import CallHistory, OrderHistory
from callengine.store.archive import SqlArchive
from callengine.store.database import Database

MAX_CALL_CHARS = 128


def why(
    context: typer.Context,
    call: Annotated[str, typer.Argument(help="Id of a call, an order or an attempt.")],
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object instead.")
    ] = False,
    zone: Annotated[str, typer.Option(help="Time zone of the instants shown.")] = "UTC",
) -> None:
    """
    Explain why a call went where it went.

    Which rules held, what was asked for step by step, who could have had the call and
    who was not asked; then events, legs and disposition. Of an order: when it was
    dialled, and why it was not.
    """
    invocation: Invocation = context.obj
    try:
        shown_in = ZoneInfo(zone)
    except (KeyError, ValueError):
        raise CommandFailed(f"There is no time zone {zone!r}.") from None
    url = invocation.settings().database_url
    history = asyncio.run(_read(url, call[:MAX_CALL_CHARS]))
    if history is None:
        raise CommandFailed(
            f"Nothing is on record of {call!r}. A call in progress is recorded"
            " when it ends; ask the running engine: GET /api/v1/calls/CALL/why."
        )
    if as_json:
        typer.echo(orjson.dumps(history, option=orjson.OPT_INDENT_2).decode())
    else:
        print_story(_told(history, shown_in), Console(highlight=False))


def _told(history: CallHistory | OrderHistory, zone: ZoneInfo) -> Part:
    if isinstance(history, OrderHistory):
        return order_story(history, zone)
    return story_of(history, zone)


async def _read(url: str, key: str) -> CallHistory | OrderHistory | None:
    database = Database.open(url)
    try:
        archive = SqlArchive(database)
        return await archive.why(CallId(key)) or await archive.why_order(key)
    finally:
        await database.close()
