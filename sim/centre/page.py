"""The report for supervisors: one HTML file with everything in it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

import callengine
from sim.centre import charts, findings
from sim.centre.charts import Hourly
from sim.centre.reading import Scenario
from sim.centre.study import Lived, figures_of

_CHARTS = (
    Hourly("within_20s", "callers answered within 20 s, %", of="offered"),
    Hourly("mean_wait_s", "mean wait, s", of="answered", factor=1),
    Hourly("occupancy", "agents busy, %"),
    Hourly("within_15min", "orders at logistics within 15 min, %", of="placed"),
    Hourly(
        "nuisance_rate", "answered and nobody in time, %; red: the limit", of="live"
    ),
)
TEMPLATES = Path(__file__).parent / "templates"

_ROWS = (
    ("Callers a day", "inbound", "offered", 1, ""),
    ("Answered within 20 s", "inbound", "within_20s", 100, "%"),
    ("Gave up", "inbound", "abandoned_share", 100, "%"),
    ("Median wait of those answered", "inbound", "wait_p50_s", 1, "s"),
    ("Nine of ten wait less than", "inbound", "wait_p90_s", 1, "s"),
    ("Answered off skill", "inbound", "off_skill", 100, "%"),
    ("Order calls a day", "outbound", "attempts", 1, ""),
    ("Answered, and nobody in time", "outbound", "nuisance_rate", 100, "%"),
    ("Orders a day", "orders", "placed", 1, ""),
    ("At logistics within 15 min", "orders", "within_15min", 100, "%"),
    ("Agents busy", "agents", "occupancy", 100, "%"),
    ("Difference between agents", "agents", "occupancy_spread", 100, "points"),
)


def page_of(scenario: Scenario, day: str, lived: Sequence[Lived]) -> str:
    """Write the report of a day and its variants. Raises `NoCharts`."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined
    )
    base = lived[0]
    return environment.get_template("report.html.j2").render(
        title=scenario.title,
        day=scenario.days[day],
        date=base.centre.date,
        days=len(base.days),
        agents=sum(team.agents - team.absent for team in base.centre.teams.values()),
        base=findings.of_the_day(base),
        variants=[
            {
                "title": one.title,
                "colour": charts.colour(place),
                "findings": findings.of_a_variant(base, one),
            }
            for place, one in enumerate(lived[1:], 1)
        ],
        legend=[(one.title, charts.colour(n)) for n, one in enumerate(lived)],
        rows=_table(lived),
        shops=_shops(base),
        charts=drawn(lived),
        version=callengine.__version__,
    )


def drawn(lived: Sequence[Lived]) -> list[str]:
    """Draw every chart that has something to show."""
    base, count = lived[0], lived[0].total()
    made = [charts.draw_arrivals(base)]
    for chart in _CHARTS:
        if getattr(count, chart.of, 1):
            limit = _limit(base) if chart.key == "nuisance_rate" else None
            made.append(charts.draw_hours(lived, chart, limit=limit))
    return [*made, charts.draw_agents(lived)]


def _limit(base: Lived) -> float | None:
    limits = {law.limit for day in base.days for law in day.law.values()}
    return min(limits, default=None)


def _table(lived: Sequence[Lived]) -> list[tuple[str, list[str]]]:
    figures = [figures_of(one) for one in lived]
    rows = []
    for label, part, key, factor, unit in _ROWS:
        cells = [_cell(one[part][key], factor, unit) for one in figures]
        if any(cell != "–" for cell in cells):
            rows.append((label, cells))
    return rows


def _shops(base: Lived) -> list[tuple[str, str, str, str]]:
    """Say for each shop: within 20 s, nuisance rate, orders in time."""
    told = []
    for shop, part in figures_of(base)["by_shop"].items():
        told.append(
            (
                base.centre.shops[shop].title or shop,
                _cell(part["inbound"]["within_20s"], 100, "%"),
                _cell(part["outbound"]["nuisance_rate"], 100, "%"),
                _cell(part["orders"]["within_15min"], 100, "%"),
            )
        )
    return told if len(told) > 1 else []


def _cell(value: Any, factor: float, unit: str) -> str:
    error = None
    if isinstance(value, dict):
        value, error = value["mean"], value["error"]
    if value is None:
        return "–"
    text = f"{factor * value:.1f}"
    if error is not None:
        text += f" ± {factor * error:.1f}"
    return f"{text}\u00a0{unit}".strip()
