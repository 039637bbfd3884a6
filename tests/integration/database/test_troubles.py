"""Every trouble of a real PostgreSQL becomes what helps: again, wait, or a mistake."""

import asyncio
import time
from collections.abc import AsyncIterator
from itertools import count

import asyncpg
import pytest
from sqlalchemy import text

from callengine.engine.ports import (
    StoreBusy,
    StoreConflict,
    StoreDown,
    StoreRefused,
)
from callengine.store.database import Database, persistent
from callengine.store.postgres import LOCK_S
from tests.support.servers import PostgresServer, run_postgres

_names = count(1)

AGAIN = ("40001", "40P01")
WAIT = (
    "57P01", "57P02", "57P03", "57P04", "57014", "57000", "53000", "53100", "53200",
    "53300", "53400", "25006", "25P03", "55P03", "55006", "08006", "08001", "28P01",
    "28000", "3D000", "42501", "58030", "58P01", "F0000", "XX000", "XX001", "40003",
)  # fmt: skip
MISTAKES = (
    "23502", "23503", "23505", "23514", "22001", "22003", "22P02", "42601", "42P01",
    "42703", "21000", "P0001", "54000",
)  # fmt: skip


@pytest.fixture
async def url(postgres_server: PostgresServer) -> str:
    """A database with one empty table `t` of one unique text."""
    url = postgres_server.create_database(f"troubles{next(_names)}")
    db = Database.open(url)
    async with db.write() as connection:
        await connection.execute(text("CREATE TABLE t (x text PRIMARY KEY)"))
    await db.close()
    return url


@pytest.fixture
async def db(url: str) -> AsyncIterator[Database]:
    """Our side of it."""
    db = Database.open(url)
    yield db
    await db.close()


def dsn(url: str) -> str:
    """The same address for asyncpg alone."""
    return url.replace("+asyncpg", "")


async def raised(db: Database, state: str) -> None:
    """Run a transaction that the server ends with this SQLSTATE."""
    raising = f"RAISE EXCEPTION 'as provoked' USING ERRCODE = '{state}'"
    async with db.write() as connection:
        await connection.execute(text("INSERT INTO t VALUES ('half')"))
        await connection.execute(text(f"DO $$ BEGIN {raising}; END $$"))


async def rows(db: Database) -> int:
    """How many rows were committed."""
    async with db.read() as connection:
        found = await connection.execute(text("SELECT count(*) FROM t"))
        return int(found.scalar_one())


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        *((state, StoreBusy) for state in AGAIN),
        *((state, StoreDown) for state in WAIT),
        *((state, StoreRefused) for state in MISTAKES),
    ],
)
async def test_each_state_is_judged_and_leaves_nothing_half_done(
    db: Database, state: str, kind: type[Exception]
) -> None:
    with pytest.raises(kind, match=state) as caught:
        await raised(db, state)

    if kind is StoreDown:
        assert type(caught.value) is StoreDown
    assert await rows(db) == 0


async def test_a_read_only_server_is_waited_for(db: Database) -> None:
    async with db.write() as connection:
        name = (await connection.execute(text("SELECT current_database()"))).scalar()
        await connection.execute(
            text(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        )
    # Connections of before may write still: a fail-over ends those.
    await _end_all(db)
    with pytest.raises(StoreDown, match="read-only"):
        await _insert(db, "a")
    await _ask_directly(
        db,
        "SET default_transaction_read_only = off",
        f"ALTER DATABASE {name} RESET ALL",
    )
    # The old connection keeps what it was told when it began; it was given up.

    await _insert(db, "a")
    assert await rows(db) == 1


async def test_a_read_only_answer_gets_new_connections(db: Database) -> None:
    await _insert(db, "a")
    async with db.read() as connection:
        before = await _backend(connection)
    with pytest.raises(StoreDown):
        await _insert_read_only(db, "b")
    async with db.read() as connection:
        assert await _backend(connection) != before


async def test_a_terminated_backend_costs_one_transaction(db: Database) -> None:
    with pytest.raises(StoreDown):
        async with db.write() as connection:
            await connection.execute(
                text("SELECT pg_terminate_backend(pg_backend_pid())")
            )
    await _insert(db, "a")
    assert await rows(db) == 1


async def test_too_many_connections_are_waited_for(url: str) -> None:
    db = Database.open(url)
    async with db.write() as connection:
        await connection.execute(text("CREATE ROLE few LOGIN CONNECTION LIMIT 1"))
    few = Database.open(url.replace("callengine@", "few@"))
    holder = await asyncpg.connect(dsn(url.replace("callengine@", "few@")))
    with pytest.raises(StoreDown, match="53300"):
        await rows(few)
    await holder.close()
    async with few.read() as connection:
        assert (await connection.execute(text("SELECT 1"))).scalar() == 1
    await few.close()
    await _insert(db, "a")
    async with db.write() as connection:
        await connection.execute(text("DROP ROLE few"))
    await db.close()


async def test_a_lock_is_not_waited_for_longer_than_its_time(
    db: Database, url: str
) -> None:
    holder = await asyncpg.connect(dsn(url))
    async with holder.transaction():
        await holder.execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        with pytest.raises(StoreDown, match="55P03"):
            await _insert(db, "a")
        assert time.monotonic() - began >= LOCK_S * 0.9
    await _insert(db, "a")
    await holder.close()


async def test_two_that_lock_each_other_both_get_through(db: Database) -> None:
    for key in ("a", "b"):
        await _insert(db, key)
    met = asyncio.Barrier(2)
    tries: list[str] = []

    @persistent
    async def cross(first: str, second: str) -> None:
        tries.append(first)
        async with db.write() as connection:
            lock = text("SELECT x FROM t WHERE x = :x FOR UPDATE")
            await connection.execute(lock, {"x": first})
            if len(tries) <= 2:
                await met.wait()
            await connection.execute(lock, {"x": second})

    await asyncio.gather(cross("a", "b"), cross("b", "a"))
    assert len(tries) == 3


async def test_a_lasting_conflict_ends_as_store_down(db: Database) -> None:
    tries = count()

    @persistent
    async def always() -> None:
        next(tries)
        await raised(db, "40001")

    with pytest.raises(StoreDown, match="40001"):
        await always()
    assert next(tries) == 5


async def test_the_same_key_twice_is_a_conflict_and_names_no_row(db: Database) -> None:
    await _insert(db, "+79161234567")
    with pytest.raises(StoreConflict) as caught:
        await _insert(db, "+79161234567")
    assert "79161234567" not in str(caught.value)
    assert caught.value.__suppress_context__


async def test_a_value_the_driver_cannot_send_is_a_mistake(db: Database) -> None:
    with pytest.raises(StoreRefused):
        async with db.read() as connection:
            await connection.execute(text("SELECT CAST(:n AS bigint)"), {"n": 2**80})


async def test_an_error_hides_what_was_to_be_written(db: Database) -> None:
    with pytest.raises(StoreDown) as caught:
        await _insert_read_only(db, "+79161234567")
    told = f"{caught.value} {caught.value.__cause__}"
    assert "79161234567" not in told


async def test_a_server_that_is_not_there_or_unknown_is_waited_for(url: str) -> None:
    for wrong in (
        "postgresql+asyncpg://callengine@127.0.0.1:1/none",
        url.rpartition("/")[0] + "/nobody_made_it",
        url.replace("callengine@", "nobody@"),
    ):
        db = Database.open(wrong)
        with pytest.raises(StoreDown):
            await rows(db)
        await db.close()


@pytest.mark.parametrize("how", ["fast", "immediate"])
def test_a_restarted_server_is_found_again(how: str) -> None:
    with run_postgres("synchronous_commit=on") as server:
        asyncio.run(_restarted(server, how))


async def _restarted(server: PostgresServer, how: str) -> None:
    db = Database.open(server.url)
    async with db.write() as connection:
        await connection.execute(text("CREATE TABLE t (x text PRIMARY KEY)"))
    written, failures, stop = 0, 0, asyncio.Event()
    enough = asyncio.Semaphore(0)
    """One more for every 50 that were written."""

    async def traffic(lane: int) -> None:
        nonlocal written, failures
        for number in count():
            if stop.is_set():
                return
            while True:  # what came to nothing, or perhaps not, is written again
                try:
                    await _insert(db, f"{lane}-{number}")
                except StoreConflict:
                    break
                except StoreDown:
                    failures += 1
                    await asyncio.sleep(0.05)
                else:
                    break
            written += 1
            if written % 50 == 0:
                enough.release()

    async with asyncio.TaskGroup() as lanes:
        for lane in range(4):
            lanes.create_task(traffic(lane))
        await asyncio.wait_for(enough.acquire(), 30)
        await asyncio.to_thread(server.restart, how)
        while not enough.locked():  # what was written before it went
            await enough.acquire()
        await asyncio.wait_for(enough.acquire(), 30)
        stop.set()
    assert failures > 0
    assert await rows(db) == written
    await db.close()


async def _insert_read_only(db: Database, key: str) -> None:
    async with db.write() as connection:
        await connection.execute(text("SET TRANSACTION READ ONLY"))
        await connection.execute(text("INSERT INTO t VALUES (:x)"), {"x": key})


async def _insert(db: Database, key: str) -> None:
    async with db.write() as connection:
        await connection.execute(text("INSERT INTO t VALUES (:x)"), {"x": key})


async def _backend(connection: object) -> int:
    found = await connection.execute(text("SELECT pg_backend_pid()"))  # type: ignore[attr-defined]
    return int(found.scalar())


async def _ask_directly(db: Database, *statements: str) -> None:
    """As the database's own administrator."""
    address = db._writer.url.render_as_string()
    admin = await asyncpg.connect(dsn(address))
    for statement in statements:
        await admin.execute(statement)
    await admin.close()


async def _end_all(db: Database) -> None:
    await _ask_directly(
        db,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )


def test_a_hanging_server_costs_no_more_than_its_time() -> None:
    with run_postgres() as server:
        asyncio.run(_hung(server))


async def _hung(server: PostgresServer) -> None:
    db = Database.open(server.url)
    async with db.write() as connection:
        await connection.execute(text("CREATE TABLE t (x text PRIMARY KEY)"))
    with server.frozen():
        async with asyncio.timeout(30):
            for _ in range(2):  # on a connection of before, then on a new one
                with pytest.raises(StoreDown, match="does not answer"):
                    async with db.write(within_s=0.3) as connection:
                        await connection.execute(text("INSERT INTO t VALUES ('a')"))
    await _insert(db, "b")
    await db.close()
