"""`callengine pbx ...` and `callengine provision`."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from callengine import __version__
from callengine.asterisk.pbx import Pbx, PbxError
from callengine.asterisk.pbx_config import PbxConfig
from callengine.asterisk.provision import (
    RELOAD,
    Provision,
    diff_provision,
    render_provision,
)
from callengine.asterisk.root import install_asterisk, say_on_stderr
from callengine.boot.cli import WRONG_SETTINGS, CommandFailed, Invocation
from callengine.boot.instance import behind
from callengine.boot.managed_pbx import pbx_config

pbx = typer.Typer(add_completion=False)

Foreground = Annotated[
    bool,
    typer.Option("--foreground", help="Stay until Asterisk ends, for supervision."),
]
Bench = Annotated[
    bool, typer.Option("--bench", hidden=True, help="Add the benchmark's native queue.")
]
ConsoleCommand = Annotated[
    list[str] | None, typer.Argument(help="What to ask; none opens the console.")
]


@pbx.command()
def install(context: typer.Context) -> None:
    """Find an Asterisk that is new enough, or make one."""
    config = _config(context)
    with _clear_errors():
        found = install_asterisk(config, say_on_stderr)
    where = f"private root {found.root}" if found.root else str(found.binary)
    typer.echo(f"Asterisk {found.version}: {where}")


@pbx.command()
def up(
    context: typer.Context, foreground: Foreground = False, bench: Bench = False
) -> None:
    """Start Asterisk and wait until calls can be made."""
    config = _config(context, bench=bench)
    _warn_of_old_files(context)
    with _clear_errors():
        if foreground:
            asyncio.run(_stay(Pbx(config)))
            return
        started = asyncio.run(Pbx(config).up(detached=True))
    typer.echo(
        f"Asterisk is up: SIP {config.sip_host}:{config.sip_port},"
        f" ARI {config.ari_host}:{config.ari_port}"
        if started
        else "Asterisk was up already."
    )


@pbx.command()
def down(context: typer.Context) -> None:
    """Stop Asterisk; calls end."""
    with _clear_errors():
        stopped = asyncio.run(Pbx(_config(context)).down())
    typer.echo("Asterisk is down." if stopped else "Asterisk was down already.")


@pbx.command()
def status(context: typer.Context) -> None:
    """Say whether Asterisk is fit for calls; exit code 1 if not."""
    seen = asyncio.run(Pbx(_config(context)).status())
    if not seen.running:
        typer.echo("Asterisk is down.")
        raise typer.Exit(1)
    typer.echo(f"Asterisk {seen.version} runs as process {seen.pid}.")
    if not seen.ready:
        missing = ", ".join(seen.missing_modules)
        typer.echo(f"Without {missing}." if missing else "ARI does not answer.")
        raise typer.Exit(1)


@pbx.command()
def cli(context: typer.Context, command: ConsoleCommand = None) -> None:
    """Ask Asterisk's console one thing, or open it."""
    running = Pbx(_config(context))
    with _clear_errors():
        if command:
            typer.echo(asyncio.run(running.console(" ".join(command))), nl=False)
            return
        opened = running.console_command()
    sys.stdout.flush()
    raise typer.Exit(subprocess.run(opened, check=False).returncode)


@pbx.command()
def reload(context: typer.Context) -> None:
    """Read asterisk-conf/ and dialplan/ again, without a restart."""
    running = Pbx(_config(context))
    with _clear_errors():
        asyncio.run(_reload(running))
    typer.echo("Asterisk has read its dialplan, phones and queues again.")


@pbx.command()
def render(context: typer.Context) -> None:
    """Write Asterisk's files without starting it."""
    config = _config(context)
    with _clear_errors():
        asyncio.run(Pbx(config).render())
    typer.echo(f"Written: {config.etc}")


def provision(
    context: typer.Context,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would change.")
    ] = False,
) -> None:
    """
    Write agents' phones, fallback queues and dialled numbers from the database.

    Asterisk reads what changed without a restart.
    """
    invocation: Invocation = context.obj
    config = _config(context, managed=False)
    what = asyncio.run(_read_database(invocation.settings().database_url))
    with _clear_errors():
        files = render_provision(what, config)
        if dry_run:
            changes = diff_provision(files, config.provisioned)
            typer.echo(changes or "Nothing would change.")
            return
        commands = asyncio.run(Pbx(config).provision(what))
    typer.echo(
        f"{len(what.accounts)} agents, {len(what.shops)} shops in {config.provisioned}:"
        f" {f'{len(commands)} files changed' if commands else 'nothing changed'}."
    )
    if not invocation.settings().pbx.managed and commands:
        typer.echo("Now have your Asterisk read them:")
        for command in commands:
            typer.echo(f"  asterisk -rx '{command}'")


async def _read_database(url: str) -> Provision:
    # Imported here: the other commands of this module need no database.
    from callengine.engine.ports import StoreDown
    from callengine.store import Database
    from callengine.store.directory import SqlDirectory
    from callengine.store.migrate import SchemaMismatch, require_current

    try:
        database = Database.open(url)
    except ValueError as error:
        raise CommandFailed(str(error), WRONG_SETTINGS) from error
    try:
        await require_current(database)
        directory = SqlDirectory(database, time.time)
        roster = await directory.roster()
        accounts = await directory.phone_accounts()
    except (StoreDown, SchemaMismatch) as error:
        raise CommandFailed(f"Cannot read agents and shops: {error}") from error
    finally:
        await database.close()
    return Provision(shops=roster.shops, accounts=accounts)


async def _reload(running: Pbx) -> None:
    await running.render()
    await running.reload(tuple(dict.fromkeys(RELOAD.values())))


async def _stay(asterisk: Pbx) -> None:
    """Run until Asterisk ends, or SIGTERM or Ctrl-C asks us to."""
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    if not await asterisk.up():
        raise PbxError("Asterisk was up already; `callengine pbx down` first.")
    try:
        ended = asyncio.create_task(asterisk.wait())
        stop = asyncio.create_task(asked.wait())
        await asyncio.wait({ended, stop}, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if ended.done():
            raise PbxError("Asterisk ended by itself.")
        ended.cancel()
    finally:
        await asterisk.down()


def _warn_of_old_files(context: typer.Context) -> None:
    """After an upgrade the instance's own dialplan may be of another version."""
    folder = context.obj.folder()
    if version := behind(folder):
        typer.echo(
            f"The files in {folder} are those of callengine {version}; this is"
            f" {__version__}. Do: callengine init {folder}",
            err=True,
        )


def _config(
    context: typer.Context, *, bench: bool = False, managed: bool = True
) -> PbxConfig:
    invocation: Invocation = context.obj
    settings = invocation.settings()
    if managed and not settings.pbx.managed:
        raise CommandFailed(
            "pbx.managed is false: this Asterisk is yours to run. Set it to true to"
            " have callengine run one.",
            WRONG_SETTINGS,
        )
    with _clear_errors():
        return pbx_config(settings, invocation.secrets(), bench=bench)


@contextmanager
def _clear_errors() -> Iterator[None]:
    """A `PbxError` ends the command with its text."""
    try:
        yield
    except PbxError as error:
        raise CommandFailed(str(error)) from error
    except PermissionError as error:
        raise CommandFailed(
            f"{error}. This user (uid {os.geteuid()}) may not do that."
        ) from error
