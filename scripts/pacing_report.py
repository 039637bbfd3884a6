"""
Measure the dialler and draw the charts of docs/pacing.md.

    python -m scripts.pacing_report measure     # an hour of CPU; writes the figures
    python -m scripts.pacing_report measure B   # of A, B, days or clock
    python -m scripts.pacing_report draw        # seconds; charts, and tables to paste

Figures are kept in docs/pacing/figures.json, so that charts can be drawn anew without
measuring, and a measurement that was cut short goes on where it stopped.
"""

import json
import sys
from pathlib import Path
from typing import Any

from sim.worlds import clock, dialer_changing, dialer_charts, dialer_tables
from sim.worlds import dialer_study as study
from sim.worlds.dialer_reference import AGENTS
from sim.worlds.runs import over_seeds

FIGURES = Path("docs/pacing/figures.json")
SEED, SEEDS = 1, 3
AGENT_HOURS = 600
DAYS, CLOCK_DAYS, CLOCK_AGENTS, CLOCK_ORDERS = 200, 4, 8, 2000
RATIOS = ("ratio_1_5", "ratio_2", "ratio_3", "issabel_overcommit")
RATIO_AGENTS = (5, 10, 20, 50)
MINUTES = (2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300, 360, 480)

Figures = dict[str, Any]


def measure(*parts: str) -> None:
    """Run what is not measured yet and write after every piece."""
    found: Figures = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    for part in parts or ("A", "B", "days", "clock"):
        if part in {"A", "B"}:
            _cells(found, part)
        elif part not in found:
            found[part] = {"days": _days, "clock": _clock}[part]()
            _write(found)


def _cells(found: Figures, scenario: str) -> None:
    for agents in AGENTS:
        key = f"{scenario}{agents}"
        row = found.setdefault(key, {})
        others = RATIOS if agents in RATIO_AGENTS else ()
        for policy in (*study.USUAL, *others):
            if policy not in row:
                row |= study.compare(
                    scenario,
                    agents,
                    seed=SEED,
                    seeds=SEEDS,
                    hours=max(AGENT_HOURS / agents / SEEDS, 20.0),
                    policies=(policy,),
                    processes=1,
                )
                _write(found)
        print(key, row[study.OURS], flush=True)


def _days() -> Figures:
    lived = dialer_changing.live_days(SEED, DAYS, processes=1)
    return dialer_changing.report_of(lived)


def _clock() -> Figures:
    """Live the days of `python -m sim clock` and keep their whole distribution."""
    told: Figures = {}
    for rule in clock.BOOKS:
        lived = [
            clock.live_through(clock.ClockTask(rule, one, CLOCK_AGENTS, CLOCK_ORDERS))
            for one in over_seeds(SEED, CLOCK_DAYS)
        ]
        orders = sum(day.orders for day in lived)
        minutes = [m for day in lived for m in day.minutes]
        told[rule] = clock.figures(lived) | {
            "share_by_minutes": {
                str(most): round(sum(m <= most for m in minutes) / orders, 4)
                for most in MINUTES
            }
        }
    return told


def _write(found: Figures) -> None:
    FIGURES.parent.mkdir(exist_ok=True)
    FIGURES.write_text(json.dumps(found, indent=1) + "\n")


def draw() -> None:
    """Draw the charts and print the tables."""
    found: Figures = json.loads(FIGURES.read_text())
    dialer_charts.draw(found, FIGURES.parent)
    dialer_tables.show(found)


if __name__ == "__main__":
    {"measure": measure, "draw": draw}[sys.argv[1]](*sys.argv[2:])
