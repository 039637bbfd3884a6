"""
The outlook of a pool over the next half minute: agents left over at each horizon.

At horizon h the margin is W = free agents + agents that become ready - attempts that
are answered. Each of the latter is a yes or no with its own chance, so W is a shifted
sum of independent trials. What matters is the risk P(W <= 0): one more answer by then
would find nobody. Few trials are added up exactly; many are taken as normal.
"""

from collections.abc import Sequence
from math import erfc, prod, sqrt
from typing import Protocol

from callengine.core.predictive.rows import Row

EXACT_UP_TO = 14

_LEAST_VARIANCE = 0.02
_FEW, _UNROLLED = 3, 6
_SQRT_2 = sqrt(2)


class Outlook(Protocol):
    """See the module."""

    def risk_at(self, place: int) -> float:
        """Return P(W <= 0) at one horizon."""
        ...

    def risks(self) -> list[float]:
        """Return P(W <= 0) at each horizon."""
        ...

    def add(self, row: Row) -> None:
        """Count one more attempt."""
        ...

    def risks_without(self, row: Row) -> list[float]:
        """Return `risks` as they would be without one of its attempts."""
        ...


def outlook(
    free: int, ready: Sequence[Row], answers: Sequence[Row], *, horizons: int
) -> Outlook:
    """
    Make the outlook.

    Args:
        free: agents free now less customers who wait for one; may be negative.
        ready: chances of each busy agent to be ready by each horizon.
        answers: chances of each attempt in flight to be answered by each horizon.
        horizons: how many there are.
    """
    if len(ready) + len(answers) <= EXACT_UP_TO:
        return ExactOutlook(free, ready, answers, horizons)
    return NormalOutlook(free, ready, answers, horizons)


class ExactOutlook:
    """
    Few trials: W <= 0 says that `unanswered + ready <= attempts - free`.

    P(successes = k) is P(none) times the k-th elementary symmetric sum of the odds;
    all terms are positive, so nothing cancels. With many successes the product could
    be too small a number, so they are added up trial by trial.
    """

    __slots__ = ("_columns", "_horizons", "_short", "_trials")

    def __init__(
        self, free: int, ready: Sequence[Row], answers: Sequence[Row], horizons: int
    ) -> None:
        self._short = len(answers) - free
        self._trials = [row.trial for row in ready]
        self._trials += [row.trial for row in answers]
        self._horizons = horizons
        self._columns: list[tuple[float, ...]] = []

    def risk_at(self, place: int) -> float:
        """Return P(W <= 0) at one horizon."""
        short, trials = self._short, self._trials
        if short < 0:
            return 0.0
        if short >= len(trials):
            return 1.0
        columns = self._columns or self._turned()
        if short > _UNROLLED:
            return _at_most(columns[place], short)
        return prod(columns[place]) * _ways(columns[self._horizons + place], short)

    def risks(self) -> list[float]:
        """Return P(W <= 0) at each horizon."""
        short, horizons = self._short, self._horizons
        if short < 0:
            return [0.0] * horizons
        if short >= len(self._trials):
            return [1.0] * horizons
        columns = self._columns or self._turned()
        if short > _UNROLLED:
            return [_at_most(failures, short) for failures in columns[:horizons]]
        none = map(prod, columns[:horizons])
        if short == 0:
            return list(none)
        odds = columns[horizons:]
        return [n * _ways(odd, short) for n, odd in zip(none, odds, strict=True)]

    def add(self, row: Row) -> None:
        """Count one more attempt."""
        self._short += 1
        self._trials.append(row.trial)
        self._columns = []

    def risks_without(self, row: Row) -> list[float]:
        """Return `risks` as they would be without one of its attempts."""
        other = ExactOutlook(0, (), (), self._horizons)
        other._short = self._short - 1
        other._trials = self._trials.copy()
        other._trials.remove(row.trial)
        return other.risks()

    def _turned(self) -> list[tuple[float, ...]]:
        """Turn trials by horizons into horizons by trials; all are of one length."""
        self._columns = list(zip(*self._trials))  # noqa: B905
        return self._columns


class NormalOutlook:
    """Many trials: W by its mean and variance, half a call for continuity."""

    __slots__ = ("_means", "_variances")

    def __init__(
        self, free: int, ready: Sequence[Row], answers: Sequence[Row], horizons: int
    ) -> None:
        none = [0.0] * (2 * horizons)
        sums = _summed(ready) or none
        less = _summed(answers) or none
        self._means = [free + sums[i] - less[i] for i in range(horizons)]
        self._variances = [
            _LEAST_VARIANCE + sums[i] + less[i] for i in range(horizons, 2 * horizons)
        ]

    def risk_at(self, place: int) -> float:
        """Return P(W <= 0) at one horizon."""
        deviation = _SQRT_2 * sqrt(self._variances[place])
        return 0.5 * erfc((self._means[place] - 0.5) / deviation)

    def risks(self) -> list[float]:
        """Return P(W <= 0) at each horizon."""
        return [self.risk_at(place) for place in range(len(self._means))]

    def add(self, row: Row) -> None:
        """Count one more attempt."""
        horizons, moments = len(self._means), row.moments
        for place in range(horizons):
            self._means[place] -= moments[place]
            self._variances[place] += moments[horizons + place]

    def risks_without(self, row: Row) -> list[float]:
        """Return `risks` as they would be without one of its attempts."""
        horizons, moments = len(self._means), row.moments
        other = NormalOutlook(0, (), (), 0)
        other._means = [mean + moments[place] for place, mean in enumerate(self._means)]
        # Sums of many small numbers may end a little below what is left.
        other._variances = [
            max(_LEAST_VARIANCE, variance - moments[horizons + place])
            for place, variance in enumerate(self._variances)
        ]
        return other.risks()


def _summed(rows: Sequence[Row]) -> list[float]:
    return list(map(sum, zip(*[row.moments for row in rows], strict=True)))


def _ways(odds: Sequence[float], most: int) -> float:
    """
    Sum the elementary symmetric sums of degree 0 to `most`, which is 0 to 6.

    Unrolled: this runs several times for every decision of a small team.
    """
    if most <= 1:
        return 1 + sum(odds) if most else 1.0
    one = two = three = 0.0
    if most <= _FEW:
        for odd in odds:
            three += two * odd
            two += one * odd
            one += odd
        return 1 + one + two + (three if most > 2 else 0.0)
    four = five = six = 0.0
    for odd in odds:
        six += five * odd
        five += four * odd
        four += three * odd
        three += two * odd
        two += one * odd
        one += odd
    return 1 + one + two + three + sum((four, five, six)[: most - 3])


def _at_most(failures: Sequence[float], most: int) -> float:
    """Find P(successes <= most)."""
    chances = [1.0] + [0.0] * most
    for failure in failures:
        success = 1 - failure
        chances = [
            here * failure + below * success
            for here, below in zip(chances, (0.0, *chances), strict=False)
        ]
    return sum(chances)
