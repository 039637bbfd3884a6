"""The production matcher as a router of the simulated centre."""

from collections.abc import Callable
from dataclasses import dataclass, field

from callengine.core.ids import AgentId, CallId
from callengine.core.match.callers import WorkItem
from callengine.core.match.matcher import Matcher
from callengine.core.match.policy import Policy
from callengine.core.match.relaxation import Ladder, Relax, build_ladder
from callengine.core.match.requirement import ANYBODY, least
from sim.worlds.routing import CallClass, Centre, Offer, Router

LadderOf = Callable[[CallClass], Ladder]

PLAIN = Policy(bands=(), candidates_kept=0)
"""Longest idle among the able, longest wait first; no records of candidates."""


@dataclass(frozen=True, slots=True)
class Relaxing:
    """Ladders of one skill that gives way in steps."""

    relaxes: tuple[Relax, ...] = ()
    known: dict[str, Ladder] = field(default_factory=dict, compare=False)

    def __call__(self, kind: CallClass) -> Ladder:
        """Return the ladder of a class."""
        ladder = self.known.get(kind.skill)
        if ladder is None:
            ladder = build_ladder(ANYBODY, (least(kind.skill),), self.relaxes)
            self.known[kind.skill] = ladder
        return ladder


class MatcherRouter:
    """
    Drives `Matcher` as the engine does: a fact, then a match.

    Args:
        ladder_of: what a class of callers needs.
    """

    def __init__(self, centre: Centre, policy: Policy, ladder_of: LadderOf) -> None:
        self.matcher = Matcher(policy)
        self._ladder_of = ladder_of
        for agent, skills in centre.agents.items():
            held = tuple(sorted(skills.items()))
            self.matcher.log_in(AgentId(agent), held, 0.0)

    def arrived(self, call: int, kind: CallClass, now: float) -> list[Offer]:
        """Enter the caller and match."""
        self.matcher.enter(
            WorkItem(
                call=CallId(str(call)),
                enqueued_at=now,
                ladder=self._ladder_of(kind),
                credit_s=kind.priority,
            ),
            now,
        )
        return self._offers(now)

    def freed(self, agent: str, now: float) -> list[Offer]:
        """Free the agent and match."""
        self.matcher.free(AgentId(agent), now, now)
        return self._offers(now)

    def left(self, call: int, now: float) -> None:
        """Forget the caller."""
        self.matcher.leave(CallId(str(call)), now)

    def due(self, now: float) -> list[Offer]:
        """Match because a step is due."""
        return self._offers(now)

    def next_due(self) -> float | None:
        """Say when a step is due."""
        return self.matcher.next_due()

    def _offers(self, now: float) -> list[Offer]:
        offers = []
        for decision in self.matcher.match(now):
            self.matcher.taken(decision.call, now)
            offers.append((int(decision.call), str(decision.agent)))
        return offers


@dataclass(frozen=True, slots=True)
class ByMatcher:
    """Makes matcher routers of one policy; can be sent to other processes."""

    ladder_of: LadderOf
    policy: Policy = PLAIN

    def __call__(self, centre: Centre) -> Router:
        """Make the router of a centre."""
        return MatcherRouter(centre, self.policy, self.ladder_of)
