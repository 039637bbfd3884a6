"""`callengine orders import`: the orders of a file, or what is understood of it."""

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from callengine.boot.cli import INTERRUPTED, CommandFailed, Invocation
from callengine.boot.commands.data import UNUSABLE, AsJson, on_database
from callengine.boot.ids import id_maker
from callengine.core.roster import Shop
from callengine.engine.ports import StoreDown, UnknownShop
from callengine.store import Database, Store
from callengine.store import migrate as migrations
from callengine.store.files import (
    BadRow,
    ColumnMap,
    Explained,
    Imported,
    ParsedFile,
    UnusableFile,
    explain_file,
    import_orders,
    parse_orders,
)
from callengine.store.files.table import MAX_BYTES
from callengine.store.files.take import PARTLY

MAX_SHOWN = 50

orders = typer.Typer(add_completion=False)


@orders.callback()
def _orders() -> None:
    """Orders, from files."""


@orders.command("import")
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV or XLSX.")],
    shop: Annotated[str, typer.Option(help="Slug of the shop they are for.")],
    explain: Annotated[
        bool,
        typer.Option(
            "--explain", help="Take nothing; say what each column is understood as."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """
    Take the orders of a file; bad rows are reported, good ones go in.

    Exit code 0: all rows are in; 1: some are not; 2: the file cannot be used; 5: all
    rows are in, but columns or cells that are not empty were not understood (with
    --explain: some columns are not certain). The same file again changes nothing.
    """
    raw = _read(file)
    found, columns = _shop(context, file, shop)
    try:
        if explain:
            _explain(file, found, columns, raw, as_json=as_json)
        parsed = parse_orders(
            raw,
            currency=found.currency,
            zone=found.zone,
            columns=columns,
            at=time.time(),
        )
    except UnusableFile as error:
        raise CommandFailed(f"{file}: {error}", UNUSABLE) from None
    done = _take(context, found, parsed)
    _show_imported(file, done, as_json=as_json)
    raise typer.Exit(done.exit_code)


def _read(file: Path) -> bytes:
    """Read a file, and of a huge one only enough to know that it is."""
    try:
        with file.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise CommandFailed(f"{file}: {reason}", UNUSABLE) from None


def _shop(context: typer.Context, file: Path, shop: str) -> tuple[Shop, ColumnMap]:
    async def work(db: Database) -> tuple[Shop, ColumnMap]:
        await migrations.require_current(db)
        store = _store(context, db)
        roster = await store.directory.roster()
        found = next((s for s in roster.shops if s.shop == shop), None)
        if found is None:
            have = ", ".join(s.shop for s in roster.shops) or "none yet"
            raise CommandFailed(
                f"{file}: there is no shop {shop!r}; shops: {have}", UNUSABLE
            )
        return found, await store.intake.column_map(found.shop)

    return on_database(context, work)


def _store(context: typer.Context, db: Database) -> Store:
    invocation: Invocation = context.obj
    return Store.over(db, clock=time.time, new_id=id_maker(invocation.settings().node))


def _take(context: typer.Context, shop: Shop, parsed: ParsedFile) -> Imported:
    """Put the orders in; an interruption says how far it came."""
    done = Imported()

    async def work(db: Database) -> None:
        store = _store(context, db)
        try:
            await import_orders(store.intake, shop, parsed, time.time(), done)
        except UnknownShop as error:
            raise CommandFailed(str(error), UNUSABLE) from None
        except StoreDown as error:
            raise CommandFailed(f"{error}; {_so_far(done)}") from error

    try:
        on_database(context, work)
    except KeyboardInterrupt:
        raise CommandFailed(f"interrupted; {_so_far(done)}", INTERRUPTED) from None
    return done


def _so_far(done: Imported) -> str:
    taken = done.created + done.same
    return (
        f"{taken} of {done.orders} orders are in; import the same file again for the"
        " rest"
    )


def _explain(
    file: Path, shop: Shop, columns: ColumnMap, raw: bytes, *, as_json: bool
) -> None:
    """Say what was understood, and end."""
    said = explain_file(raw, columns, zone=shop.zone, region=shop.region)
    if as_json:
        whole = asdict(said) | {"ok": not said.missing, "toml": said.toml()}
        typer.echo(json.dumps(whole, ensure_ascii=False))
    else:
        _show_explained(file, shop, said)
    if said.missing:
        raise typer.Exit(UNUSABLE)
    raise typer.Exit(PARTLY if said.doubtful else 0)


def _show_explained(file: Path, shop: Shop, said: Explained) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("column", "understood as", "confidence", "example")
    for one in said.columns:
        table.add_row(one.heading, one.column or "?", one.confidence, one.example)
    typer.echo(f"{file}: {said.kind}, heading in line {said.line}")
    Console(file=sys.stdout).print(table, markup=False)
    if said.missing:
        lacking = " and no ".join(said.missing)
        typer.echo(f"There is no {lacking}: no order can be read yet.")
    if said.toml():
        typer.echo(f"\nFor shop {shop.shop} in the file for `callengine apply`:\n")
        typer.echo(said.toml())


def _show_imported(file: Path, done: Imported, *, as_json: bool) -> None:
    if as_json:
        said = asdict(done) | {"ok": not done.bad, "exit_code": done.exit_code}
        typer.echo(json.dumps(said, ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Table

    _show_rows(file, done.bad, "")
    _show_rows(file, done.doubts, "warning: ")
    if done.ignored:
        names = ", ".join(done.ignored)
        typer.echo(
            f"{file}: columns not understood: {names}; `--explain` proposes a map",
            err=True,
        )
    table = Table("rows", "orders", "created", "here already", "bad rows", "warnings")
    counts = (done.rows, done.orders, done.created, done.same, len(done.bad))
    table.add_row(*map(str, (*counts, len(done.doubts))))
    Console(file=sys.stdout).print(table)


def _show_rows(file: Path, rows: Sequence[BadRow], kind: str) -> None:
    for row in rows[:MAX_SHOWN]:
        typer.echo(f"{file}: line {row.line}: {kind}{row.reason}", err=True)
    if len(rows) > MAX_SHOWN:
        more = "warnings" if kind else "bad rows"
        typer.echo(f"{file}: and {len(rows) - MAX_SHOWN} more {more}", err=True)
