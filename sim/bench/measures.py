"""What the log lines of callers and agents say about a system, whatever it is."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from sim.sipp.stats import Moment

WAITING_AT_LEAST = 3
"""So many callers must wait when an agent is freed, or nobody may be due to ring."""
SETTLED_S = 0.1
"""A caller waits once they have been in the system for so long."""


def setup_ms(callers: Iterable[Moment], agents: Iterable[Moment]) -> list[float]:
    """
    From a caller's INVITE to the first INVITE at an agent's phone, per call.

    Matched by the caller's number, which is different in every call.
    """
    called = {m.who: m.at for m in callers if m.what == "called"}
    rang = _first_rings(agents)
    return [(rang[who] - called[who]) * 1000.0 for who in called if who in rang]


def free_to_ring_ms(callers: Sequence[Moment], agents: Sequence[Moment]) -> list[float]:
    """
    From an agent's hang-up to the next INVITE at the same phone, while callers wait.

    Counted only where at least `WAITING_AT_LEAST` callers were waiting at the
    hang-up, so that the agent was free and somebody was due.
    """
    waits = Waiting(callers, agents)
    next_rings: dict[str, list[float]] = {}
    for m in sorted(agents, key=lambda m: m.at):
        if m.what == "rang":
            next_rings.setdefault(m.who, []).append(m.at)
    found = []
    for m in agents:
        if m.what != "left" or waits.at(m.at) < WAITING_AT_LEAST:
            continue
        rings = next_rings.get(m.who, [])
        index = bisect_right(rings, m.at)
        if index < len(rings):
            found.append((rings[index] - m.at) * 1000.0)
    return found


class Waiting:
    """How many callers wait at an instant: called a while ago and nobody rung yet."""

    def __init__(self, callers: Iterable[Moment], agents: Iterable[Moment]) -> None:
        rang = _first_rings(agents)
        called = {m.who: m.at for m in callers if m.what == "called"}
        self._begins = sorted(at + SETTLED_S for at in called.values())
        self._ends = sorted(
            max(rang[who], at + SETTLED_S) for who, at in called.items() if who in rang
        )

    def at(self, instant: float) -> int:
        """Count them just before `instant`."""
        return bisect_left(self._begins, instant) - bisect_left(self._ends, instant)


def _first_rings(agents: Iterable[Moment]) -> dict[str, float]:
    rang: dict[str, float] = {}
    for m in agents:
        if m.what == "rang":
            rang[m.detail] = min(m.at, rang.get(m.detail, m.at))
    return rang
