"""
Queueing theory as an oracle: what a simulator must agree with where theory is exact.

Loads are in erlangs (arrival rate x mean service), rates per second, times in
seconds. Sums are built by recursion, so that hundreds of agents neither overflow
nor lose digits.
"""

from dataclasses import dataclass
from math import exp, inf, log


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """
    A steady queue, seen from outside.

    Attributes:
        blocked: share of callers turned away because the line was full.
        left: share of callers who entered and lost patience.
        waits: share of those who entered that found no agent free.
        mean_wait_s: over those who entered, whether they waited or not.
        mean_queue: callers waiting.
        occupancy: share of agents' time spent serving.
    """

    blocked: float
    left: float
    waits: float
    mean_wait_s: float
    mean_queue: float
    occupancy: float


def erlang_b(agents: int, load: float) -> float:
    """Share of arrivals blocked when nobody waits (M/G/N/N)."""
    _check(agents, load)
    blocked = 1.0
    for n in range(1, agents + 1):
        blocked = load * blocked / (n + load * blocked)
    return blocked


def erlang_c(agents: int, load: float) -> float:
    """Share of arrivals that wait when all wait patiently (M/M/N); 1 if unstable."""
    _check(agents, load)
    if load >= agents:
        return 1.0
    blocked = erlang_b(agents, load)
    return blocked / (1 - load / agents * (1 - blocked))


def erlang_c_wait_s(agents: int, load: float, service_s: float) -> float:
    """Mean wait over all arrivals of a patient M/M/N; infinite if unstable."""
    if load >= agents:
        return inf
    return erlang_c(agents, load) * service_s / (agents - load)


def erlang_c_within(
    agents: int, load: float, service_s: float, within_s: float
) -> float:
    """Share answered within `within_s` seconds of a patient M/M/N."""
    if load >= agents:
        return 0.0
    waits = erlang_c(agents, load)
    return 1 - waits * exp(-(agents - load) * within_s / service_s)


def erlang_a(
    agents: int, arrivals_per_s: float, service_s: float, patience_s: float
) -> Line:
    """Solve M/M/N+M: callers wait and lose patience exponentially."""
    return birth_and_death(
        agents, arrivals_per_s, service_s, patience_s=patience_s, places=None
    )


def mmck(agents: int, places: int, arrivals_per_s: float, service_s: float) -> Line:
    """Solve M/M/c/K: `places` counts callers served and waiting together."""
    if places < agents:
        raise ValueError(f"{places} places do not seat {agents} agents")
    return birth_and_death(
        agents, arrivals_per_s, service_s, patience_s=inf, places=places
    )


def birth_and_death(
    agents: int,
    arrivals_per_s: float,
    service_s: float,
    *,
    patience_s: float,
    places: int | None,
) -> Line:
    """
    Solve M/M/c/K+M exactly.

    Args:
        patience_s: mean of an exponential patience; infinite for patient callers.
        places: callers in the system at most; None for no bound (then patience or
            spare capacity must keep the line finite).

    Raises:
        ValueError: a line without bound that grows for ever.
    """
    load = arrivals_per_s * service_s
    _check(agents, load)
    leave_per_s = 0.0 if patience_s == inf else 1 / patience_s
    if places is None and not leave_per_s and load >= agents:
        raise ValueError("the line grows for ever: no patience, no bound, no capacity")
    chances = _steady_state(agents, arrivals_per_s, service_s, leave_per_s, places)
    total = sum(chances)
    chances = [chance / total for chance in chances]
    blocked = 0.0 if places is None else chances[-1]
    serving = sum(min(n, agents) * chance for n, chance in enumerate(chances))
    queue = sum((n - agents) * c for n, c in enumerate(chances) if n > agents)
    entering_per_s = arrivals_per_s * (1 - blocked)
    busy = sum(chances[agents:]) - blocked
    return Line(
        blocked=blocked,
        left=queue * leave_per_s / entering_per_s if entering_per_s else 0.0,
        waits=busy / (1 - blocked) if blocked < 1 else 0.0,
        mean_wait_s=queue / entering_per_s if entering_per_s else 0.0,
        mean_queue=queue,
        occupancy=serving / agents if agents else 0.0,
    )


def _steady_state(
    agents: int,
    arrivals_per_s: float,
    service_s: float,
    leave_per_s: float,
    places: int | None,
) -> list[float]:
    """Unscaled chances of n callers, until the tail no longer matters."""
    chances = [1.0]
    n = 0
    top = 1.0
    while places is None or n < places:
        n += 1
        deaths_per_s = min(n, agents) / service_s + max(0, n - agents) * leave_per_s
        if not deaths_per_s:
            break
        chance = chances[-1] * arrivals_per_s / deaths_per_s
        chances.append(chance)
        top = max(top, chance)
        if top > 1e200:
            chances = [c / top for c in chances]
            top = 1.0
        if places is None and n > agents and chances[-1] < top * 1e-16:
            break
    return chances


def agents_needed(
    load: float, service_s: float, *, share: float, within_s: float
) -> int:
    """Find the fewest agents with `share` answered within `within_s` (Erlang C)."""
    if not 0 < share < 1:
        raise ValueError(f"share {share} is outside 0..1")
    agents = max(1, int(load))
    while erlang_c_within(agents, load, service_s, within_s) < share:
        agents += 1
    return agents


def load_for_blocking(agents: int, blocked: float) -> float:
    """Find the load at which Erlang B blocks a given share."""
    if not 0 < blocked < 1:
        raise ValueError(f"share {blocked} is outside 0..1")
    low, high = 0.0, 2.0 * agents + 10
    while erlang_b(agents, high) < blocked:
        high *= 2
    while high - low > 1e-9 * (1 + log(1 + high)):
        middle = (low + high) / 2
        if erlang_b(agents, middle) < blocked:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _check(agents: int, load: float) -> None:
    if agents < 0 or not load >= 0:
        raise ValueError(f"{agents} agents with {load} erlangs make no sense")
