"""
Get an Asterisk that is new enough onto this machine.

Order: one already there; the distribution's package; a private root made by mmdebstrap,
which takes a minute and 320 MB, needs no right of root and touches nothing outside its
folder.
"""

import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from callengine.asterisk.pbx_config import PbxConfig, PbxError
from callengine.asterisk.pbx_find import (
    BINARY_IN_ROOT,
    Installation,
    check_version,
    find_asterisk,
)

Progress = Callable[[str], None]
"""Told one line at each step."""

PACKAGES = (
    "asterisk",
    "asterisk-core-sounds-en",
    "asterisk-core-sounds-ru",
    "asterisk-moh-opsound-gsm",
)
TOOLS = {"mmdebstrap": "mmdebstrap", "bwrap": "bubblewrap", "newuidmap": "uidmap"}
"""Program -> Debian package."""
PASSED_ON = re.compile(
    r'^Acquire::(Check-Valid-Until|Check-Date|https?::Proxy) "[^"]+";$', re.MULTILINE
)
"""What of this machine's apt settings the new root's apt needs to reach the archive."""
MOUNT_POINTS = 'mkdir "$1/pbx"; : > "$1/etc/hosts"'
"""They are made now: afterwards nothing can be created in the root."""
UNWANTED = ("doc", "info", "locale", "man")
BUILD_WITHIN_S = 1800
TAIL = 12


def install_asterisk(config: PbxConfig, say: Progress) -> Installation:
    """
    Make sure that there is an Asterisk to run.

    Raises:
        PbxError: with what to do.
    """
    try:
        return find_asterisk(config)
    except PbxError as error:
        say(str(error).split(" Do: ")[0])
        if config.binary:
            raise
    if _package_is_new_enough():
        _install_package(say)
    else:
        build_root(config.root_dir, config.suite, config.mirror, say)
    return find_asterisk(config)


def build_root(target: Path, suite: str, mirror: str, say: Progress) -> None:
    """
    Build a private root at `target`, whole or not at all.

    Args:
        target: Replaced if it is there.
        suite: Debian suite that carries Asterisk 22.10.1 or newer.
        mirror: URL of a Debian archive; '' for mmdebstrap's choice.
        say: Told of each step.

    Raises:
        PbxError: a tool is missing, or mmdebstrap failed; nothing is left behind.
    """
    _demand_tools()
    target.parent.mkdir(parents=True, exist_ok=True)
    for stale in target.parent.glob(f".{target.name}.*"):
        remove_root(stale)
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    say(f"Building a private Asterisk in {target}, about a minute and 320 MB")
    try:
        _build(draft, suite, mirror, say)
        _demand_asterisk(draft, suite)
    except BaseException:
        remove_root(draft)
        raise
    if target.is_symlink():
        target.unlink()
    elif target.exists():
        remove_root(target)
    draft.rename(target)


def _build(draft: Path, suite: str, mirror: str, say: Progress) -> None:
    if os.geteuid() == 0:
        _run(build_command(draft, suite, mirror), say)
        return
    # mmdebstrap works as one of the user's sub-uids, who may not look into a home of
    # mode 0700 (Debian 13's). So it builds among temporary files and packs an archive.
    archive = draft.with_name(f"{draft.name}.tar")
    unpack = ["tar", "--no-same-owner", "--exclude=./dev/*", "-C", str(draft)]
    try:
        _run(build_command(archive, suite, mirror), say)
        draft.mkdir()
        _run([*unpack, "-xf", str(archive)], say)
    finally:
        archive.unlink(missing_ok=True)


def build_command(target: Path, suite: str, mirror: str) -> list[str]:
    """The mmdebstrap command that makes a root: a folder, or an archive (`.tar`)."""
    command = ["mmdebstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}"]
    if os.geteuid() != 0:
        command.append("--mode=unshare")
    command += [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in UNWANTED]
    # Whatever ends half-way is thrown away, so nothing need reach the disk in between.
    command.append("--dpkgopt=force-unsafe-io")
    command += [f"--aptopt={line}" for line in _apt_settings()]
    command += [f"--customize-hook={MOUNT_POINTS}", suite, str(target)]
    return [*command, mirror] if mirror else command


def remove_root(path: Path) -> None:
    """
    Remove a root, also one whose files belong to this user's sub-uids.

    Raises:
        PbxError: something of it stays.
    """
    if not path.exists():
        return
    if path.is_file():
        path.unlink()
    elif os.geteuid() == 0:
        shutil.rmtree(path, ignore_errors=True)
    else:
        command = ["unshare", "--map-auto", "--map-root-user", "rm", "-rf", str(path)]
        subprocess.run(command, capture_output=True, check=False, timeout=300)
    if path.exists():
        raise PbxError(f"Cannot remove {path}. Do: sudo rm -rf {path}")


def _demand_tools() -> None:
    needed = dict(TOOLS)
    if os.geteuid() == 0:
        del needed["newuidmap"]
    missing = [needed[program] for program in needed if not shutil.which(program)]
    if missing:
        raise PbxError(
            f"Missing: {' '.join(missing)}. Do: sudo apt-get install"
            f" {' '.join(missing)}"
        )
    if os.geteuid() != 0 and not _has_subordinate_ids():
        raise PbxError(
            "This user has no subordinate user ids, which a private root needs. Do:"
            " sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535"
            " $USER"
        )


def _demand_asterisk(root: Path, suite: str) -> None:
    if not (root / BINARY_IN_ROOT.relative_to("/")).is_file():
        raise PbxError(f"Suite {suite} has no Asterisk; set pbx.suite.")


def _has_subordinate_ids() -> bool:
    # getpass would trust the environment; mmdebstrap looks the user up too.
    user = pwd.getpwuid(os.geteuid()).pw_name
    with suppress(OSError):
        lines = Path("/etc/subuid").read_text(encoding="utf-8").splitlines()
        return any(line.split(":")[0] in {user, str(os.geteuid())} for line in lines)
    return False


def _apt_settings() -> list[str]:
    done = _output(["apt-config", "dump"])
    return [match.group(0).rstrip(";") for match in PASSED_ON.finditer(done)]


def _package_is_new_enough() -> bool:
    """Whether apt would install an Asterisk that can be used."""
    match = re.search(
        r"Candidate: (?:\d+:)?(\S+)", _output(["apt-cache", "policy", "asterisk"])
    )
    if match is None or match.group(1) == "(none)":
        return False
    try:
        check_version(f"Asterisk {match.group(1)}", "the distribution's package")
    except PbxError:
        return False
    return os.geteuid() == 0 or shutil.which("sudo") is not None


def _install_package(say: Progress) -> None:
    say("Installing the distribution's asterisk")
    sudo = [] if os.geteuid() == 0 else ["sudo"]
    _run([*sudo, "apt-get", "install", "-y", *PACKAGES], say)
    if shutil.which("systemctl"):
        # The package starts an Asterisk of its own, on the ports that ours needs.
        command = [*sudo, "systemctl", "disable", "--now", "asterisk"]
        subprocess.run(command, capture_output=True, check=False, timeout=60)


def _output(command: Sequence[str]) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def _run(command: Sequence[str], say: Progress) -> None:
    """Pass a long command's steps on; raise `PbxError` with its last words."""
    started = time.monotonic()
    lines: list[str] = []
    with _started(command) as process:
        for line in process.stdout or ():
            lines.append(line.rstrip())
            if line.startswith(("I: ", "Setting up asterisk")):
                say(f"{time.monotonic() - started:4.0f} s  {lines[-1]}")
            if time.monotonic() - started > BUILD_WITHIN_S:
                raise PbxError(f"{command[0]} took longer than {BUILD_WITHIN_S} s.")
    if process.returncode != 0:
        last = "\n".join(line for line in lines[-TAIL:] if line)
        raise PbxError(
            f"{command[0]} failed ({process.returncode}). Its last words:\n{last}\n"
            "Can this machine reach a Debian archive? `apt-get update` tells; a mirror"
            " is set by pbx.mirror."
        )


@contextmanager
def _started(command: Sequence[str]) -> "Iterator[subprocess.Popen[str]]":
    """A process whose whole family ends with the block."""
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            env={
                **os.environ,
                "LC_ALL": "C.UTF-8",
                "DEBIAN_FRONTEND": "noninteractive",
            },
        )
    except OSError as error:
        raise PbxError(f"Cannot run {command[0]}: {error}") from error
    with process:
        try:
            yield process
            process.wait()
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait()
            raise


def say_on_stderr(line: str) -> None:
    """A `Progress` for the command line."""
    print(line, file=sys.stderr, flush=True)
