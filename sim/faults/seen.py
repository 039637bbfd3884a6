"""What was seen around a fault; instants are `time.monotonic()`."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from sim.agent_log import Handled, Paused
from sim.phones.baresip import PhoneCall
from sim.receiver.ledger import ReceivedLedger
from sim.sipp.stats import Moment
from sim.world.plan import Plan
from sim.world.staff import Staff

LOOK_EVERY_S = 0.1
LOOK_WITHIN_S = 1.0
STAYS_S = 3.0


@dataclass(slots=True)
class Seen:
    """
    Everybody's own records of a run with a fault in it.

    Attributes:
        lifted_at: when the fault began to be lifted.
        ready: what `/readyz` said, each change.
        joined: calls that were up on agents' phones as it began.
        waiting: numbers of callers who waited as it began.
        calls: every call of the agents' phones that was ever up.
        at_the_end: agents by state when all calls were over.
    """

    unix_minus_monotonic_s: float
    injected_at: float = 0.0
    lifted_at: float = 0.0
    ready: list[tuple[float, bool]] = field(default_factory=list)
    joined: list[PhoneCall] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    calls: list[PhoneCall] = field(default_factory=list)
    customers: list[Moment] = field(default_factory=list)
    callers: list[Moment] = field(default_factory=list)
    handled: list[Handled] = field(default_factory=list)
    pauses: list[Paused] = field(default_factory=list)
    mishaps: list[str] = field(default_factory=list)
    ledger: ReceivedLedger = field(default_factory=ReceivedLedger)
    at_the_end: dict[str, int] = field(default_factory=dict)
    asterisk_before: int | None = None
    asterisk_after: int | None = None

    def well_at(self, since: float) -> float | None:
        """
        Find when the engine was ready from an instant on, and stayed so for a while.

        A busy machine makes `/readyz` late now and then; that is in the report, and no
        part of the recovery. None: never.
        """
        ends = [at for at, _ in self.ready[1:]] + [float("inf")]
        for (began, ready), ended in zip(self.ready, ends, strict=True):
            if ready and ended - max(began, since) >= STAYS_S:
                return max(began, since)
        return None

    def unix(self, instant: float) -> float:
        """Turn an instant into Unix time."""
        return instant + self.unix_minus_monotonic_s


@asynccontextmanager
async def watching(plan: Plan, seen: Seen) -> AsyncIterator[None]:
    """Note every change of what `/readyz` says, for the length of a block."""
    watch = asyncio.create_task(_watch(plan, seen), name="readyz")
    try:
        yield
    finally:
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch


async def _watch(plan: Plan, seen: Seen) -> None:
    limit = aiohttp.ClientTimeout(total=LOOK_WITHIN_S)
    async with aiohttp.ClientSession(plan.api_url, timeout=limit) as http:
        while True:
            ready = await _ready(http)
            if not seen.ready or seen.ready[-1][1] != ready:
                seen.ready.append((time.monotonic(), ready))
            await asyncio.sleep(LOOK_EVERY_S)


async def _ready(http: aiohttp.ClientSession) -> bool:
    try:
        async with http.get("/readyz") as response:
            return response.status == 200
    except (aiohttp.ClientError, OSError, TimeoutError):
        return False


def talking(staff: Staff) -> list[PhoneCall]:
    """List the calls that are up on agents' phones for at least a second."""
    settled = time.monotonic() - 1.0
    return [
        call
        for call in ever_up(staff)
        if call.established_at is not None
        and call.established_at < settled
        and call.closed_at is None
    ]


def ever_up(staff: Staff) -> list[PhoneCall]:
    """List the calls that agents' phones remember and that were answered."""
    return [
        call
        for agent in staff.agents
        for call in agent.phone.calls.values()
        if call.established_at is not None
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


def broken_phones(seen: Seen) -> frozenset[str]:
    """Name the agents whose simulated phone broke by itself: pausing them is right."""
    said = (mishap.split(": ", 2) for mishap in seen.mishaps)
    return frozenset(words[0] for words in said if words[1:2] == ["phone"])


def as_rows(ready: list[tuple[float, bool]], since: float) -> list[list[Any]]:
    """Tell what `/readyz` said as (seconds since an instant, ready)."""
    return [[round(at - since, 2), value] for at, value in ready]
