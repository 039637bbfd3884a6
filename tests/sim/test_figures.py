"""Percentiles and checks of reports."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.checks import Check, at_least, at_most, closing, equal
from sim.figures import percentile, spread

numbers = st.lists(st.floats(0, 1e6, allow_nan=False), min_size=1, max_size=50)
shares = st.floats(0.01, 1.0)


@given(values=numbers, share=shares)
def test_a_percentile_is_a_measured_value_with_its_share_at_or_below(
    values: list[float], share: float
) -> None:
    found = percentile(values, share)
    assert found in values
    below = sum(value <= found for value in values)
    assert below >= share * len(values) - 1e-9


@given(values=numbers)
def test_the_percentiles_of_a_spread_are_in_order(values: list[float]) -> None:
    found = spread(values)
    assert found["p50"] is not None
    assert found["p95"] is not None
    assert found["p99"] is not None
    assert found["p50"] <= found["p95"] <= found["p99"]


def test_the_hundredth_percentile_is_the_greatest() -> None:
    assert percentile([3, 1, 2], 1.0) == 3


def test_nothing_measured_is_said_to_be_nothing() -> None:
    assert spread([]) == {"p50": None, "p95": None, "p99": None}
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


def test_a_share_outside_its_range_is_refused() -> None:
    with pytest.raises(ValueError, match="outside"):
        percentile([1.0], 95)


@pytest.mark.parametrize(
    ("check", "holds"),
    [
        (at_least("calls", 30, 30), True),
        (at_least("calls", 29, 30), False),
        (at_least("calls", None, 30), False),
        (at_most("p95", 150.0, 150), True),
        (at_most("p95", 150.1, 150), False),
        (at_most("p95", None, 150), False),
        (equal("left", {"channels": 0}, {"channels": 0}), True),
        (equal("left", 1, 0), False),
    ],
)
def test_a_check_holds_only_for_a_figure_that_was_measured_and_reaches_its_goal(
    check: Check, holds: bool
) -> None:
    assert check.ok is holds


def test_a_report_is_ok_only_when_every_check_holds() -> None:
    good, bad = equal("a", 1, 1), equal("b", 1, 2)
    assert closing([good], seed=1, version="0", wall_s=1)["ok"] is True
    assert closing([good, bad], seed=1, version="0", wall_s=1)["ok"] is False


def test_a_report_without_checks_is_not_ok() -> None:
    assert closing([], seed=1, version="0", wall_s=1)["ok"] is False
