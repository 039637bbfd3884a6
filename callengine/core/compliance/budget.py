"""
What a shop lets order calls cost: where, how many attempts a day, how much money a day.

Money is the shop's, in minor units. Calls are priced by the country they lead to and by
started minutes, the dearest way in which carriers count, so that what is counted is not
less than the bill. Calls in progress are never cut for money: the limits stop new ones.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from math import ceil
from zoneinfo import ZoneInfo

from callengine.core.compliance.destinations import destination_of
from callengine.core.ids import Instant

MINUTE_S = 60.0
ELSEWHERE = "*"
"""In a table of prices: every country that has no price of its own."""
ASK_AGAIN_S = 900.0
"""A limit may be raised at any time; the day's end is not waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiallingLimits:
    """
    Where a shop's orders are called, and what that may cost.

    Attributes:
        countries: ISO 3166 regions; empty for the shop's own.
        attempts_per_day: of the shop, not of one customer.
        money_per_day_minor: None for no limit.
        prices_minor: a started minute by country, `*` for the others.
    """

    countries: tuple[str, ...] = ()
    attempts_per_day: int = 50_000
    money_per_day_minor: int | None = None
    prices_minor: Mapping[str, int] = field(default_factory=dict)

    def called(self, region: str) -> Collection[str]:
        """List the countries that are called, given the shop's own."""
        return self.countries or (region,)

    def price_minor(self, number: str) -> int:
        """Price a started minute to an E.164 number; 0 where no price is known."""
        country = destination_of(number).country
        return self.prices_minor.get(country, self.prices_minor.get(ELSEWHERE, 0))

    def cost_minor(self, number: str, answered_s: float | None) -> int:
        """
        Price a call.

        Args:
            answered_s: from the customer's answer to the end; None without an answer.
        """
        if answered_s is None:
            return 0
        minutes = max(1, ceil(answered_s / MINUTE_S))
        return minutes * self.price_minor(number)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCount:
    """Attempts that a shop's day has seen, and what they cost; `at` is in that day."""

    at: Instant
    attempts: int = 0
    cost_minor: int = 0


class DayBudget:
    """
    One shop's day, from midnight to midnight on the shop's clock.

    Args:
        zone: the shop's.
    """

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._ends_at: Instant = 0.0
        self.attempts = 0
        self.cost_minor = 0
        self._under_way: dict[str, int] = {}
        """Price of a minute of attempts that have not ended, by attempt."""
        self._under_way_minor = 0

    def restore(self, count: DayCount, now: Instant) -> None:
        """Add what the day saw before the engine was started."""
        self._turn(now)
        if day_began_at(count.at, self._zone) == day_began_at(now, self._zone):
            self.attempts += count.attempts
            self.cost_minor += count.cost_minor

    def started(self, attempt: str, price_minor: int, now: Instant) -> None:
        """Count an attempt, and a minute of it until it is known what it took."""
        self._turn(now)
        self.attempts += 1
        self._under_way[attempt] = price_minor
        self._under_way_minor += price_minor

    def ended(self, attempt: str, cost_minor: int, now: Instant) -> None:
        """Count what an attempt came to, on the day it ends."""
        self._turn(now)
        self._under_way_minor -= self._under_way.pop(attempt, 0)
        self.cost_minor += cost_minor

    def over_limit(self, limits: DiallingLimits, price_minor: int, now: Instant) -> str:
        """Say which limit one more attempt would pass; empty for none."""
        self._turn(now)
        if self.attempts >= limits.attempts_per_day:
            return (
                f"the shop's {limits.attempts_per_day} attempts of today are used"
                " (dialling.attempts_per_day)"
            )
        most_minor = limits.money_per_day_minor
        if most_minor is None:
            return ""
        spent_minor = self.cost_minor + self._under_way_minor
        if spent_minor + price_minor > most_minor:
            return (
                f"{spent_minor} of the shop's {most_minor} for calls of today are"
                " spent, in minor units (dialling.money_per_day_minor)"
            )
        return ""

    def _turn(self, now: Instant) -> None:
        """Begin anew at midnight."""
        if now >= self._ends_at:
            self._ends_at = _day_ends_at(now, self._zone)
            self.attempts = self.cost_minor = 0
            # What is under way over midnight is paid when it ends, like the rest.
            self._under_way.clear()
            self._under_way_minor = 0


def day_began_at(at: Instant, zone: ZoneInfo) -> Instant:
    """Find the midnight before an instant."""
    day = datetime.fromtimestamp(at, zone).date()
    return datetime.combine(day, time(), zone).timestamp()


def _day_ends_at(at: Instant, zone: ZoneInfo) -> Instant:
    day = datetime.fromtimestamp(at, zone).date() + timedelta(days=1)
    return datetime.combine(day, time(), zone).timestamp()
