"""`callengine trunks`: how each carrier does, and the passwords they gave."""

import asyncio
import getpass
import json
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import aiohttp
import typer

from callengine.boot.cli import WRONG_SETTINGS, CommandFailed, Invocation
from callengine.boot.secrets import SecretsError
from callengine.boot.settings import Settings
from callengine.boot.trunk_passwords import load_passwords, save_password
from callengine.boot.trunks import trunks_of
from callengine.boot.why.live import local_url

ANSWER_S = 3.0
MOST_SHOWN = 10
WIDTH = 140
"""Of a table that goes into a file or a pipe."""

trunks = typer.Typer(add_completion=False, invoke_without_command=True)


@trunks.callback()
def show(
    context: typer.Context,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object instead.")
    ] = False,
) -> None:
    """
    Show each trunk: registration, answers, calls now, answer-seizure, last failures.

    Exit code 1 when a trunk cannot be dialled by, or the engine does not run.
    """
    if context.invoked_subcommand is not None:
        return
    invocation: Invocation = context.obj
    settings = invocation.settings()
    live = asyncio.run(_ask(settings, invocation.secrets().admin_token))
    told = [_unknown(name) for name in trunks_of(settings)] if live is None else live
    if as_json:
        typer.echo(
            json.dumps({"engine": live is not None, "trunks": told}, ensure_ascii=False)
        )
    else:
        _show(told, running=live is not None)
    if live is None or any(_is_away(trunk) for trunk in told):
        raise typer.Exit(1)


@trunks.command()
def password(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The trunk, as the settings name it.")],
    theirs: Annotated[
        bool,
        typer.Option("--theirs", help="What the carrier logs in with, not we."),
    ] = False,
    reveal: Annotated[
        bool,
        typer.Option("--reveal", help="Show what the carrier is to log in with."),
    ] = False,
) -> None:
    """
    Keep a password, asked for or read from standard input, never from the command line.

    It goes to `trunk-passwords.toml` in `var_dir`, mode 0600. Then `callengine
    provision` gives it to Asterisk.
    """
    invocation: Invocation = context.obj
    settings = invocation.settings()
    found = [trunk for trunk in settings.trunks or () if trunk.name == name]
    if not found:
        have = ", ".join(trunk.name for trunk in settings.trunks or ()) or "none"
        raise CommandFailed(
            f"The settings have no trunk {name!r} in [[trunks]]; they have: {have}.",
            WRONG_SETTINGS,
        )
    try:
        if reveal:
            only = found[0].model_copy(update={"kind": "address"})
            kept = load_passwords([only], settings.var_dir)[name].theirs
            typer.echo(kept or "The carrier does not log in (inbound_login is false).")
            return
        given = _given(f"Password of trunk {name}: ")
        save_password(settings.var_dir, name, "theirs" if theirs else "ours", given)
    except SecretsError as error:
        raise CommandFailed(str(error)) from error
    typer.echo(f"Kept. Now: callengine provision, and trunk {name} uses it.")


def _given(prompt: str) -> str:
    if sys.stdin.isatty():
        return getpass.getpass(prompt)
    return sys.stdin.readline().rstrip("\r\n")


async def _ask(settings: Settings, token: str) -> list[dict[str, Any]] | None:
    """Ask this node's engine; None when it does not run."""
    headers = {"Authorization": f"Bearer {token}"}
    timeout = aiohttp.ClientTimeout(total=ANSWER_S)
    try:
        async with (
            aiohttp.ClientSession(headers=headers, timeout=timeout) as session,
            session.get(local_url(settings, "/api/v1/trunks")) as response,
        ):
            body = await response.json() if response.status == 200 else None
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return None
    return None if body is None else list(body["trunks"])


def _unknown(name: str) -> dict[str, Any]:
    return {"trunk": name, "state": "the engine does not run"}


def _is_away(trunk: dict[str, Any]) -> bool:
    silent = trunk["registered"] is False or trunk["answers"] is False
    return silent or trunk["rests_s"] > 0


def _show(told: Sequence[dict[str, Any]], *, running: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    width = None if sys.stdout.isatty() else WIDTH
    console = Console(highlight=False, width=width)
    names = ("trunk", "state", "registered", "answers", "calls", "dialled", "answered")
    table = Table(*names, "failed", "came in")
    for trunk in told:
        table.add_row(*_row(trunk))
    console.print(table)
    failures = [
        (f, trunk["trunk"]) for trunk in told for f in trunk.get("failures", ())
    ]
    newest = sorted(failures, key=lambda one: -one[0]["at"])[:MOST_SHOWN]
    if newest:
        last = Table("at", "trunk", "what", title="last failures")
        for failure, name in newest:
            last.add_row(_clock(failure["at"]), name, failure["said"])
        console.print(last)
    if not running:
        typer.echo("The engine does not run: nothing is known of its trunks.", err=True)


def _row(trunk: dict[str, Any]) -> list[str]:
    if "calls" not in trunk:
        return [trunk["trunk"], trunk["state"], *("" for _ in range(7))]
    most = trunk["channels"]
    ratio = trunk["answer_seizure"]
    share = "" if ratio is None else f" ({ratio:.0%})"
    return [
        trunk["trunk"],
        trunk["state"],
        _yes(trunk["registered"]),
        _yes(trunk["answers"]),
        f"{trunk['calls']}{'' if most is None else f' of {most}'}",
        str(trunk["tries"]),
        f"{trunk['answered']}{share}",
        str(trunk["failed"]),
        str(trunk["arrived"]),
    ]


def _yes(value: bool | None) -> str:
    return {True: "yes", False: "no"}.get(value, "-")  # type: ignore[arg-type]


def _clock(at: float) -> str:
    shown = datetime.fromtimestamp(at).astimezone()
    today = datetime.fromtimestamp(time.time()).astimezone().date()
    return f"{shown:%H:%M:%S}" if shown.date() == today else f"{shown:%F %H:%M:%S}"
