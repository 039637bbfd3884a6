"""Charts of docs/pacing.md, as SVG that is the same whenever it is drawn."""

from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from sim.worlds import dialer_study as study
from sim.worlds.dialer_reference import AGENTS, REFERENCE

TITLES = {
    "A": "A: warm orders, half of the attempts are answered",
    "B": "B: cold orders, a quarter is answered",
}
LINES = {
    "clairvoyant": ("told every fate (bound)", "#8c959f", ":"),
    study.OURS: ("predictive", "#1a7f37", "-"),
    study.WITHOUT: ("predictive, never hanging up", "#57ab5a", "--"),
    "look_ahead": ("look-ahead, told the truth", "#8250df", ":"),
    "vici_y": ("VICIdial ADAPT, available only", "#bc4c00", "-"),
    "vici_n": ("VICIdial ADAPT, default", "#e29578", "--"),
    "progressive": ("progressive", "#57606a", "-"),
}
RULES = {
    "deadline_order": ("by deadline", "#1a7f37", "-"),
    "list_order": ("in the order of the list", "#bc4c00", "--"),
}


def draw(found: dict[str, Any], folder: Path) -> None:
    """Draw every chart for which there are figures."""
    mpl.rcParams["svg.hashsalt"] = "callengine"
    for scenario, title in TITLES.items():
        name = scenario.lower()
        _save(folder / f"utilisation-{name}.svg", _utilisation, found, scenario, title)
        _save(folder / f"nuisance-{name}.svg", _nuisance, found, scenario, title)
    if "days" in found:
        _save(folder / "changing-days.svg", _days, found["days"])
    if "clock" in found:
        _save(folder / "clock.svg", _clock, found["clock"])


def _save(path: Path, paint: Any, *args: Any) -> None:
    figure, axes = plt.subplots(figsize=(7.5, 4.8))
    paint(axes, *args)
    axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def _measured(found: dict[str, Any], scenario: str) -> list[int]:
    rows = {agents: found.get(f"{scenario}{agents}", {}) for agents in AGENTS}
    return [n for n, row in rows.items() if all(name in row for name in LINES)]


def _by_agents(axes: Axes, title: str, what: str) -> None:
    axes.set_xscale("log")
    axes.set_xticks(AGENTS, [str(n) for n in AGENTS])
    axes.minorticks_off()
    axes.set_xlabel("agents")
    axes.set_ylabel(what)
    axes.set_title(title)
    axes.legend(fontsize=7, ncol=3, loc="upper center", bbox_to_anchor=(0.5, -0.14))


def _utilisation(axes: Axes, found: dict[str, Any], scenario: str, title: str) -> None:
    sizes = _measured(found, scenario)
    for policy, (label, colour, style) in LINES.items():
        shares = [100 * found[f"{scenario}{n}"][policy]["utilisation"] for n in sizes]
        axes.plot(sizes, shares, style, color=colour, label=label, marker=".")
    goals = [100 * REFERENCE[scenario, n].look_ahead - 1 for n in sizes]
    axes.plot(sizes, goals, "x", color="#cf222e", label="goal", markersize=5)
    _by_agents(axes, title, "share of time in talk and wrap-up, %")


def _nuisance(axes: Axes, found: dict[str, Any], scenario: str, title: str) -> None:
    sizes = _measured(found, scenario)
    for policy, (label, colour, style) in LINES.items():
        if policy in {"progressive", "clairvoyant"}:
            continue
        rates = [
            100 * found[f"{scenario}{n}"][policy]["worst_nuisance_rate"] for n in sizes
        ]
        axes.plot(sizes, rates, style, color=colour, label=label, marker=".")
    axes.axhline(3, color="#cf222e", linewidth=1, label="limit")
    axes.set_ylim(0, None)
    _by_agents(axes, title, "nuisance calls in the worst run, % of live answers")


def _days(axes: Axes, days: dict[str, Any]) -> None:
    names = list(days["by_regime"])
    rows = list(days["by_regime"].values())
    places = range(len(names))
    for rows_of, offset, colour, label in (
        (rows, -0.2, "#1a7f37", "predictive"),
        ([row["vici_y"] for row in rows], 0.2, "#bc4c00", "VICIdial, available only"),
    ):
        kept = [100 * row["share_within_limit"] for row in rows_of]
        spots = [place + offset for place in places]
        bars = axes.bar(spots, kept, 0.38, color=colour, label=label)
        axes.bar_label(
            bars,
            [f"{100 * row['utilisation']:.1f} %\nbusy" for row in rows_of],
            fontsize=7,
        )
    axes.axhline(95, color="#cf222e", linewidth=1, label="goal")
    axes.set_xticks(list(places), names)
    axes.set_ylim(0, 130)
    axes.set_ylabel("days within the limit, %")
    axes.set_title(f"{days['days']} days on which everything changes")
    axes.legend(fontsize=8, ncol=3, loc="upper center")


def _clock(axes: Axes, rules: dict[str, Any]) -> None:
    for rule, (label, colour, style) in RULES.items():
        shares = rules[rule]["share_by_minutes"]
        minutes = [int(m) for m in shares]
        axes.plot(
            minutes,
            [100 * share for share in shares.values()],
            style,
            color=colour,
            label=label,
            marker=".",
        )
    axes.axvline(15, color="#cf222e", linewidth=1, label="promise")
    axes.set_xscale("log")
    ticks = [2, 5, 15, 30, 60, 120, 240, 480]
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel("minutes from order to logistics")
    axes.set_ylabel("share of all orders, %")
    axes.set_title("2,000 orders a day with a surge, 8 agents")
    axes.legend(fontsize=8)
