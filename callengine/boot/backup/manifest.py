"""What a backup holds, with a digest of each file: written last, checked first."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from callengine.store.snapshot import Snapshot

NAME = "manifest.json"
FORMAT = 1
BLOCK = 1 << 20
MOST_BYTES = 64 << 20
"""Of a manifest: some hundred thousand recordings."""


class BackupError(Exception):
    """A backup cannot be made, or be used; the text says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One file of a backup."""

    sha256: str
    size: int
    mode: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """
    What a backup is of.

    Attributes:
        version: of the callengine that made it.
        made_at: when, ISO 8601 in UTC.
        node: whose it is.
        settings: name of the settings file among `instance/`; '' if there was none.
        parts: relative path -> file.
    """

    version: str
    made_at: str
    node: str
    database: Snapshot
    settings: str
    parts: Mapping[str, Part]

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(part.size for part in self.parts.values())


def copy(source: Path, target: Path) -> Part:
    """Copy a file as it is now, on the disk when this returns; only ours to read."""
    with source.open("rb") as read:
        mode = os.fstat(read.fileno()).st_mode & 0o777
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        digest, size = hashlib.sha256(), 0
        with os.fdopen(descriptor, "wb") as written:
            while block := read.read(BLOCK):
                digest.update(block)
                size += written.write(block)
            written.flush()
            os.fsync(written.fileno())
    return Part(sha256=digest.hexdigest(), size=size, mode=mode)


def measure(path: Path) -> Part:
    """Make the digest of a file that is in its place."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
            size += len(block)
        mode = os.fstat(file.fileno()).st_mode & 0o777
    return Part(sha256=digest.hexdigest(), size=size, mode=mode)


def write(folder: Path, manifest: Manifest) -> None:
    """Write the manifest: from now on the backup is whole."""
    told = {
        "format": FORMAT,
        "callengine": manifest.version,
        "made_at": manifest.made_at,
        "node": manifest.node,
        "database": {
            "kind": manifest.database.kind,
            "schema": manifest.database.schema,
        },
        "settings": manifest.settings,
        "files": {
            path: {"sha256": part.sha256, "bytes": part.size, "mode": f"{part.mode:o}"}
            for path, part in sorted(manifest.parts.items())
        },
    }
    path = folder / NAME
    path.touch(mode=0o600)
    with path.open("w", encoding="utf-8") as file:
        file.write(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())


def read(folder: Path) -> Manifest:
    """
    Read the manifest of a backup.

    Raises:
        BackupError: this is no backup, or of a format that a newer version made.
    """
    path = folder / NAME
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BackupError(f"{path} is too large to be one of ours")
        told = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise BackupError(
            f"{folder} is no backup: it has no {NAME}, which is written last"
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise BackupError(f"{path} cannot be read: {error}") from error
    try:
        if told["format"] != FORMAT:
            raise BackupError(
                f"{folder} is of format {told['format']}, which callengine"
                f" {told.get('callengine')} made; install that one"
            )
        return _manifest(told)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BackupError(f"{path} is damaged: {error!r}") from error


def verify(folder: Path, manifest: Manifest) -> None:
    """
    Compare every file with its digest.

    Raises:
        BackupError: naming the first that is missing or damaged.
    """
    for name, wanted in manifest.parts.items():
        path = folder / name
        try:
            if path.is_symlink() or not path.is_file():
                raise BackupError(f"the backup is damaged: {name} is missing")
            found = measure(path)
        except OSError as error:
            raise BackupError(f"the backup is damaged: {name}: {error}") from error
        if (found.sha256, found.size) != (wanted.sha256, wanted.size):
            raise BackupError(
                f"the backup is damaged: {name} is not as it was saved. Take another"
                " backup; nothing was changed here"
            )


def _manifest(told: Mapping[str, Any]) -> Manifest:
    parts = {}
    for name, part in told["files"].items():
        parts[_inside(name)] = Part(
            sha256=str(part["sha256"]),
            size=int(part["bytes"]),
            mode=int(part["mode"], 8) & 0o777,
        )
    return Manifest(
        version=str(told["callengine"]),
        made_at=str(told["made_at"]),
        node=str(told["node"]),
        database=Snapshot(
            str(told["database"]["kind"]), str(told["database"]["schema"])
        ),
        settings=_inside(told["settings"]) if told["settings"] else "",
        parts=parts,
    )


def _inside(name: str) -> str:
    """A path that leads nowhere but into the folder. Raises `ValueError`."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
        raise ValueError(f"{name!r} leads out of the backup")
    return str(path)
