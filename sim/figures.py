"""Figures of a run: percentiles, and the shape in which reports print them."""

import math
from collections.abc import Sequence
from typing import TypedDict


class Spread(TypedDict):
    """Percentiles of one measurement; None when nothing was measured."""

    p50: float | None
    p95: float | None
    p99: float | None


def percentile(values: Sequence[float], share: float) -> float:
    """
    Find the nearest-rank percentile: a value that was really measured.

    Args:
        values: At least one number, in any order.
        share: 0 < share <= 1.
    """
    if not values:
        raise ValueError("no values to take a percentile of")
    if not 0 < share <= 1:
        raise ValueError(f"share {share} is outside 0..1")
    return sorted(values)[math.ceil(share * len(values)) - 1]


def spread(values: Sequence[float]) -> Spread:
    """Sum up measurements by their percentiles, rounded to a hundredth."""
    if not values:
        return Spread(p50=None, p95=None, p99=None)
    return Spread(
        p50=round(percentile(values, 0.50), 2),
        p95=round(percentile(values, 0.95), 2),
        p99=round(percentile(values, 0.99), 2),
    )
