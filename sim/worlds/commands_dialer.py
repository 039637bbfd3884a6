"""
`python -m sim dialer`, `python -m sim clock`: pacing and deadlines, measured.

With `--json` the last line is one JSON object; without, a table is shown.
"""

import json
import time
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

import callengine
from sim.checks import Check, at_most, closing
from sim.worlds import clock, dialer_changing
from sim.worlds import dialer_study as study
from sim.worlds.runs import over_seeds, run_all

AsJson = Annotated[
    bool, typer.Option("--json", help="End with one JSON object on the last line.")
]
Seed = Annotated[int, typer.Option(min=0, help="The same seed, the same people.")]
Processes = Annotated[
    int | None, typer.Option(min=1, max=256, help="At once; default: one per core.")
]


class Scenario(StrEnum):
    """People of the reference model."""

    A = "A"
    B = "B"


Hours = Annotated[float | None, typer.Option(min=0.5, max=100_000, help="Of each run.")]
All = Annotated[bool, typer.Option("--all", help="Fixed ratios and Issabel too.")]
Changing = Annotated[
    bool, typer.Option("--changing", help="Days on which everything changes.")
]
Days = Annotated[
    int, typer.Option(min=1, max=10_000, help="Of --changing, per regime.")
]


def dialer_(
    scenario: Annotated[
        Scenario, typer.Option(help="A: warm orders. B: recycled, cold.")
    ] = Scenario.A,
    agents: Annotated[int, typer.Option(min=1, max=1000, help="Logged in.")] = 10,
    seed: Seed = 1,
    seeds: Annotated[int, typer.Option(min=1, max=100, help="Runs of each.")] = 4,
    hours: Hours = None,
    all_: All = False,
    changing: Changing = False,
    days: Days = 200,
    processes: Processes = None,
    json_: AsJson = False,
) -> None:
    """Predictive pacing against what others do, on the same simulated people."""
    began = time.monotonic()
    if changing:
        _changing(seed, days, processes, began, json_)
    hours = hours or study.usual_hours(agents, seeds)
    policies = tuple(study.POLICIES) if all_ else study.USUAL
    found = study.compare(
        scenario.value,
        agents,
        seed=seed,
        seeds=seeds,
        hours=hours,
        policies=policies,
        processes=processes,
    )
    report = _report_of(found) | {
        "scenario": scenario.value,
        "agents": agents,
        "hours": round(hours, 2),
        "seeds": seeds,
    }
    if not json_:
        _show(f"{scenario.value}, {agents} agents, {seeds} x {hours:.0f} h", found)
    finish(report, study.checks(scenario.value, agents, found), seed, began, json_)


def _changing(
    seed: int, days: int, processes: int | None, began: float, json_: bool
) -> None:
    """Live days on which everything changes, and report them."""
    lived = dialer_changing.live_days(seed, days, processes=processes)
    told = dialer_changing.report_of(lived)
    if not json_:
        _show_days(told)
    finish(told, dialer_changing.checks_of(told), seed, began, json_)


def _report_of(found: dict[str, Any]) -> dict[str, Any]:
    """Put our policy first and the baselines beneath it."""
    ours = (study.OURS, study.WITHOUT)
    return {
        **found[study.OURS],
        "without_hang_up": found[study.WITHOUT],
        "baselines": {n: figures for n, figures in found.items() if n not in ours},
    }


def clock_(
    agents: Annotated[int, typer.Option(min=1, max=500, help="All day.")] = 8,
    orders: Annotated[int, typer.Option(min=10, max=100_000, help="Per day.")] = 2000,
    seed: Seed = 1,
    days: Annotated[int, typer.Option(min=1, max=1000, help="Days by each rule.")] = 4,
    processes: Processes = None,
    json_: AsJson = False,
) -> None:
    """A day of orders with a promo surge: deadline order against list order."""
    began = time.monotonic()
    tasks = [
        clock.ClockTask(rule, one, agents, orders)
        for rule in clock.BOOKS
        for one in over_seeds(seed, days)
    ]
    lived_days = run_all(clock.live_through, tasks, processes=processes, label="days")
    found = {
        rule: clock.figures(
            [d for t, d in zip(tasks, lived_days, strict=True) if t.rule == rule]
        )
        for rule in clock.BOOKS
    }
    ours, other = found["deadline_order"], found["list_order"]
    report: dict[str, Any] = {
        "agents": agents,
        "orders": orders,
        "days": days,
        **ours,
        "list_order": other,
    }
    gain = round(ours["share_within_15min"] - other["share_within_15min"], 4)
    checks = [
        Check("share within 15 minutes, over list order", gain > 0, gain, "> 0"),
        at_most("nuisance rate", ours["nuisance_rate"], study.LIMIT),
    ]
    if not json_:
        _show_clock(found)
    finish(report, checks, seed, began, json_)


def _show_clock(found: dict[str, dict[str, Any]]) -> None:
    table = Table(title="from order to logistics")
    table.add_column("")
    for rule in found:
        table.add_column(rule, justify="right")
    for key in next(iter(found.values())):
        table.add_row(key, *(str(figures[key]) for figures in found.values()))
    Console().print(table)


def _show_days(told: dict[str, Any]) -> None:
    table = Table(title=f"{told['days']} changing days under each regime")
    table.add_column("regime")
    for column in ("limit %", "days within", "worst %", "utilisation %"):
        table.add_column(column, justify="right")
    table.add_column("VICIdial Y: days within, utilisation %", justify="right")
    for name, row in told["by_regime"].items():
        vici = row["vici_y"]
        table.add_row(
            name,
            f"{100 * row['limit']:g}",
            str(row["days_within_limit"]),
            f"{100 * row['worst_nuisance_rate']:.2f}",
            f"{100 * row['utilisation']:.1f}",
            f"{vici['days_within_limit']}, {100 * vici['utilisation']:.1f}",
        )
    Console().print(table)


def _show(title: str, found: dict[str, dict[str, Any]]) -> None:
    table = Table(title=title)
    table.add_column("policy")
    for column in ("utilisation %", "nuisance %", "talk min/h", "attempts/served"):
        table.add_column(column, justify="right")
    for name, row in found.items():
        error = row["utilisation_error"]
        share = f"{100 * row['utilisation']:.1f}"
        table.add_row(
            name,
            share if error is None else f"{share} ± {100 * error:.1f}",
            f"{100 * row['nuisance_rate']:.2f}",
            f"{row['talk_min_per_hour']:.1f}",
            f"{row['attempts_per_served']:.2f}",
        )
    Console().print(table)


def finish(
    report: dict[str, Any],
    checks: list[Check],
    seed: int,
    began: float,
    as_json: bool,
) -> None:
    """Close a report, print it, exit by its checks."""
    report |= closing(
        checks,
        seed=seed,
        version=callengine.__version__,
        wall_s=time.monotonic() - began,
    )
    if as_json:
        print(json.dumps(report), flush=True)
    else:
        for check in checks:
            mark = "ok " if check.ok else "NOT"
            print(f"{mark} {check.name}: {check.value} (goal {check.goal})")
    raise typer.Exit(0 if report["ok"] else 1)
