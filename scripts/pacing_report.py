"""
Measure the dialler over all team sizes and draw the charts of docs/pacing.md.

    python -m scripts.pacing_report measure   # an hour of CPU; writes the figures
    python -m scripts.pacing_report measure B # of one scenario
    python -m scripts.pacing_report draw      # seconds; charts, and tables to paste

Figures are kept in docs/pacing/figures.json, so that charts can be drawn anew without
measuring, and a measurement that was cut short goes on where it stopped.
"""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")
import matplotlib.pyplot as plt

from sim.worlds import dialer_study as study
from sim.worlds.dialer_reference import AGENTS, REFERENCE

FOLDER = Path("docs/pacing")
FIGURES = FOLDER / "figures.json"
SEEDS = 3
AGENT_HOURS = 600
TITLES = {"A": "A: warm orders, half of attempts answered", "B": "B: cold, a quarter"}
LINES = {
    study.OURS: ("predictive", "#1a7f37", "-"),
    study.WITHOUT: ("predictive, never hanging up", "#57ab5a", "--"),
    "look_ahead": ("look-ahead told the truth", "#8250df", ":"),
    "vici_y": ("VICIdial ADAPT, available only", "#bc4c00", "-"),
    "vici_n": ("VICIdial ADAPT, default", "#e29578", "--"),
    "progressive": ("progressive", "#57606a", "-"),
}


def measure(scenarios: str = "AB") -> None:
    """Run what is not measured yet and write after every policy."""
    FOLDER.mkdir(exist_ok=True)
    found: dict[str, Any] = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    for scenario in scenarios:
        for agents in AGENTS:
            key = f"{scenario}{agents}"
            row = found.setdefault(key, {})
            for policy in study.USUAL:
                if policy not in row:
                    row |= _measured(scenario, agents, policy)
                    FIGURES.write_text(json.dumps(found, indent=1) + "\n")
            print(key, row[study.OURS], flush=True)


def _measured(scenario: str, agents: int, policy: str) -> dict[str, Any]:
    return study.compare(
        scenario,
        agents,
        seed=1,
        seeds=SEEDS,
        hours=max(AGENT_HOURS / agents / SEEDS, 20.0),
        policies=(policy,),
        processes=1,
    )


def draw() -> None:
    """Draw both scenarios and print the tables."""
    found = json.loads(FIGURES.read_text())
    mpl.rcParams["svg.hashsalt"] = "callengine"
    for scenario, title in TITLES.items():
        _chart(found, scenario, title)
        _table(found, scenario)


def _chart(found: dict[str, Any], scenario: str, title: str) -> None:
    figure, axes = plt.subplots(figsize=(7.5, 4.5))
    for policy, (label, colour, style) in LINES.items():
        sizes = [n for n in AGENTS if f"{scenario}{n}" in found]
        shares = [100 * found[f"{scenario}{n}"][policy]["utilisation"] for n in sizes]
        axes.plot(sizes, shares, style, color=colour, label=label, marker=".")
    axes.set_xscale("log")
    axes.set_xticks(AGENTS, [str(n) for n in AGENTS])
    axes.minorticks_off()
    axes.set_xlabel("agents")
    axes.set_ylabel("share of time in talk and wrap-up, %")
    axes.set_title(title)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    figure.tight_layout()
    path = FOLDER / f"utilisation-{scenario.lower()}.svg"
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def _table(found: dict[str, Any], scenario: str) -> None:
    columns = (
        f"{scenario}: agents",
        "ours",
        "±",
        "nuisance",
        "never hanging up",
        "±",
        "look-ahead, table",
        "look-ahead, here",
        "VICI Y",
        "VICI N",
        "progressive",
        "bound",
    )
    print("\n| " + " | ".join(columns) + " |")
    print("|" + "---:|" * len(columns))
    for agents in AGENTS:
        row = found.get(f"{scenario}{agents}")
        if row is None:
            continue
        cells = [
            str(agents),
            _percent(row[study.OURS]["utilisation"]),
            _percent(row[study.OURS]["utilisation_error"]),
            f"{100 * row[study.OURS]['nuisance_rate']:.2f}",
            _percent(row[study.WITHOUT]["utilisation"]),
            _percent(row[study.WITHOUT]["utilisation_error"]),
            _percent(REFERENCE[scenario, agents].look_ahead),
            *(
                _percent(row[name]["utilisation"])
                for name in (
                    "look_ahead",
                    "vici_y",
                    "vici_n",
                    "progressive",
                    "clairvoyant",
                )
            ),
        ]
        print("| " + " | ".join(cells) + " |")


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


if __name__ == "__main__":
    {"measure": measure, "draw": draw}[sys.argv[1]](*sys.argv[2:])
