"""
Changing days under every regime: is the limit kept, and at what utilisation.

Regimes that count alike on these days are lived through together: nobody here is a
machine, and hours, consent and lock-outs are not what the pacer decides.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from callengine.core.compliance.presets import PRESETS
from callengine.core.compliance.regime import (
    Denominator,
    NuisanceLimit,
    Regime,
    StartPoint,
)
from sim.checks import Check, at_least
from sim.worlds.dialer_days import VICI_Y, DayDone, DayTask, live_through
from sim.worlds.runs import over_seeds, run_all

GOAL = 0.95


def live_days(
    seed: int, days: int, *, processes: int | None = None
) -> dict[str, list[DayDone]]:
    """Live the same days under each regime, and under VICIdial's rule."""
    stand_ins = {name: stand_in(name) for name in PRESETS}
    names = sorted({*stand_ins.values(), VICI_Y})
    tasks = [DayTask(name, one) for name in names for one in over_seeds(seed, days)]
    lived = run_all(live_through, tasks, processes=processes, label="days")
    found: dict[str, list[DayDone]] = {name: [] for name in names}
    for task, day in zip(tasks, lived, strict=True):
        found[task.regime].append(day)
    return found | {name: found[one] for name, one in stand_ins.items()}


def stand_in(name: str) -> str:
    """Name the first regime whose days are the same as this one's."""
    mine = _as_counted(PRESETS[name])
    return next(n for n, regime in PRESETS.items() if _as_counted(regime) == mine)


def _as_counted(regime: Regime) -> tuple[NuisanceLimit, float]:
    """
    Return what decides a day here.

    Machines and greetings do not exist in this world, so neither the denominator nor
    the start of the two seconds makes a difference.
    """
    limit = replace(
        regime.nuisance, denominator=Denominator.LIVE, start=StartPoint.ANSWER
    )
    return limit, regime.least_ring_s


def report_of(found: dict[str, list[DayDone]]) -> dict[str, Any]:
    """Sum up days by regime."""
    by_regime = {}
    for name, regime in PRESETS.items():
        limit = regime.nuisance.limit
        by_regime[name] = {
            "limit": limit,
            **_figures(found[name], limit),
            VICI_Y: _figures(found[VICI_Y], limit),
        }
    rows = list(by_regime.values())
    return {
        "days": len(found[VICI_Y]),
        "days_within_limit": min(row["days_within_limit"] for row in rows),
        "utilisation": min(row["utilisation"] for row in rows),
        "by_regime": by_regime,
    }


def checks_of(report: dict[str, Any]) -> list[Check]:
    """Hold every regime to the goal."""
    return [
        at_least(
            f"{name}: share of days within the limit", row["share_within_limit"], GOAL
        )
        for name, row in report["by_regime"].items()
    ]


def _figures(done: Sequence[DayDone], limit: float) -> dict[str, Any]:
    within = sum(day.share <= limit for day in done)
    tallies = [day.tally for day in done]
    settled = sum(tally.served + tally.nuisances for tally in tallies)
    logged_in_s = sum(tally.logged_in_s for tally in tallies)
    return {
        "days_within_limit": within,
        "share_within_limit": round(within / len(tallies), 4),
        "worst_nuisance_rate": round(max(day.share for day in done), 5),
        "nuisance_rate": round(sum(t.nuisances for t in tallies) / max(1, settled), 5),
        "utilisation": round(sum(t.busy_s for t in tallies) / logged_in_s, 4),
        "served": sum(tally.served for tally in tallies),
    }
