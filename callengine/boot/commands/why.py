"""`callengine why CALL`: what happened to a call, and why it went where it went."""

import asyncio
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import orjson
import typer
from rich.console import Console

from callengine.boot.cli import CommandFailed, Invocation
from callengine.boot.why.live import ask_engine, live_story
from callengine.boot.why.order import order_story
from callengine.boot.why.parts import Part
from callengine.boot.why.printing import print_story
from callengine.boot.why.story import story_of
from callengine.core.ids import CallId, ShopId
from callengine.engine.ports import CallHistory, OrderHistory
from callengine.store.archive import SqlArchive
from callengine.store.database import Database

MAX_CALL_CHARS = 128


def why(
    context: typer.Context,
    call: Annotated[
        str,
        typer.Argument(
            help="Id of a call, order or attempt; or the shop's number of an order,"
            " also as SHOP/NUMBER."
        ),
    ],
    number: Annotated[
        str, typer.Argument(help="With a shop before it: its number of an order.")
    ] = "",
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
    shown_in = _zone(zone)
    key = f"{call}/{number}" if number else call[:MAX_CALL_CHARS]
    history = asyncio.run(_read(invocation.settings().database_url, key))
    answer = None
    if history is None or (isinstance(history, CallHistory) and history.call is None):
        answer = asyncio.run(_ask(invocation, key))
    live = answer["live"] if answer else None
    if history is None and live is None:
        raise CommandFailed(
            f"Nothing is on record of {key!r}. A call in progress is recorded when it"
            " ends; the engine of this node does not run, or does not know it."
        )
    if as_json:
        told = history if live is None else answer
        typer.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
        return
    console = Console(highlight=False)
    if live is not None:
        print_story(live_story(key, live, shown_in), console)
    if history is not None:
        print_story(_told(history, shown_in), console)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError):
        raise CommandFailed(f"There is no time zone {name!r}.") from None


def _told(history: CallHistory | OrderHistory, zone: ZoneInfo) -> Part:
    if isinstance(history, OrderHistory):
        return order_story(history, zone)
    return story_of(history, zone)


async def _ask(invocation: Invocation, key: str) -> Any:
    return await ask_engine(
        invocation.settings(), invocation.secrets().admin_token, key
    )


async def _read(url: str, key: str) -> CallHistory | OrderHistory | None:
    database = Database.open(url)
    try:
        archive = SqlArchive(database)
        return (
            await archive.why(CallId(key))
            or await archive.why_order(key)
            or await _by_number(archive, key)
        )
    finally:
        await database.close()


async def _by_number(archive: SqlArchive, key: str) -> OrderHistory | None:
    """
    Find an order by the shop's own number, alone or behind the shop's slug.

    Raises:
        CommandFailed: orders of several shops have this number.
    """
    shop, slash, number = key.partition("/")
    found = await archive.orders_numbered(key)
    if not found and slash:
        found = await archive.orders_numbered(number, ShopId(shop))
    if len(found) > 1:
        named = ", ".join(f"{owner}/{key}" for _, owner in found)
        raise CommandFailed(f"Several shops have an order {key!r}; say one of: {named}")
    return await archive.why_order(found[0][0]) if found else None
