"""
`faults engine-kill`: `kill -9` of the engine while people talk and wait.

Calls already joined must stay up, new calls must ring through the fallback queue, and
the engine, started again, must take over what it left: nobody waiting is lost, no
customer is dialled twice, and Asterisk is never restarted.
"""

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from callengine import __version__
from sim.agent_log import Habits, Handled
from sim.checks import Check, at_least, at_most, closing, equal
from sim.demo.evidence import Evidence
from sim.demo.run import idle
from sim.demo.traffic import Traffic
from sim.phones.baresip import PhoneCall
from sim.sipp.stats import Moment
from sim.waiting import until
from sim.world.books import Books, read_books
from sim.world.engine_api import EngineApi
from sim.world.plan import Timing, make_plan
from sim.world.shops import DEMO, read_shops
from sim.world.staff import Staff
from sim.world.steps import Say
from sim.world.world import World

CALLS_PER_S = 1.2
ORDERS_PER_S = 0.3
TALKING_AT_LEAST = 4
RECOVERY_GOAL_MS = 5000
HABITS = Habits(talks_s=(6.0, 10.0), lets_the_other_end=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultOptions:
    """
    Which shops, where, and the seed of the people.

    Attributes:
        down_s: how long no engine runs.
        after_s: how long traffic goes on once it runs again.
    """

    seed: int = 1
    folder: Path = Path("var/faults")
    shops: Path = DEMO
    down_s: float = 12.0
    after_s: float = 25.0


@dataclass(slots=True)
class Outage:
    """What was seen around the kill; instants are `time.monotonic()`."""

    unix_minus_monotonic_s: float
    killed_at: float = 0.0
    back_at: float = 0.0
    recovery_s: float = 0.0
    joined: list[PhoneCall] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    """Caller's numbers."""
    customers: list[Moment] = field(default_factory=list)
    callers: list[Moment] = field(default_factory=list)
    handled: list[Handled] = field(default_factory=list)
    asterisk_before: int | None = None
    asterisk_after: int | None = None


async def engine_kill(options: FaultOptions, say: Say) -> dict[str, Any]:
    """Bring everything up, kill, start again; the report."""
    began, since = time.monotonic(), time.time()
    world = World(
        make_plan(options.folder.absolute(), timing=Timing(max_wait_s=90)),
        read_shops(options.shops),
        say,
    )
    async with world:
        seen = await _traffic(options, world, say)
    books = await asyncio.to_thread(read_books, world.plan.database, since=since)
    figures = conclude(seen, books) | {"left_behind": world.remains.as_json()}
    return figures | closing(
        make_checks(seen, figures),
        seed=options.seed,
        version=__version__,
        wall_s=time.monotonic() - began,
    )


async def _traffic(options: FaultOptions, world: World, say: Say) -> Outage:
    staff = Staff(world, seed=options.seed, habits=HABITS)
    traffic = Traffic(
        world,
        seed=options.seed,
        calls_per_s=CALLS_PER_S,
        orders_per_s=ORDERS_PER_S,
    )
    seen = Outage(time.time() - time.monotonic())
    async with staff, traffic:
        seen.asterisk_before = (await world.pbx.status()).pid
        await _until_busy(world, staff, traffic, say)
        await _kill(world, staff, traffic, seen)
        say(f"killed; {len(seen.joined)} talk, {len(seen.waiting)} wait")
        await asyncio.sleep(options.down_s)  # the outage itself
        async with world.steps.step("Starting the engine again"):
            started = time.monotonic()
            await world.start_engine()
            seen.back_at = time.monotonic()
            seen.recovery_s = seen.back_at - started
        await asyncio.sleep(options.after_s)  # traffic after the outage
        async with world.steps.step("Letting calls end"):
            await traffic.close_the_doors()
            await _settle(world.api, traffic)
        seen.asterisk_after = (await world.pbx.status()).pid
        assert staff.customers is not None
        seen.customers = staff.customers.moments()
        seen.callers = traffic.callers()
        seen.handled = staff.log.handled
    return seen


async def _until_busy(world: World, staff: Staff, traffic: Traffic, say: Say) -> None:
    """Wait until some talk and some wait, so that both have something to lose."""

    async def busy() -> bool:
        staff.check()
        traffic.check()
        floor = await world.api.floor()
        return len(talking(staff)) >= TALKING_AT_LEAST and floor["waiting"] >= 1

    if not await until(busy, every_s=0.2, within_s=60):
        say("nobody waits after 60 s; killing the engine all the same")


async def _kill(world: World, staff: Staff, traffic: Traffic, seen: Outage) -> None:
    await world.kill_engine()
    seen.killed_at = time.monotonic()
    seen.joined = talking(staff)
    seen.waiting = waiting_numbers(
        traffic.callers(),
        staff.log.handled,
        before=seen.killed_at + seen.unix_minus_monotonic_s - 1.0,
    )


async def _settle(api: EngineApi, traffic: Traffic) -> None:
    async def quiet() -> bool:
        return idle(await api.floor()) and not traffic.calling()

    await until(quiet, every_s=0.5, within_s=120)


def talking(staff: Staff) -> list[PhoneCall]:
    """List the calls that are up on agents' phones for at least a second."""
    settled = time.monotonic() - 1.0
    return [
        call
        for agent in staff.agents
        for call in agent.phone.calls.values()
        if call.established_at is not None
        and call.established_at < settled
        and call.closed_at is None
    ]


def waiting_numbers(
    callers: list[Moment], handled: list[Handled], *, before: float
) -> list[str]:
    """
    List callers who are in the system and on no agent's phone.

    Args:
        before: only who called before this Unix time; others may be on their way.
    """
    inside = {m.who for m in callers if m.what == "called" and m.at < before}
    inside -= {m.who for m in callers if m.what in ("ended", "left")}
    inside -= {h.caller for h in handled}
    return sorted(who for who in inside if who.startswith("+"))


def conclude(seen: Outage, books: Books) -> dict[str, Any]:
    """Make the figures."""
    to_unix = seen.unix_minus_monotonic_s
    served = {h.caller for h in seen.handled if h.established_at is not None}
    served |= {c.number for c in books.inbound() if c.ending == "answered"}
    # A caller who gave up while waiting was not lost by us.
    gave_up = {m.who for m in seen.callers if m.what == "left"}
    in_outage = [
        h
        for h in seen.handled
        if not h.call
        and h.established_at is not None
        and seen.killed_at < h.ring_at < seen.back_at + 1.0
    ]
    after = [h for h in seen.handled if h.call and h.ring_at > seen.back_at]
    rang = [m.who for m in seen.customers if m.what == "rang"]
    evidence = Evidence(0, to_unix, callers=seen.callers, customers=seen.customers)
    return {
        "bridged": len(seen.joined),
        "bridged_lost": sum(_lost(call, seen) for call in seen.joined),
        "waiting": len(seen.waiting),
        "waiting_lost": len(set(seen.waiting) - served - gave_up),
        "recovery_ms": round(seen.recovery_s * 1000, 1),
        "outage_ms": round((seen.back_at - seen.killed_at) * 1000, 1),
        "double_dials": books.redialled(rang) + books.overlapping_attempts(),
        "fallback_answered": len(in_outage),
        "answered_after": sum(h.established_at is not None for h in after),
        "offered": len(evidence.offered()),
    }


def _lost(call: PhoneCall, seen: Outage) -> bool:
    """A joined call that ended during the outage though its agent had not hung up."""
    ended = call.closed_at
    return call.ended_by_far_side and ended is not None and ended < seen.back_at + 5.0


def make_checks(seen: Outage, figures: dict[str, Any]) -> list[Check]:
    """Hold the figures against their goals."""
    none = {"channels": 0, "bridges": 0, "processes": 0}
    return [
        at_least("calls joined at the kill", figures["bridged"], 1),
        equal("joined calls lost", figures["bridged_lost"], 0),
        equal("waiting callers lost", figures["waiting_lost"], 0),
        at_least(
            "answered through the fallback queue", figures["fallback_answered"], 1
        ),
        at_most("start to ready, ms", figures["recovery_ms"], RECOVERY_GOAL_MS),
        at_least("answered by the new engine", figures["answered_after"], 1),
        equal("double dials", figures["double_dials"], 0),
        equal("Asterisk ran on", seen.asterisk_before, seen.asterisk_after),
        equal("left behind", figures["left_behind"], none),
    ]
