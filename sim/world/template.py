"""A loaded database kept from an earlier run: the next one starts in seconds."""

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from callengine.asterisk.pbx_config import PROJECT

KEPT = ("callengine.db", "credentials.json")


@dataclass(frozen=True, slots=True)
class Template:
    """
    Database and credentials for one set of sources and one day.

    The customers' invented past ends on the day it was made, hence the day.
    """

    folder: Path

    def use(self, run: Path) -> bool:
        """Copy it into a run's folder; False when there is none."""
        if not all((self.folder / name).exists() for name in KEPT):
            return False
        for name in KEPT:
            shutil.copyfile(self.folder / name, run / name)
            os.chmod(run / name, 0o600)
        return True

    def keep(self, run: Path) -> None:
        """Make it from a run whose database is loaded and at rest."""
        draft = self.folder.with_name(f".{self.folder.name}.{os.getpid()}")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True, mode=0o700)
        # Not a copy: the newest pages may still be in the write-ahead log.
        with sqlite3.connect(run / KEPT[0]) as connection:
            connection.execute("VACUUM INTO ?", (str(draft / KEPT[0]),))
        connection.close()
        shutil.copyfile(run / KEPT[1], draft / KEPT[1])
        for old in self.folder.parent.iterdir():
            if old != draft:
                shutil.rmtree(old, ignore_errors=True)
        draft.replace(self.folder)


def template_for(parent: Path, shops: Path, today: datetime | None = None) -> Template:
    """Find where the template of these sources is, made or not, below `parent`."""
    day = (today or datetime.now(UTC)).date().isoformat()
    digest = hashlib.sha256(f"{day} {shops.name}".encode())
    for path in _sources(shops):
        digest.update(path.read_bytes())
    return Template(parent / "templates" / digest.hexdigest()[:16])


def _sources(shops: Path) -> Iterable[Path]:
    """List what decides how the loaded database looks."""
    yield shops
    yield from sorted((PROJECT / "migrations").rglob("*.py"))
    yield from sorted((PROJECT / "sim" / "shops").glob("*.py"))
    yield from sorted((PROJECT / "callengine" / "store").rglob("*.py"))
