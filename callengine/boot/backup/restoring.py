"""
Put a backup back: the database and `var`, then what admins edit.

Everything that can be refused is refused before anything is written. What was here and
differs is kept under another name; files that an admin edited here are never written
over, the backup's lie beside them.
"""

import asyncio
import os
from dataclasses import dataclass, field
from pathlib import Path

from callengine.boot import instance
from callengine.boot.backup import manifest as manifests
from callengine.boot.backup.manifest import BackupError, Manifest, Part
from callengine.boot.backup.places import ASIDE, Site
from callengine.boot.instance import STATE, State
from callengine.boot.own_pid import Occupied, PidFile
from callengine.boot.ownership import give
from callengine.store import snapshot
from callengine.store.snapshot import SnapshotError

BESIDE = ".from-backup"


@dataclass(slots=True)
class Restored:
    """What was done: names of files, relative to the backup's folders."""

    manifest: Manifest
    replaced: list[Path] = field(default_factory=list)
    """What was here, under its new name."""
    beside: list[Path] = field(default_factory=list)
    """The backup's version of what an admin edited here."""


def look(folder: Path) -> Manifest:
    """
    Read a backup and check every byte of it.

    Raises:
        BackupError: it is not whole, or a newer version made it.
    """
    told = manifests.read(folder)
    manifests.verify(folder, told)
    if not told.database.known:
        raise BackupError(
            f"the backup has schema {told.database.schema} of callengine"
            f" {told.version}, which is newer than this one. Install that version"
        )
    return told


def restore(
    site: Site, folder: Path, told: Manifest, *, force: bool, stamp: str
) -> Restored:
    """
    Put the backup of a folder back into an installation whose engine is stopped.

    Args:
        told: what `look` made of the folder.
        force: also where the database has data; an embedded one is kept beside.
        stamp: told apart by it is what was here before, such as `20261129-1755`.

    Raises:
        BackupError: nothing was changed, unless the text says so.
    """
    _demand_kind(site, told)
    lock = PidFile(site.settings.var_dir / "engine.pid")
    try:
        site.settings.var_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock.take()  # no engine starts meanwhile
    except Occupied as other:
        raise BackupError(
            f"an engine runs here, as process {other}; stop it first"
        ) from None
    except OSError as error:
        raise BackupError(f"cannot write {site.settings.var_dir}: {error}") from error
    try:
        _demand_empty(site, force=force)
        return _put_back(site, folder, told, f"{ASIDE}-{stamp}")
    except SnapshotError as error:
        raise BackupError(f"{error}; nothing was changed") from error
    except OSError as error:
        raise BackupError(
            f"cannot write: {error}. The backup is whole: mend that and restore again,"
            " with --force"
        ) from error
    finally:
        lock.let_go()


def _demand_kind(site: Site, told: Manifest) -> None:
    here = snapshot.kind_of(site.settings.database_url)
    if here != told.database.kind:
        raise BackupError(
            f"the backup is of a {told.database.kind} database, and database_url names"
            f" a {here} one"
        )


def _demand_empty(site: Site, *, force: bool) -> None:
    if force:
        return
    try:
        full = asyncio.run(snapshot.has_data(site.settings.database_url))
    except SnapshotError as error:
        told = f"{error}; nothing was changed"
        if snapshot.file_of(site.settings.database_url) is not None:
            told = f"{error}. With --force it is set aside"
        raise BackupError(told) from error
    if full:
        raise BackupError(
            "the database has data, which would be gone. If that is what you want:"
            " --force"
        )


def _put_back(site: Site, folder: Path, told: Manifest, aside: str) -> Restored:
    done = Restored(told)
    url = site.settings.database_url
    kept = asyncio.run(snapshot.load(url, folder, told.database, aside))
    if kept is not None:
        done.replaced.append(kept)
    for name, part in told.parts.items():
        if name.startswith("var/"):
            target = site.settings.var_dir / name.removeprefix("var/")
            _put_into_var(folder / name, target, part, aside, done)
    _put_into_instance(site, folder, told, done)
    _give_to_owner(site)
    return done


def _put_into_var(
    source: Path, target: Path, part: Part, aside: str, done: Restored
) -> None:
    if target.exists():
        if manifests.measure(target).sha256 == part.sha256:
            return
        kept = target.with_name(target.name + aside)
        target.rename(kept)
        done.replaced.append(kept)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(source, target, part)


def _write(source: Path, target: Path, part: Part) -> None:
    """Copy at once or not at all."""
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        manifests.copy(source, draft)
        draft.chmod(part.mode)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def _put_into_instance(
    site: Site, folder: Path, told: Manifest, done: Restored
) -> None:
    """Files that nobody edited here give way; the record says whose they are now."""
    here, theirs = (
        instance.read_state(site.folder),
        instance.read_state(folder / "instance"),
    )
    digests = dict(here.digests)
    taken = False
    for name, part in told.parts.items():
        if not name.startswith("instance/") or name == f"instance/{STATE}":
            continue
        inside = name.removeprefix("instance/")
        target = site.folder / inside
        if target.exists():
            found = manifests.measure(target).sha256
            if found == part.sha256:
                continue
            if found != here.digests.get(inside):
                beside = target.with_name(target.name + BESIDE)
                _write(folder / name, beside, part)
                done.beside.append(beside)
                continue
        target.parent.mkdir(parents=True, exist_ok=True)
        _write(folder / name, target, part)
        if inside in theirs.digests:
            digests[inside] = theirs.digests[inside]
            taken = True
    if taken:
        # `callengine init` goes on from there: it sees what was edited.
        instance.write_state(site.folder, State(theirs.version, digests))


def _give_to_owner(site: Site) -> None:
    """What root restored belongs to whom `var` belongs to."""
    if os.geteuid() != 0:
        return
    owner = site.settings.var_dir.stat()
    give(site.settings.var_dir, owner.st_uid, owner.st_gid)


def settings_in(folder: Path, told: Manifest) -> Path | None:
    """Find the settings file of a backup, if it has one."""
    file = folder / "instance" / told.settings
    return file if told.settings and file.is_file() else None


def describe(told: Manifest) -> str:
    """Say in one line what a backup is of."""
    return (
        f"{told.database.kind} of schema {told.database.schema}, node {told.node},"
        f" callengine {told.version}, made at {told.made_at},"
        f" {len(told.parts)} files, {told.size / 1e6:.1f} MB"
    )
