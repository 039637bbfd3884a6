"""Charts are drawn from what the commands print, the same for the same figures."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sim.cli import app
from sim.worlds.plotting import NoCharts
from sim.worlds.routing_charts import draw_all, last_json


def write(path: Path, report: dict[str, Any]) -> Path:
    """Write a report as a command's output: words, then JSON."""
    path.write_text(f"a table\n{json.dumps(report)}\n")
    return path


@pytest.fixture
def reports(tmp_path: Path) -> tuple[Path, Path]:
    """Two small reports."""
    skills = {
        "rows": [
            {
                "skills": n,
                "blocked": 0.03 / n,
                "blocked_ci": 0.001,
                "mean_wait_s": 140.0 / n,
                "mean_wait_s_ci": 2.0,
            }
            for n in (1, 2, 3)
        ],
        "theory": {"blocked": 0.002, "mean_wait_s": 19.3},
    }
    shares = ("within_20s", "surge_within_20s", "abandoned")
    shop = {
        "rows": [
            {
                "policy": policy,
                "occupancy": 0.8,
                "occupancy_spread": 0.03,
                **dict.fromkeys(shares, 0.8 - 0.1 * place),
                **{f"{key}_ci": 0.01 for key in shares},
            }
            for place, policy in enumerate(("1 skill, callengine", "all skills"))
        ]
    }
    return (
        write(tmp_path / "skills.txt", skills),
        write(tmp_path / "shop.txt", shop),
    )


def test_the_same_figures_give_the_same_files(
    reports: tuple[Path, Path], tmp_path: Path
) -> None:
    pytest.importorskip("matplotlib")
    first = draw_all(*reports, tmp_path / "one")
    second = draw_all(*reports, tmp_path / "two")
    assert [path.name for path in first] == [
        "routing-skills.svg",
        "routing-policies.svg",
        "routing-fairness.svg",
    ]
    for one, two in zip(first, second, strict=True):
        assert one.read_bytes() == two.read_bytes()
    assert "1 skill, callengine" in first[1].read_text()


@pytest.mark.parametrize("text", ["", "no json\n", "[1]\n", '{"ok": true}\n'])
def test_what_is_no_report_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    path.write_text(text)
    with pytest.raises(NoCharts, match=r"report\.txt"):
        last_json(path)


def test_the_command_says_what_is_wrong(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing.json")
    words = ["routing", "charts", "--wallace-whitt", missing, "--shop", missing]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 2
    assert "missing.json" in result.output
