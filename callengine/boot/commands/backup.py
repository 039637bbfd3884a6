"""`callengine backup` and `callengine restore`."""

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from callengine.boot.backup.manifest import BackupError, Manifest
from callengine.boot.backup.places import Site
from callengine.boot.backup.restoring import (
    Restored,
    describe,
    look,
    settings_in,
)
from callengine.boot.backup.restoring import restore as put_back
from callengine.boot.backup.taking import take
from callengine.boot.cli import CommandFailed, Invocation
from callengine.boot.settings import (
    DEFAULT_FILE,
    PREFIX,
    Settings,
    load_settings,
    settings_file,
)

ANSWER_WITHIN_S = 3.0

LOUD = (
    "It holds passwords, keys and customers' data IN CLEAR: only you may read it (mode"
    " 0700). Keep it as you keep the machine itself, encrypted where it leaves it."
)


def backup(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder.")],
    recordings: Annotated[
        bool,
        typer.Option(
            "--recordings/--no-recordings", help="What Asterisk recorded of calls."
        ),
    ] = True,
) -> None:
    """
    Copy everything that cannot be made anew into DIR, while the engine runs.

    Database, secrets, settings, dialplan and Asterisk's files, prompts, recordings. DIR
    is there when all of it is, or not at all.
    """
    invocation: Invocation = context.obj
    settings = invocation.settings()
    site = Site(invocation.folder(), settings_file(invocation.config), settings)
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    target = Path(os.path.normpath(folder.expanduser().absolute()))
    try:
        taken = take(site, target, made_at=made_at, recordings=recordings)
    except BackupError as error:
        raise CommandFailed(f"{error}.") from error
    typer.echo(f"Saved: {target} ({describe(taken.manifest)})")
    for place in taken.left_out:
        typer.echo(f"Not in it, it is outside of {site.folder}: {place}", err=True)
    if names := _from_environment():
        typer.echo(f"Not in it, settings of the environment: {names}", err=True)
    typer.echo(LOUD, err=True)


def restore(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Of `backup`.")],
    force: Annotated[
        bool,
        typer.Option("--force", help="Also where the database has data; it is gone."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only check the backup.")
    ] = False,
) -> None:
    """
    Put a backup back, into an installation whose engine is stopped.

    In an empty folder the backup's own settings are taken; where settings are, they
    stay. Nothing is changed unless the whole backup is as it was saved.
    """
    invocation: Invocation = context.obj
    source = folder.expanduser().absolute()
    try:
        told = look(source)
        if dry_run:
            typer.echo(f"Whole: {source} ({describe(told)})")
            return
        site = _site(invocation, source, told)
        asyncio.run(_demand_no_lease(site.settings))
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        done = put_back(site, source, told, force=force, stamp=stamp)
    except BackupError as error:
        raise CommandFailed(f"{error}.") from error
    _tell(done, site)


def _site(invocation: Invocation, source: Path, told: Manifest) -> Site:
    """The installation here; without settings here, as those of the backup say."""
    invocation.settings()  # logs; and what is wrong with those that are here
    own = settings_file(invocation.config)
    if own is not None:
        return Site(own.absolute().parent, own.absolute(), invocation.settings())
    here = Path.cwd()
    theirs = settings_in(source, told)
    if theirs is None:
        return Site(here, None, invocation.settings())
    settings = load_settings(theirs, place=here / theirs.name)
    return Site(here, here / theirs.name, settings)


async def _demand_no_lease(settings: Settings) -> None:
    """An engine of this node on another machine would go on with what is replaced."""
    from redis.asyncio import Redis
    from redis.exceptions import RedisError

    from callengine.coordination.journal import key_of

    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            async with Redis.from_url(settings.redis_url) as client:
                held = await client.exists(key_of(settings.node, "lease"))
    except (RedisError, OSError, TimeoutError):
        typer.echo(
            "Redis does not answer: make sure yourself that no engine of this node"
            " runs on another machine.",
            err=True,
        )
        return
    if held:
        raise BackupError(
            f"an engine runs as node {settings.node!r}: it holds the lease in Redis."
            " Stop it; after a crash the lease ends within 3 s"
        )


def _from_environment() -> str:
    """Names of variables that are settings."""
    options = {DEFAULT_FILE.name, "CALLENGINE_CONFIG", "CALLENGINE_LOG_JSON"}
    names = (name for name in os.environ if name.startswith(PREFIX))
    return ", ".join(sorted(set(names) - options))


def _tell(done: Restored, site: Site) -> None:
    typer.echo(f"Restored: {describe(done.manifest)}")
    for path in done.replaced:
        typer.echo(f"  what was here is now {path}")
    for path in done.beside:
        original = path.with_name(path.name.removesuffix(".from-backup"))
        typer.echo(f"  {original} was edited here and stays; the backup's: {path}")
    typer.echo("Next:")
    typer.echo(f"  callengine init {site.folder}   # units and files for this machine")
    typer.echo("  callengine doctor")
    typer.echo("  callengine pbx up && callengine provision")
    typer.echo("  callengine run")
    typer.echo(
        "Orders, confirmations and do-not-call numbers since then are not in it: have"
        " the shops send them again before the engine dials."
    )
