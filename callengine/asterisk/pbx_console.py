"""Asterisk's console: one question, or a session."""

import socket
import subprocess
from collections.abc import Sequence

from callengine.asterisk.pbx_config import PbxConfig, PbxError
from callengine.asterisk.pbx_files import HOME_IN_ROOT
from callengine.asterisk.pbx_find import find_asterisk
from callengine.asterisk.pbx_process import enter, remembered


def console_prefix(config: PbxConfig) -> list[str] | None:
    """
    The beginning of a console command; None while no Asterisk runs in this home.

    Also finds one that we cannot see as a process, such as in another container, by
    its control socket.
    """
    running = remembered(config)
    if running is not None:
        command = list(running.command)
    elif _listens(config):
        found = find_asterisk(config)
        command = [*enter(config, found), str(found.binary)]
    else:
        return None
    home = HOME_IN_ROOT if len(command) > 1 else config.home
    return [*command, "-C", str(home / "etc" / "asterisk.conf")]


def ask(config: PbxConfig, arguments: Sequence[str], *, timeout_s: float) -> str:
    """
    Run `asterisk` beside the running one, such as with `-rx COMMAND`.

    Raises:
        PbxError: none runs, or it does not answer in time.
    """
    command = [*demand_prefix(config), *arguments]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=timeout_s, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PbxError(f"Asterisk's console does not answer: {error}") from error
    if done.returncode != 0:
        raise PbxError(f"Asterisk's console: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def demand_prefix(config: PbxConfig) -> list[str]:
    """`console_prefix`, or `PbxError` with what to do."""
    prefix = console_prefix(config)
    if prefix is None:
        raise PbxError("Asterisk is down. Do: callengine pbx up")
    return prefix


def _listens(config: PbxConfig) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(config.home / "run" / "asterisk.ctl"))
        except OSError:
            return False
    return True
