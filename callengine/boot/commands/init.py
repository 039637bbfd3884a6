"""`callengine init`: lay out an instance, or bring one up to date."""

import os
import pwd
import re
import shutil
import sys
import tomllib
from pathlib import Path
from typing import Annotated

import typer

from callengine import __version__
from callengine.boot.cli import WRONG_USE, CommandFailed
from callengine.boot.instance import (
    BESIDE,
    SETTINGS,
    Fate,
    InstanceError,
    Laid,
    lay_out,
)
from callengine.boot.ownership import give
from callengine.boot.secrets import load_secrets
from callengine.boot.sections import absolute, beside
from callengine.boot.units import UnitPlan
from callengine.shipped import FOLDERS

USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
SERVICE_USER = "callengine"

FIRST_STEPS = {
    "doctor": "what is missing here",
    "migrate": "the database",
    "apply centre.toml": "shops and agents; it is an example, edit it first",
    "pbx install": "find or build an Asterisk that is new enough",
    "pbx up": "start it",
    "provision": "agents' phones and queues into Asterisk",
    "run": "the engine",
}

TOLD = {
    Fate.UPDATED: "brought up to date, nobody had edited it",
    Fate.BESIDE: f"edited, left alone; the new version is beside it, as *{BESIDE}",
    Fate.DROPPED: "removed, this version has it no more",
    Fate.ORPHANED: "edited, left alone, though this version has it no more",
}
"""What is said of a file after an upgrade; the others are as they were."""


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder.")],
    user: Annotated[
        str | None,
        typer.Option(
            help="Who runs the services; you, or `callengine` if you are root."
        ),
    ] = None,
) -> None:
    """
    Lay out an instance in DIR: settings, dialplan, Asterisk's files, systemd units.

    Give it again after an upgrade: files that nobody edited follow the new version;
    edited ones are never written over, the new version is laid beside them.
    """
    folder = folder.expanduser().absolute()
    folder = Path(os.path.normpath(folder))
    user = user or _default_user(folder)
    if not USER.fullmatch(user):
        raise CommandFailed(f"--user is {user!r}, which names no user", WRONG_USE)
    _demand_no_checkout(folder)
    plan = UnitPlan(
        folder=folder, program=_program(), user=user, var_dir=_var_dir(folder)
    )
    try:
        laid = lay_out(folder, plan)
        load_secrets(plan.var_dir)  # made now, so that they are the services' user's
        _give_to(user, plan)
    except InstanceError as error:
        raise CommandFailed(f"{error}.") from error
    _tell(laid, folder)
    if laid.before is None:
        _tell_next(plan)


def _default_user(folder: Path) -> str:
    """Who it was before; else whoever lays it out, but never root."""
    try:
        unit = (folder / "systemd" / "callengine.service").read_text(encoding="utf-8")
    except (OSError, ValueError):
        unit = ""
    if found := re.search(r"^User=(\S+)$", unit, re.MULTILINE):
        return found[1]
    if os.geteuid() == 0:
        return SERVICE_USER
    return pwd.getpwuid(os.geteuid()).pw_name


def _program() -> Path:
    """The `callengine` that this environment has."""
    here = Path(sys.executable).with_name("callengine")
    return here if here.exists() else Path(sys.argv[0]).absolute()


def _var_dir(folder: Path) -> Path:
    """Where an instance that is there already writes to."""
    file = folder / SETTINGS
    try:
        told = tomllib.loads(file.read_text(encoding="utf-8")).get("var_dir", "var")
    except (OSError, ValueError):
        told = "var"
    with beside(file):
        return absolute(Path(str(told)))


def _demand_no_checkout(folder: Path) -> None:
    if all((folder / place).is_dir() for place in FOLDERS.values()):
        raise CommandFailed(
            f"{folder} is a checkout of callengine. Name a new folder.", WRONG_USE
        )


def _give_to(user: str, plan: UnitPlan) -> None:
    """
    Let the services' user read the settings and write `var`, and nothing else.

    Whoever could write units or dialplan could do more than the user may.
    """
    if os.geteuid() != 0:
        return
    try:
        account = pwd.getpwnam(user)
    except KeyError:
        return  # the next steps say how to make one
    settings = plan.folder / SETTINGS
    try:
        if settings.exists():
            os.chown(settings, 0, account.pw_gid)
            settings.chmod(0o640)
        give(plan.var_dir, account.pw_uid, account.pw_gid)
    except OSError as error:
        raise InstanceError(f"cannot give {plan.folder} to {user}: {error}") from error


def _tell(laid: Laid, folder: Path) -> None:
    changed = {path: fate for path, fate in laid.fates.items() if fate in TOLD}
    if laid.before is None:
        typer.echo(f"Laid out: {folder} ({len(laid.of(Fate.LAID))} files)")
    elif laid.before == __version__ and not changed and not laid.of(Fate.LAID):
        typer.echo(f"{folder} is up to date (callengine {__version__}).")
    else:
        typer.echo(f"{folder}: from callengine {laid.before} to {__version__}")
    for path in laid.of(Fate.LAID) if laid.before else ():
        typer.echo(f"  {path}: new")
    for path, fate in changed.items():
        typer.echo(f"  {path}: {TOLD[fate]}")
    for path in laid.of(Fate.BESIDE):
        typer.echo(f"Compare: diff -u {folder / path} {folder / path}{BESIDE}")
    if changed and any(path.startswith("systemd/") for path in changed):
        typer.echo(f"The units changed: {_install_units(folder)}")


def _tell_next(plan: UnitPlan) -> None:
    program = str(plan.program)
    as_user = "" if _is_me(plan.user) else f"sudo -u {plan.user} "
    if shutil.which("callengine") == program and not as_user:
        program = "callengine"  # sudo has a path of its own
    typer.echo("Next:")
    if not _exists(plan.user):
        home = _in_shell(plan.folder)
        shell = "--shell /usr/sbin/nologin"
        typer.echo(f"  sudo useradd --system --home-dir {home} {shell} {plan.user}")
        typer.echo(f"  sudo {plan.program} init {home}")
    typer.echo(f"  cd {_in_shell(plan.folder)}")
    steps = {f"editor {SETTINGS}": "ports, database, carrier"}
    # Files that root makes in `var` the services could not write.
    for step, purpose in FIRST_STEPS.items():
        who = "" if step == "pbx install" else as_user
        steps[f"{who}{program} {step}"] = purpose
    width = max(map(len, steps))
    for step, purpose in steps.items():
        typer.echo(f"  {step:{width}}  # {purpose}")
    typer.echo("As services instead of `pbx up` and `run`:")
    typer.echo(f"  {_install_units(plan.folder)}")
    typer.echo("  sudo systemctl enable --now callengine-asterisk callengine")


def _install_units(folder: Path) -> str:
    # Copied, not linked: what systemd reads must not be the services' user's to edit.
    return (
        f"sudo install -m 644 {_in_shell(folder)}/systemd/*.service"
        " /etc/systemd/system/ && sudo systemctl daemon-reload"
    )


def _is_me(user: str) -> bool:
    return _exists(user) and pwd.getpwnam(user).pw_uid == os.geteuid()


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


def _in_shell(path: Path) -> str:
    text = str(path)
    return text if re.fullmatch(r"[\w./@%+-]+", text) else f"'{text}'"
