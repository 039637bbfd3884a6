"""
Published figures that the dialler's world is held against.

Utilisation of an independent simulation of the same model (long runs, error about 0.2
points), by scenario and agents, at 3 % nuisance where a policy makes any.
"""

from typing import NamedTuple


class Reference(NamedTuple):
    """Utilisation per policy, as shares."""

    progressive: float
    look_ahead: float
    vici_n: float
    vici_y: float


def _row(*percents: float) -> Reference:
    return Reference(*(percent / 100 for percent in percents))


REFERENCE: dict[tuple[str, int], Reference] = {
    ("A", 2): _row(79.8, 82.1, 79.3, 79.7),
    ("A", 3): _row(79.9, 82.7, 79.3, 79.9),
    ("A", 5): _row(79.8, 83.8, 79.4, 80.0),
    ("A", 8): _row(79.8, 85.4, 79.4, 80.3),
    ("A", 10): _row(79.6, 86.3, 79.5, 80.6),
    ("A", 15): _row(79.8, 88.3, 79.7, 81.4),
    ("A", 20): _row(79.8, 89.7, 79.6, 82.3),
    ("A", 30): _row(79.7, 91.7, 79.7, 84.1),
    ("A", 50): _row(79.7, 94.0, 80.0, 89.6),
    ("A", 100): _row(79.7, 96.4, 80.2, 92.5),
    ("B", 2): _row(69.7, 76.5, 69.1, 70.6),
    ("B", 3): _row(69.8, 77.4, 69.4, 70.9),
    ("B", 5): _row(69.8, 80.1, 69.6, 71.9),
    ("B", 8): _row(69.8, 83.2, 69.8, 73.4),
    ("B", 10): _row(69.7, 84.5, 69.8, 74.7),
    ("B", 15): _row(69.7, 87.2, 69.9, 79.1),
    ("B", 20): _row(69.7, 89.0, 69.9, 85.3),
    ("B", 30): _row(69.7, 91.2, 70.0, 87.6),
    ("B", 50): _row(69.8, 93.6, 70.4, 87.4),
    ("B", 100): _row(69.7, 96.1, 70.5, 87.2),
}

AGENTS = sorted({agents for _, agents in REFERENCE})
"""Team sizes of the table."""
