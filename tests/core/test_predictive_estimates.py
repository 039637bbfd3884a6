"""Distributions are learned from what ends, and forgotten as it ages."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callengine.core.predictive.answers import (
    CURVE_S,
    AnswerContext,
    AnswerEstimate,
    AnswerPrior,
)
from callengine.core.predictive.estimates import Estimates
from callengine.core.predictive.hazards import AnswerTable, ReadyTable
from callengine.core.predictive.spans import (
    LONGEST_S,
    SpanEstimate,
    SpanPrior,
    trapezium,
)

EAST, WEST = AnswerContext(trunk="east"), AnswerContext(trunk="west")
NOON, EVENING = AnswerContext(hour=12), AnswerContext(hour=19)


def test_before_data_the_prior_speaks() -> None:
    assert SpanEstimate(SpanPrior(mean_s=120)).mean_s() == pytest.approx(120, rel=0.01)
    assert AnswerEstimate(AnswerPrior(chance=0.3)).chance(NOON) == pytest.approx(0.3)


@given(lengths=st.lists(st.floats(-10, 1e6), max_size=50), mean_s=st.floats(1, 600))
def test_a_survival_curve_falls_from_one(lengths: list[float], mean_s: float) -> None:
    span = SpanEstimate(SpanPrior(mean_s=mean_s))
    for length_s in lengths:
        span.observe(length_s)
    lasting = span.survival()
    assert len(lasting) == LONGEST_S + 1
    assert lasting[0] == 1
    assert all(a >= b >= 0 for a, b in pairwise(lasting))


def test_an_absurd_length_is_no_news() -> None:
    span = SpanEstimate(SpanPrior(mean_s=60))
    span.observe(float("nan"))
    span.observe(-1)
    assert span.seen == 0


@pytest.mark.parametrize(("mean_s", "variation"), [(45, 0.5), (150, 1.0), (400, 0.3)])
def test_a_spans_distribution_is_found(mean_s: float, variation: float) -> None:
    chance = Random(3)
    shape = variation**-2
    drawn = [chance.gammavariate(shape, mean_s / shape) for _ in range(4000)]
    span = SpanEstimate(SpanPrior(mean_s=120), memory=1e6)
    for length_s in drawn:
        span.observe(length_s)
    lasting = span.survival()
    assert trapezium(lasting) == pytest.approx(mean_s, rel=0.05)
    for age in (mean_s / 2, mean_s, 2 * mean_s):
        true = sum(length_s > int(age) for length_s in drawn) / len(drawn)
        assert lasting[int(age)] == pytest.approx(true, abs=0.02)


def test_a_drift_is_followed() -> None:
    chance = Random(5)
    span = SpanEstimate(SpanPrior(mean_s=120), memory=300)
    for mean_s in (100, 200):
        for _ in range(1500):
            span.observe(chance.expovariate(1 / mean_s))
    assert span.mean_s() == pytest.approx(200, rel=0.12)


def _dial(
    estimate: AnswerEstimate,
    chance: Random,
    context: AnswerContext,
    answered: float,
    *,
    hang_up_after_s: float = 1e9,
) -> None:
    fate = chance.random() < answered
    age_s = min(30.0, 3 + chance.gammavariate(3, 10 / 3)) if fate else 30.0
    if age_s > hang_up_after_s:
        estimate.observe_hang_up(context, hang_up_after_s)
    else:
        estimate.observe(context, age_s, fate)


def test_the_answer_rate_and_its_times_are_found() -> None:
    chance, estimate = Random(1), AnswerEstimate()
    for _ in range(4000):
        _dial(estimate, chance, NOON, 0.6)
    assert estimate.chance(NOON) == pytest.approx(0.6, abs=0.05)
    by, still = estimate.curves()
    assert len(by) == len(still) == CURVE_S + 1
    assert by[3] == pytest.approx(0, abs=0.01)
    assert by[13] == pytest.approx(0.58, abs=0.04)
    assert still[29] > 0.95
    assert still[31] == pytest.approx(0, abs=0.01)


def test_trunks_and_hours_have_their_own_rates() -> None:
    chance, estimate = Random(2), AnswerEstimate()
    for _ in range(2500):
        _dial(estimate, chance, EAST, 0.5)
        _dial(estimate, chance, WEST, 0.2)
    assert estimate.chance(EAST) == pytest.approx(0.5, abs=0.06)
    assert estimate.chance(WEST) == pytest.approx(0.2, abs=0.05)
    estimate = AnswerEstimate()
    for _ in range(2500):
        _dial(estimate, chance, NOON, 0.2)
        _dial(estimate, chance, EVENING, 0.6)
    assert estimate.chance(EVENING) > 2 * estimate.chance(NOON)


def test_a_rate_that_halves_is_followed_within_a_few_hundred_attempts() -> None:
    chance, estimate = Random(4), AnswerEstimate()
    for _ in range(3000):
        _dial(estimate, chance, NOON, 0.5)
    for _ in range(400):
        _dial(estimate, chance, NOON, 0.25)
    assert estimate.chance(NOON) < 0.34


def test_hanging_up_does_not_make_customers_look_as_if_they_answered_less() -> None:
    left, cut = AnswerEstimate(), AnswerEstimate()
    chance, again = Random(6), Random(6)
    for turn in range(4000):
        _dial(left, chance, NOON, 0.5)
        _dial(cut, again, NOON, 0.5, hang_up_after_s=18.0 if turn % 3 else 1e9)
    assert cut.chance(NOON) == pytest.approx(left.chance(NOON), abs=0.03)
    for age in (10, 18, 24):
        assert cut.curves()[0][age] == pytest.approx(left.curves()[0][age], abs=0.03)


def test_an_old_attempt_is_less_and_less_likely_to_be_answered() -> None:
    chance, estimate = Random(7), AnswerEstimate()
    for _ in range(4000):
        _dial(estimate, chance, NOON, 0.5)
    table = AnswerTable(*estimate.curves(), [10, 30])
    young, old = table.row(0, 0.5).chances, table.row(25, 0.5).chances
    assert young[1] == pytest.approx(0.5, abs=0.02)
    assert old[1] < 0.1
    assert young[0] <= young[1]
    assert table.row(500, 0.5).chances == (0, 0)


@given(
    age_s=st.floats(-1e3, 1e5),
    chance=st.floats(0, 1),
    answered=st.lists(st.tuples(st.floats(0, 200), st.booleans()), max_size=30),
)
def test_rows_are_chances_that_grow_with_the_horizon(
    age_s: float, chance: float, answered: list[tuple[float, bool]]
) -> None:
    estimates = Estimates()
    for length_s, fate in answered:
        estimates.attempt_ended(NOON, length_s, answered=fate)
        estimates.attempt_hung_up(NOON, length_s)
        estimates.talk_ended(length_s)
        estimates.wrap_up_ended(length_s)
    answers, ready = estimates.tables()
    count = len(estimates.answer_horizons_s)
    for row in (
        answers.row(age_s, chance),
        ready.talking(age_s),
        ready.wrapping(age_s),
    ):
        chances, variances = row.chances, row.moments[count:]
        assert row.moments[:count] == chances
        assert all(-1e-9 <= p <= 1 + 1e-9 for p in chances)
        assert all(a <= b + 1e-9 for a, b in pairwise(chances))
        assert variances == pytest.approx([p * (1 - p) for p in chances])


def test_an_agent_in_wrap_up_is_ready_sooner_than_one_who_talks() -> None:
    chance, estimates = Random(8), Estimates()
    for _ in range(1000):
        estimates.talk_ended(chance.lognormvariate(4.5, 0.7))
        estimates.wrap_up_ended(chance.gammavariate(2, 10))
    _, ready = estimates.tables()
    assert ready.wrapping(10).chances[2] > 3 * ready.talking(60).chances[2]


def test_ready_rows_agree_with_counting() -> None:
    chance = Random(9)
    talks = [chance.expovariate(1 / 60) for _ in range(20_000)]
    wraps = [chance.gammavariate(2, 10) for _ in range(20_000)]
    lasting = [
        [sum(x > s for x in drawn) / len(drawn) for s in range(200)]
        + [0.0] * (LONGEST_S - 199)
        for drawn in (talks, wraps)
    ]
    table = ReadyTable(lasting[0], lasting[1], [12, 22])
    both = [(t - 41, w) for t, w in zip(talks, wraps, strict=True) if t > 41]
    for place, horizon_s in enumerate((12, 22)):
        counted = sum(t + w <= horizon_s for t, w in both) / len(both)
        assert table.talking(41).chances[place] == pytest.approx(counted, abs=0.02)


def test_tables_are_remade_only_when_there_is_news() -> None:
    estimates = Estimates()
    first = estimates.tables()
    estimates.talk_ended(30)
    assert estimates.tables() is first
    for _ in range(100):
        estimates.talk_ended(30)
    assert estimates.tables() is not first
