"""What simulated agents do by habit, and what they lived through."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """
    How people work, in seconds (least, most).

    Attributes:
        patience_s: how long an agent lets the other side end the call.
        lets_the_other_end: share of calls that agents do not end themselves.
    """

    answers_s: tuple[float, float] = (0.2, 0.6)
    talks_s: tuple[float, float] = (2.0, 4.0)
    wraps_up_s: tuple[float, float] = (0.6, 1.2)
    patience_s: float = 4.0
    lets_the_other_end: float = 0.1
    confirms: float = 0.8


@dataclass(slots=True)
class Handled:
    """
    One call as an agent lived it; instants are `time.monotonic()`.

    Attributes:
        caller: the number the phone showed.
        card_at: the card came; None if it had not come when the phone rang.
    """

    login: str
    caller: str
    auto_answer: bool
    ring_at: float
    card_at: float | None = None
    call: str = ""
    direction: str = ""
    established_at: float | None = None
    closed_at: float | None = None

    @property
    def popped_before_ring(self) -> bool:
        """Whether the card was there when the phone began to ring."""
        return self.card_at is not None and self.card_at <= self.ring_at


@dataclass(frozen=True, slots=True)
class Saved:
    """A disposition that the engine took; `at` is Unix time just before it was sent."""

    login: str
    call: str
    shop: str
    order: str
    """The shop's number of the order, empty without one."""
    disposition: str
    at: float


@dataclass(frozen=True, slots=True)
class Paused:
    """The engine paused an agent, who had not asked for it; `at` is monotonic."""

    login: str
    reason: str
    at: float


@dataclass(slots=True)
class AgentLog:
    """What agents lived through, and what went wrong for them."""

    handled: list[Handled] = field(default_factory=list)
    saved: list[Saved] = field(default_factory=list)
    pauses: list[Paused] = field(default_factory=list)
    mishaps: list[str] = field(default_factory=list)
    gaps: int = 0
    rona: int = 0
