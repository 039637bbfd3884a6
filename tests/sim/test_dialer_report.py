"""Charts and tables of the pacing study are the same whenever they are drawn."""

from pathlib import Path
from typing import Any

import pytest

from sim.worlds import dialer_charts, dialer_tables
from sim.worlds import dialer_study as study
from sim.worlds.clock import BOOKS

FIGURES = {
    "utilisation": 0.84,
    "utilisation_error": 0.004,
    "nuisance_rate": 0.027,
    "worst_nuisance_rate": 0.028,
    "talk_min_per_hour": 43.2,
    "attempts_per_served": 2.07,
    "hung_up_per_attempt": 0.09,
    "cpu_s_per_1000_agent_hours": 12.0,
}
DAY = {
    "share_within_limit": 0.99,
    "worst_nuisance_rate": 0.031,
    "nuisance_rate": 0.026,
    "utilisation": 0.74,
}
POLICIES = (*study.USUAL, *dialer_tables.RATIOS)
FOUND: dict[str, Any] = {
    **{
        f"{scenario}{agents}": dict.fromkeys(POLICIES, FIGURES)
        for scenario in "AB"
        for agents in (2, 5)
    },
    "days": {
        "days": 200,
        "by_regime": {"uk": {"limit": 0.03, **DAY, "vici_y": DAY}},
    },
    "clock": {
        rule: {"p50_min": 14.5, "share_by_minutes": {"2": 0.1, "15": 0.45}}
        for rule in BOOKS
    },
}


def test_charts_are_the_same_whenever_they_are_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    drawn = []
    for again in ("once", "twice"):
        folder = tmp_path / again
        folder.mkdir()
        dialer_charts.draw(FOUND, folder)
        drawn.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert drawn[0] == drawn[1]
    assert set(drawn[0]) == {
        "utilisation-a.svg",
        "utilisation-b.svg",
        "nuisance-a.svg",
        "nuisance-b.svg",
        "changing-days.svg",
        "clock.svg",
    }
    assert all(b"<svg" in image for image in drawn[0].values())


def test_tables_are_markdown_with_every_size_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    dialer_tables.show(FOUND)
    said = capsys.readouterr().out
    tables = said.strip().split("\n\n")
    assert len(tables) == 8
    for table in tables:
        lines = table.splitlines()
        assert len({line.count("|") for line in lines}) == 1
    assert "| 5 | **84.0** | 0.4 | 2.70 (2.80) |" in said
    assert "| `uk` | 3 | 99.0 % | 3.10 | 2.60 | 74.0 |" in said


def test_a_study_that_was_cut_short_has_no_rows_yet(
    capsys: pytest.CaptureFixture[str],
) -> None:
    dialer_tables.show({"A2": {"progressive": FIGURES}})
    assert "84" not in capsys.readouterr().out
