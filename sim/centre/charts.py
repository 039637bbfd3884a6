"""
Charts of a study, as SVG texts that stand in the page itself.

Needs matplotlib (`make setup` brings it), which nothing else of a run does.
"""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sim.centre.study import Lived, by_hour
from sim.worlds.plotting import GRID, INK, load_pyplot

LIMIT = "#b3261e"
COLOURS = ("#0b6e4f", "#c9a227", "#3b6ea5", "#8c4a8c", "#d9722e", "#5f6b7a")
STYLES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)))
_SIZE = (4.7, 2.5)
_LEAST_COUNTED = 10


def check_charts() -> None:
    """See whether charts can be drawn here. Raises `NoCharts`."""
    load_pyplot(8)


def colour(place: int) -> str:
    """Give each variant its colour, the same in every chart."""
    return COLOURS[place % len(COLOURS)]


@dataclass(frozen=True, slots=True)
class Hourly:
    """
    A figure of `by_hour` to be drawn.

    Attributes:
        of: what it is a share of; hours with hardly any are left out.
    """

    key: str
    label: str
    of: str = ""
    factor: float = 100.0


def draw_hours(
    lived: Sequence[Lived], chart: Hourly, *, limit: float | None = None
) -> str:
    """Draw a figure hour by hour, a line for each variant."""
    pyplot = load_pyplot(8)
    figure, axes = pyplot.subplots(figsize=_SIZE)
    for place, one in enumerate(lived):
        rows = [
            row
            for row in by_hour(one)
            if row[chart.key] is not None
            and (not chart.of or row[chart.of] * len(one.days) >= _LEAST_COUNTED)
        ]
        axes.plot(
            [row["hour"] + 0.5 for row in rows],
            [row[chart.key] * chart.factor for row in rows],
            color=colour(place),
            linestyle=STYLES[place % len(STYLES)],
            marker="o" if place == 0 else None,
            markersize=3,
            linewidth=1.6,
        )
    if limit is not None:
        axes.axhline(limit * chart.factor, color=LIMIT, linewidth=1, linestyle="--")
    _hours(axes, lived)
    axes.set_ylim(bottom=0)
    axes.set_title(chart.label, loc="left", fontsize=9)
    return _svg(pyplot, figure)


def draw_arrivals(lived: Lived) -> str:
    """Draw what comes in, and how many agents are at work."""
    pyplot = load_pyplot(8)
    figure, axes = pyplot.subplots(figsize=_SIZE)
    rows = by_hour(lived)
    hours = [row["hour"] + 0.5 for row in rows]
    calls = [row["offered"] for row in rows]
    orders = [row["placed"] for row in rows]
    axes.bar(hours, calls, width=0.9, color=COLOURS[2], label="callers")
    axes.bar(hours, orders, width=0.9, bottom=calls, color="#b9c9dc", label="orders")
    axes.set_ylim(top=1.3 * max(map(sum, zip(calls, orders, strict=True)), default=1))
    axes.set_title("callers and orders an hour; agents at work", loc="left", fontsize=9)
    other = axes.twinx()
    agents = [row["agents"] for row in rows]
    other.step(hours, agents, where="mid", color=INK, linewidth=1.4, label="agents")
    other.set_ylim(0, 1.3 * max(agents, default=1))
    other.spines["right"].set_visible(True)
    handles = [*axes.get_legend_handles_labels()[0], *other.lines]
    axes.legend(
        handles,
        ["callers", "orders", "agents (right)"],
        frameon=False,
        fontsize=7,
        ncols=3,
        loc="upper left",
    )
    _hours(axes, [lived])
    return _svg(pyplot, figure)


def draw_agents(lived: Sequence[Lived]) -> str:
    """Draw each agent's occupancy, the least busy first, for each variant."""
    pyplot = load_pyplot(8)
    figure, axes = pyplot.subplots(figsize=_SIZE)
    for place, one in enumerate(lived):
        busy = sorted(100 * value for value in occupancies(one))
        axes.plot(
            range(1, len(busy) + 1),
            busy,
            color=colour(place),
            linestyle=STYLES[place % len(STYLES)],
            marker="o",
            markersize=3,
            linewidth=1.2,
        )
    axes.set_ylim(0, 100)
    axes.set_xlabel("agents, the least busy first", fontsize=8)
    axes.set_title("busy, % of time at work, agent by agent", loc="left", fontsize=9)
    axes.grid(axis="y", color=GRID)
    return _svg(pyplot, figure)


def occupancies(one: Lived) -> list[float]:
    """List every agent's occupancy over all days."""
    busy: dict[str, list[float]] = {}
    for day in one.days:
        for agent, times in day.agents.items():
            sums = busy.setdefault(agent, [0.0, 0.0])
            sums[0] += times.busy
            sums[1] += times.at_work
    return [b / at_work for b, at_work in busy.values() if at_work]


def _hours(axes: Any, lived: Sequence[Lived]) -> None:
    """Show the hours in which anything happens."""
    hours = [row["hour"] for one in lived for row in by_hour(one) if row["agents"] > 0]
    first, last = min(hours, default=0), max(hours, default=23)
    axes.set_xlim(first - 0.1, last + 1.1)
    axes.set_xticks(range(first, last + 2, 2))
    axes.set_xlabel("hour of the day", fontsize=8)
    axes.grid(axis="y", color=GRID)
    axes.set_axisbelow(True)


def _svg(pyplot: Any, figure: Any) -> str:
    """Turn a figure into an element of a page; the same figure, the same text."""
    figure.tight_layout()
    written = io.StringIO()
    figure.savefig(written, format="svg", metadata={"Date": None})
    pyplot.close(figure)
    text = written.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    # The page's own width rules; the viewBox keeps the shape.
    return re.sub(r'(<svg[^>]*?) height="[^"]*"([^>]*?) width="[^"]*"', r"\1\2", text)
