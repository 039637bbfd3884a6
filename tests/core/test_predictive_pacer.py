"""Limits of the pacer that hold for every pool, whatever was learned."""

import json
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callengine.core.compliance.regime import NuisanceLimit
from callengine.core.predictive.answers import AnswerContext
from callengine.core.predictive.estimates import Estimates
from callengine.core.predictive.ledger import NuisanceLedger, Totals
from callengine.core.predictive.pacer import Pacer, PredictiveRules
from callengine.core.predictive.price import RiskPrice
from callengine.core.predictive.snapshot import AgentView, Duty, LineView, PacingView

NOW = 10_000.0
MAY_HANG_UP = PredictiveRules(hang_up_after_s=15.0)

ages = st.floats(-5, 400)
lines = st.builds(
    lambda age_s, chance, rang: LineView(
        NOW - age_s, chance, NOW - age_s + 3 if rang else None
    ),
    ages,
    st.floats(0, 1),
    st.booleans(),
)
agents = st.builds(
    lambda duty, age_s, leaves: AgentView(duty, NOW - age_s, leaves),
    st.sampled_from(list(Duty)),
    ages,
    st.sampled_from([None, None, None, NOW, NOW + 10, NOW + 10_000]),
)
views = st.builds(
    PacingView,
    lines=st.lists(lines, max_size=30).map(tuple),
    agents=st.lists(agents, max_size=30).map(tuple),
    held=st.integers(0, 3),
    calls_waiting=st.integers(0, 3),
    keep_free=st.integers(0, 2),
    inbound_per_s=st.sampled_from([0.0, 0.01, 0.5]),
    leads=st.integers(0, 40),
    chance=st.floats(0, 1),
    lines_left=st.integers(0, 40),
)
ledgers = st.builds(Totals, served=st.integers(0, 3000), nuisances=st.integers(0, 60))


def _pacer(
    *,
    limit: float = 0.03,
    totals: Totals | None = None,
    rules: PredictiveRules = MAY_HANG_UP,
    risk: float = 0.03,
) -> Pacer:
    ledger = NuisanceLedger(NuisanceLimit(limit=limit))
    ledger.restore(NOW, totals or Totals())
    return Pacer(Estimates(), ledger, rules, price=RiskPrice(risk))


def _spare(view: PacingView) -> int:
    """Count agents free for orders who are not about to leave."""
    staying = [
        a
        for a in view.agents
        if a.duty is Duty.FREE and (a.leaves_at is None or a.leaves_at > NOW + 30)
    ]
    return len(staying) - view.held - view.calls_waiting - view.keep_free


@given(view=views, totals=ledgers, risk=st.floats(0.001, 0.9))
def test_never_below_progressive_while_an_agent_is_free(
    view: PacingView, totals: Totals, risk: float
) -> None:
    started = _pacer(totals=totals, risk=risk).attempts_to_start(view, NOW)
    progressive = max(0, _spare(view) - len(view.lines))
    staying = [a for a in view.agents if a.leaves_at is None or a.leaves_at > NOW + 30]
    most = int(MAY_HANG_UP.most_lines_per_agent * len(staying)) - len(view.lines)
    bound = min(view.leads, view.lines_left, most)
    assert started >= min(progressive, max(0, bound))
    assert 0 <= started <= max(0, bound)


@given(view=views, totals=ledgers, limit=st.sampled_from([0.0, 0.03]))
def test_without_budget_the_pacer_is_progressive(
    view: PacingView, totals: Totals, limit: float
) -> None:
    pacer = _pacer(limit=limit, totals=totals)
    if pacer.ledger.room(NOW) > 1:
        return
    tick = pacer.decide(view, NOW)
    assert tick.start <= max(0, _spare(view) - len(view.lines))
    assert tick.price == 0


@given(view=views, totals=ledgers)
def test_nothing_is_started_without_agents_or_for_those_who_leave(
    view: PacingView, totals: Totals
) -> None:
    leaving = tuple(AgentView(a.duty, a.since, NOW + 5) for a in view.agents)
    for present in ((), leaving):
        without = PacingView(lines=view.lines, agents=present)
        tick = _pacer(totals=totals).decide(without, NOW)
        assert tick.start == 0
        assert len(tick.hang_up) == sum(_has_rung(line) for line in view.lines)


def _has_rung(line: LineView) -> bool:
    return line.ringing_at is not None and NOW - line.ringing_at >= 15


@given(view=views, totals=ledgers)
def test_only_phones_that_have_rung_long_enough_are_hung_up_on(
    view: PacingView, totals: Totals
) -> None:
    tick = _pacer(totals=totals).decide(view, NOW)
    assert all(_has_rung(view.lines[place]) for place in tick.hang_up)
    assert not (tick.start and tick.hang_up)
    never = _pacer(totals=totals, rules=PredictiveRules())
    assert never.decide(view, NOW).hang_up == ()


@given(view=views, totals=ledgers)
def test_a_decision_is_a_function_of_what_it_is_given(
    view: PacingView, totals: Totals
) -> None:
    pacer = _pacer(totals=totals)
    assert pacer.decide(view, NOW) == pacer.decide(view, NOW)


def _budget() -> Totals:
    return Totals(served=3000, nuisances=10)


def _taught(chance_of_answer: float) -> Pacer:
    pacer, chance = _pacer(totals=_budget()), Random(1)
    for _ in range(1500):
        fate = chance.random() < chance_of_answer
        age_s = min(30.0, 3 + chance.gammavariate(3, 10 / 3)) if fate else 30.0
        pacer.estimates.attempt_ended(AnswerContext(), age_s, answered=fate)
        pacer.estimates.talk_ended(chance.lognormvariate(4.5, 0.7))
        pacer.estimates.wrap_up_ended(chance.gammavariate(2, 10))
    return pacer


def _team(free: int, talking: int, wrapping: int) -> tuple[AgentView, ...]:
    return (
        (AgentView(Duty.FREE, NOW - 5),) * free
        + (AgentView(Duty.TALKING, NOW - 60),) * talking
        + (AgentView(Duty.WRAPPING, NOW - 15),) * wrapping
    )


@pytest.mark.parametrize("busy", [20, 60])
def test_a_large_busy_team_is_dialled_for_before_anybody_is_free(busy: int) -> None:
    view = PacingView(
        lines=(), agents=_team(0, busy - busy // 5, busy // 5), chance=0.5
    )
    assert _taught(0.5).attempts_to_start(view, NOW) >= 1


def test_a_list_that_nobody_answers_is_not_dialled_without_end() -> None:
    view = PacingView(lines=(), agents=_team(0, 10, 0), chance=0.0)
    assert _taught(0.01).attempts_to_start(view, NOW) < 120
    tired = PacingView(
        lines=(LineView(NOW - 1, 0.0),) * 119, agents=_team(0, 10, 0), chance=0.0
    )
    assert _taught(0.01).attempts_to_start(tired, NOW) <= 1


def test_wrap_up_is_worth_more_than_talk() -> None:
    pacer = _taught(0.5)
    talking = PacingView(lines=(), agents=_team(0, 20, 0), chance=0.5)
    wrapping = PacingView(lines=(), agents=_team(0, 4, 16), chance=0.5)
    assert pacer.attempts_to_start(wrapping, NOW) > pacer.attempts_to_start(
        talking, NOW
    )


def test_fewer_answers_are_met_with_more_attempts() -> None:
    team = _team(3, 15, 2)
    warm = PacingView(lines=(), agents=team, chance=0.5)
    cold = PacingView(lines=(), agents=team, chance=0.1)
    assert _taught(0.1).attempts_to_start(cold, NOW) > _taught(0.5).attempts_to_start(
        warm, NOW
    )


def test_callers_who_are_expected_take_agents_from_orders() -> None:
    pacer, team = _taught(0.5), _team(2, 24, 4)
    quiet = PacingView(lines=(), agents=team, chance=0.5)
    loud = PacingView(lines=(), agents=team, chance=0.5, inbound_per_s=0.2)
    assert pacer.attempts_to_start(loud, NOW) < pacer.attempts_to_start(quiet, NOW)


def test_an_old_ringing_line_is_let_go_when_nobody_would_take_its_answer() -> None:
    pacer = _taught(0.5)
    line = LineView(NOW - 19, 0.5, NOW - 16)
    nobody = PacingView(lines=(line,), agents=_team(0, 3, 0), chance=0.5)
    somebody = PacingView(lines=(line,), agents=_team(1, 2, 0), chance=0.5)
    assert pacer.decide(nobody, NOW).hang_up == (0,)
    assert pacer.decide(somebody, NOW).hang_up == ()


def test_the_price_fades_before_the_room_is_gone() -> None:
    prices = [
        _pacer(totals=Totals(served=served))
        .decide(PacingView(lines=(), agents=_team(1, 4, 0)), NOW)
        .price
        for served in (10, 60, 90, 400)
    ]
    assert prices[0] == 0
    assert 0 < prices[1] < prices[2] < prices[3]


def test_a_live_answer_is_entered_once_in_ledger_and_price() -> None:
    pacer = _pacer()
    pacer.answered(NOW, nuisance=False)
    pacer.answered(NOW, nuisance=True)
    assert pacer.ledger.totals(NOW) == Totals(served=1, nuisances=1)
    assert pacer.price.answers == 2


def test_a_tick_says_what_it_was_made_of() -> None:
    line = LineView(NOW - 5, 0.5, NOW - 2)
    view = PacingView(
        lines=(line, LineView(NOW, 0.5)), agents=_team(2, 3, 1), held=1, leads=7
    )
    told = _taught(0.5).decide(view, NOW).detail()
    assert json.loads(json.dumps(told)) == told
    counted = {"lines": 2, "lines_ringing": 1, "agents": 6, "agents_free": 2}
    counted |= {"agents_talking": 3, "agents_wrapping": 1, "agents_leaving": 0}
    counted |= {"held": 1, "leads": 7, "free_for_orders": 1}
    assert counted.items() <= told.items()
    assert {"start", "reason", "risk", "price", "room", "nuisance_rate"} <= set(told)
