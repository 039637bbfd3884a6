"""What one day came to, as plain figures that other processes can send back."""

from dataclasses import dataclass, field, fields

WITHIN_S = 20.0
PROMISE_S = 900.0


@dataclass(slots=True)
class Cell:
    """
    What happened to one shop in one hour; calls count where they began.

    Attributes:
        within: calls answered within 20 s.
        live: attempts that a person answered; late: without an agent in time.
        placed: orders that came in; in_time: at logistics within 15 minutes.
    """

    offered: int = 0
    answered: int = 0
    within: int = 0
    abandoned: int = 0
    fallback: int = 0
    no_line: int = 0
    off_skill: int = 0
    wait_s: float = 0.0
    attempts: int = 0
    live: int = 0
    late: int = 0
    machines: int = 0
    placed: int = 0
    settled: int = 0
    in_time: int = 0

    def add(self, other: "Cell") -> None:
        """Count another cell in."""
        for one in fields(self):
            total = getattr(self, one.name) + getattr(other, one.name)
            setattr(self, one.name, total)


@dataclass(slots=True)
class Times:
    """Seconds of agents in one hour, or of one agent all day."""

    ready: float = 0.0
    reserved: float = 0.0
    talking: float = 0.0
    wrap_up: float = 0.0
    paused: float = 0.0

    @property
    def busy(self) -> float:
        """On a call or its paperwork, from the moment of being chosen."""
        return self.reserved + self.talking + self.wrap_up

    @property
    def at_work(self) -> float:
        """Logged in and not paused."""
        return self.ready + self.busy

    @property
    def occupancy(self) -> float:
        """Share of the time at work that is not waiting for a call."""
        return self.busy / self.at_work if self.at_work else 0.0

    @property
    def utilisation(self) -> float:
        """Share of the time at work spent on talk and paperwork."""
        spent = self.talking + self.wrap_up
        return spent / self.at_work if self.at_work else 0.0

    def add(self, other: "Times") -> None:
        """Count other times in."""
        for one in fields(self):
            total = getattr(self, one.name) + getattr(other, one.name)
            setattr(self, one.name, total)


@dataclass(slots=True)
class Law:
    """
    What the regime of a shop makes of a day.

    Attributes:
        limit: largest share of nuisance calls.
        rate: the share as the law reckons it, at the end of its window; the worst
            full hour of a rolling one.
    """

    limit: float
    rate: float


@dataclass(slots=True)
class DayDone:
    """One day: see the parts."""

    cells: dict[tuple[str, int], Cell] = field(default_factory=dict)
    """By shop and hour of the clock."""
    agents: dict[str, Times] = field(default_factory=dict)
    hours: dict[int, Times] = field(default_factory=dict)
    waits: dict[str, list[float]] = field(default_factory=dict)
    """Of answered callers, by shop; seconds."""
    law: dict[str, Law] = field(default_factory=dict)
    minutes: dict[str, list[float]] = field(default_factory=dict)
    """From order to logistics, by shop, of those settled."""
    put_off: dict[str, int] = field(default_factory=dict)
    lost: int = 0
    """Calls and attempts without a record, or with two."""
    left: int = 0
    """What was still in the pool when everybody had gone home."""
    trunks: dict[str, int] = field(default_factory=dict)
    """Most lines in use at once."""
    facts: int = 0
    agent_hours: float = 0.0
    cpu_s: float = 0.0
