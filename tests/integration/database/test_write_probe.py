"""The probe says what a real database says: locked, read-only, full, hanging."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from callengine.engine.ports import StoreDown
from callengine.store import Database, migrate
from callengine.store.write_probe import SqlWriteProbe
from tests.support.servers import run_postgres


@pytest.fixture
async def file(tmp_path: Path) -> AsyncIterator[tuple[Path, SqlWriteProbe]]:
    """An embedded database and its probe."""
    path = tmp_path / "callengine.db"
    db = Database.open(f"sqlite+aiosqlite:///{path}")
    await migrate.upgrade(db)
    yield path, SqlWriteProbe(db, "n1")
    await db.close()


async def test_a_file_that_can_be_written_to(file: tuple[Path, SqlWriteProbe]) -> None:
    path, probe = file
    for at in (1.0, 2.0):
        await probe.write(at)
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT * FROM write_probes").fetchall() == [("n1", 2.0)]


async def test_a_file_that_another_process_locks(
    file: tuple[Path, SqlWriteProbe],
) -> None:
    path, probe = file
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreDown, match="locked by another process"):
            await probe.write(1.0)
        other.rollback()
    await probe.write(2.0)


async def test_a_file_that_is_damaged(file: tuple[Path, SqlWriteProbe]) -> None:
    path, probe = file
    await probe.write(1.0)
    await asyncio.to_thread(path.write_bytes, b"not a database at all" * 500)
    await asyncio.to_thread(Path(f"{path}-wal").write_bytes, b"")
    db = Database.open(f"sqlite+aiosqlite:///{path}")
    with pytest.raises(StoreDown, match="restore a backup"):
        await SqlWriteProbe(db, "n1").write(2.0)
    await db.close()


def test_a_server_that_hangs_and_one_that_became_read_only() -> None:
    with run_postgres() as server:
        asyncio.run(_hang_and_read_only(server))


async def _hang_and_read_only(server: object) -> None:
    db = Database.open(server.url)  # type: ignore[attr-defined]
    await migrate.upgrade(db)
    probe = SqlWriteProbe(db, "n1")
    await probe.write(1.0)
    with server.frozen(), pytest.raises(StoreDown, match="does not answer"):  # type: ignore[attr-defined]
        await probe.write(2.0)
    await probe.write(3.0)
    async with db.write() as connection:
        await connection.exec_driver_sql(
            "ALTER ROLE callengine SET default_transaction_read_only = on"
        )
    await asyncio.to_thread(server.restart)  # type: ignore[attr-defined]
    with pytest.raises(StoreDown, match="read-only"):
        await probe.write(4.0)
    await db.close()
