"""
The outlook of a pool over the next half minute: agents left over at each horizon.

At horizon h the margin is W = free agents + agents that become ready - attempts that
are answered. Each of the latter is a yes or no with its own chance, so W is a shifted
sum of independent trials. What matters is the risk P(W <= 0): one more answer by then
would find nobody. Few trials are added up exactly; many are taken as normal.
"""

from collections.abc import Sequence
from math import erfc, sqrt
from typing import Protocol

from callengine.core.predictive.hazards import Row

EXACT_UP_TO = 14

_LEAST_VARIANCE = 0.02
_FEW = 3
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
    """Few trials: W <= 0 says that `unanswered + ready <= attempts - free`."""

    __slots__ = ("_answers", "_known", "_ready", "_short")

    def __init__(
        self, free: int, ready: Sequence[Row], answers: Sequence[Row], horizons: int
    ) -> None:
        self._short = len(answers) - free
        self._ready = ready
        self._answers = list(answers)
        self._known: list[float | None] = [None] * horizons

    def risk_at(self, place: int) -> float:
        """Return P(W <= 0) at one horizon."""
        risk = self._known[place]
        if risk is None:
            risk = self._known[place] = self._risk_at(place)
        return risk

    def _risk_at(self, place: int) -> float:
        short = self._short
        if short < 0:
            return 0.0
        trials = [row[place] for row in self._ready]
        trials += [1 - row[place] for row in self._answers]
        return (_at_most_few if short <= _FEW else _at_most)(trials, short)

    def risks(self) -> list[float]:
        """Return P(W <= 0) at each horizon."""
        return [self.risk_at(place) for place in range(len(self._known))]

    def add(self, row: Row) -> None:
        """Count one more attempt."""
        self._short += 1
        self._answers.append(row)
        self._known = [None] * len(self._known)


class NormalOutlook:
    """Many trials: W by its mean and variance, half a call for continuity."""

    __slots__ = ("_means", "_variances")

    def __init__(
        self, free: int, ready: Sequence[Row], answers: Sequence[Row], horizons: int
    ) -> None:
        none = [0.0] * (2 * horizons)
        sums: list[float] = list(map(sum, zip(*ready, strict=True))) or none
        less: list[float] = list(map(sum, zip(*answers, strict=True))) or none
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
        horizons = len(self._means)
        for place in range(horizons):
            self._means[place] -= row[place]
            self._variances[place] += row[horizons + place]


def _at_most_few(trials: Sequence[float], most: int) -> float:
    """
    Find P(successes <= most) for most <= `_FEW`.

    Unrolled: this runs several times for every decision of a small team.
    """
    none, one, two, three = 1.0, 0.0, 0.0, 0.0
    for success in trials:
        failure = 1 - success
        three = three * failure + two * success
        two = two * failure + one * success
        one = one * failure + none * success
        none *= failure
    return sum((none, one, two, three)[: most + 1])


def _at_most(trials: Sequence[float], most: int) -> float:
    """Find P(successes <= most)."""
    chances = [1.0] + [0.0] * most
    for success in trials:
        failure = 1 - success
        chances = [
            here * failure + below * success
            for here, below in zip(chances, (0.0, *chances), strict=False)
        ]
    return sum(chances)
