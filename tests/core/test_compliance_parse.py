"""Regimes in TOML: a preset and what differs; every mistake said at once."""

import tomllib
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callengine.core.compliance.parse import regime_of
from callengine.core.compliance.presets import PRESETS, UK
from callengine.core.compliance.regime import BadRegime, Hours, WindowKind

GOOD = """
name = "our uk"
base = "uk"
least_ring_s = 18
lock_out_h = 48
unknown_zone = "Europe/London"
nuisance = { limit = 0.01, window = "rolling", length_h = 24 }
caps = { per_day = 2 }
hours = { workdays = "09:00-20:00", sun = "closed" }
holidays = { 2026-12-25 = "closed", 2026-12-24 = "09:00-14:30" }
"""

BAD = """
base = "ukk"
least_ring = 18
message = "yes"
unknown_zone = "Europe/Lodnon"
nuisance = { limit = 3, window = "daily", lenght_h = 24 }
caps = { per_day = 2.5, in_all = 0 }
hours = { workday = "09:00-20:00", sat = "9 to 5", sun = "25:00-26:00", mon = 9 }
holidays = { christmas = "closed" }
"""

SAID = """\
base: 'ukk' is no preset, did you mean 'uk'?
least_ring: unknown, did you mean 'least_ring_s'?
message: true or false is expected, not 'yes'
unknown_zone: 'Europe/Lodnon' is no IANA zone such as 'Europe/Kyiv'
nuisance.limit: 3 is not within 0..0.5
nuisance.window: 'daily' is unknown; known: rolling, calendar_day, successive
nuisance.lenght_h: unknown, did you mean 'length_h'?
caps.per_day: a whole number is expected, not 2.5
caps.in_all: 0 is not within 1..500
hours.workday: no day, did you mean 'workdays'?
hours.sat: '9 to 5' is not like '09:00-21:00' or 'closed'
hours.sun: 25:00 is no time of day
hours.mon: 9 is not like '09:00-21:00' or 'closed'
holidays.christmas: a date like 2026-12-25 is expected"""


def test_what_is_given_differs_from_the_preset_and_the_rest_does_not() -> None:
    regime = regime_of(tomllib.loads(GOOD))
    assert regime.name == "our uk"
    assert regime.nuisance.limit == 0.01
    assert regime.nuisance.window is WindowKind.ROLLING
    assert regime.nuisance.denominator is UK.nuisance.denominator
    assert regime.lock_out_s == 48 * 3600
    assert regime.caps.per_day == 2
    assert regime.caps.per_week == UK.caps.per_week
    assert regime.hours.weekdays[0] == Hours(540, 1200)
    assert regime.hours.weekdays[5] == UK.hours.weekdays[5]
    assert regime.hours.weekdays[6] is None
    assert regime.hours.holidays["2026-12-25"] is None
    assert regime.hours.holidays["2026-12-24"] == Hours(540, 870)


def test_all_mistakes_are_said_at_once() -> None:
    with pytest.raises(BadRegime) as caught:
        regime_of(tomllib.loads(BAD))
    assert str(caught.value) == SAID


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nuisance = 3", "nuisance: a table is expected, not 3"),
        ("hours = 'always'", "hours: a table is expected, not 'always'"),
        ("hours = { mon = '20:00-09:00' }", "hours 20:00-09:00 are no part of a day"),
        ("caps = { per_day = 9, per_week = 2 }", "do not go together"),
        ("nuisance = { limit = true }", "a number is expected, not True"),
        ("name = ''", "a short text is expected"),
        ("hours = { mon = '09:00-12:00-13:00' }", "is not like"),
        ("hours = { mon = '0900-1200' }", "is not like"),
    ],
)
def test_a_mistake_is_said_where_it_is(text: str, said: str) -> None:
    with pytest.raises(BadRegime, match=said):
        regime_of(tomllib.loads(text))


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_a_preset_alone_is_itself(name: str) -> None:
    assert regime_of({"base": name}) == PRESETS[name]


def test_nothing_at_all_is_the_strict_preset() -> None:
    assert regime_of({}) == PRESETS["strict"]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)
keys = st.sampled_from(
    ["base", "name", "nuisance", "caps", "hours", "holidays", "least_ring_s", "x"]
)


@given(data=st.dictionaries(keys, values, max_size=6))
def test_hostile_input_is_a_regime_or_an_explained_mistake(
    data: dict[str, Any],
) -> None:
    with suppress(BadRegime):
        assert regime_of(data).hours.weekdays
