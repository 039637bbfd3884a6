"""
Tables the pacer reads: who answers by when, which agent is ready by when.

All rows are over the same few horizons after now. They are computed when first asked
for and forgotten when the estimates have learned enough to change them.
"""

from bisect import bisect_right
from collections.abc import Sequence
from operator import mul
from typing import TypeAlias

from callengine.core.predictive.answers import CURVE_S
from callengine.core.predictive.spans import EDGES_S, LONGEST_S

Row: TypeAlias = tuple[float, ...]
"""Chances that something has happened by each horizon."""

_LEVELS = 100


class AnswerTable:
    """
    Chance that an attempt of some age is answered within each horizon.

    Args:
        answered_by: share of answers that came by whole seconds of age.
        others_still: share of other ends that had not come by then.
        horizons_s: whole seconds after now.
    """

    __slots__ = ("_by", "_horizons_s", "_rows", "_still")

    def __init__(
        self,
        answered_by: Sequence[float],
        others_still: Sequence[float],
        horizons_s: Sequence[int],
    ) -> None:
        self._by = answered_by
        self._still = others_still
        self._horizons_s = tuple(horizons_s)
        self._rows: dict[int, Row] = {}

    def row(self, age_s: float, chance: float) -> Row:
        """
        Look up an attempt that is still in flight.

        Args:
            age_s: since it was started.
            chance: of an answer, as estimated when it was started.
        """
        age = int(age_s) if age_s < CURVE_S else CURVE_S
        level = int(chance * _LEVELS + 0.5)
        key = age * (_LEVELS + 1) + level
        row = self._rows.get(key)
        if row is None:
            row = self._rows[key] = self._compute(max(0, age), level / _LEVELS)
        return row

    def _compute(self, age: int, chance: float) -> Row:
        by = self._by
        in_flight = chance * (1 - by[age]) + (1 - chance) * self._still[age]
        if in_flight < 1e-9:
            return (0.0,) * len(self._horizons_s)
        return tuple(
            min(1.0, chance * (by[min(CURVE_S, age + h)] - by[age]) / in_flight)
            for h in self._horizons_s
        )


class ReadyTable:
    """
    Chance that a busy agent is ready within each horizon.

    Args:
        talk: share of talks that last longer than whole seconds.
        wrap_up: the same of wrap-ups.
        horizons_s: whole seconds after now; the wait an answered customer may have
            is part of them.
    """

    __slots__ = ("_done_by", "_horizons_s", "_talk", "_talking", "_wrap", "_wrapping")

    def __init__(
        self, talk: Sequence[float], wrap_up: Sequence[float], horizons_s: Sequence[int]
    ) -> None:
        self._talk = talk
        self._wrap = wrap_up
        self._horizons_s = tuple(horizons_s)
        longest = max(self._horizons_s)
        # Talk ends in the middle of its second: by then, on average.
        self._done_by = [1 - (wrap_up[s] + wrap_up[s + 1]) / 2 for s in range(longest)]
        self._talking: dict[int, Row] = {}
        self._wrapping: dict[int, Row] = {}

    def talking(self, age_s: float) -> Row:
        """Look up an agent who has talked for `age_s`; wrap-up is still to come."""
        index = bisect_right(EDGES_S, age_s) if age_s < LONGEST_S else -1
        row = self._talking.get(index)
        if row is None:
            age = _middle(index)
            row = self._talking[index] = self._after_talk(age)
        return row

    def wrapping(self, age_s: float) -> Row:
        """Look up an agent who has been wrapping up for `age_s`."""
        age = int(age_s) if age_s < LONGEST_S else LONGEST_S - 1
        row = self._wrapping.get(age)
        if row is None:
            row = self._wrapping[age] = self._after_wrap_up(age)
        return row

    def _after_talk(self, age: int) -> Row:
        talk = self._talk
        left = talk[age]
        if left < 1e-9:
            return tuple(self._done_by[h - 1] for h in self._horizons_s)
        longest = max(self._horizons_s)
        beyond = [talk[min(LONGEST_S, age + s)] / left for s in range(longest + 1)]
        ends = [beyond[s] - beyond[s + 1] for s in range(longest)]
        return tuple(
            sum(map(mul, ends[:h], reversed(self._done_by[:h])))
            for h in self._horizons_s
        )

    def _after_wrap_up(self, age: int) -> Row:
        left = (self._wrap[age] + self._wrap[min(LONGEST_S, age + 1)]) / 2
        if left < 1e-9:
            return (0.5,) * len(self._horizons_s)
        return tuple(
            1 - min(1.0, self._wrap[min(LONGEST_S, age + h)] / left)
            for h in self._horizons_s
        )


def _middle(index: int) -> int:
    if index <= 0:
        return LONGEST_S - 1
    return (EDGES_S[index - 1] + EDGES_S[index]) // 2
