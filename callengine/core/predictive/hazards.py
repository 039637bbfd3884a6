"""
Tables the pacer reads: who answers by when, which agent is ready by when.

All rows are over the same few horizons after now. They are computed when first asked
for and forgotten when the estimates have learned enough to change them.
"""

from bisect import bisect_right
from collections.abc import Sequence
from operator import mul, sub

from callengine.core.ids import Instant
from callengine.core.predictive.answers import CURVE_S
from callengine.core.predictive.rows import Row, answer_row, ready_row
from callengine.core.predictive.snapshot import AgentView, Duty, LineView
from callengine.core.predictive.spans import EDGES_S, LONGEST_S

_LEVELS, _LEAST_CHANCE = 100, 0.01

# An enum's member is found much faster by a name of its own.
_FREE, _TALKING = Duty.FREE, Duty.TALKING


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
        self._by = [*answered_by, *[answered_by[-1]] * max(horizons_s)]
        self._still = others_still
        self._horizons_s = tuple(horizons_s)
        self._rows: dict[int, Row] = {}

    def row(self, age_s: float, chance: float) -> Row:
        """
        Look up an attempt that is still in flight.

        Args:
            age_s: since it was started.
            chance: of an answer, as estimated when it was started; taken as at
                least one percent, or no number of attempts would seem too many.
        """
        age = min(CURVE_S, max(0, int(age_s)))
        level = _level(chance)
        key = age * (_LEVELS + 1) + level
        row = self._rows.get(key)
        if row is None:
            row = self._rows[key] = self._compute(age, level / _LEVELS)
        return row

    def fresh(self, chance: float) -> Row:
        """Look up an attempt started now."""
        # At age zero the key is the level itself.
        return self._rows.get(_level(chance)) or self.row(0.0, chance)

    def rows(self, lines: Sequence[LineView], now: Instant) -> list[Row]:
        """Look up attempts in flight, in their order."""
        rows = []
        for line in lines:
            age = int(now - line.started_at)
            age = 0 if age < 0 else CURVE_S if age > CURVE_S else age
            key = age * (_LEVELS + 1) + _level(line.chance)
            rows.append(self._rows.get(key) or self.row(age, line.chance))
        return rows

    def _compute(self, age: int, chance: float) -> Row:
        by = self._by
        in_flight = chance * (1 - by[age]) + (1 - chance) * self._still[age]
        if in_flight < 1e-9:
            return answer_row([0.0 for _ in self._horizons_s])
        gone, part = by[age], chance / in_flight
        chances = [part * (by[age + h] - gone) for h in self._horizons_s]
        return answer_row([p if p < 1 else 1.0 for p in chances])


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
        longest = max(horizons_s)
        self._talk = [*talk, *[talk[-1]] * longest]
        self._wrap = wrap_up
        self._horizons_s = tuple(horizons_s)
        # Talk ends in the middle of its second: by then, on average.
        self._done_by = [1 - (wrap_up[s] + wrap_up[s + 1]) / 2 for s in range(longest)]
        self._talking: list[Row | None] = [None] * (LONGEST_S + 1)
        self._wrapping: list[Row | None] = [None] * (LONGEST_S + 1)

    def talking(self, age_s: float) -> Row:
        """Look up an agent who has talked for `age_s`; wrap-up is still to come."""
        age = min(LONGEST_S, max(0, int(age_s)))
        return self._talking[age] or self._fill_talking(age)

    def wrapping(self, age_s: float) -> Row:
        """Look up an agent who has been wrapping up for `age_s`."""
        age = min(LONGEST_S, max(0, int(age_s)))
        row = self._wrapping[age]
        if row is None:
            row = self._wrapping[age] = self._after_wrap_up(age)
        return row

    def split(
        self, agents: Sequence[AgentView], now: Instant, soon: Instant
    ) -> tuple[int, list[Row]]:
        """
        Count free agents and look up busy ones, but for those who leave by `soon`.

        One pass: a large pool is looked at several times a second.
        """
        free = 0
        rows: list[Row] = []
        add = rows.append
        talking, wrapping = self._talking, self._wrapping
        for agent in agents:
            if agent.leaves_at is not None and agent.leaves_at <= soon:
                continue
            duty = agent.duty
            if duty is _FREE:
                free += 1
                continue
            age = int(now - agent.since)
            if not 0 <= age <= LONGEST_S:
                # A clock that was set back makes ages negative.
                age = 0 if age < 0 else LONGEST_S
            if duty is _TALKING:
                add(talking[age] or self._fill_talking(age))
            else:
                add(wrapping[age] or self.wrapping(age))
        return free, rows

    def _fill_talking(self, age: int) -> Row:
        """Compute one row for all ages of a bin."""
        index = min(bisect_right(EDGES_S, age), len(EDGES_S) - 1)
        begin, end = EDGES_S[index - 1], EDGES_S[index]
        row = self._after_talk((begin + end) // 2)
        last = end if end < LONGEST_S else LONGEST_S + 1
        self._talking[begin:last] = [row] * (last - begin)
        return row

    def _after_talk(self, age: int) -> Row:
        talk = self._talk
        left = talk[age]
        if left < 1e-9:
            return ready_row([self._done_by[h - 1] for h in self._horizons_s])
        done_by = self._done_by
        beyond = talk[age : age + len(done_by) + 1]
        ends = list(map(sub, beyond, beyond[1:]))
        # Who ends in second s has the rest of the horizon for wrap-up.
        return ready_row(
            [
                sum(map(mul, ends, reversed(done_by[:h]))) / left
                for h in self._horizons_s
            ]
        )

    def _after_wrap_up(self, age: int) -> Row:
        left = (self._wrap[age] + self._wrap[min(LONGEST_S, age + 1)]) / 2
        if left < 1e-9:
            # Longer than anybody ever wrapped up: nobody knows.
            return ready_row([0.5 for _ in self._horizons_s])
        return ready_row(
            [
                1 - min(1.0, self._wrap[min(LONGEST_S, age + h)] / left)
                for h in self._horizons_s
            ]
        )


def _level(chance: float) -> int:
    """Round a chance to percents; what is no number is met with most caution."""
    if chance < _LEAST_CHANCE:
        return 1
    return int(chance * _LEVELS + 0.5) if chance <= 1 else _LEVELS
