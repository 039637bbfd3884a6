"""A day on the centre's clock: instants of its minutes, arrivals by its hours."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

from sim.centre.model import Flow
from sim.centre.values import minute_of, span_of

MINUTE_S, HOUR_S = 60.0, 3600.0


@dataclass(frozen=True, slots=True)
class Day:
    """
    One calendar day; 23 or 25 hours long when the clocks are changed.

    Attributes:
        zone: IANA name of the centre's clock.
    """

    date: date
    zone: str

    def at(self, minute: float) -> float:
        """Turn minutes after midnight, as clocks show them, into an instant."""
        days, rest = divmod(minute, 24 * 60)
        clock = time(int(rest // 60), int(rest % 60))
        wall = datetime.combine(self.date + timedelta(days=days), clock)
        return wall.replace(tzinfo=ZoneInfo(self.zone)).timestamp()

    @property
    def begins_at(self) -> float:
        """Midnight."""
        return self.at(0)

    @property
    def ends_at(self) -> float:
        """The next midnight."""
        return self.at(24 * 60)

    def hour(self, at: float) -> int:
        """Say what hour clocks show at an instant."""
        return datetime.fromtimestamp(at, ZoneInfo(self.zone)).hour

    def next(self, days: int) -> "Day":
        """Return another day, so many days later."""
        return Day(self.date + timedelta(days=days), self.zone)

    def arrivals(self, flow: Flow, chance: Random) -> Iterator[float]:
        """Draw a day's Poisson arrivals, in order of time."""
        for begins_at, ends_at, per_hour in self.rates(flow):
            at = begins_at
            while per_hour > 0:
                at += chance.expovariate(per_hour / HOUR_S)
                if at >= ends_at:
                    break
                yield at

    def rates(self, flow: Flow) -> list[tuple[float, float, float]]:
        """List spans of instants in which the rate per hour is the same."""
        cuts = set()
        base = []
        for text, per_hour in flow.per_hour.items():
            begin, end = span_of(text)
            base.append((self.at(begin), self.at(end), per_hour * flow.times))
            cuts |= {self.at(begin), self.at(end)}
        surges = []
        for surge in flow.surges:
            begins_at = self.at(minute_of(surge.at))
            ends_at = begins_at + surge.minutes * MINUTE_S
            surges.append((begins_at, ends_at, surge.times))
            cuts |= {begins_at, ends_at}
        ordered = sorted(cuts)
        rates = []
        for begins_at, ends_at in pairwise(ordered):
            rate = sum(r for b, e, r in base if b <= begins_at < e)
            for b, e, times in surges:
                if b <= begins_at < e:
                    rate *= times
            if rate > 0 and ends_at > begins_at:
                rates.append((begins_at, ends_at, rate))
        return rates
