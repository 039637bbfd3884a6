"""
Every kind of mistake in a regime or in a shop's choice of one, with the very words.

Each file in `golden/` is a configuration file, a line `=== says`, and the answer. After
a change of the words run with CALLENGINE_GOLDEN=write and read the difference.
"""

import os
from pathlib import Path
from textwrap import dedent

import pytest

from callengine.core.compliance.presets import PRESETS
from callengine.core.compliance.regime import Denominator, Hours
from callengine.store.configuration import BadConfiguration, read_plan, warnings_of
from callengine.store.configuration.regimes import regimes_of

GOLDEN = Path(__file__).parent / "golden"
SEPARATOR = "\n=== says\n"
SHOP = """\
[[shops]]
slug = "teplo"
name = "Тепло"
language = "ru"
region = "RU"
currency = "RUB"
zone = "Europe/Moscow"
numbers = ["8 (495) 000-01-01"]
"""


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.txt")), ids=lambda p: p.stem)
def test_a_mistake_is_told_with_its_line(path: Path, tmp_path: Path) -> None:
    text, _, wanted = path.read_text().partition(SEPARATOR)
    file = tmp_path / "shops.toml"
    file.write_text(text)
    with pytest.raises(BadConfiguration) as bad:
        read_plan(file, environ={})
    said = "\n".join(str(problem) for problem in bad.value.problems)
    if os.environ.get("CALLENGINE_GOLDEN") == "write":
        path.write_text(f"{text}{SEPARATOR}{said}\n")
        return
    assert said == wanted.rstrip("\n")


def test_there_is_a_golden_file_for_every_kind_of_mistake() -> None:
    assert len(list(GOLDEN.glob("*.txt"))) >= 30


def test_a_regime_is_a_preset_and_what_differs(tmp_path: Path) -> None:
    file = tmp_path / "shops.toml"
    file.write_text(
        '[regimes.ours]\nbase = "uk"\nleast_ring_s = 18\nlock_out_h = 24\n'
        'nuisance = { limit = 0.01 }\nhours = { sun = "closed" }\n'
        "\n" + SHOP + 'regime = "ours"\nnuisance_message = "sound:callengine/sorry"\n'
    )
    plan = read_plan(file, environ={})
    ours = regimes_of(plan)["ours"]

    assert plan.shops[0].regime == ours.name == "ours"
    assert (ours.least_ring_s, ours.lock_out_s) == (18, 86_400)
    assert ours.nuisance.limit == 0.01
    assert ours.nuisance.denominator is PRESETS["uk"].nuisance.denominator
    assert ours.hours.weekdays[:6] == PRESETS["uk"].hours.weekdays[:6]
    assert ours.hours.weekdays[6] is None


def test_a_shop_that_says_nothing_is_dialled_by_the_house_rules(tmp_path: Path) -> None:
    file = tmp_path / "shops.toml"
    file.write_text(SHOP)
    shop = read_plan(file, environ={}).shops[0]
    house = PRESETS[shop.regime]

    assert (shop.regime, shop.advertising, shop.nuisance_message) == (
        "house",
        False,
        "",
    )
    assert house.hours.weekdays == (Hours(9 * 60, 21 * 60),) * 7
    assert (house.nuisance.limit, house.nuisance.threshold_s) == (0.03, 2.0)
    assert (house.consent, house.message, house.lock_out_s) == (False, False, 86_400)


@pytest.mark.parametrize(
    ("lines", "warned"),
    [
        ('regime = "us_ftc"\n', True),
        ('regime = "us_ftc"\nnuisance_message = "sound:us/sorry"\n', False),
        ("", False),
    ],
)
def test_a_message_that_is_wanted_and_missing_is_warned_of(
    tmp_path: Path, lines: str, warned: bool
) -> None:
    file = tmp_path / "shops.toml"
    file.write_text(SHOP + lines)
    doubts = [str(doubt) for doubt in warnings_of(read_plan(file, environ={}))]

    assert any("wants a nuisance_message" in doubt for doubt in doubts) is warned


def test_advertising_that_nobody_dials_is_fine_under_any_regime(tmp_path: Path) -> None:
    file = tmp_path / "shops.toml"
    file.write_text(
        SHOP + 'regime = "ukraine"\nadvertising = true\ndial_orders = false\n'
    )
    assert read_plan(file, environ={}).shops[0].advertising


def test_the_regime_of_the_admin_guide_can_be_applied(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[3] / "docs" / "admin-guide.md").read_text()
    block = guide[guide.index("    [regimes.our_uk]") :]
    block = block[: block.index("\n`callengine check`")]
    own = SHOP.replace("[[shops]]\n", "").replace('slug = "teplo"\n', "")
    file = tmp_path / "shops.toml"
    file.write_text(dedent(block) + own)
    plan = read_plan(file, environ={})
    ours = regimes_of(plan)["our_uk"]

    assert plan.shops[0].regime == "our_uk"
    assert ours.message
    assert ours.nuisance.denominator is Denominator.MACHINE_ADJUSTED
    assert ours.hours.holidays == {"2026-12-25": None}
    assert ours.hours.weekdays[6] is None
