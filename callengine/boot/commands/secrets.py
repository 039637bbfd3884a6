"""`callengine secrets`: which there are, and a new one with an overlap."""

import asyncio
import json
import re
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from callengine.boot.cli import CommandFailed, Invocation
from callengine.boot.log_safety import one_line
from callengine.boot.secrets import NAMES, Secrets, rotate_secret
from callengine.boot.security_log import SecurityLog, person
from callengine.engine.ports import StoreDown
from callengine.store import Database
from callengine.store import migrate as migrations
from callengine.store.rotation import (
    OF_AGENTS,
    OF_SHOPS,
    KnownSecret,
    UnknownOwner,
    known_secrets,
)
from callengine.store.rotation import rotate as rotate_in_store

T = TypeVar("T")

UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
LONGEST_S = 30 * 86_400
AFTER = {
    "ari_password": "Now: callengine pbx down, callengine pbx up, restart the engine.",
    "ami_password": "Now: callengine pbx down, callengine pbx up, restart the engine.",
    "admin_token": "A running engine takes it at once.",
    "session_key": "A running engine takes it at once; agents stay logged in.",
    "api_key": "A running engine takes it at once.",
    "shop_secret": "Messages carry a signature of each until the overlap ends.",
    "logistics_secret": "Messages carry a signature of each until the overlap ends.",
    "password": "The agent logs in with it from now on.",
    "sip_password": "Now: callengine provision; then enter it in the agent's phone.",
}
AT_ONCE = frozenset(("ari_password", "ami_password", *OF_AGENTS))

secrets = typer.Typer(add_completion=False)


@secrets.callback()
def _secrets() -> None:
    """Secrets: which there are, and a new one of them."""


@secrets.command("list")
def list_(
    context: typer.Context,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object instead.")
    ] = False,
) -> None:
    """Name every secret, never its value."""
    now = time.time()
    found = _of_installation(context.obj.secrets(), now)
    found += _run(context, lambda db: known_secrets(db, now))
    if as_json:
        rows = [
            {
                "name": one.name,
                "made_at": _time(one.made_at),
                "old_until": _time(one.old_until),
            }
            for one in found
        ]
        typer.echo(json.dumps({"secrets": rows}, ensure_ascii=False))
        return
    table = Table("name", "made", "the old one is good until")
    for one in found:
        made, until = _time(one.made_at) or "", _time(one.old_until) or ""
        table.add_row(one_line(one.name), made, until)
    Console(file=sys.stdout).print(table)


@secrets.command()
def rotate(
    context: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            help="As `list` names it: admin_token, teplo/api_key, a01/password."
        ),
    ],
    overlap: Annotated[
        str,
        typer.Option(help="How long the old one is good: 30m, 24h, 7d; 0: not at all."),
    ] = "24h",
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object instead.")
    ] = False,
) -> None:
    """
    Make one secret anew and show it this once; the old one is good for a while.

    Passwords that Asterisk or an agent's phone checks change at once.
    """
    overlap_s, now = _seconds(overlap), time.time()
    value = _rotated(context, name, now, overlap_s)
    which = name.rpartition("/")[2]
    until = None if which in AT_ONCE or not overlap_s else now + overlap_s
    SecurityLog(context.obj.settings().var_dir, time.time).note(
        "secret rotated", person=person(), name=name, old_until=_time(until) or ""
    )
    if as_json:
        told = {"name": name, "value": value, "old_until": _time(until)}
        typer.echo(json.dumps(told))
        return
    good = f"is good until {_time(until)}" if until else "is void"
    typer.echo(f"{name} {value}")
    typer.echo(f"The old one {good}. {AFTER[which]}", err=True)


def _rotated(context: typer.Context, name: str, now: float, overlap_s: float) -> str:
    invocation: Invocation = context.obj
    owner, slash, which = name.rpartition("/")
    if not slash and name in NAMES:
        return rotate_secret(invocation.settings().var_dir, name, now, overlap_s)
    if slash and which in (*OF_SHOPS, *OF_AGENTS):
        value: str = _run(
            context, lambda db: rotate_in_store(db, owner, which, now, overlap_s)
        )
        return value
    raise CommandFailed(
        f"there is no secret {name!r}; `callengine secrets list` names them", 2
    )


def _of_installation(kept: Secrets, now: float) -> list[KnownSecret]:
    found = []
    for name in NAMES:
        is_double = name not in AT_ONCE and len(kept.accepted(name, now)) > 1
        until = float(getattr(kept, f"{name}_until")) if is_double else None
        found.append(KnownSecret(name=name, old_until=until))
    return found


def _seconds(text: str) -> float:
    match = re.fullmatch(r"([0-9]{1,7})([smhd]?)", text.strip(), re.ASCII)
    seconds = int(match[1]) * UNITS_S.get(match[2], 1) if match else -1
    if not 0 <= seconds <= LONGEST_S or (match and not match[2] and seconds):
        raise CommandFailed(
            f"--overlap is a time such as 30m, 24h or 7d, not {text!r}", 2
        )
    return float(seconds)


def _time(at: float | None) -> str | None:
    if at is None:
        return None
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _run(context: typer.Context, work: Callable[[Database], Awaitable[T]]) -> Any:
    async def closing(db: Database) -> T:
        try:
            await migrations.require_current(db)
            return await work(db)
        finally:
            await db.close()

    try:
        return asyncio.run(closing(Database.open(context.obj.settings().database_url)))
    except (StoreDown, migrations.SchemaMismatch, UnknownOwner) as error:
        raise CommandFailed(str(error)) from error
