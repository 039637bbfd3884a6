"""The demo from beginning to end."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from callengine import __version__
from sim.demo.callers import FOR_A_GUEST, SHARES
from sim.demo.evidence import Evidence
from sim.demo.report import build_report, confirmed
from sim.demo.traffic import Traffic
from sim.demo.welcome import TIMING, Invitation, see_off, welcome
from sim.waiting import until
from sim.world.database import Postgres
from sim.world.engine_api import ApiRefused
from sim.world.plan import DatabaseKind, make_plan
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
        restart_database_s: seconds of traffic after which PostgreSQL is restarted.
        guest_answers_itself: the guest's phone takes calls without being told to.
        folder: everything it writes; emptied first.
    """

    seconds: float | None
    database: DatabaseKind = "sqlite"
    restart_database_s: float | None = None
    guest_answers_itself: bool = True
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
    invitation: Invitation | None = None
    """For the person whose place is kept."""
    past: dict[str, int] | None = None
    """Orders by stage of the customers' invented past."""

    def orders(self, floor: dict[str, Any]) -> dict[str, int]:
        """Count this run's orders by stage."""
        past = self.past or {}
        all_of_them = floor.get("orders") or {}
        run = {stage: n - past.get(stage, 0) for stage, n in all_of_them.items()}
        return {stage: n for stage, n in run.items() if n > 0}


Watch = Callable[[Stage, dict[str, Any]], None]
"""Called twice a second with the engine's floor."""


async def run_demo(options: DemoOptions, say: Say, watch: Watch) -> dict[str, Any]:
    """Bring everything up, run the traffic, take everything down; the report."""
    began = time.monotonic()
    shops = read_shops(options.shops)
    guest = shops.agents[-1] if options.seconds is None else None
    plan = make_plan(
        options.folder.absolute(),
        timing=TIMING if guest is not None else None,
        database=options.database,
    )
    world = World(plan, shops, say)
    staff = Staff(world, seed=options.seed, guest=guest)
    world.beside = staff.pick_up_phones
    async with AsyncExitStack() as stack:
        stack.push_async_callback(staff.leave)
        await stack.enter_async_context(world)
        seen = await _at_work(options, world, staff, guest, say, watch)
    seen.books, seen.ledger = world.books, world.receiver.ledger
    seen.remains = world.remains
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
    options: DemoOptions,
    world: World,
    staff: Staff,
    guest: str | None,
    say: Say,
    watch: Watch,
) -> Evidence:
    shares = SHARES if guest is None else FOR_A_GUEST
    traffic = Traffic(world, seed=options.seed, shares=shares)
    async with staff, traffic, AsyncExitStack() as stack:
        stage = Stage(world, staff, traffic, time.monotonic())
        if guest is not None:
            itself = options.guest_answers_itself
            welcoming = welcome(guest, world, staff, say, answers_itself=itself)
            stage.invitation = await stack.enter_async_context(welcoming)
        say(f"Traffic began {_age_s():.1f} s after the start of this command.")
        async with _restarting(world, options.restart_database_s, say):
            seconds = await _keep_going(stage, options.seconds, watch)
        async with world.steps.step("Letting calls and deliveries end"):
            await traffic.close_the_doors()
            if guest is not None:
                await see_off(guest, world)
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
            guest=guest or "",
        )


def _age_s() -> float:
    """Tell how long this process has been there, its imports included."""
    return time.time() - psutil.Process().create_time()


@asynccontextmanager
async def _restarting(
    world: World, after_s: float | None, say: Say
) -> AsyncIterator[None]:
    """Restart PostgreSQL once during the block, if that is wanted."""
    if after_s is None or not isinstance(world.database, Postgres):
        yield
        return
    server = world.database.server

    async def restart() -> None:
        await asyncio.sleep(after_s)
        before = server.pid
        await server.restart()
        say(f"PostgreSQL was restarted: process {before}, now {server.pid}.")

    restarting = asyncio.create_task(restart(), name="restart of the database")
    try:
        yield
    finally:
        restarting.cancel()
        with suppress(asyncio.CancelledError):
            await restarting


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
    if stage.invitation is not None:
        stage.invitation.guest.check()
    stage.world.family.look(every_s=5.0)
    floor: dict[str, Any] = {}
    with suppress(ApiRefused, aiohttp.ClientError, TimeoutError):
        floor = await stage.world.api.floor()
    if stage.past is None and floor:
        stage.past = dict(floor.get("orders") or {})
    watch(stage, floor)
    return floor


async def _drain(stage: Stage, watch: Watch) -> None:
    """Wait until nobody talks, dials or fills in a form, and the news is out."""

    # A person's form may stay open: nobody waits until they have filled it in.
    forms = 0 if stage.invitation is None else 1

    async def quiet() -> bool:
        floor = await _look(stage, watch)
        return idle(floor, forms=forms) and not stage.traffic.calling()

    async def told() -> bool:
        return _all_told(stage)

    await until(quiet, every_s=0.3, within_s=DRAIN_S)
    await until(told, every_s=0.1, within_s=DELIVER_S)


def idle(floor: dict[str, Any], *, forms: int = 0) -> bool:
    """
    Whether the engine has no call, no agent at work and no order to dial now.

    Args:
        forms: so many agents may be in wrap-up.
    """
    if not floor:
        return False
    busy = int(sum(floor["calls"].values()))
    agents = floor["agents"]
    busy += agents.get("reserved", 0) + agents.get("talking", 0)
    busy += max(0, agents.get("wrap_up", 0) - forms)
    busy += sum(floor["orders"].get(stage, 0) for stage in ("new", "dialling"))
    return not busy


def _all_told(stage: Stage) -> bool:
    seen = Evidence(0, 0, agents=stage.staff.log)
    ledger = stage.world.receiver.ledger
    told = ledger.orders("shop", "order.confirmed")
    told &= ledger.orders("logistics", "delivery.agreed")
    return confirmed(seen) <= told
