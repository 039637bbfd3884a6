"""
`python -m sim day FILE`: what this rule, this team, this cap would have done.

With `--json` the last line is one JSON object; without, a table is shown.
"""

import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from sim.centre import study
from sim.centre.charts import check_charts
from sim.centre.page import page_of
from sim.centre.reading import SCENARIOS, BadScenario, Scenario, read_scenario
from sim.worlds.commands_dialer import AsJson, Processes, Seed, finish
from sim.worlds.plotting import NoCharts

CANNOT = 2


def day_(
    file: Annotated[
        Path, typer.Argument(help="A scenario, or the name of one of ours.")
    ],
    day: Annotated[str, typer.Option(help="Of the file; default: its first.")] = "",
    variant: Annotated[
        list[str] | None,
        typer.Option(help="Of the file, again for more; 'none': none. Default: all."),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, max=1000, help="Days lived.")] = 8,
    seed: Seed = 1,
    html: Annotated[Path | None, typer.Option(help="Write a report here.")] = None,
    processes: Processes = None,
    json_: AsJson = False,
) -> None:
    """A day of a whole centre on the engine's own decisions, and what-ifs beside it."""
    began = time.monotonic()
    scenario = _read(file)
    day = day or next(iter(scenario.days))
    variants = _chosen(scenario, day, variant)
    if html is not None:
        _prepare(html)
    lived = study.live_all(
        scenario, day, variants, seed=seed, seeds=seeds, processes=processes
    )
    report = {
        "scenario": file.stem,
        "title": scenario.title,
        "day": day,
        "seeds": seeds,
        **study.report_of(lived),
    }
    if html is not None:
        _write(html, scenario, day, lived)
    if not json_:
        _show(f"{scenario.title}, {scenario.days[day]}, {seeds} days", report)
    finish(report, study.checks_of(lived), seed, began, json_)


def _read(file: Path) -> Scenario:
    """Read a scenario, by its path or by its name among ours; exit if it is none."""
    ours = SCENARIOS / f"{file.name.removesuffix('.toml')}.toml"
    try:
        return read_scenario(ours if not file.exists() and ours.exists() else file)
    except BadScenario as error:
        print(error, file=sys.stderr)
    except OSError as error:
        known = ", ".join(sorted(path.stem for path in SCENARIOS.glob("*.toml")))
        said = error.strerror or "it cannot be read"
        print(f"sim: {file}: {said}; ours are {known}", file=sys.stderr)
    raise typer.Exit(CANNOT)


def _chosen(scenario: Scenario, day: str, variants: list[str] | None) -> list[str]:
    if day not in scenario.days:
        known = ", ".join(scenario.days)
        raise typer.BadParameter(f"no such day: {day}; there are {known}")
    if variants == ["none"]:
        return []
    for name in variants or ():
        if name not in scenario.variants:
            known = ", ".join(scenario.variants) or "none"
            raise typer.BadParameter(f"no such variant: {name}; there are {known}")
    return list(dict.fromkeys(variants or scenario.variants))


def _prepare(path: Path) -> None:
    """See before the work, not after it, whether a report can be written."""
    try:
        check_charts()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("a").close()
    except (NoCharts, OSError) as error:
        print(f"sim: {error}", file=sys.stderr)
        raise typer.Exit(CANNOT) from None


def _write(path: Path, scenario: Scenario, day: str, lived: list[study.Lived]) -> None:
    path.write_text(page_of(scenario, day, lived), encoding="utf-8")


_ROWS = (
    ("callers", "inbound", "offered", 1.0),
    ("answered within 20 s, %", "inbound", "within_20s", 100.0),
    ("gave up, %", "inbound", "abandoned_share", 100.0),
    ("by other skills, %", "inbound", "off_skill", 100.0),
    ("wait, median, s", "inbound", "wait_p50_s", 1.0),
    ("wait, 90 % below, s", "inbound", "wait_p90_s", 1.0),
    ("occupancy, %", "agents", "occupancy", 100.0),
    ("  spread between agents", "agents", "occupancy_spread", 100.0),
    ("utilisation, %", "agents", "utilisation", 100.0),
    ("attempts", "outbound", "attempts", 1.0),
    ("nuisance, %", "outbound", "nuisance_rate", 100.0),
    ("orders", "orders", "placed", 1.0),
    ("talked to", "orders", "settled", 1.0),
    ("at logistics in 15 min, %", "orders", "within_15min", 100.0),
)


def _show(title: str, report: dict[str, Any]) -> None:
    table = Table(title=title)
    table.add_column("a day has")
    columns = [("as it is", report)]
    columns += [(row["title"], row) for row in report["variants"]]
    for name, _ in columns:
        table.add_column(name, justify="right")
    for label, part, key, factor in _ROWS:
        cells = [_cell(row[part][key], factor) for _, row in columns]
        table.add_row(label, *cells)
    Console().print(table)


def _cell(value: Any, factor: float) -> str:
    if not isinstance(value, dict):
        return "-" if value is None else f"{factor * value:.4g}"
    if value["mean"] is None:
        return "-"
    mean = f"{factor * value['mean']:.1f}"
    error = value["error"]
    return mean if error is None else f"{mean} ± {factor * error:.1f}"
