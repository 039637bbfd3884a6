"""
The bench of faults: a whole centre at work, something breaks, and everybody's account.

    report = await run_fault(find_fault("engine-kill"), FaultOptions(), print)

The same traffic, evidence, figures and checks for every fault; `sim.faults.figures`
tells what each figure is.
"""

import asyncio
import time
from contextlib import suppress
from typing import Any

import aiohttp

from callengine import __version__
from sim.agent_log import Habits
from sim.checks import closing
from sim.demo.run import idle
from sim.demo.traffic import Traffic
from sim.faults.fault import Fault, FaultOptions, Stage
from sim.faults.figures import conclude, make_checks
from sim.faults.seen import (
    Seen,
    broken_phones,
    ever_up,
    talking,
    waiting_numbers,
    watching,
)
from sim.waiting import until
from sim.world.engine_api import ApiRefused
from sim.world.shops import read_shops
from sim.world.staff import Staff
from sim.world.steps import Say

CALLS_PER_S = 1.2
ORDERS_PER_S = 0.3
TALKING_AT_LEAST = 4
WELL_WITHIN_S = 40.0
BOOKED_WITHIN_S = 4.0
HABITS = Habits(talks_s=(6.0, 10.0), lets_the_other_end=0.0)
UNREACHABLE = (ApiRefused, aiohttp.ClientError, OSError, TimeoutError)


async def run_fault(fault: Fault, options: FaultOptions, say: Say) -> dict[str, Any]:
    """Bring everything up, break it, let it recover; the report."""
    began = time.monotonic()
    shops = read_shops(options.shops)
    world = fault.make_world(fault.make_plan(options.folder.absolute()), shops, say)
    async with world:
        stage = Stage(
            world,
            Staff(world, seed=options.seed, habits=HABITS),
            Traffic(
                world,
                seed=options.seed,
                calls_per_s=CALLS_PER_S,
                orders_per_s=ORDERS_PER_S,
            ),
            say,
        )
        seen = await _run(fault, options, stage)
    excused = fault.excused(stage) | broken_phones(seen)
    figures = conclude(fault, seen, world.books, excused=excused)
    figures |= {"left_behind": world.remains.as_json()}
    figures |= fault.figures(stage, seen)
    return figures | closing(
        [*make_checks(fault, seen, figures), *fault.checks(seen, figures)],
        seed=options.seed,
        version=__version__,
        wall_s=time.monotonic() - began,
    )


async def _run(fault: Fault, options: FaultOptions, stage: Stage) -> Seen:
    seen = Seen(time.time() - time.monotonic())
    world, staff, traffic = stage.world, stage.staff, stage.traffic
    async with staff, traffic, watching(world.plan, seen):
        seen.asterisk_before = (await world.pbx.status()).pid
        await _until_busy(stage)
        await _break(fault, options, stage, seen)
        await asyncio.sleep(options.after_s)  # traffic after the fault
        async with world.steps.step("Letting calls end"):
            await traffic.close_the_doors()
            await _settle(stage, seen)
            await asyncio.sleep(BOOKED_WITHIN_S)  # the engine looks now and then
        seen.asterisk_after = (await world.pbx.status()).pid
        _note(stage, seen)
    return seen


async def _until_busy(stage: Stage) -> None:
    """Wait until some talk and some wait, so that both have something to lose."""

    async def busy() -> bool:
        stage.staff.check()
        stage.traffic.check()
        floor = await stage.world.api.floor()
        return len(talking(stage.staff)) >= TALKING_AT_LEAST and floor["waiting"] >= 1

    if not await until(busy, every_s=0.2, within_s=60):
        stage.say("nobody waits after 60 s; going on all the same")


async def _break(fault: Fault, options: FaultOptions, stage: Stage, seen: Seen) -> None:
    seen.injected_at = time.monotonic()
    seen.joined = talking(stage.staff)
    await fault.inject(stage)
    seen.waiting = waiting_numbers(
        stage.traffic.callers(),
        stage.staff.log.handled,
        before=seen.unix(seen.injected_at) - 1.0,
    )
    stage.say(f"{fault.name}: {len(seen.joined)} talk, {len(seen.waiting)} wait")
    # the fault itself
    await asyncio.sleep(fault.for_s if options.for_s is None else options.for_s)
    seen.lifted_at = time.monotonic()
    await fault.lift(stage)

    async def well() -> bool:
        return seen.well_at(seen.lifted_at) is not None

    if not await until(well, every_s=0.05, within_s=WELL_WITHIN_S):
        stage.say(f"the engine is not ready {WELL_WITHIN_S:.0f} s after the fault")


async def _settle(stage: Stage, seen: Seen) -> None:
    async def quiet() -> bool:
        with suppress(*UNREACHABLE):
            floor = await stage.world.api.floor()
            seen.at_the_end = dict(floor["agents"])
            return idle(floor) and not stage.traffic.calling()
        return False

    await until(quiet, every_s=0.5, within_s=120)


def _note(stage: Stage, seen: Seen) -> None:
    assert stage.staff.customers is not None
    seen.customers = stage.staff.customers.moments()
    seen.callers = stage.traffic.callers()
    seen.handled = stage.staff.log.handled
    seen.pauses = stage.staff.log.pauses
    seen.mishaps = stage.staff.log.mishaps
    seen.calls = ever_up(stage.staff)
    seen.ledger = stage.world.receiver.ledger
