"""
`soak`: minutes of calls and orders at a steady rate.

Every call that callers made must be in the books; Asterisk and the engine must not
hold anything afterwards, nor grow meanwhile.
"""

import asyncio
import socket
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from callengine import __version__
from sim.bench.roster import ENDURANCE
from sim.bench.world import BenchWorld
from sim.checks import at_least, at_most, closing, equal
from sim.demo.callers import WITHHELD
from sim.demo.run import idle
from sim.demo.traffic import Traffic
from sim.ports import free_ports
from sim.processes import innermost
from sim.sipp.run import Sipp, SippSettings
from sim.soak.health import (
    TaskProcessors,
    Vitals,
    growth_per_hour,
    read_task_processors,
    vitals,
)
from sim.waiting import until
from sim.world.plan import TRUNK_ADDRESS, Timing, make_plan
from sim.world.steps import Say

CALLS_PER_S = 5.0
ORDERS_SHARE = 0.2
TALK_MS = 3000
LOOK_EVERY_S = 10.0
SETTLING_SHARE = 0.25
"""Caches fill in the first part of a run; growth is measured after it."""
GROWTH_GOAL_MB_H = 60.0
GROWTH_FROM_MIN = 10.0
"""In a shorter run memory is still being filled, and its slope says nothing."""
POOLS_SHRINK_S = 100.0
"""Idle threads live for 60 s by Asterisk's own settings."""
SPARE_FILES = 20
"""Pooled connections come and go."""


NO_TASKS = TaskProcessors(0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SoakOptions:
    """How long and how much; a fifth of the rate are orders."""

    minutes: float = 20.0
    calls_per_s: float = CALLS_PER_S
    seed: int = 1
    folder: Path = Path("var/soak")


@dataclass(slots=True)
class Watched:
    """What was seen during and after the load."""

    engine: list[tuple[float, Vitals]] = field(default_factory=list)
    asterisk: list[tuple[float, Vitals]] = field(default_factory=list)
    before: TaskProcessors = NO_TASKS
    after: TaskProcessors = NO_TASKS
    offered: list[str] = field(default_factory=list)
    orders: list[str] = field(default_factory=list)
    refused: int = 0
    went_idle: bool = False


async def soak(options: SoakOptions, say: Say) -> dict[str, Any]:
    """Run the load; the report."""
    began = time.monotonic()
    plan = make_plan(
        options.folder.absolute(),
        timing=Timing(ring_s=10, wrap_up_s=0, relax_after_s=0, max_wait_s=60),
        bench=True,
    )
    (port,) = free_ports(1, kind=socket.SOCK_DGRAM)
    world = BenchWorld(plan, f"127.0.0.1:{port}", say, groups=(ENDURANCE,))
    watched = Watched()
    async with world:
        await _under_load(options, world, port, watched, say)
    made = Counter("" if who == WITHHELD else who for who in watched.offered)
    booked = Counter(call.number for call in world.books.inbound())
    tried = {attempt.order for attempt in world.books.attempts}
    figures = {
        "calls": len(watched.offered) + len(world.books.attempts),
        "inbound": len(watched.offered),
        "orders": len(watched.orders),
        "unaccounted": (made - booked).total() + len(set(watched.orders) - tried),
        "endings": dict(Counter(call.ending for call in world.books.calls)),
        "leaked": leaked(watched, world.remains.as_json()),
        "memory_growth_per_hour": growth(watched.engine),
        "asterisk_memory_growth_per_hour": growth(watched.asterisk),
    }
    checks = make_checks(options, watched, figures)
    return figures | closing(
        checks,
        seed=options.seed,
        version=__version__,
        wall_s=time.monotonic() - began,
    )


async def _under_load(
    options: SoakOptions, world: BenchWorld, port: int, watched: Watched, say: Say
) -> None:
    traffic = Traffic(
        world,
        seed=options.seed,
        calls_per_s=options.calls_per_s * (1 - ORDERS_SHARE),
        orders_per_s=options.calls_per_s * ORDERS_SHARE,
    )
    async with Sipp(_agents(world, port)), Sipp(_customers(world)):
        async with world.steps.step("Agents become ready"):
            await world.all_ready()
        watched.before = await _task_processors(world)
        async with traffic:
            await _watch(options, world, traffic, watched, say)
            await traffic.close_the_doors()

            async def quiet() -> bool:
                return idle(await world.api.floor()) and not traffic.calling()

            watched.went_idle = await until(quiet, every_s=0.5, within_s=90)
            watched.offered = [m.who for m in traffic.callers() if m.what == "called"]
            watched.orders = [order.number for order in traffic.sent]
            watched.refused = len(traffic.refused)
        await world.until_quiet(within_s=20)
        await _let_pools_shrink(world, watched)
        await _look(world, watched)


async def _watch(
    options: SoakOptions,
    world: BenchWorld,
    traffic: Traffic,
    watched: Watched,
    say: Say,
) -> None:
    ends_at = time.monotonic() + options.minutes * 60
    while (left_s := ends_at - time.monotonic()) > 0:
        await _look(world, watched)
        traffic.check()
        engine, asterisk = watched.engine[-1][1], watched.asterisk[-1][1]
        floor = await world.api.floor()
        say(
            f"{left_s / 60:.1f} min left; calls {floor['calls']};"
            f" engine {engine.memory_mb:.0f} MB, {engine.files} files;"
            f" Asterisk {asterisk.memory_mb:.0f} MB, {asterisk.files} files"
        )
        await asyncio.sleep(min(LOOK_EVERY_S, left_s))


async def _look(world: BenchWorld, watched: Watched) -> None:
    assert world.engine is not None
    world.engine.check()
    status = await world.pbx.status()
    assert status.pid is not None
    now = time.monotonic()
    watched.engine.append((now, vitals(innermost(world.engine.pid))))
    watched.asterisk.append((now, vitals(status.pid)))


async def _task_processors(world: BenchWorld) -> TaskProcessors:
    return read_task_processors(await world.pbx.console("core show taskprocessors"))


async def _let_pools_shrink(world: BenchWorld, watched: Watched) -> None:
    """Wait for Asterisk's thread pools to give back what the load made them take."""

    async def shrunk() -> bool:
        watched.after = await _task_processors(world)
        more = watched.after.count - watched.before.count
        return watched.after.queued == 0 and more <= SPARE_FILES

    await until(shrunk, every_s=3.0, within_s=POOLS_SHRINK_S)


def _agents(world: BenchWorld, port: int) -> SippSettings:
    return SippSettings(
        scenario="agents_answer_and_end",
        folder=world.plan.folder / "agents",
        address="127.0.0.1",
        port=port,
        pause_ms=TALK_MS,
        measured=False,
    )


def _customers(world: BenchWorld) -> SippSettings:
    assert world.sounds is not None
    return SippSettings(
        scenario="customers_answer_by_last_digit",
        folder=world.plan.folder / "customers",
        address=TRUNK_ADDRESS,
        port=world.plan.trunk_port,
        first_media_port=world.plan.sipp_rtp_first,
        sounds=world.sounds.folder,
        measured=False,
    )


def leaked(watched: Watched, remains: dict[str, int]) -> dict[str, int]:
    """Count what is more afterwards than before; the first look is at rest."""

    def files(samples: list[tuple[float, Vitals]]) -> int:
        return samples[-1][1].files - samples[0][1].files if samples else 0

    return remains | {
        "queued_tasks": watched.after.queued,
        "task_processors": max(0, watched.after.count - watched.before.count),
        "engine_files": max(0, files(watched.engine)),
        "asterisk_files": max(0, files(watched.asterisk)),
    }


def growth(samples: list[tuple[float, Vitals]]) -> float | None:
    """Tell the growth of memory in MB per hour, after caches have filled."""
    settled = samples[int(len(samples) * SETTLING_SHARE) :]
    slope = growth_per_hour([(at, seen.memory_mb) for at, seen in settled])
    return None if slope is None else round(slope, 2)


def make_checks(
    options: SoakOptions, watched: Watched, figures: dict[str, Any]
) -> list[Any]:
    """Hold the figures against their goals."""
    lost = figures["leaked"]
    engine_mb = figures["memory_growth_per_hour"]
    asterisk_mb = figures["asterisk_memory_growth_per_hour"]
    wanted = int(options.minutes * 60 * options.calls_per_s * 0.95)
    growing = [
        at_most("engine grows, MB/h", engine_mb, GROWTH_GOAL_MB_H),
        at_most("Asterisk grows, MB/h", asterisk_mb, GROWTH_GOAL_MB_H),
    ]
    return [
        at_least("calls and orders", figures["calls"], wanted),
        equal("unaccounted for", figures["unaccounted"], 0),
        equal("orders refused", watched.refused, 0),
        equal("everything came to an end", watched.went_idle, True),
        *(
            equal(f"left behind: {name}", lost[name], 0)
            for name in ("channels", "bridges", "processes", "queued_tasks")
        ),
        at_most("more open files of the engine", lost["engine_files"], SPARE_FILES),
        at_most("more open files of Asterisk", lost["asterisk_files"], SPARE_FILES),
        at_most("more task processors", lost["task_processors"], SPARE_FILES),
        *(growing if options.minutes >= GROWTH_FROM_MIN else ()),
    ]
