"""
Routing rules all the way: a file, `callengine apply`, a running engine, a kill, `why`.

The database and Redis are real, the commands are processes; only the phones are not.
"""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import pytest

from callengine.coordination.journal import RedisJournal
from callengine.core.call import Call
from callengine.core.facts import Fact
from callengine.core.ids import AgentId, ChannelId
from callengine.core.machines import CallState
from callengine.core.rules import PacingRules, Rules
from callengine.engine.inbox import Inbox
from callengine.engine.service import Engine, EngineConfig, Ports
from callengine.store import Database, Store
from callengine.testing.desktops import MemoryDesktops
from callengine.testing.people import Person
from callengine.testing.telephony import TwinTelephony
from tests.support.servers import RedisServer
from tests.support.waiting import until

NUMBER = "+380440000101"
PROMPT = Person(rings_after_s=0.0, answers_after_s=0.05)
SHOP = """
[[shops]]
slug = "svitlo"
name = "Світло"
language = "uk"
region = "UA"
currency = "UAH"
zone = "Europe/Kyiv"
numbers = ["044 000 01 01"]

[[agents]]
login = "anna"
name = "Анна"
shops = ["svitlo"]
skills = { "lang.uk" = 9, tech = 6 }

[[agents]]
login = "vera"
name = "Віра"
shops = ["svitlo"]
skills = { "lang.uk" = 9 }
"""
RULES = """
[[rules]]
name = "everybody"
hard = "shop.{shop} and lang.{language}>=5 and tech>=5"
credit_s = 45
relax = []

[routing.policy]
calls_per_hour = 500
"""


class World:
    """What outlives an engine: phones, database, Redis, the admin's folder."""

    def __init__(self, folder: Path, redis_url: str) -> None:
        self.folder = folder
        self.redis_url = redis_url
        self._sink: Callable[[Fact], None] = lambda fact: None
        self._ids = count(1)
        self.telephony = TwinTelephony(lambda fact: self._sink(fact), time.time)
        self.telephony.default_person = PROMPT
        self._began = f"{time.time_ns():x}"

    async def command(self, *argv: str) -> str:
        """Run `callengine ...` as an admin does; what it printed."""
        running = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "callengine",
            *argv,
            env={**os.environ, "CALLENGINE_VAR_DIR": str(self.folder)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await asyncio.wait_for(running.communicate(), 60)
        assert running.returncode == 0, said.decode()
        return said.decode()

    async def apply(self, text: str) -> str:
        """Apply a file of this text."""
        file = self.folder / "centre.toml"
        file.write_text(text)
        return await self.command("apply", str(file))

    @asynccontextmanager
    async def engine(self) -> AsyncIterator[Engine]:
        """Run an engine; leaving kills it without a word."""
        inbox = Inbox()
        self._sink = inbox.post
        url = f"sqlite+aiosqlite:///{self.folder}/callengine.db"
        new_id = lambda: f"{self._began}-{next(self._ids)}"  # noqa: E731
        store = Store.over(Database.open(url), clock=time.time, new_id=new_id)
        journal = RedisJournal.open(self.redis_url, lease_s=1.0)
        ports = Ports(
            telephony=self.telephony,
            directory=store.directory,
            crm=store.crm,
            order_book=store.order_book,
            ledger=store.ledger,
            archive=store.archive,
            journal=journal,
            desktops=MemoryDesktops(),
        )
        rules = Rules(wrap_up_s=0, pacing=PacingRules(keep_free=0))
        config = EngineConfig(node="n1", rules=rules, identify_s=5.0)
        engine = Engine(ports, config, inbox=inbox, clock=time.time, new_id=new_id)
        await engine.start()
        await engine.reconcile()
        running = asyncio.create_task(engine.run())
        try:
            yield engine
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await journal.close()
            await store.close()

    def calls_in(self, caller: str) -> ChannelId:
        """A caller comes in."""
        return self.telephony.arrive(NUMBER, caller)


@pytest.fixture
def world(tmp_path: Path, redis_server: RedisServer) -> World:
    """A world of one test."""
    return World(tmp_path, redis_server.database(6))


def call_of(engine: Engine, channel: ChannelId) -> Call:
    """The call of a caller's channel."""
    found = engine.pool.call_of(channel)
    assert found is not None
    return found[0]


async def talking(engine: Engine, channel: ChannelId) -> Call:
    """Wait until a caller talks with somebody."""
    await until(lambda: engine.pool.call_of(channel) is not None, within_s=5)
    call = call_of(engine, channel)
    await until(lambda: call.state is CallState.TALKING, within_s=10)
    return call


async def test_rules_from_a_file_to_a_decision_over_a_kill(world: World) -> None:
    await world.command("migrate")
    await world.apply(SHOP)
    async with world.engine() as engine:
        await engine.become_ready(AgentId("vera"))
        await asyncio.sleep(0.05)
        await engine.become_ready(AgentId("anna"))
        first = world.calls_in("+380671111111")
        assert (await talking(engine, first)).agent == "vera"

        said = await world.apply(SHOP + RULES)
        assert "created: routing rules" in said
        limits = lambda: engine.pool.matcher.state.policy.limits  # noqa: E731
        await until(lambda: limits().calls_per_hour == 500, within_s=10)
        world.telephony.hang_up_far_end(first)
        await until(lambda: engine.pool.matcher.free_agents == 2, within_s=10)

        second = world.calls_in("+380672222222")
        ruled = await talking(engine, second)
        assert ruled.agent == "anna"
        third = world.calls_in("+380673333333")
        await until(lambda: engine.pool.call_of(third) is not None, within_s=5)
        waiting = call_of(engine, third)
        await until(lambda: waiting.state is CallState.WAITING, within_s=10)
        assert waiting.ruling is not None
        assert waiting.ruling.needed.endswith("tech>=5")

    async with world.engine() as engine:
        again = call_of(engine, third)
        assert (again.ruling, again.enqueued_at) == (
            waiting.ruling,
            waiting.enqueued_at,
        )
        (item,) = engine.pool.matcher.items(engine.pool.now)
        assert (item.credit_s, item.ladder) == (45.0, waiting.ruling.ladder)
        assert item.clock_s > 0
        world.telephony.hang_up_far_end(second)
        assert (await talking(engine, third)).agent == "anna"
        world.telephony.hang_up_far_end(third)
        await until(lambda: not engine.pool.calls, within_s=10)
        assert await engine.recorder.settled(10)

    told = " ".join((await world.command("why", again.call)).split())
    assert "rules everybody (version 1)" in told
    assert "offered to anna" in told
    assert "lang.uk>=5 and tech>=5" in told
    assert "credit 45 s" in told
