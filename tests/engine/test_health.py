"""Readiness tells the truth, since when and why, and never waits for it."""

import asyncio
from math import inf
from typing import Any

from callengine.core.ids import AgentId
from callengine.engine.health import Health
from callengine.engine.ports import StoreDown
from callengine.engine.service import Engine
from tests.support.engine_kit import EPOCH, Centre, virtually

ANNA = AgentId("anna")


class Probe:
    """A database that can be written to, or not."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.takes_s = 0.0
        self.begun = 0

    async def write(self, at: float) -> None:
        """Write, fail or hang."""
        self.begun += 1
        waited_s = 0.0
        while waited_s < self.takes_s:
            await asyncio.sleep(0.1)
            waited_s += 0.1
        if self.error is not None:
            raise self.error


def health_of(centre: Centre, engine: Engine, probe: Probe) -> Health:
    """The engine's health, on the centre's clock."""
    return Health(engine, probe, centre.clock, listens=lambda: True)


def told(health: Health) -> dict[str, tuple[bool, str]]:
    """Every part's state and why."""
    return {name: (part.ok, part.why) for name, part in health.parts().items()}


@virtually
async def test_nothing_is_ready_before_it_was_tried() -> None:
    centre = Centre()
    async with centre.engine() as engine:
        health = health_of(centre, engine, Probe())
        assert told(health)["database"] == (False, "not tried yet")
        running = asyncio.create_task(health.run())
        await asyncio.sleep(0.1)
        assert told(health)["database"] == (True, "")
        running.cancel()


@virtually
async def test_a_database_that_cannot_be_written_to_is_not_ready() -> None:
    centre, probe = Centre(), Probe()
    async with centre.engine() as engine:
        health = health_of(centre, engine, probe)
        running = asyncio.create_task(health.run())
        await asyncio.sleep(10)
        probe.error = StoreDown("the database is read-only (25006)")
        await asyncio.sleep(1.5)
        part = health.parts()["database"]
        assert (part.ok, part.why) == (False, "the database is read-only (25006)")
        assert EPOCH + 10 <= part.since <= EPOCH + 11.5
        probe.error = None
        await asyncio.sleep(1.5)
        assert health.parts()["database"].ok
        running.cancel()


@virtually
async def test_one_that_hangs_is_not_ready_and_asked_only_once() -> None:
    centre, probe = Centre(), Probe()
    async with centre.engine() as engine:
        health = health_of(centre, engine, probe)
        running = asyncio.create_task(health.run())
        await asyncio.sleep(5)
        begun, probe.takes_s = probe.begun, inf
        await asyncio.sleep(60)
        assert told(health)["database"] == (False, "it does not answer")
        assert probe.begun == begun + 1
        probe.takes_s = 0.0
        await asyncio.sleep(3)
        assert told(health)["database"] == (True, "")
        running.cancel()


@virtually
async def test_a_probe_that_fails_as_nothing_should_is_told_too() -> None:
    centre, probe = Centre(), Probe()
    async with centre.engine() as engine:
        health = health_of(centre, engine, probe)
        probe.error = KeyError("no such thing")
        running = asyncio.create_task(health.run())
        await asyncio.sleep(5)
        assert not health.parts()["database"].ok
        assert not running.done()
        running.cancel()


@virtually
async def test_records_that_cannot_be_committed_are_not_ready() -> None:
    centre, probe = Centre(), Probe()
    async with centre.engine() as engine:
        health = health_of(centre, engine, probe)
        running = asyncio.create_task(health.run())
        engine.recorder._ledger = Away()  # type: ignore[assignment]
        centre.telephony.hang_up_far_end(centre.calls_in())
        await asyncio.sleep(5)
        ok, why = told(health)["database"]
        assert not ok
        assert "55P03" in why
        running.cancel()


@virtually
async def test_a_redis_that_hangs_is_not_ready() -> None:
    centre = Centre()
    async with centre.engine() as engine:
        health = health_of(centre, engine, Probe())
        await asyncio.sleep(2)
        assert told(health)["redis"] == (True, "")
        centre.redis.answers_after_s = inf
        await asyncio.sleep(4)
        assert told(health)["redis"] == (False, "it does not answer in time")
        centre.redis.answers_after_s = 0.0
        await asyncio.sleep(2)
        assert told(health)["redis"] == (True, "")


class Away:
    """A ledger whose tables are locked."""

    async def record(self, *_: Any) -> None:
        """Wait too long."""
        raise StoreDown("the database waited too long for a lock (55P03)")

    put_off = record
