"""The outlook adds up trials rightly, few exactly and many closely."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callengine.core.predictive.outlook import (
    EXACT_UP_TO,
    ExactOutlook,
    NormalOutlook,
    outlook,
)
from callengine.core.predictive.rows import Row, answer_row, ready_row

chances = st.floats(0, 1)
few = st.lists(chances, max_size=4)


def _ready(listed: list[float]) -> list[Row]:
    return [ready_row([p]) for p in listed]


def _answers(listed: list[float]) -> list[Row]:
    return [answer_row([p]) for p in listed]


def _counted(free: int, ready: list[float], answers: list[float]) -> float:
    """Sum over all ways the trials can come out."""
    risk = 0.0
    for fates in product((0, 1), repeat=len(ready) + len(answers)):
        weight, margin = 1.0, free
        for place, (fate, p) in enumerate(zip(fates, ready + answers, strict=True)):
            weight *= p if fate else 1 - p
            margin += fate if place < len(ready) else -fate
        risk += weight * (margin <= 0)
    return risk


@given(free=st.integers(-4, 5), ready=few, answers=few)
def test_few_trials_are_added_up_exactly(
    free: int, ready: list[float], answers: list[float]
) -> None:
    exact = ExactOutlook(free, _ready(ready), _answers(answers), 1)
    assert exact.risks()[0] == pytest.approx(_counted(free, ready, answers), abs=1e-9)


@given(free=st.integers(-4, 5), ready=few, answers=few, more=st.lists(chances))
def test_an_attempt_added_is_as_if_it_had_been_there(
    free: int, ready: list[float], answers: list[float], more: list[float]
) -> None:
    for kind in (ExactOutlook, NormalOutlook):
        step = kind(free, _ready(ready), _answers(answers), 1)
        for row in _answers(more):
            step.add(row)
        once = kind(free, _ready(ready), _answers([*answers, *more]), 1)
        assert step.risks() == pytest.approx(once.risks(), abs=1e-9)


@given(
    free=st.integers(-3, 6),
    ready=st.lists(chances, min_size=10, max_size=40),
    answers=st.lists(chances, min_size=10, max_size=40),
)
def test_many_trials_are_close_to_exact(
    free: int, ready: list[float], answers: list[float]
) -> None:
    exact = ExactOutlook(free, _ready(ready), _answers(answers), 1).risks()[0]
    normal = NormalOutlook(free, _ready(ready), _answers(answers), 1).risks()[0]
    spread = sum(p * (1 - p) for p in ready + answers)
    assert normal == pytest.approx(exact, abs=0.06 if spread > 2 else 0.5)


def test_the_size_decides_which_is_used() -> None:
    ready, answers = _ready([0.5] * EXACT_UP_TO), _answers([0.5])
    assert isinstance(outlook(1, ready, [], horizons=1), ExactOutlook)
    assert isinstance(outlook(1, ready, answers, horizons=1), NormalOutlook)


def test_nobody_and_nothing_is_a_risk_of_one_and_a_free_agent_of_none() -> None:
    for kind in (ExactOutlook, NormalOutlook):
        assert kind(0, [], [], 2).risks() == pytest.approx([1, 1], abs=0.01)
        assert kind(1, [], [], 2).risks() == pytest.approx([0, 0], abs=0.01)


@pytest.mark.parametrize("count", [20, 40, 200])
@pytest.mark.parametrize("free", [-1, 0, 1, 3])
def test_a_crowd_of_attempts_that_nobody_answers_changes_nothing(
    count: int, free: int
) -> None:
    ready = _ready([0.3, 0.6, 1.0])
    crowd = ExactOutlook(free, ready, _answers([0.0] * count), 1)
    assert crowd.risk_at(0) == pytest.approx(
        ExactOutlook(free, ready, [], 1).risk_at(0), abs=1e-9
    )
