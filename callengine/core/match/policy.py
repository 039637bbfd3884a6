"""
Policies of routing, as values: compared by simulation, changed by configuration.

The defaults are what `docs/routing.md` shows to be best over the worlds there.
"""

import math
from dataclasses import dataclass, field
from enum import StrEnum


class AgentKey(StrEnum):
    """What tells one able agent from another; earlier keys of a policy decide first."""

    BAND = "band"
    """The best level band: experts before those who just meet the requirement."""
    IDLE = "idle"
    """The longest idle."""
    SPARE = "spare"
    """Whose other skills most free agents have as well."""
    RARE = "rare"
    """Whose other skills are the most common: the rare skill is kept free."""


class CallerOrder(StrEnum):
    """Which of the callers that a free agent can serve comes first."""

    WAIT = "wait"
    """The longest wait, credit included, whatever the skill."""
    BEST_FIT = "best_fit"
    """The best level band of this agent first, then the longest wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserve:
    """
    How many free agents stay for the callers they are there for.

    A step with `spare` r is open to an agent while, for each of the agent's skills that
    callers ask for, more agents are free than r times the callers of that skill who
    are expected before one of its busy agents becomes free.

    Attributes:
        learned: learn that expectation from arrivals; else it is taken as 1 caller.
        half_life_s: after which an arrival counts half in the learned rate.
        handling_s: mean time from reservation to free until `thin` calls were seen.
        thin: calls needed for a mean of our own.
    """

    learned: bool = True
    half_life_s: float = 900.0
    handling_s: float = 180.0
    thin: int = 20

    def __post_init__(self) -> None:
        _positive("half_life_s", self.half_life_s)
        _positive("handling_s", self.handling_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """
    What one agent may be asked to bear; an agent over it rests until under it.

    Attributes:
        occupancy_cap: share of time busy over the window, above 0 to 1; None for none.
        window_s: time constant of that share.
        calls_per_hour: calls in any hour; None for no limit.
    """

    occupancy_cap: float | None = None
    window_s: float = 1800.0
    calls_per_hour: int | None = None

    def __post_init__(self) -> None:
        _positive("window_s", self.window_s)
        cap = self.occupancy_cap
        if cap is not None and not 0.05 <= cap <= 1.0:
            raise ValueError(f"occupancy_cap is 0.05 to 1, not {cap!r}")
        calls = self.calls_per_hour
        if calls is not None and not 1 <= calls <= 3600:
            raise ValueError(f"calls_per_hour is 1 to 3600, not {calls!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """
    How the matcher chooses.

    Attributes:
        bands: lowest level of each band, best first; below the last is one more band.
        agents: keys that decide between able agents, first to last.
        callers: which caller a free agent takes first.
        on_skill_credit_s: seconds of credit, with an agent who meets a call's first
            requirement, over calls that reach this agent only by relaxation.
        credit_cap_s: most seconds of credit that a priority may be worth.
        idle_step_s: idle times are compared in steps of this; 0 for exactly.
        ask_again: give excluded agents back to a caller whom nobody else can serve;
            else such a caller waits for somebody new, or for the fallback.
        candidates_kept: how many candidates a decision record names.
    """

    bands: tuple[int, ...] = (8, 5)
    agents: tuple[AgentKey, ...] = (AgentKey.BAND, AgentKey.SPARE, AgentKey.IDLE)
    callers: CallerOrder = CallerOrder.WAIT
    on_skill_credit_s: float = 120.0
    credit_cap_s: float = 120.0
    idle_step_s: float = 0.0
    candidates_kept: int = 5
    ask_again: bool = False
    reserve: Reserve = field(default_factory=Reserve)
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if list(self.bands) != sorted(set(self.bands), reverse=True):
            raise ValueError(f"bands fall from best to worst, not {self.bands!r}")
        if not all(1 <= level <= 10 for level in self.bands):
            raise ValueError(f"bands are levels 1 to 10, not {self.bands!r}")
        for name in ("on_skill_credit_s", "credit_cap_s", "idle_step_s"):
            value = getattr(self, name)
            if not (math.isfinite(value) and 0 <= value <= 1e9):
                raise ValueError(f"{name} is seconds from 0, not {value!r}")
        if not 0 <= self.candidates_kept <= 100:
            raise ValueError("candidates_kept is 0 to 100")


def _positive(name: str, value: float) -> None:
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{name} is seconds above 0, not {value!r}")
