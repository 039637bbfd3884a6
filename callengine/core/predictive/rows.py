"""
Chances over the horizons, in the shapes in which an outlook adds them up.

One row says of one agent or attempt what may have happened by each horizon. Rows are
made once and looked up many times, so everything derived from the chances is stored.
"""

from collections.abc import Sequence
from dataclasses import dataclass

_LEAST = 1e-12
"""A chance of failure below this is taken as this, so that odds stay finite."""


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """
    One agent who may be ready, or one attempt that may be answered.

    Attributes:
        chances: p by each horizon.
        moments: each p, then each variance p(1 - p).
        trial: as one trial of an exact sum. Success leaves an agent over: the agent
            is ready, the attempt not answered. First each chance of failure, then
            the odds of success.
        shares: parts of what happens by the last horizon, from the last part to the
            first one; nothing if nothing happens.
    """

    chances: tuple[float, ...]
    moments: tuple[float, ...]
    trial: tuple[float, ...]
    shares: tuple[float, ...] = ()


def ready_row(chances: Sequence[float]) -> Row:
    """Make the row of an agent."""
    return _row(chances, [1 - p for p in chances])


def answer_row(chances: Sequence[float]) -> Row:
    """Make the row of an attempt."""
    total = chances[-1] if chances else 0.0
    shares: list[float] = []
    if total > 0:
        before = 0.0
        for chance in chances:
            shares.append((chance - before) / total)
            before = chance
    return _row(chances, chances, tuple(reversed(shares)))


def _row(
    chances: Sequence[float],
    failures: Sequence[float],
    shares: tuple[float, ...] = (),
) -> Row:
    kept = [f if f > _LEAST else _LEAST for f in failures]
    return Row(
        tuple(chances),
        (*chances, *[p * (1 - p) for p in chances]),
        (*kept, *[(1 - f) / f for f in kept]),
        shares,
    )
