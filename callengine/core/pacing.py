"""How many attempts to start now: progressive, one for each agent set aside."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PacingSnapshot:
    """
    What the pacer may know, read once per tick.

    Attributes:
        agents_free: agents who could take an order call this moment.
        agents_working: agents who are logged in and not paused, busy or free.
        calls_waiting: inbound callers that wait; they come first.
        leads_waiting: orders due.
    """

    agents_free: int
    agents_working: int
    calls_waiting: int
    leads_waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PacingRules:
    """
    Policy of a pool.

    Attributes:
        keep_free: agents that order calls leave free for the next caller; at most
            one of four, so that a team of three still dials with everybody.
    """

    keep_free: int = 1


def attempts_to_start(snapshot: PacingSnapshot, rules: PacingRules) -> int:
    """Return how many attempts to start now; never more than free agents."""
    if snapshot.calls_waiting:
        return 0
    kept = min(rules.keep_free, snapshot.agents_working // 4)
    spare = snapshot.agents_free - kept
    return max(0, min(spare, snapshot.leads_waiting))
