"""What the pacer may know, read once per tick."""

from dataclasses import dataclass
from enum import StrEnum

from callengine.core.ids import Instant


class Duty(StrEnum):
    """What an agent does, as far as order calls go."""

    FREE = "free"
    TALKING = "talking"
    """A call is theirs, from the moment it is offered until it ends."""
    WRAPPING = "wrapping"


@dataclass(frozen=True, slots=True)
class LineView:
    """
    An attempt in flight, not yet answered.

    Attributes:
        started_at: when it was dialled.
        chance: of an answer, as estimated then.
        ringing_at: when the customer's phone began to ring; None while unknown.
    """

    started_at: Instant
    chance: float
    ringing_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class AgentView:
    """
    An agent who is logged in and not paused.

    Attributes:
        duty: see `Duty`.
        since: when that began.
        leaves_at: when they will pause or log out, if that is known; a wish to leave
            after this call is the present moment.
    """

    duty: Duty
    since: Instant
    leaves_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class PacingView:
    """
    One pool and campaign at one moment.

    Attributes:
        lines: attempts in flight.
        agents: who could serve their answers.
        held: answered customers with no agent yet.
        calls_waiting: inbound callers in the queue of the same agents; they come
            first.
        keep_free: agents to leave free for the next caller.
        inbound_per_s: calls that these agents expect to get.
        leads: orders that are due.
        chance: of an answer to the next attempts, by `Estimates.answer`.
        lines_left: attempts that trunks and caps still allow.
    """

    lines: tuple[LineView, ...]
    agents: tuple[AgentView, ...]
    held: int = 0
    calls_waiting: int = 0
    keep_free: int = 0
    inbound_per_s: float = 0.0
    leads: int = 1_000_000
    chance: float = 0.4
    lines_left: int = 1_000_000
