"""Figures of one day, from what was counted; None where a day has none."""

from collections.abc import Callable
from math import ceil
from statistics import pstdev

from sim.centre.tally import Cell, DayDone, Times

Figure = Callable[[DayDone], float | None]


def total_of(day: DayDone, shop: str = "") -> Cell:
    """Count a day's cells together, or those of one shop."""
    whole = Cell()
    for (one, _), cell in day.cells.items():
        if shop in ("", one):
            whole.add(cell)
    return whole


def agents_of(day: DayDone) -> Times:
    """Count the time of all agents together."""
    whole = Times()
    for times in day.agents.values():
        whole.add(times)
    return whole


def share(part: float, whole: float) -> float | None:
    """Divide; None where there is nothing to divide."""
    return part / whole if whole else None


def share_of(part: str, whole: str, shop: str = "") -> Figure:
    """Make the figure: one count of a day over another."""

    def figure(day: DayDone) -> float | None:
        cell = total_of(day, shop)
        return share(getattr(cell, part), getattr(cell, whole))

    return figure


def wait_at(point: float, shop: str = "") -> Figure:
    """Make the figure: the wait that this share of answered callers stayed below."""

    def figure(day: DayDone) -> float | None:
        waits = sorted(
            wait
            for one, all_ in day.waits.items()
            if shop in ("", one)
            for wait in all_
        )
        return waits[max(0, ceil(point * len(waits)) - 1)] if waits else None

    return figure


def occupancy(day: DayDone) -> float | None:
    """Share of agents' time at work that they are busy."""
    whole = agents_of(day)
    return whole.occupancy if whole.at_work else None


def utilisation(day: DayDone) -> float | None:
    """Share of agents' time at work that is talk and paperwork."""
    whole = agents_of(day)
    return whole.utilisation if whole.at_work else None


def spread(day: DayDone) -> float | None:
    """Standard deviation of occupancy between agents."""
    each = [t.occupancy for t in day.agents.values() if t.at_work]
    return pstdev(each) if each else None
