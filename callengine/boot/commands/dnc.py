"""`callengine dnc`: numbers that asked a shop not to be called."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import typer

from callengine.boot.cli import CommandFailed, Invocation
from callengine.core.ids import ShopId
from callengine.core.numbers import BadNumber
from callengine.engine.do_not_call import DoNotCall
from callengine.engine.ports import StoreDown, UnknownShop
from callengine.store import Database
from callengine.store import migrate as migrations
from callengine.store.do_not_call import SqlDoNotCall

T = TypeVar("T")

dnc = typer.Typer(add_completion=False)

Shop = Annotated[str, typer.Argument(help="Slug of the shop.")]
Numbers = Annotated[list[str], typer.Argument(help="Numbers, as people write them.")]


@dnc.callback()
def _dnc() -> None:
    """Numbers that asked a shop not to be called."""


@dnc.command()
def add(
    context: typer.Context,
    shop: Shop,
    numbers: Numbers,
    note: Annotated[str, typer.Option(help="Who asked, and how.")] = "",
) -> None:
    """Put numbers on a shop's list; orders with them are not dialled any more."""

    async def work(listed: DoNotCall) -> list[str]:
        now = time.time()
        return [await listed.add(ShopId(shop), n, now, note) for n in numbers]

    for number in _run(context, work):
        typer.echo(f"{number} is not called for {shop}")


@dnc.command()
def remove(context: typer.Context, shop: Shop, numbers: Numbers) -> None:
    """Take numbers off a shop's list; exit code 1 if one was not on it."""

    async def work(listed: DoNotCall) -> list[tuple[str, bool]]:
        return [(n, await listed.remove(ShopId(shop), n)) for n in numbers]

    done = _run(context, work)
    for number, was_there in done:
        said = "may be called again" if was_there else "was not on the list"
        typer.echo(f"{number} {said}", err=not was_there)
    if not all(was_there for _, was_there in done):
        raise typer.Exit(1)


@dnc.command("list")
def list_(
    context: typer.Context,
    shop: Shop,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object instead of lines.")
    ] = False,
) -> None:
    """Show a shop's list."""
    entries = _run(context, lambda listed: listed.listed(ShopId(shop)))
    days = [datetime.fromtimestamp(e.added_at, UTC).isoformat() for e in entries]
    if as_json:
        rows = [
            {"number": entry.number, "added_at": day, "note": entry.note}
            for entry, day in zip(entries, days, strict=True)
        ]
        typer.echo(json.dumps({"shop": shop, "numbers": rows}, ensure_ascii=False))
        return
    for entry, day in zip(entries, days, strict=True):
        typer.echo(f"{entry.number}  {day[:10]}  {entry.note}".rstrip())


def _run(context: typer.Context, work: Callable[[DoNotCall], Awaitable[T]]) -> T:
    invocation: Invocation = context.obj
    try:
        db = Database.open(invocation.settings().database_url)
        return asyncio.run(_closing(db, work))
    except (StoreDown, migrations.SchemaMismatch, BadNumber, UnknownShop) as error:
        raise CommandFailed(str(error)) from error


async def _closing(db: Database, work: Callable[[DoNotCall], Awaitable[T]]) -> T:
    try:
        await migrations.require_current(db)
        return await work(SqlDoNotCall(db))
    finally:
        await db.close()
