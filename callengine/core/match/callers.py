"""
Callers of a pool who have no agent: what came in, and where each of them stands.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

from callengine.core.ids import AgentId, CallId, Instant
from callengine.core.match.relaxation import Ladder


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferred:
    """
    An agent to wait for, up to a time.

    Attributes:
        agent: the responsible one, or who talked with them last.
        until_s: seconds of waiting after which anybody able will do.
        why: for the record, such as `responsible`.
        while_busy: wait also while it is not known when they will be free; else only
            if that is before the time is over.
    """

    agent: AgentId
    until_s: float
    why: str = "preferred"
    while_busy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkItem:
    """
    A call that wants an agent.

    Attributes:
        enqueued_at: when it first came; kept through callbacks, transfers and redials.
        ladder: what it needs, and how that gives way.
        credit_s: priority, as seconds waited in advance; capped by the policy.
        preferred: agents to wait for, the most wanted first.
        excluded: agents it is not to be offered to.
        clock_s: seconds of the ladder's clock already used.
    """

    call: CallId
    enqueued_at: Instant
    ladder: Ladder
    credit_s: float = 0.0
    preferred: tuple[Preferred, ...] = ()
    excluded: frozenset[AgentId] = frozenset()
    clock_s: float = 0.0

    def __post_init__(self) -> None:
        numbers = (self.enqueued_at, self.credit_s, self.clock_s)
        if not all(math.isfinite(number) for number in numbers):
            raise ValueError(f"{self.call}: times are finite seconds, not {numbers}")
        if self.clock_s < 0:
            raise ValueError(f"{self.call}: no caller waited {self.clock_s} s")


class Stand(StrEnum):
    """Where a caller stands."""

    ARRIVED = "arrived"
    """Not looked at yet."""
    WAITING = "waiting"
    HELD = "held"
    """Kept for a preferred agent."""
    OFFERED = "offered"
    """A reservation is out."""


@dataclass(slots=True, eq=False)
class Caller:
    """
    One caller while in the matcher.

    Attributes:
        place: rank and tie-breaker; the same for as long as the caller is here.
        asked: the skills that the first requirement speaks of.
        clock_s: seconds waited until `since`, reservations left out.
        since: when the clock went on, None while it stands.
        firm, spare: numbers of the ladder's steps in force.
        skipped_to: the step reached because nobody logged in could serve those before.
        unserved: nobody who is logged in meets any step.
    """

    item: WorkItem
    place: tuple[Instant, int, CallId]
    asked: tuple[str, ...]
    credit_s: float
    clock_s: float
    since: Instant | None
    excluded: frozenset[AgentId]
    stand: Stand = Stand.ARRIVED
    firm: int = 0
    spare: int | None = None
    skipped_to: int = 0
    unserved: bool = False
    due_at: Instant | None = None
    held_for: Preferred | None = None
    given_to: AgentId | None = None

    @property
    def call(self) -> CallId:
        """The call's id."""
        return self.item.call

    def clock_at(self, now: Instant) -> float:
        """Return the seconds of waiting that count for relaxation."""
        if self.since is None:
            return self.clock_s
        return self.clock_s + max(0.0, now - self.since)

    def waited_s(self, now: Instant) -> float:
        """Return all the seconds since arrival."""
        return max(0.0, now - self.item.enqueued_at)
