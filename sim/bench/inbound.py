"""
`bench inbound`: the engine against native `Queue()`, on one Asterisk, in one run.

Both get the same callers, the same agents' phones and the same scenarios, turn by
turn. The rate climbs until a system fails more than one call in a thousand, twice.
The engine is stopped while the native queue has its turn: it costs nothing there.
Then callers outnumber a few agents, and the time from an agent's hang-up to the next
ring of that phone is measured.
"""

import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from callengine import __version__
from sim.bench.climb import FAILED_SHARE, Climb
from sim.bench.cpu import CpuMeter
from sim.bench.load import Load
from sim.bench.measures import free_to_ring_ms, setup_ms
from sim.bench.report import APP_QUEUE, ENGINE, SYSTEMS, StepFigures, build_report
from sim.bench.roster import FEW, MANY
from sim.bench.world import BenchWorld
from sim.ports import free_ports
from sim.sipp.run import Sipp, SippSettings
from sim.world.plan import TRUNK_ADDRESS, Timing, make_plan
from sim.world.steps import Say

TALK_MS = 2000
DIALLED = {ENGINE: MANY.number, APP_QUEUE: MANY.queue}
DIALLED_FEW = {ENGINE: FEW.number, APP_QUEUE: FEW.queue}
WARM_UP_CPS = 10.0
WAITING_CPS = FEW.agents * 1000 / TALK_MS * 1.2
"""A fifth more than the few agents can take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchOptions:
    """How to climb: first rate, stride, a ceiling, and seconds per step."""

    first: float = 20.0
    stride: float = 20.0
    ceiling: float = 200.0
    step_s: float = 10.0
    waiting_s: float = 25.0
    seed: int = 1
    folder: Path = Path("var/bench")


async def bench_inbound(options: BenchOptions, say: Say) -> dict[str, Any]:
    """Run the whole comparison; the report."""
    began = time.monotonic()
    plan = make_plan(
        options.folder.absolute(),
        timing=Timing(ring_s=20, wrap_up_s=0, relax_after_s=0, max_wait_s=120),
        bench=True,
    )
    (port,) = free_ports(1, kind=socket.SOCK_DGRAM)
    settings = SippSettings(
        scenario="agents_answer_and_end",
        folder=plan.folder / "agents",
        address="127.0.0.1",
        port=port,
        pause_ms=TALK_MS,
        limit=5000,
    )
    world = BenchWorld(plan, f"127.0.0.1:{port}", say)
    async with world, Sipp(settings) as agents:
        bench = Bench(world, agents, options, say)
        await bench.run()
    return build_report(
        bench.steps,
        bench.best(),
        bench.free_to_ring_ms,
        seed=options.seed,
        version=__version__,
        wall_s=time.monotonic() - began,
    )


class Bench:
    """The comparison, once everything is up."""

    def __init__(
        self, world: BenchWorld, agents: Sipp, options: BenchOptions, say: Say
    ) -> None:
        assert world.sounds is not None
        self._world = world
        self._agents = agents
        self._options = options
        self._say = say
        self._load = Load(
            world.plan.folder,
            world.plan.registrar,
            agents,
            sounds=world.sounds.folder,
            first_media_port=world.plan.sipp_rtp_first,
        )
        self._climbs = {
            system: Climb(first=options.first, stride=options.stride)
            for system in SYSTEMS
        }
        self.steps: list[StepFigures] = []
        self.free_to_ring_ms: dict[str, list[float]] = {}

    def best(self) -> dict[str, float]:
        """Tell the highest rate that each system carried."""
        return {system: climb.best for system, climb in self._climbs.items()}

    async def run(self) -> None:
        """Warm both up, climb with both in turn, then let callers wait."""
        async with self._world.steps.step("Agents become ready"):
            await self._world.all_ready()
        for system in SYSTEMS:
            await self._step(system, WARM_UP_CPS)
        turn = list(SYSTEMS)
        while any(map(self._goes_on, turn)):
            for system in filter(self._goes_on, turn):
                await self._climb(system)
            turn.reverse()  # nobody is always first after a pause
        for system in SYSTEMS:
            await self._let_wait(system)

    def _goes_on(self, system: str) -> bool:
        climb = self._climbs[system]
        return not climb.over and climb.rate <= self._options.ceiling

    async def _turn_of(self, system: str) -> None:
        """Have the engine run for its own turns only; it remembers who is ready."""
        engine = self._world.engine
        running = engine is not None and engine.running
        if system == ENGINE and not running:
            await self._world.start_engine()
            await self._world.all_ready()
        elif system != ENGINE and engine is not None and running:
            await engine.stop(grace_s=20)

    async def _processes(self) -> dict[str, list[int]]:
        status = await self._world.pbx.status()
        assert status.pid is not None
        engine = self._world.engine
        return {
            "asterisk": [status.pid],
            "engine": [engine.pid] if engine is not None and engine.running else [],
            "sipp_agents": [self._agents.pid],
        }

    async def _climb(self, system: str) -> None:
        climb = self._climbs[system]
        figures = await self._step(system, climb.rate)
        self.steps.append(figures)
        climb.tell(calls=figures.calls, failed=figures.failed)
        self._say(
            f"{system} at {figures.rate:g}/s: {figures.failed} of {figures.calls}"
            f" failed, {figures.cpu_ms_per_call:.1f} ms CPU per call"
        )

    async def _step(self, system: str, rate: float) -> StepFigures:
        await self._turn_of(system)
        meter = CpuMeter(await self._processes())
        step = await self._load.step(
            DIALLED[system],
            rate=rate,
            seconds=self._options.step_s,
            port=_caller_port(),
        )
        await self._world.until_quiet(within_s=30)
        return StepFigures(
            system=system,
            rate=rate,
            calls=step.calls,
            failed=step.failed,
            carried=step.failed < step.calls * FAILED_SHARE,
            setup_ms=tuple(setup_ms(step.callers, step.agents)),
            cpu_ms=meter.used_ms(),
        )

    async def _let_wait(self, system: str) -> None:
        await self._turn_of(system)
        step = await self._load.step(
            DIALLED_FEW[system],
            rate=WAITING_CPS,
            seconds=self._options.waiting_s,
            port=_caller_port(),
            scenario="caller_waits_for_the_agent_to_end",
            drain_s=120,
        )
        await self._world.until_quiet(within_s=30)
        found = free_to_ring_ms(step.callers, step.agents)
        self.free_to_ring_ms[system] = found
        self._say(f"{system} with callers waiting: {len(found)} rings measured")


def _caller_port() -> int:
    return free_ports(1, host=TRUNK_ADDRESS, kind=socket.SOCK_DGRAM)[0]
