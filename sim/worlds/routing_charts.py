"""
Charts of the routing studies, from the JSON that the commands print.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sim.worlds.plotting import GRID, INK, NoCharts, load_pyplot

OURS, OTHERS, POOLED = "#0b6e4f", "#9aa5b1", "#c9a227"


def last_json(path: Path) -> dict[str, Any]:
    """Read the JSON object on the last line of a command's output."""
    lines = path.read_text().strip().splitlines()
    if not lines:
        raise NoCharts(f"{path} is empty")
    try:
        report = json.loads(lines[-1])
    except ValueError:
        raise NoCharts(f"the last line of {path} is no JSON object") from None
    if not isinstance(report, dict) or "rows" not in report:
        raise NoCharts(f"{path} is no report of a routing study")
    return report


def _save(figure: Any, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Without a date the same figures give the same file.
    figure.savefig(path, format="svg", metadata={"Date": None})


def draw_wallace_whitt(report: dict[str, Any], path: Path) -> None:
    """Blocked calls and mean wait by number of skills, with theory's full pool."""
    pyplot = load_pyplot(9)
    rows = report["rows"]
    skills = [row["skills"] for row in rows]
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(7.2, 2.8))
    panels = (
        (left, "blocked", 100.0, "calls blocked, %", (0.1, 0.2, 0.5, 1, 2, 5)),
        (right, "mean_wait_s", 1.0, "mean wait, s", (10, 20, 50, 100, 200)),
    )
    for axes, key, factor, label, ticks in panels:
        values = [row[key] * factor for row in rows]
        errors = [row[f"{key}_ci"] * factor for row in rows]
        axes.errorbar(skills, values, yerr=errors, color=OURS, marker="o", capsize=2)
        theory = report["theory"][key] * factor
        axes.axhline(theory, color=POOLED, linestyle="--", label="theory, one pool")
        axes.set_yscale("log")
        axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.minorticks_off()
        axes.set_xlabel("skills per agent")
        axes.set_ylabel(label)
        axes.set_xticks(skills)
        axes.grid(axis="y", color=GRID)
        for x, y in zip(skills[:2], values[:2], strict=True):
            axes.annotate(f"{y:.3g}", (x, y), (6, 4), textcoords="offset points")
    left.legend(frameon=False)
    figure.tight_layout()
    _save(figure, path)
    pyplot.close(figure)


def draw_shop(report: dict[str, Any], path: Path) -> None:
    """Service level, abandonment and the surged product, policy by policy."""
    pyplot = load_pyplot(9)
    rows = list(reversed(report["rows"]))
    names = [row["policy"] for row in rows]
    colours = [_colour(name) for name in names]
    figure, panels = pyplot.subplots(1, 3, figsize=(9.0, 4.4), sharey=True)
    shown = (
        ("within_20s", "answered within 20 s, %"),
        ("surge_within_20s", "the surged product, %"),
        ("abandoned", "abandoned, %"),
    )
    for axes, (key, label) in zip(panels, shown, strict=True):
        values = [row[key] * 100.0 for row in rows]
        errors = [row[f"{key}_ci"] * 100.0 for row in rows]
        axes.barh(names, values, xerr=errors, color=colours, ecolor=INK)
        axes.set_xlabel(label)
        axes.grid(axis="x", color=GRID)
        axes.set_axisbelow(True)
        if key != "abandoned":
            axes.set_xlim(30, 95)
    figure.tight_layout()
    _save(figure, path)
    pyplot.close(figure)


def _colour(name: str) -> str:
    if "callengine" in name:
        return OURS
    return POOLED if name == "all skills" else OTHERS


def draw_fairness(report: dict[str, Any], path: Path) -> None:
    """What the service level costs agents: occupancy, and its spread over them."""
    pyplot = load_pyplot(9)
    figure, axes = pyplot.subplots(figsize=(6.4, 3.6))
    for row in report["rows"]:
        x, y = row["occupancy"] * 100.0, row["within_20s"] * 100.0
        half = row["occupancy_spread"] * 50.0
        axes.errorbar(x, y, xerr=half, color=_colour(row["policy"]), marker="o")
        if "callengine" in row["policy"] or row["policy"] in _NAMED:
            axes.annotate(row["policy"], (x, y), (4, 5), textcoords="offset points")
    axes.set_xlabel("occupancy of agents, %: mean, and spread between them")
    axes.set_ylabel("answered within 20 s, %")
    axes.grid(color=GRID)
    axes.set_axisbelow(True)
    figure.tight_layout()
    _save(figure, path)
    pyplot.close(figure)


_NAMED = (
    "1 skill, never relax",
    "1 skill, relax at 15 s",
    "2 skills, never relax",
    "all skills",
)


def draw_all(wallace_whitt: Path, shop: Path, folder: Path) -> list[Path]:
    """Draw every chart; return the files."""
    one, two = last_json(wallace_whitt), last_json(shop)
    drawn: dict[str, Callable[[Path], None]] = {
        "routing-skills.svg": lambda path: draw_wallace_whitt(one, path),
        "routing-policies.svg": lambda path: draw_shop(two, path),
        "routing-fairness.svg": lambda path: draw_fairness(two, path),
    }
    for name, draw in drawn.items():
        draw(folder / name)
    return [folder / name for name in drawn]
