"""The state that matching works on: agents, callers, and what is to be looked at."""

import math

from callengine.core.ids import AgentId, CallId, Instant
from callengine.core.match.callers import Caller
from callengine.core.match.classes import SkillClasses
from callengine.core.match.lanes import Lanes, Place
from callengine.core.match.ordered import Ordered
from callengine.core.match.policy import Policy
from callengine.core.match.reserve import Demand
from callengine.core.match.staff import Staff


class MatchState:
    """
    Agents and callers of one pool.

    Args:
        policy: how to choose.

    Attributes:
        now: the latest instant seen. An earlier one that comes after it is taken as
            this, so that a clock which jumps back neither loses a place nor makes a
            wait longer.
        waiting: number of callers without a reservation.
        held: callers kept for an agent.
        freed: agents who became free and were not looked at since.
        moved: callers who came or whose steps changed, and were not looked at since.
        unserved: callers whom nobody who is logged in can serve.
        barred: callers with excluded agents.
        dues: heap of the next steps of callers; an entry that differs from the
            caller's `due_at` is void.
    """

    def __init__(self, policy: Policy | None = None) -> None:
        self.policy = policy or Policy()
        self.now: Instant = -math.inf
        self.classes = SkillClasses()
        self.staff = Staff(self.classes, self.policy.limits)
        self.lanes = Lanes(self.classes)
        self.demand = Demand(self.policy.reserve)
        self.callers: dict[CallId, Caller] = {}
        self.held: dict[AgentId, Ordered[Place]] = {}
        self.freed: dict[AgentId, None] = {}
        self.moved: dict[CallId, None] = {}
        self.unserved: dict[CallId, None] = {}
        self.barred: dict[CallId, None] = {}
        self.dues: list[tuple[Instant, CallId]] = []
        self.entered = 0
        self.waiting = 0

    def at(self, now: Instant) -> Instant:
        """Move the clock on; return the instant that holds. Raises `ValueError`."""
        if not math.isfinite(now):
            raise ValueError(f"an instant is a finite number of seconds, not {now!r}")
        if now > self.now:
            self.now = now
        return self.now
