"""
When to try an order again: a rule per outcome, one budget per order.

Delays follow common practice for orders paid on delivery: a busy line soon, no
answer after half an hour and then hours, a machine in another part of the day.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from callengine.core.ids import Instant
from callengine.core.records import Outcome

MINUTE_S = 60.0
HOUR_S = 3600.0

_DELAYS_S: Mapping[Outcome, tuple[float, ...]] = {
    Outcome.BUSY: (7 * MINUTE_S, 15 * MINUTE_S, HOUR_S),
    Outcome.NO_ANSWER: (30 * MINUTE_S, 2 * HOUR_S, 4 * HOUR_S, 20 * HOUR_S),
    Outcome.REJECTED: (3 * HOUR_S, 24 * HOUR_S),
    Outcome.MACHINE: (4 * HOUR_S, 24 * HOUR_S),
    Outcome.CONGESTED: (2 * MINUTE_S, 5 * MINUTE_S, 15 * MINUTE_S),
    Outcome.FAILED: (5 * MINUTE_S, 30 * MINUTE_S),
    Outcome.NUISANCE: (10 * MINUTE_S, HOUR_S),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryRules:
    """
    How often and when an order is tried.

    Attributes:
        max_tries: attempts for one order in all.
        delays_s: per outcome, the delay after its 1st, 2nd... try; the last one
            repeats. An outcome that is not listed is not retried.
    """

    max_tries: int = 8
    delays_s: Mapping[Outcome, tuple[float, ...]] = field(
        default_factory=lambda: dict(_DELAYS_S)
    )


def next_try(
    outcome: Outcome, *, tries: int, at: Instant, rules: RetryRules
) -> tuple[Instant | None, str]:
    """
    Say when to try again and by which rule.

    Args:
        tries: attempts made so far, this one included.

    Returns:
        The instant, or None to stop, and the rule in words.
    """
    if outcome is Outcome.BRIDGED:
        return None, "talked to the customer"
    if tries >= rules.max_tries:
        return None, f"{tries} tries are the limit"
    delays_s = rules.delays_s.get(outcome)
    if not delays_s:
        return None, f"{outcome} is not retried"
    delay_s = delays_s[min(tries, len(delays_s)) - 1]
    return at + delay_s, f"{outcome}, try {tries}: again after {delay_s:g} s"
