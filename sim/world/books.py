"""What the engine's own books say after a run, whatever database holds them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from callengine.core.match.zero_match import lacking
from callengine.core.rulebook.written import read_expr

FINAL_STAGES = frozenset(
    ("confirmed", "changed", "cancelled", "unreachable", "received")
)


@dataclass(frozen=True, slots=True)
class BookedCall:
    """A finished call; instants are Unix time."""

    call: str
    direction: str
    number: str
    agent: str
    requirement: str
    ending: str
    off_skill: str
    enqueued_at: float
    answered_at: float | None
    bridged_at: float | None
    queued: bool
    """It waited: no agent was free when it came."""


@dataclass(frozen=True, slots=True)
class BookedAttempt:
    """An attempt to reach the customer of an order."""

    order: str
    """The shop's number of the order."""
    call: str
    number: str
    outcome: str
    started_at: float
    answered_at: float | None
    bridged_at: float | None
    ended_at: float | None
    agent: str = ""


@dataclass(frozen=True, slots=True)
class BookedDisposition:
    """What an agent said came of a call; `order` is the shop's number of it."""

    call: str
    agent: str
    shop: str
    order: str
    disposition: str
    at: float


@dataclass(frozen=True, slots=True)
class BookedOrder:
    """An order that the run sent, as it stands at the end."""

    number: str
    stage: str
    next_try_at: float | None
    attempt: str
    """The attempt that owns it, empty when none does."""
    disposition: str = ""

    @property
    def is_forgotten(self) -> bool:
        """
        It has no end, and nothing will happen to it.

        An end is a final stage, or an agent's word on the conversation.
        """
        ended = self.stage in FINAL_STAGES or bool(
            self.disposition and self.stage == "reached"
        )
        return not ended and not self.attempt and self.next_try_at is None


@dataclass(frozen=True, slots=True)
class BookedDecision:
    """Why something came out as it did."""

    kind: str
    call: str
    chosen: str
    reason: str
    verdict: str
    """Of the regime, where one was asked for."""


@dataclass(slots=True)
class Books:
    """Calls, attempts, orders, decisions and what agents can do."""

    calls: list[BookedCall] = field(default_factory=list)
    attempts: list[BookedAttempt] = field(default_factory=list)
    decisions: list[BookedDecision] = field(default_factory=list)
    dispositions: list[BookedDisposition] = field(default_factory=list)
    orders: list[BookedOrder] = field(default_factory=list)
    skills: dict[str, dict[str, int]] = field(default_factory=dict)

    def inbound(self) -> list[BookedCall]:
        """List the calls that came in."""
        return [call for call in self.calls if call.direction == "inbound"]

    def lacking_skill(self) -> list[BookedCall]:
        """List calls whose agent lacked a required skill and no reason was kept."""
        return [
            call
            for call in self.calls
            if call.agent
            and not call.off_skill
            and missing_skills(call.requirement, self.skills.get(call.agent, {}))
        ]

    def without_record(self) -> list[BookedCall]:
        """List calls whose agent no decision named."""
        named = {(decision.call, decision.chosen) for decision in self.decisions}
        return [c for c in self.calls if c.agent and (c.call, c.agent) not in named]

    def without_verdict(self) -> list[BookedAttempt]:
        """List attempts that no regime's verdict allowed."""
        allowed = {d.call for d in self.decisions if d.verdict == "allowed"}
        return [a for a in self.attempts if a.call not in allowed]

    def forgotten(self) -> list[BookedOrder]:
        """List orders that reached no end and have no next instant."""
        return [order for order in self.orders if order.is_forgotten]

    def off_skill(self) -> int:
        """Count calls answered off skill with the reason kept."""
        return sum(bool(call.off_skill and call.agent) for call in self.calls)

    def overlapping_attempts(self) -> int:
        """Count attempts begun while another of the same order was under way."""
        by_order: dict[str, list[BookedAttempt]] = {}
        for attempt in sorted(self.attempts, key=lambda a: a.started_at):
            by_order.setdefault(attempt.order, []).append(attempt)
        return sum(
            before.ended_at is None or later.started_at < before.ended_at
            for attempts in by_order.values()
            for before, later in pairwise(attempts)
        )

    def redialled(self, rang: Iterable[str]) -> int:
        """
        Count rings at customers' phones beyond one per booked attempt.

        Args:
            rang: the number of each ring, with or without +.
        """
        booked = Counter(attempt.number.lstrip("+") for attempt in self.attempts)
        seen = Counter(number.lstrip("+") for number in rang)
        return sum(max(0, count - booked[number]) for number, count in seen.items())


def missing_skills(requirement: str, skills: dict[str, int]) -> list[str]:
    """Name the parts of `a>=1 and (b>=2 or c>=3)` that `skills` do not meet."""
    return lacking(read_expr(requirement), skills) if requirement else []
