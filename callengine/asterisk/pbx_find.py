"""Find an Asterisk that is new enough: installed on the machine, or a private root."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from callengine.asterisk.pbx_config import PbxConfig, PbxError

MINIMUM = {22: (22, 10, 1), 23: (23, 4, 1)}
"""
Per major version, the first release that can be trusted.

Before them the manager of rights of ARI can be bypassed over the WebSocket
(GHSA-wcvv-g26m-wx5c), and 22.9 deadlocks under loads that are all ARI.
"""

OLDEST = (22, 10, 1)
BINARY_IN_ROOT = Path("/usr/sbin/asterisk")
USUAL_PLACES = ("/usr/sbin/asterisk", "/usr/local/sbin/asterisk")
ANSWER_WITHIN_S = 20
INSTALL = "callengine pbx install"

Version = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """
    An Asterisk that can be run.

    Attributes:
        binary: as seen from inside `root` if there is one.
        root: the private root, to be entered by bwrap; None means the machine's own.
    """

    binary: Path
    version: str
    root: Path | None = None


def find_asterisk(config: PbxConfig) -> Installation:
    """
    Find what to run: `config.binary`, the machine's own, or the private root.

    Raises:
        PbxError: none is there, or none is new enough.
    """
    if config.binary:
        found = shutil.which(config.binary)
        if found is None:
            raise PbxError(f"There is no program {config.binary}; check pbx.binary.")
        return _checked(Path(found))
    reasons = []
    for path in installed_binaries():
        try:
            return _checked(path)
        except PbxError as error:
            reasons.append(str(error))
    if (config.root_dir / BINARY_IN_ROOT.relative_to("/")).is_file():
        return _checked(BINARY_IN_ROOT, config.root_dir)
    raise PbxError(" ".join([*reasons, f"No Asterisk to run. Do: {INSTALL}"]))


def installed_binaries() -> list[Path]:
    """Every `asterisk` of the machine, by preference."""
    candidates = [shutil.which("asterisk"), *USUAL_PLACES]
    paths = dict.fromkeys(Path(path) for path in candidates if path)
    return [path for path in paths if path.is_file()]


def parse_version(text: str) -> Version:
    """
    Read what `asterisk -V` says.

    Raises:
        PbxError: for builds without a release number, which prove nothing.
    """
    match = re.search(r"Asterisk (?:certified/)?(\d+)\.(\d+)(?:\.(\d+))?", text)
    if match is None:
        raise PbxError(
            f"{text.strip()[:80]!r} names no Asterisk release; needed is"
            f" {_dotted(OLDEST)} or newer."
        )
    major, minor, patch = match.groups(default="0")
    return int(major), int(minor), int(patch)


def check_version(text: str, where: str) -> None:
    """Raise `PbxError` if that version is too old to be trusted."""
    version = parse_version(text)
    needed = MINIMUM.get(version[0], OLDEST)
    if version < needed:
        raise PbxError(
            f"Asterisk too old: {where} is {_dotted(version)}, needed is"
            f" {_dotted(needed)} or newer (older ones have a hole in ARI and"
            f" deadlocks). Upgrade it, or have a private one made: {INSTALL}"
        )


def enter_root(root: Path) -> list[str]:
    """The beginning of every command that runs inside a private root."""
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise PbxError("bwrap is missing. Do: sudo apt-get install bubblewrap")
    return [bwrap, "--ro-bind", str(root), "/", "--dev", "/dev", "--proc", "/proc"]


def _checked(binary: Path, root: Path | None = None) -> Installation:
    prefix = enter_root(root) if root else []
    try:
        done = subprocess.run(
            [*prefix, str(binary), "-V"],
            capture_output=True,
            text=True,
            timeout=ANSWER_WITHIN_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PbxError(f"Cannot ask {binary} for its version: {error}") from error
    if done.returncode != 0:
        raise PbxError(
            f"Cannot run {binary}{f' in {root}' if root else ''}:"
            f" {done.stderr.strip()[-300:]}"
        )
    text = done.stdout.strip()
    check_version(text, f"{root}{binary}" if root else str(binary))
    return Installation(binary=binary, version=text.split()[-1], root=root)


def _dotted(version: Version) -> str:
    return ".".join(str(part) for part in version)
