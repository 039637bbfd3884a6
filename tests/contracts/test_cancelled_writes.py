"""An engine that stops cancels its writers wherever they are: nothing stays behind."""

import asyncio
import gc
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from callengine.coordination.journal import RedisJournal
from callengine.store import Database
from tests.support.servers import RedisServer

TIMES = 60
ENDS_S = 2.0


@pytest.fixture
def no_collector() -> Iterator[None]:
    """The running engine collects seldom; what is left behind must not wait for it."""
    gc.disable()
    yield
    gc.enable()


async def cancel(write: Callable[[], Awaitable[None]], after_s: float) -> None:
    """Write again and again, and cancel that at some moment."""

    async def for_ever() -> None:
        while True:
            await asyncio.sleep(0)
            await write()

    task = asyncio.create_task(for_ever())
    await asyncio.sleep(after_s)
    task.cancel()
    _, late = await asyncio.wait({task}, timeout=ENDS_S)
    went_on = bool(late)
    while late:
        task.cancel()
        _, late = await asyncio.wait({task}, timeout=0.01)
    assert not went_on, "the writer went on after it was cancelled"


@pytest.mark.usefixtures("no_collector")
async def test_a_cancelled_transaction_leaves_no_lock(tmp_path: Path) -> None:
    db = Database.open(f"sqlite+aiosqlite:///{tmp_path / 'locked.db'}")
    chance = Random(1)
    async with db.write() as connection:
        await connection.exec_driver_sql("CREATE TABLE t (x)")
        rows = ",".join(["(1)"] * 500)
        await connection.exec_driver_sql(f"INSERT INTO t VALUES {rows}")

    async def look_and_write() -> None:
        async with db.write() as connection:
            for _ in range(4):
                (await connection.exec_driver_sql("SELECT x FROM t LIMIT 300")).all()
                await connection.exec_driver_sql("INSERT INTO t VALUES (1)")

    for _ in range(TIMES):
        await cancel(look_and_write, chance.uniform(0.001, 0.02))
        async with asyncio.timeout(ENDS_S), db.write() as connection:
            await connection.exec_driver_sql("INSERT INTO t VALUES (2)")
    await db.close()


async def test_a_cancelled_write_of_the_journal_ends(redis_server: RedisServer) -> None:
    journal = RedisJournal.open(redis_server.database(13))
    await journal.acquire("n1")
    chance = Random(1)
    for _ in range(TIMES):
        await cancel(journal.renew, chance.uniform(0, 0.004))
    await journal.release()
    await journal.close()
