"""
Every kind of mistake in a scenario file, with the very words it is answered with.

Each file in `golden/scenarios` is a scenario, a line `=== says`, and the answer. After
a change of the words run with CALLENGINE_GOLDEN=write and read the difference.
`%base%` stands for a small scenario that is in order.
"""

import os
from pathlib import Path

import pytest

from sim.centre.reading import (
    SCENARIOS,
    BadScenario,
    parse_scenario,
    read_scenario,
)

GOLDEN = Path(__file__).parent / "golden" / "scenarios"
SEPARATOR = "\n=== says\n"
BASE = """\
title = "small"
[shops.teplo]
calls.per_hour = { "09:00-18:00" = 20 }
orders.per_hour = { "09:00-18:00" = 20 }
[teams.main]
agents = 3
shops = ["teplo"]
shift = "09:00-18:00"
skills = { "lang.uk" = 8 }
[days.ordinary]
date = 2026-03-03
"""


def said(text: str) -> str:
    """Return what a scenario is answered with."""
    with pytest.raises(BadScenario) as told:
        parse_scenario(text, "day.toml")
    return str(told.value)


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.txt")), ids=lambda p: p.stem)
def test_a_mistake_is_told_with_place_cause_and_suggestion(path: Path) -> None:
    text, _, wanted = path.read_text().partition(SEPARATOR)
    found = said(text.replace("%base%\n", BASE))
    if os.environ.get("CALLENGINE_GOLDEN") == "write":
        path.write_text(f"{text}{SEPARATOR}{found}\n")
        return
    assert found == wanted.rstrip("\n")


def test_there_is_a_golden_file_for_every_kind_of_mistake() -> None:
    assert len(list(GOLDEN.glob("*.txt"))) >= 30


def test_the_base_of_the_golden_files_is_in_order() -> None:
    assert list(parse_scenario(BASE, "day.toml").days) == ["ordinary"]


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.toml")), ids=lambda p: p.stem)
def test_our_scenarios_are_in_order_on_every_day_and_variant(path: Path) -> None:
    scenario = read_scenario(path)
    wanted = len(scenario.days) * (1 + len(scenario.variants))
    assert len(scenario.centres) == wanted
    assert scenario.variants


def test_a_variant_changes_what_it_names_and_nothing_else() -> None:
    text = f"{BASE}\n[variants.more]\nteams.main.agents = 5\n"
    scenario = parse_scenario(text, "day.toml")
    as_it_is = scenario.centres["ordinary", ""]
    more = scenario.centres["ordinary", "more"]
    assert (as_it_is.teams["main"].agents, more.teams["main"].agents) == (3, 5)
    assert more.shops == as_it_is.shops
    assert more.teams["main"].skills == as_it_is.teams["main"].skills


def test_a_day_like_another_inherits_and_replaces_whole_tables_of_hours() -> None:
    text = (
        f"{BASE}[days.late]\nlike = 'ordinary'\n"
        "shops.teplo.calls.per_hour = { '12:00-13:00' = 5 }\n"
    )
    late = parse_scenario(text, "day.toml").centres["late", ""]
    calls = late.shops["teplo"].calls
    assert calls is not None
    assert calls.per_hour == {"12:00-13:00": 5}
    assert late.date.isoformat() == "2026-03-03"


@pytest.mark.parametrize(
    "text",
    ["a = " + "[" * 5_000 + "]" * 5_000, "[" * 200 + "a", "a = " + "9" * 5_000],
    ids=["deep lists", "deep header", "a number of 5000 digits"],
)
def test_hostile_toml_is_a_mistake_and_no_crash(text: str) -> None:
    assert said(text).startswith("day.toml:1:")


def test_bytes_that_are_no_text_or_too_many_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "day.toml"
    file.write_bytes(b"title = 1\n\xff")
    with pytest.raises(BadScenario, match=r"day\.toml:2:1: the file is not UTF-8"):
        read_scenario(file)
    file.write_bytes(b"#" * 1_000_001)
    with pytest.raises(BadScenario, match="at most 1000000"):
        read_scenario(file)
