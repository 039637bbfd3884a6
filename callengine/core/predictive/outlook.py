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

EXACT_UP_TO = 12
ROOM = 3
"""Attempts that can be added to an exact outlook."""

_LEAST_VARIANCE = 0.02
_SQRT_2 = sqrt(2)


class Outlook(Protocol):
    """See the module."""

    def risks(self) -> list[float]:
        """Return P(W <= 0) at each horizon."""
        ...

    def add(self, row: Row) -> bool:
        """Count one more attempt; False if there is no room to."""
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

    __slots__ = ("_horizons", "_short", "_spare")

    def __init__(
        self, free: int, ready: Sequence[Row], answers: Sequence[Row], horizons: int
    ) -> None:
        self._short = len(answers) - free
        self._spare = ROOM
        entries = max(1, self._short + 1 + ROOM)
        first = [1.0] + [0.0] * (entries - 1)
        self._horizons: list[list[float]] = []
        for place in range(horizons):
            chances = first
            for row in ready:
                chances = _with_trial(chances, row[place])
            for row in answers:
                chances = _with_trial(chances, 1 - row[place])
            self._horizons.append(chances)

    def risks(self) -> list[float]:
        """Return P(W <= 0) at each horizon."""
        entries = self._short + 1
        if entries <= 0:
            return [0.0] * len(self._horizons)
        return [sum(chances[:entries]) for chances in self._horizons]

    def add(self, row: Row) -> bool:
        """Count one more attempt, at most `ROOM` times."""
        if not self._spare:
            return False
        self._spare -= 1
        self._short += 1
        self._horizons = [
            _with_trial(chances, 1 - answered)
            for chances, answered in zip(self._horizons, row, strict=True)
        ]
        return True


class NormalOutlook:
    """Many trials: W by its mean and variance, half a call for continuity."""

    __slots__ = ("_means", "_variances")

    def __init__(
        self, free: int, ready: Sequence[Row], answers: Sequence[Row], horizons: int
    ) -> None:
        joining, leaving = list(zip(*ready, strict=True)), list(zip(*answers, strict=True))
        self._means = [float(free)] * horizons
        self._variances = [_LEAST_VARIANCE] * horizons
        for columns, sign in ((joining, 1), (leaving, -1)):
            for place, column in enumerate(columns):
                expected = sum(column)
                self._means[place] += sign * expected
                self._variances[place] += expected - sum(map(_square, column))

    def risks(self) -> list[float]:
        """Return P(W <= 0) at each horizon."""
        return [
            0.5 * erfc((mean - 0.5) / (_SQRT_2 * sqrt(variance)))
            for mean, variance in zip(self._means, self._variances, strict=True)
        ]

    def add(self, row: Row) -> bool:
        """Count one more attempt."""
        for place, answered in enumerate(row):
            self._means[place] -= answered
            self._variances[place] += answered * (1 - answered)
        return True


def _square(chance: float) -> float:
    return chance * chance


def _with_trial(chances: Sequence[float], success: float) -> list[float]:
    """Add one trial to the distribution of a sum; higher sums fall off the end."""
    failure = 1 - success
    return [
        here * failure + below * success
        for here, below in zip(chances, (0.0, *chances), strict=False)
    ]
