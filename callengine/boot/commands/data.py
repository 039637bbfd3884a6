"""`callengine migrate`, `apply` and `check`."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from callengine.boot.cli import CommandFailed, Invocation
from callengine.boot.security_log import SecurityLog, person
from callengine.boot.trunks import trunks_of
from callengine.core.trunks.trunk import Trunk
from callengine.engine.ports import StoreDown
from callengine.store import Database
from callengine.store import migrate as migrations
from callengine.store.configuration import (
    Applied,
    BadConfiguration,
    Plan,
    Problem,
    apply_plan,
    read_plan,
    warnings_of,
)
from callengine.store.configuration.credentials import Credentials
from callengine.store.configuration.known import Known, read_known
from callengine.store.configuration.warn import text_of

UNUSABLE = 2

T = TypeVar("T")

File = Annotated[Path, typer.Argument(help="TOML file of shops, agents, rules.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead.")]


def migrate(
    context: typer.Context,
    to: Annotated[str, typer.Option(help="Revision; `base` empties it.")] = "head",
    down: Annotated[bool, typer.Option("--down", help="Migrate down.")] = False,
) -> None:
    """Bring the database to the schema of this version, in one transaction."""

    async def work(db: Database) -> tuple[str | None, str | None]:
        before = await migrations.current(db)
        await (migrations.downgrade if down else migrations.upgrade)(db, to)
        return before, await migrations.current(db)

    if down and to == "head":
        raise CommandFailed("say how far down: --to REVISION, or --to base", UNUSABLE)
    before, after = on_database(context, work)
    if before == after:
        typer.echo(f"The database is at schema {after} already.")
    else:
        typer.echo(f"The database went from schema {before or 'none'} to {after}.")


def check(context: typer.Context, file: File, as_json: AsJson = False) -> None:
    """
    Explain what is wrong in a file for `apply`; exit code 1 if anything is.

    Warnings name what could be applied and would disappoint: rules that today's roster
    cannot serve, certificates that expire. They leave the exit code at 0.
    """
    now = time.time()
    try:
        known = on_database(context, lambda db: _known(db, now))
    except CommandFailed:
        known = Known()  # no database yet: the file must name what it uses
    try:
        plan = _read(file, known)
    except BadConfiguration as bad:
        _show_problems(file, bad.problems, (), as_json=as_json)
        raise typer.Exit(1) from None
    doubts = warnings_of(
        plan, text_of(file), known=known, now=now, trunks=_trunks(context)
    )
    _show_problems(file, (), doubts, as_json=as_json)
    if not as_json:
        counts = [(len(plan.shops), "shop"), (len(plan.agents), "agent")]
        if plan.rules is not None:
            counts.append((len(plan.rules.book.rules), "rule"))
        named = ", ".join(f"{n} {what}{'s' * (n != 1)}" for n, what in counts)
        typer.echo(f"{file}: {named}; no errors, {len(doubts)} warnings")


def apply(
    context: typer.Context,
    file: File,
    secrets_out: Annotated[
        Path | None,
        typer.Option(
            "--secrets-out",
            "--credentials",
            help="Write new passwords and keys here (JSON, mode 0600).",
        ),
    ] = None,
    rotate: Annotated[
        bool, typer.Option("--rotate", help="Make all passwords and keys anew.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Create or update shops, agents and routing rules; twice is once."""

    async def work(db: Database) -> Applied:
        now = time.time()
        known = await _known(db, now)
        plan = _read(file, known)
        for doubt in warnings_of(
            plan, text_of(file), known=known, now=now, trunks=_trunks(context)
        ):
            typer.echo(f"{file}: warning: {doubt}", err=True)
        if secrets_out is not None:
            _demand_writable(secrets_out)
        return await apply_plan(db, plan, now, rotate=rotate)

    try:
        applied = on_database(context, work)
    except BadConfiguration as bad:
        _show_problems(file, bad.problems, (), as_json=False)
        raise CommandFailed("nothing was applied") from None
    _note_applied(context, file, applied, rotate=rotate)
    if secrets_out is not None:
        _write_secrets(applied, secrets_out)
    _show_applied(applied, as_json=as_json, shown=secrets_out is None)


def _trunks(context: typer.Context) -> Mapping[str, Trunk]:
    return trunks_of(context.obj.settings())


async def _known(db: Database, now: float) -> Known:
    await migrations.require_current(db)
    return await read_known(db, now)


def _read(file: Path, known: Known) -> Plan:
    return read_plan(
        file,
        known_shops=frozenset(known.shops),
        known_regimes=known.regimes,
        known_skills=known.skills,
    )


def on_database(context: typer.Context, work: Callable[[Database], Awaitable[T]]) -> T:
    """Run one job on the database of the settings, with clear errors."""
    invocation: Invocation = context.obj
    try:
        db = Database.open(invocation.settings().database_url)
        return asyncio.run(_closing(db, work))
    except (StoreDown, migrations.SchemaMismatch, ValueError) as error:
        raise CommandFailed(str(error)) from error


async def _closing(db: Database, work: Callable[[Database], Awaitable[T]]) -> T:
    try:
        return await work(db)
    finally:
        await db.close()


def _demand_writable(file: Path) -> None:
    """Secrets are made only where they can be kept: nobody can ask for them later."""
    try:
        Credentials().merge_into(file)
    except (OSError, ValueError) as error:
        raise CommandFailed(f"{file}: {error}; nothing was applied") from None


def _write_secrets(applied: Applied, file: Path) -> None:
    try:
        applied.credentials.merge_into(file)
    except (OSError, ValueError) as error:
        # They are in the database already and can be had in no other way.
        raise CommandFailed(
            f"the new secrets were not written: {error}; run apply again with --rotate"
        ) from None


def _show_problems(
    file: Path, errors: Iterable[Problem], doubts: Iterable[Problem], *, as_json: bool
) -> None:
    if as_json:
        said: dict[str, Any] = {
            "ok": not errors,
            "errors": [asdict(problem) for problem in errors],
            "warnings": [asdict(problem) for problem in doubts],
        }
        typer.echo(json.dumps(said, ensure_ascii=False))
        return
    text = text_of(file) if any(problem.column for problem in errors) else ""
    for problem in errors:
        typer.echo(f"{file}: error: {problem}", err=True)
        if excerpt := problem.excerpt(text):
            typer.echo(excerpt, err=True)
    for problem in doubts:
        typer.echo(f"{file}: warning: {problem}", err=True)


def _note_applied(
    context: typer.Context, file: Path, applied: Applied, *, rotate: bool
) -> None:
    SecurityLog(context.obj.settings().var_dir, time.time).note(
        "applied",
        person=person(),
        file=str(file),
        created=" ".join(applied.created),
        changed=" ".join(applied.changed),
        removed=" ".join(applied.removed),
        rotated="yes" if rotate else "",
    )


def _show_applied(applied: Applied, *, as_json: bool, shown: bool) -> None:
    made = applied.credentials
    if as_json:
        said: dict[str, Any] = {
            "ok": True,
            "created": applied.created,
            "changed": applied.changed,
            "removed": applied.removed,
            "unchanged": applied.unchanged,
        }
        if shown:
            said["secrets"] = {"agents": made.agents, "shops": made.shops}
        typer.echo(json.dumps(said, ensure_ascii=False))
        return
    for verb, names in (
        ("created", applied.created),
        ("changed", applied.changed),
        ("removed", applied.removed),
    ):
        if names:
            typer.echo(f"{verb}: {', '.join(names)}")
    typer.echo(f"unchanged: {applied.unchanged}")
    if made and shown:
        typer.echo("\nNew secrets, shown this once:")
        for kind, owners in (("agent", made.agents), ("shop", made.shops)):
            for name, values in owners.items():
                for what, value in values.items():
                    typer.echo(f"  {kind} {name} {what} {value}")
