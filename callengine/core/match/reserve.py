"""
The value of an idle agent, learned: who may help out elsewhere, and who must stay.

Helping out at once serves a caller now and costs the agent's own callers a wait if the
next of them comes before another agent is free. So a class of agents has *spare* when,
for each of its skills that callers ask for, more agents are free than r times the
callers expected until one of the busy agents with that skill becomes free.
"""

import math
from collections.abc import Collection, Iterable

from callengine.core.agent import SkillClass
from callengine.core.ids import Instant
from callengine.core.match.policy import Reserve
from callengine.core.match.staff import Staff

_RARE = 0.01
"""Skills with fewer expected callers than this hold nobody back."""

_LEARNING = 1.0 / 256
"""Weight of one call in the share of time that goes to a skill."""


class _Rate:
    """Arrivals of one kind, old ones fading."""

    __slots__ = ("at", "count", "known", "known_at", "since")

    def __init__(self, now: Instant) -> None:
        self.at = self.since = now
        self.count = 0.0
        self.known = 0.0
        self.known_at = -math.inf


class Demand:
    """
    What callers ask for, learned as they come.

    Args:
        rules: how it is learned.
    """

    def __init__(self, rules: Reserve) -> None:
        self._rules = rules
        self._rates: dict[str, _Rate] = {}
        self._shares: dict[str, float] = {}
        self._calls = 0
        self._mean_s = rules.handling_s
        self._waited_s = 0.0
        self._gave_up = 0.0

    def under(self, rules: Reserve) -> "Demand":
        """Return what was learned, to be learned on under other rules."""
        self._rules = rules
        return self

    @property
    def handling_s(self) -> float:
        """Mean seconds from reservation until the agent is free again."""
        return self._mean_s

    @property
    def calls_seen(self) -> int:
        """Calls whose handling time was learned from."""
        return self._calls

    def arrived(self, skills: Iterable[str], now: Instant) -> None:
        """Count a caller who asks for skills."""
        for skill in skills:
            rate = self._rates.get(skill)
            if rate is None:
                rate = self._rates[skill] = _Rate(now)
            rate.count = rate.count * self._faded(now - rate.at) + 1.0
            rate.at = now

    def given(self, held: SkillClass, asked: Iterable[str]) -> None:
        """Learn which of an agent's skills their time goes to."""
        wanted = frozenset(asked)
        shares = self._shares
        for skill, _ in held:
            share = shares.get(skill, 1.0)
            shares[skill] = share + ((skill in wanted) - share) * _LEARNING

    def handled(self, seconds: float) -> None:
        """Learn from one call's time from reservation to free."""
        self._calls += 1
        # A mean of the first calls together with the prior, then a moving one.
        weight = 1.0 / min(self._calls + self._rules.thin, 500)
        self._mean_s += (seconds - self._mean_s) * weight

    def waited(self, seconds: float, *, gave_up: bool) -> None:
        """Learn how patient callers are, from one who waited."""
        self._waited_s += (max(0.0, seconds) - self._waited_s) * _LEARNING
        self._gave_up += (gave_up - self._gave_up) * _LEARNING

    @property
    def impatience(self) -> float:
        """Share of waiting callers who leave, per second."""
        return self._gave_up / self._waited_s if self._waited_s > 0 else 0.0

    def rate(self, skill: str, now: Instant) -> float:
        """Return callers per second who ask for a skill."""
        rate = self._rates.get(skill)
        if rate is None:
            return 0.0
        if now - rate.known_at < self._rules.half_life_s / 1000.0:
            return rate.known
        # What was seen in less than the whole past counts for that much.
        seen = 1.0 - self._faded(max(now - rate.since, 120.0))
        count = rate.count * self._faded(now - rate.at)
        rate.known = count * math.log(2) / (self._rules.half_life_s * seen)
        rate.known_at = now
        return rate.known

    def expected(self, skill: str, busy: int, now: Instant) -> float:
        """Return callers of a skill expected until one of its busy agents is free."""
        if not self._rules.learned:
            return 1.0 if skill in self._rates else 0.0
        # An agent with two skills who becomes free is half an agent for each.
        freeing = max(1.0, busy * self._shares.get(skill, 1.0))
        return self.rate(skill, now) * self._mean_s / freeing

    def _faded(self, seconds: float) -> float:
        return float(0.5 ** (max(0.0, seconds) / self._rules.half_life_s))


class Slack:
    """
    Free agents beyond the reserve, per skill and per class, at one instant.

    Agents must be counted as free when they are asked about.

    Args:
        factor: on the callers expected.
        besides: skills left out of the count.
    """

    def __init__(
        self,
        staff: Staff,
        demand: Demand,
        *,
        factor: float,
        now: Instant,
        besides: Collection[str] = (),
    ) -> None:
        self._staff = staff
        self._demand = demand
        self._factor = factor
        self._now = now
        self._known = dict.fromkeys(besides, math.inf)

    def of_class(self, number: int) -> float:
        """
        Return the slack of a class: that of its tightest skill.

        Infinite when callers ask for none of its skills.
        """
        known = self._known
        tightest = math.inf
        for skill, _ in self._staff.classes.skills(number):
            slack = known.get(skill)
            if slack is None:
                slack = known[skill] = self.of_skill(skill)
            if slack < tightest:
                tightest = slack
        return tightest

    def of_skill(self, skill: str) -> float:
        """Return the slack of a skill, infinite when callers do not ask for it."""
        free = self._staff.free_with[skill]
        busy = self._staff.staffed_with[skill] - free
        expected = self._demand.expected(skill, busy, self._now)
        return math.inf if expected <= _RARE else free - self._factor * expected
