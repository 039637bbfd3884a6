"""A disk without a byte left: what waits is kept, and written once there is room."""

import asyncio
import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from callengine.engine.ports import StoreDown
from callengine.store import Database, migrate
from callengine.store.write_probe import SqlWriteProbe
from sim.faults.small_disk import NoSmallDisk, SmallDisk
from tests.support.servers import PostgresServer
from tests.support.stores import call_record, store_over


@pytest.fixture
def disk() -> Iterator[SmallDisk]:
    """A disk of four megabytes; only root may mount one."""
    # Not pytest's folder: PostgreSQL runs as a user who may not enter that.
    folder = Path(tempfile.mkdtemp(prefix="callengine-disk-"))
    folder.chmod(0o755)
    disk = SmallDisk(folder / "disk", 4000)
    try:
        disk.mount()
    except NoSmallDisk as error:
        pytest.skip(f"nothing may be mounted here: {error}")
    yield disk
    disk.unmount()
    shutil.rmtree(folder, ignore_errors=True)


async def test_sqlite_on_a_full_disk_is_waited_for_and_keeps_every_record_once(
    disk: SmallDisk,
) -> None:
    db = Database.open(f"sqlite+aiosqlite:///{disk.place}/callengine.db")
    await migrate.upgrade(db)
    store, probe = store_over(db), SqlWriteProbe(db, "n1")
    await store.ledger.record([call_record("before")], (), ())
    await asyncio.to_thread(disk.fill)

    batch = [call_record(f"c{number}") for number in range(200)]
    for _ in range(3):
        with pytest.raises(StoreDown, match=r"FULL|IOERR|CANTOPEN"):
            await store.ledger.record(batch, (), ())
    history = await store.archive.why(call_record("before").call)
    assert history is not None, "what is there can still be read"

    await asyncio.to_thread(disk.free)
    await store.ledger.record(batch, (), ())
    await store.ledger.record(batch, (), ())
    await probe.write(1.0)
    async with db.read() as connection:
        found = await connection.execute(text("SELECT count(*) FROM calls"))
        assert found.scalar_one() == 201
    await db.close()


async def test_a_write_probe_sees_a_disk_that_fills_up(disk: SmallDisk) -> None:
    db = Database.open(f"sqlite+aiosqlite:///{disk.place}/callengine.db")
    await migrate.upgrade(db)
    probe = SqlWriteProbe(db, "n1")
    await probe.write(1.0)
    await asyncio.to_thread(disk.fill)
    # The log beside the file has a page or two of room; then there is none.
    with pytest.raises(StoreDown, match=r"room|disk"):
        await _write_often(probe)
    await asyncio.to_thread(disk.free)
    await probe.write(300.0)
    await db.close()


async def test_postgresql_on_a_full_disk_says_53100_and_is_waited_for(
    disk: SmallDisk, postgres_server: PostgresServer
) -> None:
    _give_to_postgres(disk.place)
    db = Database.open(postgres_server.create_database("full_disk"))
    await _alone(db, f"CREATE TABLESPACE small LOCATION '{disk.place}'")
    async with db.write() as connection:
        await connection.execute(text("CREATE TABLE t (x text) TABLESPACE small"))
    await asyncio.to_thread(disk.fill)
    insert = text("INSERT INTO t SELECT repeat('x', 1000) FROM generate_series(1, 500)")
    with pytest.raises(StoreDown, match="53100"):
        async with db.write() as connection:
            await connection.execute(insert)
    await asyncio.to_thread(disk.free)
    async with db.write() as connection:
        await connection.execute(insert)
    async with db.write() as connection:
        found = await connection.execute(text("SELECT count(*) FROM t"))
        assert found.scalar_one() == 500
        await connection.execute(text("DROP TABLE t"))
    await _alone(db, "DROP TABLESPACE small")
    await db.close()


async def _write_often(probe: SqlWriteProbe) -> None:
    for at in range(200):
        await probe.write(float(at))


async def _alone(db: Database, statement: str) -> None:
    """Run what no transaction may hold."""
    async with db.read() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text(statement))


def _give_to_postgres(folder: Path) -> None:
    names = {entry.pw_name for entry in pwd.getpwall()}
    user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    os.chown(folder, user.pw_uid, user.pw_gid)
