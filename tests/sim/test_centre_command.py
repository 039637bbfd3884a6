"""`python -m sim day`: figures for machines, a page for people, mistakes told."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sim.centre import findings, page, study
from sim.centre.reading import Scenario, parse_scenario
from sim.centre.study import Lived
from sim.cli import app
from sim.worlds.runs import over_seeds

DAY = """\
title = "A <small> shop"
[rules]
keep_free = 0
[shops.teplo.calls]
per_hour = { "09:00-11:00" = 40 }
redial = 0
[shops.teplo.orders]
per_hour = { "09:00-11:00" = 30 }
[teams.main]
agents = 3
shops = ["teplo"]
shift = "09:00-11:30"
skills = { "lang.uk" = 8 }
[days.ordinary]
date = 2026-03-03
[days.strike]
like = "ordinary"
teams.main.agents = 1
[variants.four_more]
title = "four more agents & a <b>"
teams.main.agents = 7
[variants.the_same]
rules.keep_free = 0
"""


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return parse_scenario(DAY, "day.toml")


@pytest.fixture(scope="module")
def lived(scenario: Scenario) -> list[Lived]:
    return study.live_all(
        scenario, "ordinary", ["four_more", "the_same"], seed=1, seeds=3, processes=1
    )


def test_the_command_ends_with_the_figures_and_the_checks(tmp_path: Path) -> None:
    file, html = tmp_path / "day.toml", tmp_path / "day.html"
    file.write_text(DAY)
    command = ["day", str(file), "--day", "strike", "--variant", "four_more"]
    command += ["--seeds", "2", "--processes", "1", "--json", "--html", str(html)]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["ok"] is True
    assert {"seed", "version", "wall_s", "checks", "by_hour", "by_shop"} <= set(report)
    assert report["day"] == "strike"
    assert [row["name"] for row in report["variants"]] == ["four_more"]
    few, many = report["inbound"], report["variants"][0]["inbound"]
    assert many["within_20s"]["mean"] > few["within_20s"]["mean"]
    assert report["by_shop"]["teplo"]["outbound"]["limit"] == 0.03
    assert "<h1>A &lt;small&gt; shop</h1>" in html.read_text()


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--day", "sunday"], "no such day: sunday"),
        (["--variant", "five"], "no such variant: five"),
    ],
)
def test_a_day_or_variant_that_is_not_there_is_named(
    more: list[str], says: str, tmp_path: Path
) -> None:
    file = tmp_path / "day.toml"
    file.write_text(DAY)
    done = CliRunner().invoke(app, ["day", str(file), *more])
    assert done.exit_code == 2
    assert says in " ".join(done.output.split())


def test_a_file_with_mistakes_or_none_at_all_is_told_and_nothing_runs(
    tmp_path: Path,
) -> None:
    file = tmp_path / "day.toml"
    file.write_text(DAY.replace("keep_free", "keep_fre"))
    done = CliRunner().invoke(app, ["day", str(file)])
    assert done.exit_code == 2
    assert 'did you mean "keep_free"?' in done.output
    done = CliRunner().invoke(app, ["day", str(tmp_path / "none.toml")])
    assert done.exit_code == 2
    assert "ours are scenario-a, small-shop, two-shops" in done.output


def test_a_report_that_cannot_be_written_is_told_before_the_work(
    tmp_path: Path,
) -> None:
    file = tmp_path / "day.toml"
    file.write_text(DAY)
    done = CliRunner().invoke(app, ["day", str(file), "--html", str(tmp_path)])
    assert done.exit_code == 2
    assert "Is a directory" in done.output


def test_the_figures_do_not_depend_on_how_many_processes_found_them(
    scenario: Scenario, lived: list[Lived]
) -> None:
    again = study.live_all(
        scenario, "ordinary", ["four_more", "the_same"], seed=1, seeds=3, processes=2
    )
    one, two = (study.report_of(each) for each in (lived, again))
    assert {**one, "cpu_s": 0} == {**two, "cpu_s": 0}


def test_a_sentence_is_made_of_what_differs_and_of_nothing_else(
    lived: list[Lived],
) -> None:
    base, more, same = lived
    assert findings.of_a_variant(base, same) == [
        "No figure changes by more than chance."
    ]
    said = findings.of_a_variant(base, more)
    assert any("callers are answered within 20 seconds, instead of" in s for s in said)
    assert any(s.startswith("Agents are busy") for s in said)
    assert len(over_seeds(1, 3)) == len(base.days)


def test_the_page_stands_alone_and_is_the_same_every_time(
    scenario: Scenario, lived: list[Lived]
) -> None:
    pytest.importorskip("matplotlib")
    text = page.page_of(scenario, "ordinary", lived)
    assert text == page.page_of(scenario, "ordinary", lived)
    assert text.count("<svg") == 7
    assert "<script" not in text
    links = set(re.findall(r"(?:src|href)=\"([^\"#][^\"]*)\"", text))
    assert links == set(), "a page that asks for nothing from elsewhere"
    assert "four more agents &amp; a &lt;b&gt;" in text
    assert "nan" not in re.sub(r"<svg.*?</svg>", "", text, flags=re.DOTALL)
