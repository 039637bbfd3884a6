"""
The embedded database: the online backup of the library, in one step.

In WAL mode writers do not wait meanwhile.
"""

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from callengine.engine.ports import StoreDown, StoreRefused
from callengine.store import migrate
from callengine.store.database import Database
from callengine.store.snapshot.troubles import SnapshotError, explained

BUSY_S = 5.0


def save(file: Path, target: Path) -> str:
    """Copy a database that is in use; return its schema. Raises `SnapshotError`."""
    if not file.exists():
        raise SnapshotError(f"there is no database {file}; see database_url")
    target.touch(mode=0o600)
    with (
        explained(),
        closing(_open(file)) as source,
        closing(sqlite3.connect(target)) as copy,
    ):
        source.backup(copy)  # in one step: steps begin anew with each write
        copy.execute("PRAGMA journal_mode = DELETE")
        return _checked(copy, file)


def _open(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(file))}?mode=rw", uri=True, timeout=BUSY_S)


def _checked(database: sqlite3.Connection, file: Path) -> str:
    """The schema of a database that is whole."""
    (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise SnapshotError(f"{file} is damaged: {verdict}")
    query = "SELECT name FROM sqlite_master WHERE name = ?"
    if database.execute(query, (migrate.REVISION_TABLE,)).fetchone() is None:
        raise SnapshotError(f"{file} is empty; there is nothing to save")
    query = f"SELECT version_num FROM {migrate.REVISION_TABLE}"
    row = database.execute(query).fetchone()
    if row is None:
        raise SnapshotError(f"{file} is empty; there is nothing to save")
    return str(row[0])


async def load(file: Path, copy: Path, aside: str) -> Path | None:
    """
    Put a copy in the place of a database, brought to this version's schema.

    Returns:
        Where the old one is now: its name and `aside`.

    Raises:
        SnapshotError: it is in use, or cannot be written.
    """
    draft = file.with_name(f".{file.name}.restoring")
    try:
        await asyncio.to_thread(_copy_private, copy, draft)
        database = Database.open(f"sqlite+aiosqlite:///{draft}")
        try:
            await migrate.upgrade(database)
        finally:
            await database.close()
        return await asyncio.to_thread(_swap, file, draft, aside)
    except (OSError, StoreDown, StoreRefused, migrate.SchemaMismatch) as error:
        raise SnapshotError(f"cannot write {file}: {error}") from error
    finally:
        for path in _with_helpers(draft):
            path.unlink(missing_ok=True)


def _copy_private(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    for path in _with_helpers(target):
        path.unlink(missing_ok=True)
    target.touch(mode=0o600)
    with source.open("rb") as read, target.open("wb") as written:
        while block := read.read(1 << 20):
            written.write(block)
        written.flush()
        os.fsync(written.fileno())


def _swap(file: Path, draft: Path, aside: str) -> Path | None:
    """Give the old database another name and the new one its own."""
    with closing(sqlite3.connect(draft)) as new, explained():
        new.execute("PRAGMA journal_mode = DELETE")
    kept = None
    if file.exists():
        _demand_alone(file)
        kept = file.with_name(file.name + aside)
        for old, new_name in zip(_with_helpers(file), _with_helpers(kept), strict=True):
            if old.exists():
                old.rename(new_name)
    draft.replace(file)
    return kept


def _demand_alone(file: Path) -> None:
    """Leave WAL mode, which only the last user may; a damaged file has no user."""
    try:
        with closing(_open(file)) as old:
            old.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise SnapshotError(f"{file} is in use; end whoever uses it") from error
    except sqlite3.DatabaseError:
        pass


def _with_helpers(file: Path) -> list[Path]:
    """A database and the files that belong to it."""
    return [file.with_name(file.name + end) for end in ("", "-wal", "-shm", "-journal")]
