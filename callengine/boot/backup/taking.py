"""Make a backup, while the engine runs or not: whole, or not there."""

import asyncio
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from callengine import __version__
from callengine.boot.backup import manifest as manifests
from callengine.boot.backup.manifest import BackupError, Manifest, Part
from callengine.boot.backup.places import (
    Site,
    elsewhere,
    kept_of_instance,
    kept_of_var,
)
from callengine.store import snapshot
from callengine.store.snapshot import SnapshotError


@dataclass(frozen=True, slots=True)
class Taken:
    """A backup that was made, and what is not in it."""

    manifest: Manifest
    left_out: tuple[str, ...] = ()


def take(site: Site, target: Path, *, made_at: str, recordings: bool = True) -> Taken:
    """
    Make a backup at `target`, which is new or an empty folder.

    Args:
        made_at: now, as ISO 8601 in UTC.
        recordings: whether to copy what Asterisk recorded.

    Raises:
        BackupError: nothing is left at `target` then.
    """
    _demand_room(site, target)
    draft = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_stale(target)
        draft.mkdir(mode=0o700)
        saved = asyncio.run(snapshot.save(site.settings.database_url, draft))
        parts = {name: _settled(draft / name) for name in snapshot.names(draft)}
        parts |= _copy_all(draft, kept_of_var(site, recordings=recordings))
        parts |= _copy_all(draft, kept_of_instance(site))
        told = Manifest(
            version=__version__,
            made_at=made_at,
            node=site.settings.node,
            database=saved,
            settings=site.settings_file.name if site.settings_file else "",
            parts=parts,
        )
        manifests.write(draft, told)
        _settle_folders(draft)
        draft.rename(target)
        _settle(target.parent)
    except SnapshotError as error:
        raise BackupError(f"{error}; there is no backup") from error
    except OSError as error:
        raise BackupError(f"there is no backup {target}: {error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    left_out = tuple(str(folder) for folder in elsewhere(site))
    return Taken(told, left_out)


def _demand_room(site: Site, target: Path) -> None:
    """Nothing is written over, and no backup goes into what it is of."""
    if target.is_relative_to(site.settings.var_dir):
        raise BackupError(
            f"{target} is in {site.settings.var_dir}, which the backup is of; name a"
            " place on another disk"
        )
    try:
        if target.is_symlink() or (target.exists() and not target.is_dir()):
            raise BackupError(f"{target} is no folder; name a new one")
        if target.is_mount():
            raise BackupError(
                f"{target} is a disk of its own; name a new folder in it, such as"
                f" {target / 'callengine'}"
            )
        if target.exists() and any(target.iterdir()):
            raise BackupError(
                f"{target} is not empty; a backup goes into a folder of its own, such"
                f' as {target}/"$(date +%F)"'
            )
    except OSError as error:
        raise BackupError(f"cannot look into {target}: {error}") from error


def _remove_stale(target: Path) -> None:
    """Remove what a killed backup of this name left; it was never whole."""
    for path in target.parent.glob(f".{target.name}.*.partial"):
        pid = path.name.split(".")[-2]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            shutil.rmtree(path, ignore_errors=True)


def _copy_all(draft: Path, wanted: Iterable[tuple[str, Path]]) -> dict[str, Part]:
    parts = {}
    for name, source in wanted:
        place = draft / name
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            parts[name] = manifests.copy(source, place)
        except FileNotFoundError:
            place.unlink(missing_ok=True)  # it went between looking and copying
    return parts


def _settled(path: Path) -> Part:
    """The digest of a file that somebody else wrote, on the disk from now on."""
    _settle(path)
    return manifests.measure(path)


def _settle_folders(folder: Path) -> None:
    for where, _, _ in os.walk(folder):
        _settle(Path(where))


def _settle(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
