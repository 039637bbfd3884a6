"""
A consistent copy of the whole database while the engine runs, and back.

What a copy is made of depends on the kind of database; see the modules.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import inspect, text
from sqlalchemy.engine import make_url

from callengine.store import migrate
from callengine.store.database import Database
from callengine.store.snapshot import postgres, sqlite
from callengine.store.snapshot.troubles import SnapshotError

__all__ = ["Snapshot", "SnapshotError", "file_of", "has_data", "load", "names", "save"]

SQLITE, POSTGRESQL = "sqlite", "postgresql"
FILE = "database.db"
FOLDER = "database"
TELLING = ("shops", "agents", "customers", "orders", "calls")
"""A database with a row in one of these has something to lose."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a copy is of: kind of database, and its schema."""

    kind: str
    schema: str

    @property
    def known(self) -> bool:
        """Whether this version can read it; a newer one's it cannot."""
        return migrate.knows(self.schema)


def kind_of(url: str) -> str:
    """Say which kind of database an address is of: `sqlite` or `postgresql`."""
    return make_url(url).get_backend_name()


def file_of(url: str) -> Path | None:
    """Name the file of an embedded database; None for a server's."""
    address = make_url(url)
    if address.get_backend_name() != SQLITE or not address.database:
        return None
    return Path(address.database)


def names(folder: Path) -> list[str]:
    """List the files of the copy in a folder, relative to it."""
    tables = sorted((folder / FOLDER).glob("*.csv"))
    one = [FILE] if (folder / FILE).exists() else []
    return [*one, *(f"{FOLDER}/{path.name}" for path in tables)]


async def save(url: str, folder: Path) -> Snapshot:
    """
    Copy the database into a folder, as it is at one instant.

    Raises:
        SnapshotError: there is none, it is damaged, or its server does not answer.
    """
    file = file_of(url)
    if file is not None:
        schema = await asyncio.to_thread(sqlite.save, file, folder / FILE)
        return Snapshot(SQLITE, schema)
    (folder / FOLDER).mkdir(mode=0o700)
    return Snapshot(POSTGRESQL, await postgres.save(url, folder / FOLDER))


async def load(url: str, folder: Path, snapshot: Snapshot, aside: str) -> Path | None:
    """
    Put a copy in the place of what the database holds, all of it or nothing.

    Args:
        url: of a database that nobody uses, of the copy's kind.
        folder: where the copy is.
        snapshot: what it is of; `snapshot.known` holds.
        aside: ending of the name that an embedded database gets that was there.

    Returns:
        Where the embedded database is now that was there.

    Raises:
        SnapshotError: it is in use, or does not take the copy.
    """
    file = file_of(url)
    if file is not None:
        return await sqlite.load(file, folder / FILE, aside)
    await postgres.load(url, folder / FOLDER, snapshot.schema)
    return None


async def has_data(url: str) -> bool:
    """
    Say whether something would be lost.

    Raises:
        SnapshotError: it cannot be read.
    """
    file = file_of(url)
    if file is not None and not file.exists():
        return False
    database = Database.open(url)
    try:
        async with database.read() as connection:
            there = await connection.run_sync(_tables)
            for table in TELLING:
                query = text(f"SELECT 1 FROM {table} LIMIT 1")
                if table in there and (await connection.execute(query)).first():
                    return True
    except Exception as error:
        raise SnapshotError(f"the database cannot be read: {error}") from error
    finally:
        await database.close()
    return False


def _tables(connection: Any) -> set[str]:
    return set(inspect(connection).get_table_names())
