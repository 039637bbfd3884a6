"""The routing commands: their keys, their checks, their exit codes."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from sim.cli import app
from sim.worlds.routing_bench import measure
from sim.worlds.routing_studies import CONTENDERS, Length, run_shop, shop_rows
from sim.worlds.routing_tables import SHOP

ALWAYS = {"ok", "checks", "seed", "version", "wall_s"}


def said(*words: str) -> tuple[int, dict[str, Any]]:
    """Run a command; return its exit code and the JSON on its last line."""
    result = CliRunner().invoke(app, [*words, "--json"], catch_exceptions=False)
    return result.exit_code, json.loads(result.stdout.splitlines()[-1])


def test_wallace_whitt_prints_its_rows_and_exits_by_its_checks() -> None:
    words = ("routing", "wallace-whitt", "--seeds", "2", "--calls", "1000")
    code, report = said(*words, "--processes", "1")
    assert set(report) >= ALWAYS
    assert [row["skills"] for row in report["rows"]] == [1, 2, 3, 4, 5, 6]
    assert {"blocked", "mean_wait_s", "within_20s"} <= set(report["rows"][0])
    assert report["theory"]["blocked"] == pytest.approx(0.00198, abs=1e-5)
    assert code == (0 if report["ok"] else 1)
    assert report["ok"] == all(check["ok"] for check in report["checks"])


def test_the_bench_prints_times_growth_and_bytes() -> None:
    sizes = ("--agents", "60", "--waiting", "300", "--decisions", "2000")
    code, report = said("bench", "routing", *sizes)
    assert set(report) >= ALWAYS
    assert set(report["decision_ms"]) >= {"p50", "p99"}
    assert report["growth"] > 0
    assert 100 < report["bytes_per_waiting_call"] < 5_000
    assert 100 < report["bytes_per_agent"] < 5_000
    assert code == (0 if report["ok"] else 1)


def test_the_bench_decides_in_every_way_there_is() -> None:
    kinds = measure(50, 400, 20, seed=2, decisions=4_000)["by_kind"]
    assert set(kinds) == {"agent", "caller", "left", "quiet caller", "step"}


@pytest.mark.parametrize(
    "words",
    [
        ("routing", "shop", "--seeds", "1"),
        ("routing", "shop", "--calls", "-5"),
        ("bench", "routing", "--agents", "0"),
        ("bench", "routing", "--skills", "1"),
        ("routing", "nowhere"),
    ],
)
def test_absurd_sizes_are_refused(words: tuple[str, ...]) -> None:
    assert CliRunner().invoke(app, list(words)).exit_code == 2


def test_every_row_of_the_table_has_its_contender() -> None:
    names = {contender.name for contender in CONTENDERS}
    assert set(SHOP) <= names
    assert {"1 skill, callengine", "2 skills, callengine"} <= names


def test_the_shops_rows_have_their_keys() -> None:
    few = CONTENDERS[:1] + CONTENDERS[9:10]
    length = Length(seeds=2, calls=1_000, processes=1)
    rows = shop_rows(run_shop(1, length, few), few)
    wanted = {
        "policy",
        "within_20s",
        "abandoned",
        "off_skill",
        "occupancy",
        "surge_within_20s",
        "occupancy_spread",
    }
    assert all(wanted <= set(row) for row in rows)
    never, ours = rows
    assert never["off_skill"] == 0.0
    assert ours["surge_within_20s"] > never["surge_within_20s"]
