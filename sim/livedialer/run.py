"""
`live-dialer`: the engine dials a list on real Asterisk, beside the simulator's twin.

Everything that chance decides (who answers after how long, how long agents talk and
wrap up) is drawn beforehand, and the twin lives through the same.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from callengine import __version__
from callengine.asterisk.pbx_config import PbxError
from sim.bench.cpu import CpuMeter
from sim.livedialer.books import read_tries, under_way
from sim.livedialer.desks import Desks
from sim.livedialer.evidence import Evidence
from sim.livedialer.fates import services
from sim.livedialer.morning import counted, morning
from sim.livedialer.report import build_report, policy_of
from sim.livedialer.spans import Span
from sim.livedialer.twin import Team, live_all
from sim.livedialer.world import LiveWorld, plan_of
from sim.sipp.run import Sipp
from sim.waiting import until
from sim.world.engine_api import ApiRefused
from sim.world.steps import Say
from sim.worlds.dialer_people import SCENARIOS

LOOK_EVERY_S = 1.0
QUIET_S = 30.0
AUTO = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveOptions:
    """
    How to run.

    Attributes:
        minutes: what is measured, after `warm_up_s` that are not.
        orders: how many are due at the beginning; 0 for as many as may be needed.
        policy: the simulator's name of how the engine dials; `auto` looks.
        earlier: attempts that the shop made earlier in the day.
    """

    scenario: str = "A"
    agents: int = 20
    minutes: float = 10.0
    warm_up_s: float = 90.0
    seed: int = 1
    orders: int = 2000
    policy: str = AUTO
    earlier: int = 2000
    folder: Path = Path("var/live-dialer")

    @property
    def enough(self) -> int:
        """Fates and talks to draw: nobody dials or talks faster than that."""
        length_s = self.minutes * 60 + self.warm_up_s
        return max(self.orders, int(self.agents * length_s / 4))


@dataclass(slots=True)
class Progress:
    """What may be shown while the run goes on."""

    elapsed_s: float
    left_s: float
    warming_up: bool
    agents: dict[str, int]
    floor: dict[str, Any]
    utilisation: float | None


Watch = Callable[[Progress], None]


@dataclass(slots=True)
class Measured:
    """What was taken down between the beginning and the end of the window."""

    whole: Span
    window: Span
    cpu: dict[str, float] = field(default_factory=dict)


async def live_dialer(options: LiveOptions, say: Say, watch: Watch) -> dict[str, Any]:
    """Bring everything up, dial, take everything down, ask the twin; the report."""
    began, since = time.monotonic(), time.time()
    people = SCENARIOS[options.scenario]
    world = LiveWorld(
        plan_of(options.folder, people),
        options.agents,
        say,
        earlier=morning(people, options.seed, options.earlier, now=time.time()),
    )
    async with world:
        seen = await _at_work(options, world, watch)
    seen.tries = await asyncio.to_thread(read_tries, world.plan.database, since=since)
    seen.remains = world.remains
    seen.earlier = counted(world.earlier)
    seen.engine_code = world.engine.process.returncode if world.engine else None
    policy = policy_of(seen) if options.policy == AUTO else options.policy
    team = Team(
        options.scenario,
        options.agents,
        policy,
        seen.window.begins - seen.whole.begins,
        seen.window.length_s,
        options.earlier,
        options.seed,
    )
    say(f"The simulator lives through the same ({policy}) ...")
    twin = await asyncio.to_thread(live_all, team, options.seed)
    return build_report(
        seen,
        twin,
        seed=options.seed,
        version=__version__,
        wall_s=time.monotonic() - began,
    )


async def _at_work(options: LiveOptions, world: LiveWorld, watch: Watch) -> Evidence:
    people = SCENARIOS[options.scenario]
    drawn = list(islice(services(people, options.seed), options.enough))
    async with world.steps.step(f"{options.orders} orders come in"):
        await world.take_orders(options.orders)
    async with AsyncExitStack() as stack:
        settings = world.customers(people, options.seed, options.enough)
        customers = await stack.enter_async_context(Sipp(settings))
        phones = await stack.enter_async_context(Sipp(world.phones(drawn)))
        desks = Desks(world.plan.api_url, world.credentials.passwords, drawn)
        async with world.steps.step(f"{options.agents} agents log in"):
            await stack.enter_async_context(desks)
        measured = await Run(options, world, customers, phones, desks, watch).measure()
        async with world.steps.step("Closing"):
            await _close_up(world, desks)
        return Evidence(
            agents=list(world.shops.agents),
            whole=measured.whole,
            window=measured.window,
            wanted_s=options.minutes * 60,
            customers=customers.moments(),
            phones=phones.moments(),
            desks=desks.log,
            cpu=measured.cpu,
        )


class Run:
    """The run itself, once everything is up."""

    def __init__(
        self,
        options: LiveOptions,
        world: LiveWorld,
        customers: Sipp,
        phones: Sipp,
        desks: Desks,
        watch: Watch,
    ) -> None:
        self._options = options
        self._world = world
        self._customers = customers
        self._phones = phones
        self._desks = desks
        self._watch = watch

    async def measure(self) -> Measured:
        """Warm up, then measure; an interruption ends either, and is no failure."""
        options, began = self._options, time.time()
        window = Span(began + options.warm_up_s, 0.0)
        meter: Meter | None = None
        task = asyncio.current_task()
        assert task is not None
        try:
            await self._go_on(began, window.begins, began)
            meter = Meter(await self._processes())
            await self._go_on(
                window.begins, window.begins + options.minutes * 60, began
            )
        except asyncio.CancelledError:
            task.uncancel()
        now = time.time()
        begins = min(window.begins, now)
        return Measured(
            Span(began, now), Span(begins, now), meter.shares() if meter else {}
        )

    async def _go_on(self, since: float, until: float, began: float) -> None:
        while (now := time.time()) < until:
            self._check()
            floor: dict[str, Any] = {}
            with suppress(ApiRefused, aiohttp.ClientError, TimeoutError):
                floor = await self._world.api.floor()
            warming_up = since == began
            share = None if warming_up else self._desks.utilisation(Span(since, now))
            self._watch(
                Progress(
                    now - began,
                    until - now,
                    warming_up,
                    self._desks.states(),
                    floor,
                    share,
                )
            )
            await asyncio.sleep(min(LOOK_EVERY_S, max(0.0, until - time.time())))

    def _check(self) -> None:
        assert self._world.engine is not None
        self._world.engine.check()
        self._customers.check()
        self._phones.check()
        self._desks.check()
        self._world.family.look(every_s=5.0)

    async def _processes(self) -> dict[str, list[int]]:
        status = await self._world.pbx.status()
        assert status.pid is not None
        assert self._world.engine is not None
        return {
            "asterisk": [status.pid],
            "engine": [self._world.engine.pid],
            "customers": [self._customers.pid],
            "phones": [self._phones.pid],
        }


class Meter:
    """Processor time in the window, as shares of one core."""

    def __init__(self, groups: dict[str, list[int]]) -> None:
        self._began = time.monotonic()
        self._groups = CpuMeter(groups)
        self._own_s = _own_s()
        self._machine = psutil.cpu_times()

    def shares(self) -> dict[str, float]:
        """Tell each group's share, ours, and how idle the machine was (all cores)."""
        took_s = max(1e-3, time.monotonic() - self._began)
        used = {
            name: round(ms / 1000 / took_s, 3)
            for name, ms in self._groups.used_ms().items()
        }
        idle_s = psutil.cpu_times().idle - self._machine.idle
        return used | {
            "desks": round((_own_s() - self._own_s) / took_s, 3),
            "idle_cores": round(idle_s / took_s, 3),
        }


def _own_s() -> float:
    times = psutil.Process().cpu_times()
    return float(times.user + times.system)


async def _close_up(world: LiveWorld, desks: Desks) -> None:
    """Everybody goes home: no more attempts, and what talks or rings is cut off."""
    desks.closed = True
    for login in world.shops.agents:
        with suppress(ApiRefused, aiohttp.ClientError, TimeoutError):
            await world.api.pause(login)
    for _ in range(3):
        with suppress(PbxError):
            await world.pbx.console("channel request hangup all")
        if await world.until_quiet(within_s=QUIET_S / 3):
            break

    async def settled() -> bool:
        with suppress(ApiRefused, aiohttp.ClientError, TimeoutError):
            if not sum((await world.api.floor())["calls"].values()):
                return not await asyncio.to_thread(under_way, world.plan.database)
        return False

    if not await until(settled, every_s=0.1, within_s=QUIET_S):
        desks.log.mishaps.append("calls have ended, and the engine's books do not say")
