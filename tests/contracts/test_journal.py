"""Every journal keeps live state for one owner at a time."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from callengine.coordination.journal import RedisJournal
from callengine.engine.ports import Entry, Fenced, Journal, JournalDown
from callengine.testing.journal import MemoryJournal, MemoryRedis
from tests.support.servers import RedisServer, run_redis

LEASE_S = 30.0
_databases = count(1)


@dataclass
class Bench:
    """A place journals share, and what can happen to it."""

    new: Callable[[], Journal]
    expire: Callable[[], Awaitable[None]]
    """Let the lease of node n1 run out."""
    forget: Callable[[], Awaitable[None]]


def memory_bench() -> Bench:
    """Journals in memory, on a clock set by hand."""
    redis, now = MemoryRedis(), [0.0]

    async def expire() -> None:
        now[0] += LEASE_S + 0.1

    async def forget() -> None:
        redis.forget()

    return Bench(
        new=lambda: MemoryJournal(redis, clock=lambda: now[0], lease_s=LEASE_S),
        expire=expire,
        forget=forget,
    )


@pytest.fixture(params=["memory", "redis"])
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    """Journals in memory, then in a real Redis."""
    if request.param == "memory":
        yield memory_bench()
        return
    server: RedisServer = request.getfixturevalue("redis_server")
    url = server.database(next(_databases) % 12 + 1)
    spy = Redis.from_url(url)
    await spy.flushdb()
    made: list[RedisJournal] = []

    def new() -> Journal:
        made.append(RedisJournal.open(url, lease_s=LEASE_S))
        return made[-1]

    async def expire() -> None:
        # What Redis itself does when the time is up; that it has one is tested below.
        assert await spy.delete("callengine:{n1}:lease") == 1

    async def forget() -> None:
        await spy.flushdb()

    yield Bench(new=new, expire=expire, forget=forget)
    for journal in made:
        await journal.close()
    await spy.aclose()


def call(key: str, **state: object) -> Entry:
    """A call's entry."""
    return Entry(kind="call", key=key, state=dict(state))


async def test_what_was_appended_is_loaded_by_the_next_owner(bench: Bench) -> None:
    first, second = bench.new(), bench.new()
    await first.acquire("n1")
    agent = Entry(kind="agent", key="a01", state={"state": "ready", "имя": "Анна"})
    await first.append((call("c1", at=1.5, legs=["x", None]), call("c2"), agent))
    await first.append((call("c1", at=2.5),))
    await first.release()

    await second.acquire("n1")
    loaded = await second.load()
    assert set(map(repr, loaded)) == {
        repr(call("c1", at=2.5)),
        repr(call("c2")),
        repr(agent),
    }


async def test_a_removed_aggregate_is_not_loaded(bench: Bench) -> None:
    journal = bench.new()
    await journal.acquire("n1")
    await journal.append((call("c1"), call("c2")))
    await journal.append((Entry(kind="call", key="c1", state=None),))

    assert await journal.load() == (call("c2"),)


async def test_nodes_do_not_see_each_other(bench: Bench) -> None:
    one, two = bench.new(), bench.new()
    await one.acquire("n1")
    await two.acquire("n2")
    await one.append((call("c1"),))

    assert await two.load() == ()


async def test_a_held_lease_is_refused(bench: Bench) -> None:
    first, second = bench.new(), bench.new()
    await first.acquire("n1")

    with pytest.raises(Fenced):
        await second.acquire("n1")


async def test_a_renewed_lease_is_still_held(bench: Bench) -> None:
    first, second = bench.new(), bench.new()
    await first.acquire("n1")
    await bench.expire()
    await first.renew()

    with pytest.raises(Fenced):
        await second.acquire("n1")


async def test_tokens_grow_with_every_owner(bench: Bench) -> None:
    tokens = []
    for _ in range(3):
        journal = bench.new()
        tokens.append(await journal.acquire("n1"))
        await journal.release()

    assert tokens == sorted(set(tokens))


async def test_an_owner_replaced_cannot_write_even_once(bench: Bench) -> None:
    old, new = bench.new(), bench.new()
    await old.acquire("n1")
    await old.append((call("c1", owner="old"),))
    await bench.expire()
    await new.acquire("n1")

    with pytest.raises(Fenced):
        await old.append((call("c1", owner="too late"), call("c2")))
    with pytest.raises(Fenced):
        await old.renew()
    with pytest.raises(Fenced):
        await old.load()
    assert await new.load() == (call("c1", owner="old"),)


async def test_an_owner_replaced_stays_out_when_the_new_one_has_left(
    bench: Bench,
) -> None:
    old, new = bench.new(), bench.new()
    await old.acquire("n1")
    await bench.expire()
    await new.acquire("n1")
    await new.release()

    with pytest.raises(Fenced):
        await old.append((call("c1"),))


async def test_a_late_release_leaves_the_new_owner_alone(bench: Bench) -> None:
    old, new, third = bench.new(), bench.new(), bench.new()
    await old.acquire("n1")
    await bench.expire()
    await new.acquire("n1")
    await old.release()

    with pytest.raises(Fenced):
        await third.acquire("n1")


async def test_an_expired_lease_that_nobody_took_is_taken_up_again(
    bench: Bench,
) -> None:
    journal, other = bench.new(), bench.new()
    await journal.acquire("n1")
    await bench.expire()
    await journal.append((call("c1"),))

    with pytest.raises(Fenced):
        await other.acquire("n1")
    assert await journal.load() == (call("c1"),)


async def test_a_redis_that_forgot_everything_is_filled_again(bench: Bench) -> None:
    journal = bench.new()
    await journal.acquire("n1")
    await journal.append((call("c1"), call("c2"), call("c3")))
    await journal.append((Entry(kind="call", key="c2", state=None),))
    await bench.forget()
    await journal.append((call("c4"),))

    keys = {entry.key for entry in await journal.load()}
    assert keys == {"c1", "c3", "c4"}


async def test_nothing_is_written_without_a_lease(bench: Bench) -> None:
    with pytest.raises(Fenced):
        await bench.new().append((call("c1"),))


async def test_an_unknown_kind_is_a_mistake_of_ours(bench: Bench) -> None:
    journal = bench.new()
    await journal.acquire("n1")
    with pytest.raises(ValueError, match="kind"):
        await journal.append((Entry(kind="queue", key="q", state={}),))


# --- what only a real server can do ---


async def test_a_dead_redis_is_journal_down() -> None:
    with run_redis() as server:
        journal = RedisJournal.open(server.url)
        await journal.acquire("n1")
        await journal.append((call("c1"),))
    with pytest.raises(JournalDown):
        await journal.append((call("c2"),))
    with pytest.raises(JournalDown):
        await journal.load()
    await journal.close()


async def test_a_redis_that_was_never_there_is_journal_down() -> None:
    journal = RedisJournal.open("redis://127.0.0.1:1/0")
    with pytest.raises(JournalDown, match="Redis does not work"):
        await journal.acquire("n1")
    await journal.close()


async def test_a_hanging_redis_is_journal_down_in_time_and_back_afterwards() -> None:
    with run_redis() as server:
        journal = RedisJournal.open(server.url)
        await journal.acquire("n1")
        await journal.append((call("c1", at=1),))
        server.process.send_signal(signal.SIGSTOP)
        async with asyncio.timeout(30):  # it has an end, whatever the machine does
            with pytest.raises(JournalDown):
                await journal.append((call("c1", at=2),))
            with pytest.raises(JournalDown):  # a new connection hangs as well
                await journal.renew()
        server.process.send_signal(signal.SIGCONT)
        await journal.append((call("c1", at=3),))
        assert await journal.load() == (call("c1", at=3),)
        await journal.close()


async def test_a_read_only_replica_is_journal_down_until_it_is_a_master() -> None:
    with run_redis() as server:
        journal = RedisJournal.open(server.url)
        await journal.acquire("n1")
        spy = Redis.from_url(server.url)
        await spy.replicaof("127.0.0.1", 1)
        with pytest.raises(JournalDown, match="read-only"):
            await journal.append((call("c1"),))
        await spy.replicaof("NO", "ONE")
        await journal.append((call("c1"),))
        assert await journal.load() == (call("c1"),)
        await spy.aclose()
        await journal.close()


async def test_a_full_redis_is_journal_down_until_there_is_room() -> None:
    with run_redis() as server:
        journal = RedisJournal.open(server.url)
        await journal.acquire("n1")
        spy = Redis.from_url(server.url)
        await spy.config_set("maxmemory", "1")
        with pytest.raises(JournalDown, match="maxmemory"):
            await journal.append((call("c1"),))
        await spy.config_set("maxmemory", "0")
        await journal.append((call("c1"),))
        await spy.aclose()
        await journal.close()


async def test_a_redis_that_cannot_save_is_journal_down(tmp_path: Path) -> None:
    with run_redis() as server:
        journal = RedisJournal.open(server.url)
        await journal.acquire("n1")
        spy = Redis.from_url(server.url)
        folder = (await spy.config_get("dir"))["dir"]
        await spy.config_set("save", "3600 1")
        # As good as a full disk: it cannot be written.
        await asyncio.to_thread(Path(folder, "dump.rdb").mkdir)
        await journal.append((call("c1"),))
        with suppress(ResponseError):
            await spy.bgsave()
        for _ in range(400):
            if (await spy.info("persistence"))["rdb_last_bgsave_status"] != "ok":
                break
            await asyncio.sleep(0.05)
        with pytest.raises(JournalDown, match="MISCONF"):
            await journal.append((call("c2"),))
        await spy.config_set("save", "")
        await journal.append((call("c2"),))
        await spy.aclose()
        await journal.close()


async def test_another_owner_is_found_when_a_hang_is_over() -> None:
    with run_redis() as server:
        old, new = (
            RedisJournal.open(server.url, lease_s=0.2),
            RedisJournal.open(server.url),
        )
        await old.acquire("n1")
        server.process.send_signal(signal.SIGSTOP)
        with pytest.raises(JournalDown):
            await old.renew()
        server.process.send_signal(signal.SIGCONT)
        await _once_free(new)
        with pytest.raises(Fenced):
            await old.append((call("c1"),))
        assert await new.load() == ()
        await old.close()
        await new.close()


async def _once_free(journal: RedisJournal) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                await journal.acquire("n1")
            except Fenced:
                await asyncio.sleep(0.05)
            else:
                return


async def test_an_unreadable_entry_costs_only_itself(redis_server: RedisServer) -> None:
    url = redis_server.database(15)
    spy = Redis.from_url(url)
    await spy.flushdb()
    journal = RedisJournal.open(url)
    await journal.acquire("n1")
    await journal.append((call("good"),))
    await spy.hset("callengine:{n1}:call", "bad", "{not json")

    assert await journal.load() == (call("good"),)
    await journal.close()
    await spy.aclose()


async def test_a_lease_runs_out_by_itself_and_every_write_extends_it(
    redis_server: RedisServer,
) -> None:
    url = redis_server.database(13)
    spy = Redis.from_url(url)
    await spy.flushdb()
    journal = RedisJournal.open(url, lease_s=LEASE_S)
    await journal.acquire("n1")
    assert 0 < await spy.pttl("callengine:{n1}:lease") <= LEASE_S * 1000

    await spy.pexpire("callengine:{n1}:lease", 1000)
    await journal.append((call("c1"),))
    assert await spy.pttl("callengine:{n1}:lease") > 1000
    await journal.close()
    await spy.aclose()


async def test_a_batch_is_one_round_trip(redis_server: RedisServer) -> None:
    url = redis_server.database(14)
    spy = Redis.from_url(url)
    await spy.flushdb()
    journal = RedisJournal.open(url)
    await journal.acquire("n1")
    await journal.append((call("warm"),))
    before = (await spy.info("commandstats"))["cmdstat_evalsha"]["calls"]
    await journal.append([call(f"c{i}", at=i, state="talking") for i in range(20)])
    after = (await spy.info("commandstats"))["cmdstat_evalsha"]["calls"]

    assert after - before == 1
    assert len(await journal.load()) == 21
    await journal.close()
    await spy.aclose()
