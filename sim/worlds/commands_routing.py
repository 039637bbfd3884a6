"""
`python -m sim routing ...` and `python -m sim bench routing`: the matcher, measured.

With `--json` the last line is one JSON object; without, tables are shown.
"""

import json
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

import callengine
from sim.checks import Check, at_most, closing
from sim.worlds import routing_studies as studies
from sim.worlds.plotting import NoCharts
from sim.worlds.routing_bench import measure
from sim.worlds.routing_charts import draw_all
from sim.worlds.routing_extras import (
    estimate_checks,
    estimate_rows,
    priority_checks,
    priority_rows,
)
from sim.worlds.routing_studies import Length

app = typer.Typer(no_args_is_help=True, help="Routing policies in virtual centres.")

AsJson = Annotated[
    bool, typer.Option("--json", help="End with one JSON object on the last line.")
]
Seed = Annotated[int, typer.Option(min=0, help="The same seed, the same callers.")]
Seeds = Annotated[int, typer.Option(min=2, max=1000, help="Runs of each row.")]
Calls = Annotated[int, typer.Option(min=1000, max=10_000_000, help="Calls of a run.")]
Processes = Annotated[
    int | None, typer.Option(min=1, max=256, help="At once; default: one per core.")
]


@app.callback()
def _routing() -> None:
    """Routing policies in virtual centres, by the production matcher."""


@app.command("wallace-whitt")
def wallace_whitt_(
    json_: AsJson = False,
    seed: Seed = 1,
    seeds: Seeds = 10,
    calls: Calls = 30_000,
    processes: Processes = None,
) -> None:
    """How many skills per agent are enough: blocked calls and waits, 1 to 6 skills."""
    began = time.monotonic()
    length = Length(seeds=seeds, calls=calls, processes=processes)
    rows = studies.wallace_whitt_rows(studies.run_wallace_whitt(seed, length))
    theory = studies.pooled()
    report: dict[str, Any] = {
        "rows": rows,
        "theory": {
            "blocked": round(theory.blocked, 5),
            "mean_wait_s": round(theory.mean_wait_s, 2),
        },
        "calls_per_row": seeds * calls,
    }
    _finish(report, studies.wallace_whitt_checks(rows), seed, began, json_)


@app.command("shop")
def shop_(
    json_: AsJson = False,
    seed: Seed = 1,
    seeds: Seeds = 10,
    calls: Calls = 10_000,
    processes: Processes = None,
) -> None:
    """Relaxation, priority and wait prediction in a shop's centre of 24 agents."""
    began = time.monotonic()
    length = Length(seeds=seeds, calls=calls, processes=processes)
    found = studies.run_shop(seed, length)
    rows = studies.shop_rows(found)
    priorities = priority_rows(seed, length)
    estimates = estimate_rows(seed, length)
    checks = [
        *studies.table_checks(rows),
        *studies.better_checks(found),
        *priority_checks(priorities),
        *estimate_checks(estimates),
    ]
    report = {"rows": rows, "priority_rows": priorities, "estimate_rows": estimates}
    _finish(report, checks, seed, began, json_)


@app.command("charts")
def charts_(
    wallace_whitt: Annotated[Path, typer.Option(help="Output of wallace-whitt.")],
    shop: Annotated[Path, typer.Option(help="Output of shop.")],
    folder: Annotated[Path, typer.Option(help="Where to.")] = Path("docs/charts"),
) -> None:
    """Draw the charts of docs/routing.md from what the other commands printed."""
    try:
        drawn = draw_all(wallace_whitt, shop, folder)
    except (NoCharts, OSError) as error:
        print(f"sim: {error}", file=sys.stderr)
        raise typer.Exit(2) from None
    for path in drawn:
        print(path)


def bench_routing(
    agents: Annotated[int, typer.Option(min=10, max=100_000)] = 1_000,
    waiting: Annotated[int, typer.Option(min=10, max=1_000_000)] = 10_000,
    skills: Annotated[int, typer.Option(min=2, max=1_000)] = 50,
    decisions: Annotated[int, typer.Option(min=1_000, max=10_000_000)] = 20_000,
    json_: AsJson = False,
    seed: Seed = 1,
) -> None:
    """Time of one routing decision, and how it grows from a tenth of the size."""
    began = time.monotonic()
    small = measure(
        max(10, agents // 10), max(10, waiting // 10), skills, seed, decisions
    )
    large = measure(agents, waiting, skills, seed, decisions)
    growth = large["decision_ms"]["mean"] / small["decision_ms"]["mean"]
    report = {
        **{key: large[key] for key in large if key not in ("agents", "waiting")},
        "growth": round(growth, 3),
        "rows": [small, large],
        "clock": "processor time of the deciding thread",
    }
    checks = [
        at_most("p99 of a decision, ms", large["decision_ms"]["p99"], 1.0),
        at_most("growth from a tenth of the size", round(growth, 3), 2.0),
    ]
    _finish(report, checks, seed, began, json_)


def _finish(
    report: dict[str, Any],
    checks: list[Check],
    seed: int,
    began: float,
    as_json: bool,
) -> None:
    """Show the rows and the checks; end with JSON and the exit code."""
    wall_s = time.monotonic() - began
    report |= closing(checks, seed=seed, version=callengine.__version__, wall_s=wall_s)
    console = Console(stderr=as_json)
    for key, rows in report.items():
        if key.endswith("rows") and rows:
            console.print(_table(key, rows))
    for check in report["checks"]:
        mark = "[green]ok[/]  " if check["ok"] else "[red]FAIL[/]"
        console.print(f"{mark} {check['name']}: {check['value']} ({check['goal']})")
    if as_json:
        print(json.dumps(report, ensure_ascii=False), flush=True)
    raise typer.Exit(0 if report["ok"] else 1)


def _table(title: str, rows: list[dict[str, Any]]) -> Table:
    table = Table(title=title.replace("_", " "))
    shown = [key for key, value in rows[0].items() if not isinstance(value, dict)]
    shown = [key for key in shown if not key.endswith("_ci")]
    for key in shown:
        table.add_column(key, overflow="fold")
    for row in rows:
        table.add_row(*(_shown(row, key) for key in shown))
    return table


def _shown(row: dict[str, Any], key: str) -> str:
    """Write a figure with its interval beside it."""
    half = row.get(f"{key}_ci")
    return f"{row[key]}" if half is None else f"{row[key]} ± {half}"
