"""
Decision records: why this call went to this agent, as values.

They hold expressions and numbers, and are turned into plain JSON values only when
somebody keeps them.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from callengine.core.ids import AgentId, CallId, Instant
from callengine.core.match.requirement import Expr


class Way(StrEnum):
    """What the agent met."""

    PREFERRED = "preferred"
    ON_SKILL = "on_skill"
    RELAXED = "relaxed"
    SPARE = "spare"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An agent who could have taken the call."""

    agent: AgentId
    band: int
    """0 is the best."""
    idle_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """A caller whom the agent could have taken instead."""

    call: CallId
    waited_s: float
    credit_s: float
    on_skill: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchRecord:
    """
    One decision.

    Attributes:
        sought: `agent` when a caller looked for one, `caller` when a free agent did.
        way: what made the agent able.
        needed: the first requirement.
        met: the expression the agent meets, at ladder step `step`.
        relaxed: what was given up, '' for nothing.
        score_s: seconds waited and credit, by which callers are ordered.
        margin: for `SPARE`, free agents beyond the reserve of the agent's own callers.
        able_free: free agents who meet `met`; `free`: all of them.
        excluded: agents who were not to get this call, and why.
    """

    at: Instant
    call: CallId
    agent: AgentId
    sought: str
    way: Way
    needed: Expr
    met: Expr
    step: int
    relaxed: str
    waited_s: float
    clock_s: float
    credit_s: float
    score_s: float
    idle_s: float
    band: int
    margin: float | None
    able_free: int
    free: int
    waiting: int
    candidates: tuple[Candidate, ...]
    rivals: tuple[Rival, ...]
    excluded: tuple[tuple[AgentId, str], ...]

    @property
    def off_skill(self) -> bool:
        """Say whether the agent lacks something the call needed at first."""
        return bool(self.relaxed)

    @property
    def reason(self) -> str:
        """Say it in one sentence."""
        who = "an agent was free" if self.sought == "agent" else "the agent became free"
        match self.way:
            case Way.PREFERRED:
                given_up = f"; {self.relaxed}" if self.relaxed else ""
                return f"{who}: preferred for this customer{given_up}"
            case Way.ON_SKILL:
                return who
            case Way.RELAXED | Way.SPARE:
                return f"{who}; {self.relaxed}"

    def detail(self) -> dict[str, Any]:
        """Return the record as plain JSON values, seconds rounded to milliseconds."""
        return {
            "sought": self.sought,
            "way": self.way.value,
            "needed": str(self.needed),
            "met": str(self.met),
            "step": self.step,
            "relaxed": self.relaxed,
            "waited_s": round(self.waited_s, 3),
            "clock_s": round(self.clock_s, 3),
            "credit_s": round(self.credit_s, 3),
            "score_s": round(self.score_s, 3),
            "idle_s": round(self.idle_s, 3),
            "band": self.band,
            "margin": None if self.margin is None else round(self.margin, 3),
            "able_free": self.able_free,
            "free": self.free,
            "waiting": self.waiting,
            "candidates": [
                {"agent": c.agent, "band": c.band, "idle_s": round(c.idle_s, 3)}
                for c in self.candidates
            ],
            "rivals": [
                {
                    "call": r.call,
                    "waited_s": round(r.waited_s, 3),
                    "credit_s": round(r.credit_s, 3),
                    "on_skill": r.on_skill,
                }
                for r in self.rivals
            ],
            "excluded": [list(pair) for pair in self.excluded],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Offer this call to this agent."""

    call: CallId
    agent: AgentId
    record: MatchRecord
