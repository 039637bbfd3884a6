"""
The ledger of nuisance calls: what was spent, what may be, what to aim at.

Everything is counted in the window of the law. Any moment may be the last one of a
campaign, so the share must hold at every moment and not only at a window's end.
"""

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import floor, sqrt
from statistics import NormalDist
from zoneinfo import ZoneInfo

from callengine.core.compliance.regime import (
    Denominator,
    NuisanceLimit,
    WindowKind,
)
from callengine.core.ids import Instant

_BUCKETS = 288
_MOST_OF_LIMIT = 1.25
_SET_BACK_S = 3600.0
"""A clock this much earlier than before was set back; less is late news."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Calls in the current window: with an agent, with none, and machines."""

    served: int = 0
    nuisances: int = 0
    machines: int = 0


@dataclass(slots=True)
class _Bucket:
    begin: Instant
    served: int = 0
    nuisances: int = 0
    machines: int = 0


class NuisanceLedger:
    """
    Counts of one campaign.

    Args:
        limit: the law.
        zone: IANA zone of calendar days.
        started_at: beginning of the campaign, for successive windows.
        expected_answers: answered calls to expect in the first window; afterwards
            the last window is the guide.

    Totals carry over restarts by `restore`.
    """

    __slots__ = (
        "_adjusted",
        "_buckets",
        "_expected",
        "_machines",
        "_margin",
        "_nuisances",
        "_rolling",
        "_served",
        "_span_s",
        "_started_at",
        "_turned_at",
        "_window_ends_at",
        "_zone",
        "limit",
    )

    def __init__(
        self,
        limit: NuisanceLimit,
        *,
        zone: str = "UTC",
        started_at: Instant = 0.0,
        expected_answers: float = 500.0,
    ) -> None:
        self.limit = limit
        self._adjusted = limit.denominator is Denominator.MACHINE_ADJUSTED
        self._rolling = limit.window is WindowKind.ROLLING
        self._zone = ZoneInfo(zone)
        self._started_at = started_at
        self._expected = expected_answers
        self._margin = NormalDist().inv_cdf(limit.surety)
        self._span_s = limit.length_s / _BUCKETS
        self._buckets: deque[_Bucket] = deque()
        self._served = self._nuisances = self._machines = 0
        self._turned_at = started_at
        self._window_ends_at = self._end_of_window(started_at)

    def served(self, at: Instant) -> None:
        """Count a live answer that met an agent in time."""
        self._bucket(at).served += 1
        self._served += 1

    def nuisance(self, at: Instant) -> None:
        """Count a live answer that did not."""
        self._bucket(at).nuisances += 1
        self._nuisances += 1

    def machine(self, at: Instant) -> None:
        """Count an answer that an agent found to be a machine."""
        self._bucket(at).machines += 1
        self._machines += 1

    def was_machine(self, at: Instant) -> None:
        """Count an answer as a machine that was counted as served."""
        self.machine(at)
        if self._served > 0:
            self._bucket(at).served -= 1
            self._served -= 1

    def restore(self, at: Instant, totals: Totals) -> None:
        """Enter what was counted before a restart, as if it were of `at`."""
        bucket = self._bucket(at)
        bucket.served += totals.served
        bucket.nuisances += totals.nuisances
        bucket.machines += totals.machines
        self._served += totals.served
        self._nuisances += totals.nuisances
        self._machines += totals.machines

    def totals(self, now: Instant) -> Totals:
        """Return the counts of the window at `now`."""
        self._turn(now)
        return Totals(self._served, self._nuisances, self._machines)

    def rate(self, now: Instant) -> float:
        """Return the share of nuisance calls as the law reckons it."""
        return self.standing(now)[0]

    def room(self, now: Instant) -> float:
        """
        Return how many nuisance calls could happen now within the limit.

        Each one is itself an answer, which the share counts below the line too.
        """
        return self.standing(now)[1]

    def standing(self, now: Instant) -> tuple[float, float]:
        """Return `rate` and `room` in one go, for every look of the pacer."""
        self._turn(now)
        nuisances, answered = self._reckoned()
        limit = self.limit.limit
        room = (limit * answered - nuisances) / (1 - limit)
        return nuisances / answered if answered else 0.0, room

    def aim(self, now: Instant) -> float:
        """
        Return the share of nuisance calls to aim at from here.

        With m answers still to come in the window, q is the largest share for which
        what was spent and a binomial of m and q stay within the limit with the
        surety asked for (normal approximation).
        """
        self._turn(now)
        limit = self.limit.limit
        if limit <= 0:
            return 0.0
        spent, answered = self._reckoned()
        to_come = max(self._expected - answered, 0.1 * answered, 30.0)
        if self._rolling:
            # In half a window's time half of what counts now will have left it.
            spent, answered = spent / 2, answered / 2
            to_come = max(self._expected / 2, answered, 30.0)
        budget = limit * (answered + to_come) - spent
        if budget <= 0:
            return 0.0
        margin = self._margin
        root = (sqrt(margin * margin + 4 * budget) - margin) / 2
        return min(root * root / to_come, _MOST_OF_LIMIT * limit)

    def _reckoned(self) -> tuple[float, float]:
        """Nuisance calls and answers, by the denominator of the law."""
        nuisances = float(self._nuisances)
        if self._adjusted:
            met = self._served + self._machines
            machine_share = self._machines / met if met else 0.0
            nuisances *= 1 - machine_share
        return nuisances, self._served + nuisances

    def _bucket(self, at: Instant) -> _Bucket:
        self._turn(at)
        begin = floor(at / self._span_s) * self._span_s
        buckets = self._buckets
        if not buckets or begin > buckets[-1].begin:
            buckets.append(_Bucket(begin))
        # A clock that jumps back: its facts count with the latest bucket.
        return buckets[-1]

    def _turn(self, now: Instant) -> None:
        """Forget what is no longer in the window."""
        if now < self._turned_at - _SET_BACK_S:
            self._set_back(now)
        elif now > self._turned_at:
            self._turned_at = now
        if self._rolling:
            self._roll(now)
        elif now >= self._window_ends_at:
            answered = self._served + self._nuisances
            if answered:
                self._expected = float(answered)
            self._buckets.clear()
            self._served = self._nuisances = self._machines = 0
            self._window_ends_at = self._end_of_window(now)

    def _roll(self, now: Instant) -> None:
        buckets = self._buckets
        gone_before = now - self.limit.length_s - self._span_s
        while buckets and buckets[0].begin <= gone_before:
            bucket = buckets.popleft()
            self._served -= bucket.served
            self._nuisances -= bucket.nuisances
            self._machines -= bucket.machines
        if self._served > self._expected:
            self._expected = float(self._served)

    def _set_back(self, now: Instant) -> None:
        """
        Keep what was counted, as of now, in the window of an earlier clock.

        Otherwise a clock that was a year ahead for a moment would stop the windows
        for a year.
        """
        self._turned_at = now
        self._window_ends_at = self._end_of_window(now)
        if self._buckets:
            begin = floor(now / self._span_s) * self._span_s
            counts = (self._served, self._nuisances, self._machines)
            self._buckets.clear()
            self._buckets.append(_Bucket(begin, *counts))

    def _end_of_window(self, now: Instant) -> Instant:
        if self._rolling:
            return float("inf")
        if self.limit.window is WindowKind.SUCCESSIVE:
            gone = floor((now - self._started_at) / self.limit.length_s)
            return self._started_at + (gone + 1) * self.limit.length_s
        today = datetime.fromtimestamp(now, self._zone).date()
        midnight = datetime.combine(
            today + timedelta(days=1), datetime.min.time(), self._zone
        )
        return midnight.timestamp()
