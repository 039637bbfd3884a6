"""The demo from beginning to end."""

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from callengine import __version__
from sim.demo.evidence import Evidence
from sim.demo.report import build_report, confirmed
from sim.demo.traffic import Traffic
from sim.waiting import until
from sim.world.books import read_books
from sim.world.engine_api import ApiRefused
from sim.world.plan import TRUNK_ADDRESS, make_plan
from sim.world.shops import DEMO, read_shops
from sim.world.staff import Staff
from sim.world.steps import Say
from sim.world.world import World

DRAIN_S = 40.0
DELIVER_S = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """
    How to run the demo.

    Attributes:
        seconds: length of the traffic, None until interrupted.
        folder: everything it writes; emptied first.
    """

    seconds: float | None
    seed: int = 1
    folder: Path = Path("var/demo")
    shops: Path = DEMO


@dataclass(slots=True)
class Stage:
    """What a dashboard may look at while the demo runs."""

    world: World
    staff: Staff
    traffic: Traffic
    began: float
    """`time.monotonic()` when the traffic began."""


Watch = Callable[[Stage, dict[str, Any]], None]
"""Called twice a second with the engine's floor."""


async def run_demo(options: DemoOptions, say: Say, watch: Watch) -> dict[str, Any]:
    """Bring everything up, run the traffic, take everything down; the report."""
    began, since = time.monotonic(), time.time()
    shops = read_shops(options.shops)
    guest = shops.agents[-1] if options.seconds is None else None
    world = World(make_plan(options.folder.absolute()), shops, say)
    async with world:
        seen = await _at_work(options, world, guest, say, watch)
    seen.books = await asyncio.to_thread(read_books, world.plan.database, since=since)
    seen.ledger, seen.remains = world.receiver.ledger, world.remains
    report = build_report(
        seen,
        seed=options.seed,
        version=__version__,
        wall_s=time.monotonic() - began,
    )
    path = world.plan.folder / "report.json"
    path.write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n")
    return report


async def _at_work(
    options: DemoOptions, world: World, guest: str | None, say: Say, watch: Watch
) -> Evidence:
    staff = Staff(world, seed=options.seed, guest=guest)
    traffic = Traffic(world, seed=options.seed)
    async with staff, traffic:
        if guest is not None:
            _invite(guest, world, say)
        stage = Stage(world, staff, traffic, time.monotonic())
        seconds = await _keep_going(stage, options.seconds, watch)
        async with world.steps.step("Letting calls and deliveries end"):
            await traffic.close_the_doors()
            await _drain(stage, watch)
        assert staff.customers is not None
        return Evidence(
            seconds=seconds,
            unix_minus_monotonic_s=time.time() - time.monotonic(),
            callers=traffic.callers(),
            customers=staff.customers.moments(),
            orders=traffic.sent,
            refused_orders=traffic.refused,
            agents=staff.log,
        )


def _invite(guest: str, world: World, say: Say) -> None:
    password = world.credentials.passwords[guest]
    say(f"The agent page: {world.plan.api_url}/desktop")
    say(f"Log in as {guest} with {password}; that phone answers for you.")
    dialled = world.shops.shops[0].numbers[0]
    say(
        f"Call a shop: sipp -sn uac -s {dialled} -i {TRUNK_ADDRESS} -d 10000 -m 1"
        f" {world.plan.registrar}"
    )
    say("Ctrl-C ends the demo.")


async def _keep_going(stage: Stage, seconds: float | None, watch: Watch) -> float:
    """Watch until the time is over or somebody interrupts; how long it was."""
    task = asyncio.current_task()
    assert task is not None
    try:
        while seconds is None or time.monotonic() < stage.began + seconds:
            await _look(stage, watch)
            await asyncio.sleep(0.5)
    except asyncio.CancelledError:
        if seconds is not None:
            raise  # interrupted: no report of half a run
        task.uncancel()
    return time.monotonic() - stage.began


async def _look(stage: Stage, watch: Watch) -> dict[str, Any]:
    stage.staff.check()
    stage.traffic.check()
    stage.world.family.look(every_s=5.0)
    floor: dict[str, Any] = {}
    with suppress(ApiRefused, aiohttp.ClientError, TimeoutError):
        floor = await stage.world.api.floor()
    watch(stage, floor)
    return floor


async def _drain(stage: Stage, watch: Watch) -> None:
    """Wait until nobody talks, dials or fills in a form, and the news is out."""

    async def quiet() -> bool:
        return idle(await _look(stage, watch)) and not stage.traffic.calling()

    async def told() -> bool:
        return _all_told(stage)

    await until(quiet, every_s=0.3, within_s=DRAIN_S)
    await until(told, every_s=0.1, within_s=DELIVER_S)


def idle(floor: dict[str, Any]) -> bool:
    """Whether the engine has no call, no agent at work and no order to dial now."""
    if not floor:
        return False
    busy = int(sum(floor["calls"].values()))
    agents = floor["agents"]
    busy += sum(agents.get(state, 0) for state in ("reserved", "talking", "wrap_up"))
    busy += sum(floor["orders"].get(stage, 0) for stage in ("new", "dialling"))
    return not busy


def _all_told(stage: Stage) -> bool:
    seen = Evidence(0, 0, agents=stage.staff.log)
    ledger = stage.world.receiver.ledger
    told = ledger.orders("shop", "order.confirmed")
    told &= ledger.orders("logistics", "delivery.agreed")
    return confirmed(seen) <= told
