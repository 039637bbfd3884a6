"""
Whether and when a number is answered, learned from attempts as they end.

The chance is a base rate times factors for the hour, the number of the try and the
trunk; each factor is observed over expected answers, shrunk towards one. A quick
factor over the last attempts follows what no table knows: a list gone bad at noon, a
trunk that fails. Two histograms by age say when answers and other ends come.
"""

from dataclasses import dataclass
from math import exp, inf
from typing import NamedTuple

CURVE_S = 90
"""Ages of attempts beyond this are taken as this."""

_LEAST, _MOST = 0.01, 0.95
_TRIES = 5


class AnswerContext(NamedTuple):
    """
    What may matter for the chance of an answer.

    Attributes:
        hour: 0-23 where the customer lives.
        tries: 1 for the first attempt to reach this order's customer.
        trunk: the trunk's name.
    """

    hour: int = 12
    tries: int = 1
    trunk: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPrior:
    """
    What is believed before attempts were seen.

    Attributes:
        chance: of an answer.
        weight: how many attempts each belief is worth.
        answer_s: typical age of an attempt when it is answered.
        ring_s: age at which the engine gives up.
        factor_weight: expected answers at which a factor is believed by half.
        memory: attempts after which an old one weighs 1/e.
        quick_memory: the same for the quick factor.
    """

    chance: float = 0.4
    weight: float = 20.0
    answer_s: float = 13.0
    ring_s: float = 30.0
    factor_weight: float = 60.0
    memory: float = 4000.0
    quick_memory: float = 300.0

    def __post_init__(self) -> None:
        if not 0 < self.chance < 1:
            raise ValueError(f"chance {self.chance} is not between 0 and 1")
        for name in ("weight", "factor_weight", "memory", "quick_memory"):
            value = getattr(self, name)
            if not 0 < value < inf:
                raise ValueError(f"{name} {value} is not above 0")
        for name in ("answer_s", "ring_s"):
            value = getattr(self, name)
            if not 1 <= value < inf:
                raise ValueError(f"{name} {value} is not a second or more")


class _Ratio:
    """Observed over expected, fading, shrunk towards one."""

    __slots__ = ("_keep", "_weight", "expected", "observed")

    def __init__(self, weight: float, memory: float) -> None:
        self._weight = weight
        self._keep = exp(-1 / memory)
        self.observed = 0.0
        self.expected = 0.0

    def observe(self, answered: float, expected: float) -> None:
        self.observed = self.observed * self._keep + answered
        self.expected = self.expected * self._keep + expected

    @property
    def value(self) -> float:
        return (self.observed + self._weight) / (self.expected + self._weight)


class AnswerEstimate:
    """Chance and time of answers of one campaign; see the module."""

    __slots__ = (
        "_answered",
        "_chances",
        "_ended",
        "_factors",
        "_keep",
        "_prior",
        "_quick",
        "_rate",
        "_tries",
        "seen",
    )

    def __init__(self, prior: AnswerPrior | None = None) -> None:
        self._prior = prior or AnswerPrior()
        self._keep = exp(-1 / self._prior.memory)
        self._rate = self._prior.chance * self._prior.weight
        self._tries = self._prior.weight
        self._factors: dict[tuple[str, int | str], _Ratio] = {}
        self._quick = _Ratio(self._prior.factor_weight, self._prior.quick_memory)
        self._answered = _believed_answers(self._prior)
        self._ended = _believed_ends(self._prior)
        self._chances: dict[AnswerContext, float] = {}
        self.seen = 0

    def chance(self, context: AnswerContext) -> float:
        """Estimate the chance of an answer to an attempt started now."""
        chance = self._chances.get(context)
        if chance is None:
            chance = _within_bounds(self._slow_chance(context) * self._quick.value)
            self._chances[context] = chance
        return chance

    def observe(self, context: AnswerContext, age_s: float, answered: bool) -> None:
        """Learn of an attempt that was answered, or ended otherwise, at an age."""
        age = _bin(age_s)
        self._fade()
        (self._answered if answered else self._ended)[age] += 1.0
        self._learn_chance(context, float(answered))

    def observe_hang_up(self, context: AnswerContext, age_s: float) -> None:
        """
        Learn of an attempt that we ended ourselves at an age, before its fate.

        Its fate is shared out over later ages as others' was, so that hanging up
        does not make customers look as if they answered less.
        """
        age = _bin(age_s)
        self._fade()
        chance = self._slow_chance(context)
        answers = chance * _share_beyond(self._answered, age)
        others = (1 - chance) * _share_beyond(self._ended, age)
        share = answers / (answers + others) if answers + others > 0 else 0.0
        _spread_beyond(self._answered, age, share)
        _spread_beyond(self._ended, age, 1 - share)
        self._learn_chance(context, share)

    def curves(self) -> tuple[list[float], list[float]]:
        """
        Return when answers and other ends come.

        Returns:
            The share of answers that came by ages 0, 1, ... `CURVE_S` seconds, and
            the share of other ends that had not come by then.
        """
        by = [0.0]
        total = sum(self._answered)
        for count in self._answered:
            by.append(by[-1] + count / total)
        still = [1.0]
        total = sum(self._ended)
        for count in self._ended:
            still.append(max(0.0, still[-1] - count / total))
        return by, still

    def _slow_chance(self, context: AnswerContext) -> float:
        chance = self._rate / self._tries
        for key in _keys(context):
            factor = self._factors.get(key)
            if factor is not None:
                chance *= factor.value
        return _within_bounds(chance)

    def _learn_chance(self, context: AnswerContext, answered: float) -> None:
        self._chances.clear()
        expected = self._slow_chance(context)
        self._quick.observe(answered, expected)
        for key in _keys(context):
            factor = self._factors.get(key)
            if factor is None:
                prior = self._prior
                factor = _Ratio(prior.factor_weight, prior.memory)
                self._factors[key] = factor
            factor.observe(answered, expected / factor.value)
        self._rate = self._rate * self._keep + answered
        self._tries = self._tries * self._keep + 1
        self.seen += 1

    def _fade(self) -> None:
        # Every 64th time is enough: the weights differ by what 64 attempts do.
        if self.seen % 64 == 63:
            keep = self._keep**64
            self._answered = [count * keep for count in self._answered]
            self._ended = [count * keep for count in self._ended]


def _keys(context: AnswerContext) -> tuple[tuple[str, int | str], ...]:
    return (
        ("hour", context.hour),
        ("tries", min(context.tries, _TRIES)),
        ("trunk", context.trunk),
    )


def _within_bounds(chance: float) -> float:
    return min(_MOST, max(_LEAST, chance))


def _bin(age_s: float) -> int:
    if age_s >= CURVE_S:
        return CURVE_S - 1
    return int(age_s) if age_s > 0 else 0


def _share_beyond(counts: list[float], age: int) -> float:
    total = sum(counts)
    return sum(counts[age + 1 :]) / total if total > 0 else 0.0


def _spread_beyond(counts: list[float], age: int, weight: float) -> None:
    beyond = sum(counts[age + 1 :])
    if beyond <= 0:
        counts[min(CURVE_S - 1, age + 1)] += weight
        return
    for index in range(age + 1, CURVE_S):
        counts[index] += weight * counts[index] / beyond


def _believed_answers(prior: AnswerPrior) -> list[float]:
    """Three-phase answers, none after the engine would have given up."""
    phase_s = prior.answer_s / 3

    def beyond(age: float) -> float:
        x = age / phase_s
        return exp(-x) * (1 + x + x * x / 2)

    counts = [max(0.0, beyond(age) - beyond(age + 1)) for age in range(CURVE_S)]
    last = _bin(prior.ring_s)
    counts = [count if age < last else 0.0 for age, count in enumerate(counts)]
    total = sum(counts)
    return [prior.weight * count / total for count in counts]


def _believed_ends(prior: AnswerPrior) -> list[float]:
    """A third fails in the first seconds, the rest rings out."""
    counts = [0.0] * CURVE_S
    for age in range(8):
        counts[age] += prior.weight / 24
    counts[_bin(prior.ring_s)] += prior.weight * 2 / 3
    return counts
