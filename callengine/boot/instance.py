"""
An instance: the folder that an installation lives in, with files for admins to edit.

`lay_out` makes it, and brings it up to date after an upgrade. It remembers the digest
of every file as the package had it, so it can tell what an admin edited: that is never
written over; the package's new version is laid beside it as `NAME.new`.
"""

import hashlib
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from callengine import __version__
from callengine.boot.units import UnitPlan, units
from callengine.shipped import shipped

STATE = ".callengine.json"
SETTINGS = "callengine.toml"
BESIDE = ".new"
EDITABLE = ("asterisk-conf", "dialplan")
"""Folders of the package that an instance has its own copy of."""
PRIVATE = 0o600
UNUSABLE = re.compile(r"[\x00-\x1f\x7f\"'\\;$]")
"""Characters that units and Asterisk's files could not hold in a path."""
ASSIGNMENT = re.compile(r"^(?=[a-z_]+ = )", re.MULTILINE)


class InstanceError(Exception):
    """The folder cannot become or be an instance; the text says what to do."""


class Fate(StrEnum):
    """What became of one file."""

    LAID = "laid"
    UPDATED = "updated"
    """It was as the package had left it, so it follows the package."""
    KEPT = "kept"
    """The admin's own; the package's version has not changed."""
    BESIDE = "beside"
    """The admin's own; the package's new version lies beside it."""
    AWAY = "away"
    """The admin removed it, and it stays away."""
    DROPPED = "dropped"
    """No longer part of the package, and removed: nobody had edited it."""
    ORPHANED = "orphaned"
    """No longer part of the package; the admin's own, so it stays."""
    SAME = "same"


@dataclass(slots=True)
class Laid:
    """What `lay_out` did: relative path -> fate, and which version was here before."""

    fates: dict[str, Fate] = field(default_factory=dict)
    before: str | None = None

    def of(self, *fates: Fate) -> list[str]:
        """The files that met one of these fates."""
        return [path for path, fate in self.fates.items() if fate in fates]


@dataclass(frozen=True, slots=True)
class State:
    """What the package's files were like when they were last laid or offered."""

    version: str | None = None
    digests: Mapping[str, str] = field(default_factory=dict)


def is_instance(folder: Path) -> bool:
    """Whether `lay_out` made this folder."""
    return (folder / STATE).is_file()


def lay_out(folder: Path, plan: UnitPlan) -> Laid:
    """
    Make an instance, or bring one up to date; twice is once.

    Args:
        folder: absolute; made if it is not there.
        plan: what its systemd units say.

    Raises:
        InstanceError: the folder holds something else, or cannot be written.
    """
    if found := UNUSABLE.search(str(folder)):
        raise InstanceError(
            f"{folder} cannot hold an instance: Asterisk's files have no place for"
            f" {found.group()!r} in a path"
        )
    try:
        _demand_room(folder)
        folder.mkdir(parents=True, exist_ok=True)
        known = read_state(folder)
        laid = Laid(before=known.version)
        if not is_instance(folder):
            write_state(folder, State(__version__))  # an interrupted one goes on
        wanted = package_files(plan)
        for path, text in wanted.items():
            laid.fates[path] = _lay(folder / path, text, known.digests.get(path))
        for path in sorted(set(known.digests) - set(wanted)):
            laid.fates[path] = _drop(folder / path, known.digests[path])
        for name in ("sounds", "var"):
            (folder / name).mkdir(exist_ok=True)
        (folder / "var").chmod(0o700)
        digests = {path: digest(text) for path, text in wanted.items()}
        write_state(folder, State(__version__, digests))
    except OSError as error:
        raise InstanceError(f"cannot lay out {folder}: {error}") from error
    return laid


def read_state(folder: Path) -> State:
    """Read what is known of an instance; a damaged record knows nothing."""
    try:
        told = json.loads((folder / STATE).read_text(encoding="utf-8"))
        digests = {str(path): str(value) for path, value in told["laid"].items()}
        return State(str(told["version"]), digests)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return State()


def behind(folder: Path) -> str | None:
    """Name the version that laid an instance out, if it is not this one."""
    if not is_instance(folder):
        return None
    version = read_state(folder).version or "an unknown version"
    return None if version == __version__ else version


def package_files(plan: UnitPlan) -> dict[str, bytes]:
    """Every file that an instance gets: relative path -> content."""
    examples = shipped("examples")
    settings = (examples / SETTINGS).read_text(encoding="utf-8")
    wanted = {
        SETTINGS: in_comments(settings).encode(),
        "centre.toml": (examples / "centre.toml").read_bytes(),
    }
    for name in EDITABLE:
        for path in _files(shipped(name)):
            wanted[f"{name}/{path.name}"] = path.read_bytes()
    for name, text in units(plan).items():
        wanted[f"systemd/{name}"] = text.encode()
    return wanted


def in_comments(settings: str) -> str:
    """Turn every default of a settings file into a comment; the tables stay."""
    return ASSIGNMENT.sub("# ", settings)


def digest(content: bytes) -> str:
    """Make the SHA-256 of a file's content, in hex."""
    return hashlib.sha256(content).hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.name.endswith((".conf", ".j2")):
            yield path


def _demand_room(folder: Path) -> None:
    """Nothing of somebody else's may be there; a virtual environment of ours may."""
    if folder.exists() and not folder.is_dir():
        raise InstanceError(f"{folder} is no folder")
    if is_instance(folder) or not folder.exists():
        return
    ours = Path(sys.prefix)
    found = [path for path in folder.iterdir() if path != ours]
    if found:
        raise InstanceError(
            f"{folder} is not empty ({found[0].name}) and was not laid out by"
            " `callengine init`. Name a new folder"
        )


def _lay(path: Path, new: bytes, known: str | None) -> Fate:
    """Write the package's version where that takes nothing from the admin."""
    try:
        old = path.read_bytes()
    except FileNotFoundError:
        if known is not None:
            return Fate.AWAY
        write(path, new)
        return Fate.LAID
    if old == new:
        return Fate.SAME
    if known == digest(old):
        write(path, new)
        return Fate.UPDATED
    if known == digest(new):
        return Fate.KEPT
    write(path.with_name(path.name + BESIDE), new)
    return Fate.BESIDE


def _drop(path: Path, known: str) -> Fate:
    if not path.is_file():
        return Fate.AWAY
    if digest(path.read_bytes()) != known:
        return Fate.ORPHANED
    path.unlink()
    return Fate.DROPPED


def write(path: Path, content: bytes) -> None:
    """Write a file at once or not at all; settings are for their owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = path.stat().st_mode & 0o777 if path.exists() else _mode(path)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        os.fchmod(file.fileno(), mode)
    draft.replace(path)


def _mode(path: Path) -> int:
    # The settings may hold the database's password.
    return PRIVATE if path.name.startswith(SETTINGS) else 0o644


def write_state(folder: Path, state: State) -> None:
    """Record what the package's files were like. Raises `OSError`."""
    told = {
        "about": "What `callengine init` laid out; it compares with this to upgrade.",
        "version": state.version,
        "laid": dict(sorted(state.digests.items())),
    }
    text = json.dumps(told, indent=1) + "\n"
    write(folder / STATE, text.encode())
