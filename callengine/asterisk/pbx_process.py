"""Start Asterisk's process, remember it, end it."""

import json
import os
import shutil
import signal
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from callengine.asterisk.pbx_config import PbxConfig, PbxError
from callengine.asterisk.pbx_files import HOME_IN_ROOT, mounted_sounds
from callengine.asterisk.pbx_find import Installation, enter_root

END_WITHIN_S = 10.0
LOOK_EVERY_S = 0.1
PID_FILE = "pbx.json"
START_TOLERANCE_S = 1.0
"""Process start times are read with this accuracy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """The outermost process of a started Asterisk, safe from reuse of its id."""

    pid: int
    started_at: float
    version: str
    command: tuple[str, ...]
    """How to run another program beside it, such as `asterisk -rx`."""

    def process(self) -> psutil.Process | None:
        """The process, if it still runs."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started_at) < START_TOLERANCE_S
        except psutil.Error:
            return None
        return process if same and _lives(process) else None


def enter(config: PbxConfig, found: Installation) -> list[str]:
    """The beginning of every command that sees Asterisk's files as Asterisk does."""
    if found.root is None:
        return []
    command = enter_root(found.root)
    command += ["--bind", str(config.home), str(HOME_IN_ROOT)]
    command += ["--ro-bind", str(config.home / "hosts"), "/etc/hosts"]
    for folder, place in mounted_sounds(config, found.root):
        command += ["--ro-bind", str(folder), str(place)]
    return [*command, "--tmpfs", "/tmp", "--chdir", "/"]


def spawn(
    config: PbxConfig, found: Installation, *, detached: bool
) -> "subprocess.Popen[bytes]":
    """
    Start Asterisk; its console goes to `log/console.log`.

    Unless `detached`, it dies with this process, and with the thread that called.
    """
    command = enter(config, found)
    if found.root is not None:
        command += ["--unshare-pid", "--unshare-ipc", "--new-session"]
        if os.geteuid() == 0:
            # Asterisk needs no right of root but to write a home that another owns.
            command += ["--cap-drop", "ALL", "--cap-add", "CAP_DAC_OVERRIDE"]
        command += [] if detached else ["--die-with-parent"]
        home = HOME_IN_ROOT
    else:
        setpriv = None if detached else shutil.which("setpriv")
        command += [setpriv, "--pdeathsig", "KILL"] if setpriv else []
        home = config.home
    command += [str(found.binary), "-f", "-C", str(home / "etc" / "asterisk.conf")]
    with (config.home / "log" / "console.log").open("wb") as console:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def remember(config: PbxConfig, found: Installation, pid: int) -> Running:
    """Write down which process it is, for other commands and other runs of this one."""
    running = Running(
        pid=pid,
        started_at=psutil.Process(pid).create_time(),
        version=found.version,
        command=(*enter(config, found), str(found.binary)),
    )
    _pid_file(config).write_text(json.dumps(asdict(running)))
    return running


def remembered(config: PbxConfig) -> Running | None:
    """The Asterisk of this home that runs now, whoever started it."""
    try:
        known = json.loads(_pid_file(config).read_text())
        running = Running(**{**known, "command": tuple(known["command"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return running if running.process() else None


def forget(config: PbxConfig) -> None:
    """Remove what a run leaves in `run/`."""
    for path in (config.home / "run").glob("*"):
        if path.name != "lock":
            path.unlink(missing_ok=True)


def end(process: psutil.Process) -> None:
    """
    Stop Asterisk and everything it started; return when nothing of it runs.

    Raises:
        PbxError: it cannot be stopped.
    """
    family = _family(process)
    for member in family:
        if member.name() == "asterisk":
            _signal(member, signal.SIGTERM)
    alive = _wait(family, END_WITHIN_S)
    for member in alive:
        _signal(member, signal.SIGKILL)
    alive = _wait(alive, END_WITHIN_S)
    if alive:
        raise PbxError(f"Cannot stop {', '.join(str(member.pid) for member in alive)}.")


def wait_for_exit(running: Running, timeout_s: float) -> bool:
    """Whether it ended within that time."""
    process = running.process()
    return process is None or not _wait([process], timeout_s)


def _wait(processes: list[psutil.Process], timeout_s: float) -> list[psutil.Process]:
    """
    Wait until those have ended, and return those that have not.

    One that ended counts, even if its parent never asks how: in a container without
    an init nobody does.
    """
    deadline = time.monotonic() + timeout_s
    while processes := [process for process in processes if _lives(process)]:
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            break
        psutil.wait_procs(processes, timeout=min(left_s, LOOK_EVERY_S))
    return processes


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _pid_file(config: PbxConfig) -> Path:
    return config.home / "run" / PID_FILE


def _family(process: psutil.Process) -> list[psutil.Process]:
    try:
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _signal(process: psutil.Process, number: int) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        pass
    except psutil.AccessDenied as error:
        raise PbxError(
            f"Process {process.pid} belongs to another user; stop it as that user."
        ) from error
