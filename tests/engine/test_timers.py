"""Timers of the core, on a clock that jumps."""

import asyncio

from callengine.core.facts import Fact, TimerFired
from callengine.engine.timers import Timers
from callengine.testing.virtual_time import run_virtual


def fired_by(plan: dict[str, float], *, cancelled: tuple[str, ...] = ()) -> list[str]:
    """Set timers, cancel some, wait an hour; name those that fired."""

    async def main() -> list[str]:
        seen: list[Fact] = []
        timers = Timers(seen.append, asyncio.get_running_loop().time)
        for key, at in plan.items():
            timers.set(key, at)
        for key in cancelled:
            timers.cancel(key)
        await asyncio.sleep(3600)
        assert len(timers) == 0
        return [fact.key for fact in seen if isinstance(fact, TimerFired)]

    return run_virtual(main())


def test_timers_fire_in_order_of_their_instants() -> None:
    assert fired_by({"late": 50.0, "early": 5.0}) == ["early", "late"]


def test_a_timer_in_the_past_fires_at_once() -> None:
    assert fired_by({"past": -10.0}) == ["past"]


def test_a_cancelled_timer_never_fires() -> None:
    assert fired_by({"a": 1.0, "b": 2.0}, cancelled=("a", "unknown")) == ["b"]


def test_setting_a_key_again_replaces_its_timer() -> None:
    async def main() -> list[float]:
        seen: list[Fact] = []
        timers = Timers(seen.append, asyncio.get_running_loop().time)
        timers.set("key", 10.0)
        timers.set("key", 20.0)
        await asyncio.sleep(60)
        return [fact.at for fact in seen]

    assert run_virtual(main()) == [20.0]
