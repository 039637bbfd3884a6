"""
How long something lasts, learned while it happens: talk, wrap-up.

A histogram of ended spans over bins that widen with age, beside a prior worth a few
spans. Older spans weigh less and less, so that a drift is followed.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, islice, repeat
from math import exp, inf
from operator import mul

LONGEST_S = 1800
_RENORMAL = 1e9


def _widening_edges() -> tuple[int, ...]:
    edges = [0]
    for until, width in ((60, 2), (180, 5), (600, 20), (LONGEST_S, 60)):
        edges.extend(range(edges[-1] + width, until + 1, width))
    return tuple(edges)


EDGES_S = _widening_edges()
"""Where bins of age begin; the last value is where the last one ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanPrior:
    """
    What is believed before anything was seen.

    Attributes:
        mean_s: typical length; the shape is Erlang's of two phases.
        weight: how many observed spans the belief is worth.
    """

    mean_s: float
    weight: float = 10.0

    def __post_init__(self) -> None:
        for name in ("mean_s", "weight"):
            value = getattr(self, name)
            if not 0 < value < inf:
                raise ValueError(f"{name} {value} is not above 0")

    def lasting(self, age_s: float) -> float:
        """Share that lasts longer than `age_s`."""
        phases = 2 * age_s / self.mean_s
        return (1 + phases) * exp(-phases)


class SpanEstimate:
    """
    The length of a span as a distribution.

    Args:
        prior: belief before data.
        memory: spans after which an old one weighs 1/e.
    """

    __slots__ = ("_counts", "_growth", "_prior", "_unit", "seen", "weight")

    def __init__(self, prior: SpanPrior, *, memory: float = 1000.0) -> None:
        self._prior = prior
        self._growth = exp(1 / memory)
        self._unit = 1.0
        self._counts = [0.0] * (len(EDGES_S) - 1)
        self.seen = 0
        self.weight = 0.0

    def observe(self, length_s: float) -> None:
        """Learn of a span that ended; absurd lengths count as the longest."""
        if not length_s >= 0:
            return
        index = bisect_right(EDGES_S, min(length_s, LONGEST_S - 1)) - 1
        self._unit *= self._growth
        self._counts[index] += self._unit
        self.seen += 1
        self.weight = self.weight / self._growth + 1
        if self._unit > _RENORMAL:
            self._counts = [count / self._unit for count in self._counts]
            self._unit = 1.0

    def survival(self) -> list[float]:
        """Return the share that lasts longer than 0, 1, 2... `LONGEST_S` seconds."""
        prior = self._prior
        weight = prior.weight * self._unit
        at_risk = sum(self._counts)
        lasting = [1.0]
        for index, count in enumerate(self._counts):
            begin, end = EDGES_S[index], EDGES_S[index + 1]
            believed = weight * prior.lasting(begin)
            believed_ends = believed - weight * prior.lasting(end)
            total = at_risk + believed
            ends = (count + believed_ends) / total if total > 0 else 1.0
            stays = max(0.0, 1 - ends)
            at_begin = lasting[-1]
            # Within a bin the hazard is level, so lengths fall geometrically.
            steps = repeat(stays ** (1 / (end - begin)), end - begin)
            lasting.extend(islice(accumulate(steps, mul, initial=at_begin), 1, None))
            at_risk = max(0.0, at_risk - count)
        return lasting

    def mean_s(self) -> float:
        """Return the expected length."""
        return trapezium(self.survival())


def trapezium(lasting: Sequence[float]) -> float:
    """Return the area under a survival curve given at whole seconds."""
    return sum(lasting) - 0.5 * (lasting[0] + lasting[-1])
