"""A journal that hangs, is late or comes back costs no caller their time."""

import asyncio
from math import inf

import pytest

from callengine.core.ids import AgentId
from callengine.engine.journalling import BUDGET_S, JournalWriter
from callengine.engine.ports import Fenced
from callengine.engine.service import Engine
from callengine.testing.journal import MemoryJournal, MemoryRedis
from tests.support.engine_kit import TALKER, Centre, virtually

ANNA = AgentId("anna")
TO_ANSWER_S = (TALKER.rings_after_s or 0) + (TALKER.answers_after_s or 0)


async def one_call(centre: Centre, engine: Engine) -> float:
    """A caller comes in; how long until they talk, but for the agent's own time."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    caller = centre.calls_in()
    took_s = 0.0
    while engine.agent_view(ANNA).state != "talking":
        await asyncio.sleep(0.001)
        took_s = loop.time() - began
    centre.telephony.hang_up_far_end(caller)
    await asyncio.sleep(1)
    await engine.become_ready(ANNA)
    await asyncio.sleep(1)
    return took_s - TO_ANSWER_S


@virtually
async def test_a_hanging_redis_costs_one_budget_and_then_nothing() -> None:
    centre = Centre()
    async with centre.engine() as engine:
        await engine.become_ready(ANNA)
        await asyncio.sleep(0.5)
        usual_s = await one_call(centre, engine)
        centre.redis.answers_after_s = inf
        first_s = await one_call(centre, engine)
        later_s = [await one_call(centre, engine) for _ in range(3)]
        assert engine.journal_down
        assert first_s <= usual_s + BUDGET_S + 0.01
        assert max(later_s) <= usual_s + 0.01


@virtually
async def test_a_hang_is_found_by_the_lease_before_a_caller_pays() -> None:
    centre = Centre()
    async with centre.engine() as engine:
        await engine.become_ready(ANNA)
        await asyncio.sleep(0.5)
        usual_s = await one_call(centre, engine)
        centre.redis.answers_after_s = inf
        await asyncio.sleep(2)
        assert engine.journal_down
        assert await one_call(centre, engine) <= usual_s + 0.01


@virtually
async def test_what_was_missed_is_written_when_redis_answers_again() -> None:
    centre = Centre()
    async with centre.engine() as engine:
        await engine.become_ready(ANNA)
        await asyncio.sleep(0.5)
        centre.redis.answers_after_s = inf
        centre.calls_in()
        await asyncio.sleep(8)
        assert centre.journalled("call") == []
        centre.redis.answers_after_s = 0.0
        await asyncio.sleep(1)
        assert not engine.journal_down
        assert centre.journalled("call") == ["talking"]


@virtually
async def test_a_redis_that_is_always_late_is_written_behind_the_calls() -> None:
    centre = Centre()
    async with centre.engine() as engine:
        await engine.become_ready(ANNA)
        await asyncio.sleep(0.5)
        usual_s = await one_call(centre, engine)
        centre.redis.answers_after_s = 0.4
        await asyncio.sleep(2)
        assert engine.journal_down
        assert await one_call(centre, engine) <= usual_s + 0.01
        centre.calls_in()
        await asyncio.sleep(5)
        assert centre.journalled("call") == ["talking"]
        centre.redis.answers_after_s = 0.01
        await asyncio.sleep(2)
        assert not engine.journal_down


@virtually
async def test_a_node_that_lost_its_lease_during_a_hang_ends() -> None:
    centre = Centre()
    async with centre.engine() as engine:
        await asyncio.sleep(0.5)
        centre.redis.answers_after_s = inf
        await asyncio.sleep(10)
        assert engine.journal_down
        kept = centre.redis.nodes["n1"]
        kept.token += 1
        kept.holder, kept.ends_at = kept.token, centre.clock() + 60
        centre.redis.answers_after_s = 0.0
        assert centre.running is not None
        with pytest.raises(ExceptionGroup) as caught:
            await asyncio.wait_for(centre.running, 1)
        assert caught.value.subgroup(Fenced) is not None


@virtually
async def test_an_entry_no_journal_takes_costs_only_itself() -> None:
    redis = MemoryRedis()
    journal = MemoryJournal(redis, asyncio.get_running_loop().time)
    await journal.acquire("n1")
    writer = JournalWriter(journal, lambda: 0.0)
    writer.put("call", "good", {"state": "talking"})
    writer.put("call", "bad", {"state": object()})
    await writer.write()

    assert list(redis.nodes["n1"].states) == [("call", "good")]
    assert (writer.lost, len(writer), writer.is_down) == (1, 0, False)


@virtually
async def test_a_newer_state_is_never_overtaken_by_an_older_one() -> None:
    redis = MemoryRedis()
    journal = MemoryJournal(redis, asyncio.get_running_loop().time)
    await journal.acquire("n1")
    writer = JournalWriter(journal, lambda: 0.0)
    tending = asyncio.create_task(writer.tend())
    redis.answers_after_s = inf
    for number in range(5):
        writer.put("call", "c", {"number": number})
        await writer.write()
    redis.answers_after_s = 0.0
    await asyncio.sleep(2)
    tending.cancel()

    assert redis.nodes["n1"].states["call", "c"] == {"number": 4}
    assert len(writer) == 0


@virtually
async def test_stopping_does_not_wait_for_a_redis_that_hangs() -> None:
    centre = Centre()
    async with centre.engine() as engine:
        await asyncio.sleep(0.5)
        centre.redis.answers_after_s = inf
        loop = asyncio.get_running_loop()
        began = loop.time()
        await engine.stop()
        assert loop.time() - began < 1.5
