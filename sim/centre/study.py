"""Days lived through many times, with other people each time, and what they come to."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any

from sim.centre.figures import (
    Figure,
    occupancy,
    share,
    share_of,
    spread,
    total_of,
    utilisation,
    wait_at,
)
from sim.centre.model import Centre
from sim.centre.reading import AS_IT_IS, Scenario
from sim.centre.tally import Cell, DayDone, Times
from sim.centre.world import CentreWorld
from sim.checks import Check, at_most, equal
from sim.worlds.runs import Interval, interval, over_seeds, run_all

_LEAST_S = 600.0


@dataclass(frozen=True, slots=True)
class Task:
    """One day with one seed: all that another process needs."""

    centre: Centre
    seed: int


@dataclass(frozen=True, slots=True)
class Lived:
    """One variant: what it is called, and a day for each seed."""

    name: str
    title: str
    centre: Centre
    days: list[DayDone]

    def mean(self, figure: Figure) -> Interval | None:
        """Estimate a figure over the seeds; None when no day has it."""
        values = [v for day in self.days if (v := figure(day)) is not None]
        return interval(values) if values else None

    def total(self, shop: str = "") -> Cell:
        """Count everything of all days, or of one shop."""
        whole = Cell()
        for day in self.days:
            whole.add(total_of(day, shop))
        return whole


def live_through(task: Task) -> DayDone:
    """Live through one day."""
    began = time.process_time()
    done = CentreWorld(task.centre, task.seed).live()
    done.cpu_s = time.process_time() - began
    return done


def live_all(
    scenario: Scenario,
    day: str,
    variants: Sequence[str],
    *,
    seed: int,
    seeds: int,
    processes: int | None = None,
) -> list[Lived]:
    """Live through a day as it is and under each variant, with the same people."""
    names = [AS_IT_IS, *variants]
    tasks = [
        Task(scenario.centres[day, name], one)
        for one in over_seeds(seed, seeds)
        for name in names
    ]
    done = run_all(live_through, tasks, processes=processes, label=scenario.title)
    return [
        Lived(
            name,
            scenario.variants[name] if name else "as it is",
            scenario.centres[day, name],
            done[place :: len(names)],
        )
        for place, name in enumerate(names)
    ]


# --- the report ------------------------------------------------------------------


def report_of(lived: Sequence[Lived]) -> dict[str, Any]:
    """Sum up for machines: the day as it is, and each variant beside it."""
    return {
        **figures_of(lived[0]),
        "variants": [
            {"name": one.name, "title": one.title, **figures_of(one)}
            for one in lived[1:]
        ],
        "agent_hours": round(sum(d.agent_hours for one in lived for d in one.days), 1),
        "cpu_s": round(sum(d.cpu_s for one in lived for d in one.days), 1),
    }


def figures_of(one: Lived) -> dict[str, Any]:
    """Sum up one variant."""
    shops = list(one.centre.shops)
    return {
        **_of_shop(one, ""),
        "agents": {
            "occupancy": _told(one.mean(occupancy)),
            "occupancy_spread": _told(one.mean(spread)),
            "utilisation": _told(one.mean(utilisation)),
        },
        "by_shop": {shop: _of_shop(one, shop) for shop in shops},
        "by_hour": by_hour(one),
        "put_off": _summed(day.put_off for day in one.days),
        "lines_most": {
            name: max(day.trunks.get(name, 0) for day in one.days)
            for name in one.centre.trunks
        },
    }


def _of_shop(one: Lived, shop: str) -> dict[str, Any]:
    """Sum up callers and orders of one shop, '' for all; counts are means of days."""
    count, days = one.total(shop), len(one.days)

    def mean(name: str) -> float:
        return round(float(getattr(count, name)) / days, 1)

    def told(part: str, whole: str) -> dict[str, float | None]:
        return _told(one.mean(share_of(part, whole, shop)))

    outbound: dict[str, Any] = {
        "attempts": mean("attempts"),
        "answered": mean("live"),
        "machines": mean("machines"),
        "nuisance_rate": _rounded(share(count.late, count.live)),
    }
    if shop:
        outbound |= _law(one, shop)
    return {
        "inbound": {
            "offered": mean("offered"),
            "answered": mean("answered"),
            "abandoned": mean("abandoned"),
            "fallback": mean("fallback"),
            "no_line": mean("no_line"),
            "within_20s": told("within", "offered"),
            "abandoned_share": told("abandoned", "offered"),
            "off_skill": told("off_skill", "answered"),
            "wait_p50_s": _told(one.mean(wait_at(0.5, shop))),
            "wait_p90_s": _told(one.mean(wait_at(0.9, shop))),
        },
        "outbound": outbound,
        "orders": {
            "placed": mean("placed"),
            "settled": mean("settled"),
            "within_15min": told("in_time", "placed"),
        },
    }


def _law(one: Lived, shop: str) -> dict[str, Any]:
    laws = [day.law[shop] for day in one.days if shop in day.law]
    if not laws:
        return {}
    return {
        "limit": laws[0].limit,
        "worst_day": round(max(law.rate for law in laws), 5),
        "days_within_limit": sum(law.rate <= law.limit for law in laws),
    }


def by_hour(one: Lived) -> list[dict[str, Any]]:
    """Sum up hour by hour; counts are means of days."""
    days = len(one.days)
    rows = []
    for hour in range(24):
        cell, times = Cell(), Times()
        for day in one.days:
            for (_, at), other in day.cells.items():
                if at == hour:
                    cell.add(other)
            if hour in day.hours:
                times.add(day.hours[hour])
        if cell == Cell() and times == Times():
            continue
        rows.append(
            {
                "hour": hour,
                **{n: round(v / days, 2) for n, v in asdict(cell).items()},
                "within_20s": _rounded(share(cell.within, cell.offered)),
                "mean_wait_s": _rounded(share(cell.wait_s, cell.answered)),
                "nuisance_rate": _rounded(share(cell.late, cell.live)),
                "within_15min": _rounded(share(cell.in_time, cell.placed)),
                "occupancy": _rounded(
                    # Minutes after a shift say nothing of how busy it was.
                    times.occupancy if times.at_work >= _LEAST_S * days else None
                ),
                "agents": round(times.at_work / 3600 / days, 2),
            }
        )
    return rows


def checks_of(lived: Sequence[Lived]) -> list[Check]:
    """Hold the runs to what must be true whatever the scenario."""
    checks = []
    for one in lived:
        said = f" ({one.title})" if one.name else ""
        for shop, part in one.centre.shops.items():
            laws = [day.law[shop] for day in one.days if shop in day.law]
            if part.orders is None or not laws:
                continue
            rate = round(fmean(law.rate for law in laws), 5)
            name = f"nuisance rate of {shop}{said}"
            checks.append(at_most(name, rate, laws[0].limit))
        lost = sum(day.lost for day in one.days)
        left = sum(day.left for day in one.days)
        checks.append(equal(f"calls without exactly one record{said}", lost, 0))
        checks.append(equal(f"left in the pool in the end{said}", left, 0))
    return checks


def _told(found: Interval | None) -> dict[str, float | None]:
    if found is None:
        return {"mean": None, "error": None}
    error = found.half_width
    return {
        "mean": round(found.mean, 4),
        "error": round(error, 4) if error != float("inf") else None,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _summed(counts: Any) -> dict[str, int]:
    whole: dict[str, int] = {}
    for one in counts:
        for name, count in one.items():
            whole[name] = whole.get(name, 0) + count
    return whole
