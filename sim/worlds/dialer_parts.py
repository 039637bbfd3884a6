"""What a dialler's world is made of: attempts, agents, a policy, the tally."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from callengine.core.predictive.answers import AnswerContext
from callengine.core.predictive.snapshot import AgentView, LineView
from sim.worlds.dialer_people import Fate
from sim.worlds.kernel import Event

if TYPE_CHECKING:
    from sim.worlds.dialer import DialerWorld


class Line:
    """An attempt in flight, and the fate that only the world (and a seer) knows."""

    __slots__ = ("context", "event", "fate", "view")

    def __init__(self, view: LineView, fate: Fate, context: AnswerContext) -> None:
        self.view = view
        self.fate = fate
        self.context = context
        self.event: Event | None = None
        """Its end, while that is to come."""


class Worker:
    """An agent; `free_at` is known to the world (and a seer) while busy."""

    __slots__ = ("event", "free_at", "leaves_at", "place", "view")

    def __init__(self, place: int, view: AgentView) -> None:
        self.place = place
        self.view = view
        self.free_at = 0.0
        self.leaves_at: float | None = None
        self.event: Event | None = None


class Policy(Protocol):
    """What decides in a dialler's world."""

    tick_s: float
    """Time between two looks when nothing else asks."""
    on_events: bool
    """Asked also when an attempt or a call ends."""
    keeps_leavers: bool
    """Lets an agent who wishes to leave go only when no line in flight needs them."""

    def chance(self, context: AnswerContext) -> float:
        """Estimate the chance of an answer; 0 from a policy that does not."""
        ...

    def look(self, world: "DialerWorld") -> None:
        """Start and hang up attempts by the world's methods."""
        ...

    def line_ended(self, world: "DialerWorld", line: Line) -> None:
        """Learn that an attempt was answered or ended, by its fate."""
        ...

    def talk_ended(self, length_s: float) -> None:
        """Learn how long an agent talked."""
        ...

    def wrap_up_ended(self, length_s: float) -> None:
        """Learn how long an agent wrapped up."""
        ...

    def answer_settled(self, world: "DialerWorld", *, nuisance: bool) -> None:
        """Learn whether an answered customer met an agent in time."""
        ...


@dataclass(slots=True)
class Tally:
    """What happened in a world so far; times in seconds."""

    attempts: int = 0
    answered: int = 0
    served: int = 0
    nuisances: int = 0
    hung_up: int = 0
    talk_s: float = 0.0
    busy_s: float = 0.0
    logged_in_s: float = 0.0

    @property
    def utilisation(self) -> float:
        """Share of logged-in time spent on talk and wrap-up."""
        return self.busy_s / self.logged_in_s if self.logged_in_s else 0.0

    @property
    def nuisance_rate(self) -> float:
        """Nuisance calls over live answers settled."""
        settled = self.served + self.nuisances
        return self.nuisances / settled if settled else 0.0

    @property
    def talk_min_per_hour(self) -> float:
        """Minutes of talk per agent-hour."""
        return 60 * self.talk_s / self.logged_in_s if self.logged_in_s else 0.0
