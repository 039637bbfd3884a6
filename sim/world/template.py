"""What an earlier run kept of a loaded database: the next one starts in seconds."""

import hashlib
import os
import shutil
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from callengine.asterisk.pbx_config import PROJECT

DATABASE = "callengine.db"
DATA = "postgres"
"""Where a template holds SQLite's file, or PostgreSQL's data directory."""
CREDENTIALS = "credentials.json"
RECEIVER_PORT = "receiver.port"
"""The receivers' addresses are in the database: who listens there need not tell it."""
KINDS = ("sqlite", "postgresql")


@dataclass(frozen=True, slots=True)
class Template:
    """
    Database and credentials for one set of sources, one kind of database and one day.

    The customers' invented past ends on the day it was made, hence the day.
    """

    folder: Path

    @property
    def exists(self) -> bool:
        """Whether an earlier run made it, all of it."""
        has_database = any((self.folder / name).exists() for name in (DATABASE, DATA))
        return has_database and (self.folder / CREDENTIALS).exists()

    def receiver_port(self) -> int:
        """Say where the receivers that the database knows were, 0 if not known."""
        try:
            return int((self.folder / RECEIVER_PORT).read_text())
        except (OSError, ValueError):
            return 0

    def use(self, run: Path) -> bool:
        """Copy credentials, and SQLite's file, to a run's folder; False without."""
        if not self.exists:
            return False
        for name in (DATABASE, CREDENTIALS):
            if (self.folder / name).exists():
                shutil.copyfile(self.folder / name, run / name)
                os.chmod(run / name, 0o600)
        return True

    async def keep(
        self,
        run: Path,
        database: Callable[[Path], Awaitable[None]],
        *,
        receiver_port: int = 0,
    ) -> None:
        """
        Make it from a run whose database is loaded and at rest; replace older ones.

        Args:
            database: copies the run's database into the folder that it is given.
        """
        draft = self.folder.with_name(f".{self.folder.name}.{os.getpid()}")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True, mode=0o700)
        await database(draft)
        shutil.copyfile(run / CREDENTIALS, draft / CREDENTIALS)
        (draft / RECEIVER_PORT).write_text(f"{receiver_port}\n")
        others = tuple(f"{kind}-" for kind in KINDS if not self._is(kind))
        for old in self.folder.parent.iterdir():
            if old != draft and not old.name.startswith(others):
                shutil.rmtree(old, ignore_errors=True)
        draft.replace(self.folder)

    def _is(self, kind: str) -> bool:
        return self.folder.name.startswith(f"{kind}-")


def template_for(
    parent: Path, shops: Path, today: datetime | None = None, kind: str = "sqlite"
) -> Template:
    """Find where the template of these sources is, made or not, below `parent`."""
    day = (today or datetime.now(UTC)).date().isoformat()
    digest = hashlib.sha256(f"{day} {shops.name}".encode())
    for path in _sources(shops):
        digest.update(path.read_bytes())
    return Template(parent / "templates" / f"{kind}-{digest.hexdigest()[:16]}")


def _sources(shops: Path) -> Iterable[Path]:
    """List what decides how the loaded database looks."""
    yield shops
    yield from sorted((PROJECT / "migrations").rglob("*.py"))
    yield from sorted((PROJECT / "sim" / "shops").glob("*.py"))
    for part in ("store", "core"):
        yield from sorted((PROJECT / "callengine" / part).rglob("*.py"))
