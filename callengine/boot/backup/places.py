"""What belongs into a backup beside the database, and where it stands."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from callengine.boot.instance import STATE, is_instance
from callengine.boot.settings import Settings
from callengine.shipped import shipped
from callengine.store.snapshot import file_of

ASIDE = ".before-restore"
RECORDINGS = ("monitor", "recording", "voicemail")
"""Below Asterisk's spool: what people said, by whoever recorded it."""
NOT_KEPT = ("pbx", "redis", "engine.pid")
"""In `var`: made anew at each start, or of the calls of the moment."""


@dataclass(frozen=True, slots=True)
class Site:
    """
    An installation.

    Attributes:
        folder: where its settings file is, or would be.
        settings_file: None when all settings are defaults or of the environment.
    """

    folder: Path
    settings_file: Path | None
    settings: Settings


def kept_of_var(site: Site, *, recordings: bool) -> Iterator[tuple[str, Path]]:
    """Yield secrets, recordings and whatever else has no other home."""
    var = site.settings.var_dir
    database = file_of(site.settings.database_url)
    for path in files_below(var, leave=NOT_KEPT):
        of_database = database is not None and path.name.startswith(database.name)
        if not of_database and ASIDE not in path.name:
            yield f"var/{path.relative_to(var).as_posix()}", path
    if recordings:
        for name in RECORDINGS:
            for path in files_below(var / "pbx" / "spool" / name):
                yield f"var/{path.relative_to(var).as_posix()}", path


def kept_of_instance(site: Site) -> Iterator[tuple[str, Path]]:
    """Yield settings and what the admin may have edited, below the folder."""
    if site.settings_file is not None:
        yield f"instance/{site.settings_file.name}", site.settings_file
    folders = [*own_folders(site), site.folder / "systemd"]
    if is_instance(site.folder):
        tomls = sorted(site.folder.glob("*.toml"))
        for path in (site.folder / STATE, *tomls):
            if path != site.settings_file and path.is_file():
                yield f"instance/{path.name}", path
    for folder in folders:
        if folder.is_relative_to(site.folder):
            for path in files_below(folder):
                inside = path.relative_to(site.folder).as_posix()
                yield f"instance/{inside}", path


def elsewhere(site: Site) -> list[Path]:
    """Name the admin's own folders that stand outside, and so in no backup."""
    return [
        folder
        for folder in own_folders(site)
        if folder.is_dir() and not folder.is_relative_to(site.folder)
    ]


def own_folders(site: Site) -> list[Path]:
    """Name the folders whose files win over the package's."""
    pbx = site.settings.pbx
    own = (
        ("asterisk-conf", pbx.conf_dir),
        ("dialplan", pbx.dialplan_dir),
        ("sounds", pbx.sounds_dir),
    )
    return [
        folder
        for name, folder in own
        if not (folder.is_dir() and folder.samefile(shipped(name)))
    ]


def files_below(folder: Path, leave: tuple[str, ...] = ()) -> Iterator[Path]:
    """Every regular file below a folder; `leave` are names directly in it."""
    for where, folders, names in os.walk(folder):
        here = Path(where)
        if here == folder:
            folders[:] = [name for name in folders if name not in leave]
            names = [name for name in names if name not in leave]
        folders.sort()
        for name in sorted(names):
            path = here / name
            if path.is_file() and not path.is_symlink():
                yield path
