"""
Which order is dialled next: the one whose deadline can still be kept, soonest first.

An order that can no longer be kept in time gives way to those that can: when there are
too few agents for all, serving the latest first would make every one of them late.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from math import log2
from zoneinfo import ZoneInfo

from callengine.core.compliance.verdict import PastAttempt
from callengine.core.ids import Instant
from callengine.core.records import Outcome
from callengine.core.recycling.plan import day_part

_REACHED = frozenset({Outcome.BRIDGED, Outcome.NUISANCE, Outcome.MACHINE})


class Tier(IntEnum):
    """What an order can still make, best first."""

    PROMISE = 0
    """At logistics within the promised minutes of being placed."""
    CUT_OFF = 1
    """On today's courier."""
    LATE = 2
    """Neither."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderClock:
    """
    What the next place in line depends on.

    Attributes:
        placed_at: when the customer ordered.
        cut_off_at: when the courier leaves; None without one.
        value: in whole units of the shop's money.
        best_hour: chance of an answer now over this customer's average, 1 if unknown.
    """

    placed_at: Instant
    cut_off_at: Instant | None = None
    value: float = 0.0
    best_hour: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class UrgencyRules:
    """
    Policy.

    Attributes:
        promise_s: from order to logistics.
        needed_s: from dialling to logistics when all goes well.
        value_s: seconds that each doubling of `value` beyond `value_from` is worth.
        value_from: the usual value.
        value_most_s: most that value may win.
        hour_s: seconds that a best hour twice as good is worth.
    """

    promise_s: float = 900.0
    needed_s: float = 150.0
    value_s: float = 15.0
    value_from: float = 100.0
    value_most_s: float = 60.0
    hour_s: float = 30.0


@dataclass(frozen=True, slots=True, order=True)
class Rank:
    """
    A place in line; smaller is sooner.

    Attributes:
        tier: what can still be made.
        by: the instant it is made for, less what value and hour win.
        holds_until: the rank is the same until then.
    """

    tier: Tier
    by: Instant
    holds_until: Instant


def rank(order: OrderClock, now: Instant, rules: UrgencyRules) -> Rank:
    """Find an order's place at `now`; ranks only get worse as time goes by."""
    wins_s = _wins(order, rules)
    promised_at = order.placed_at + rules.promise_s
    last_at = promised_at - rules.needed_s
    if now <= last_at:
        return Rank(Tier.PROMISE, promised_at - wins_s, last_at)
    if order.cut_off_at is not None:
        last_at = order.cut_off_at - rules.needed_s
        if now <= last_at:
            return Rank(Tier.CUT_OFF, order.cut_off_at - wins_s, last_at)
    return Rank(Tier.LATE, order.placed_at - wins_s, float("inf"))


def best_hour(past: Iterable[PastAttempt], zone: ZoneInfo, now: Instant) -> float:
    """
    Compare a number's answers in this part of the day with its answers at all hours.

    Returns:
        1 while nothing is known; above if the customer is rather reached now. One
        imagined answer of two attempts in each stands for what is not known.
    """
    part = day_part(datetime.fromtimestamp(now, zone))
    now_answered, now_tried, answered, tried = 1, 2, 1, 2
    for attempt in past:
        reached = attempt.outcome in _REACHED
        answered, tried = answered + reached, tried + 1
        if day_part(datetime.fromtimestamp(attempt.at, zone)) == part:
            now_answered, now_tried = now_answered + reached, now_tried + 1
    return (now_answered / now_tried) / (answered / tried)


def _wins(order: OrderClock, rules: UrgencyRules) -> float:
    wins_s = 0.0
    if order.value > rules.value_from > 0:
        doublings = log2(order.value / rules.value_from)
        wins_s = min(rules.value_most_s, rules.value_s * doublings)
    if order.best_hour > 0:
        doublings = min(1.0, max(-1.0, log2(order.best_hour)))
        wins_s += rules.hour_s * doublings
    return wins_s
