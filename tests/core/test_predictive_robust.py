"""Whatever the pacer is told, it answers with numbers that can be acted upon."""

import json
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import isfinite
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callengine.core.compliance.regime import DAY_S, NuisanceLimit, WindowKind
from callengine.core.predictive.answers import CURVE_S, AnswerContext, AnswerPrior
from callengine.core.predictive.estimates import Estimates, Priors
from callengine.core.predictive.ledger import NuisanceLedger, Totals
from callengine.core.predictive.pacer import Pacer, PredictiveRules, Tick
from callengine.core.predictive.price import RiskPrice
from callengine.core.predictive.snapshot import AgentView, Duty, LineView, PacingView
from callengine.core.predictive.spans import SpanPrior

NOW = 1_772_409_600.0
BUDGET = Totals(served=5000, nuisances=10)

windows = st.builds(
    NuisanceLimit,
    limit=st.sampled_from([0.0, 0.001, 0.03, 0.5, 0.99]),
    window=st.sampled_from(list(WindowKind)),
    length_s=st.sampled_from([60.0, 3600.0, DAY_S, 30 * DAY_S]),
)
jumps = st.one_of(
    st.floats(0, 30), st.sampled_from([-1e9, -DAY_S, -3600.5, -0.1, DAY_S, 1e9])
)


def _pacer(limit: NuisanceLimit | None = None, *, risk: float = 0.2) -> Pacer:
    ledger = NuisanceLedger(limit or NuisanceLimit(), started_at=NOW)
    rules = PredictiveRules(hang_up_after_s=15.0)
    return Pacer(Estimates(), ledger, rules, price=RiskPrice(risk))


def _rich(risk: float = 0.2) -> Pacer:
    pacer = _pacer(risk=risk)
    pacer.ledger.restore(NOW, BUDGET)
    return pacer


def _check(tick: Tick, view: PacingView) -> None:
    """Hold a decision to what the engine relies on."""
    told = json.loads(json.dumps(tick.detail(), allow_nan=False))
    assert all(isfinite(value) for value in told.values() if value != told["reason"])
    assert 0 <= tick.start <= min(view.leads, view.lines_left, 12 * len(view.agents))
    assert set(tick.hang_up) <= set(range(len(view.lines)))
    assert 1 <= tick.look_again_s <= 60


@dataclass(frozen=True)
class Happens:
    """Something that the pacer is told."""

    what: str
    jump_s: float
    size: float


happenings = st.builds(
    Happens,
    what=st.sampled_from(
        ["served", "nuisance", "machine", "was machine", "ended", "talk", "look"]
    ),
    jump_s=jumps,
    size=st.floats(0, 1e6),
)


def _tell(pacer: Pacer, happens: Happens, now: float) -> None:
    if happens.what in {"served", "nuisance"}:
        pacer.answered(now, nuisance=happens.what == "nuisance")
    elif happens.what == "machine":
        pacer.ledger.machine(now)
    elif happens.what == "was machine":
        pacer.ledger.was_machine(now)
    elif happens.what == "ended":
        answered = int(happens.size) % 2 == 0
        pacer.estimates.attempt_ended(AnswerContext(), happens.size, answered=answered)
        pacer.estimates.attempt_hung_up(AnswerContext(tries=99), happens.size)
    else:
        pacer.estimates.talk_ended(happens.size)
        pacer.estimates.wrap_up_ended(happens.size)


@given(limit=windows, story=st.lists(happenings, max_size=40))
def test_clocks_may_jump_while_anything_happens(
    limit: NuisanceLimit, story: list[Happens]
) -> None:
    pacer, now, earlier = _pacer(limit), NOW, NOW
    for happens in story:
        earlier, now = now, now + happens.jump_s
        _tell(pacer, happens, now)
        view = PacingView(
            lines=(LineView(earlier, 0.5, now), LineView(now, 0.0)),
            agents=(AgentView(Duty.TALKING, earlier), AgentView(Duty.FREE, now)),
            chance=pacer.estimates.answer.chance(AnswerContext()),
        )
        _check(pacer.decide(view, now), view)
        totals = pacer.ledger.totals(now)
        assert min(totals.nuisances, totals.machines) >= 0
        assert 0 <= pacer.ledger.aim(now) <= 1
        assert 0 < pacer.price.risk < 1


@pytest.mark.parametrize("window", list(WindowKind))
def test_a_clock_that_was_a_year_ahead_for_a_moment_does_not_stop_the_window(
    window: WindowKind,
) -> None:
    ledger = NuisanceLedger(NuisanceLimit(window=window), started_at=NOW)
    ledger.nuisance(NOW + 365 * DAY_S)
    assert ledger.totals(NOW + 60).nuisances == 1
    assert ledger.totals(NOW + 3 * DAY_S).nuisances == 0


@pytest.mark.parametrize("window", list(WindowKind))
def test_late_news_is_counted_and_moves_no_window(window: WindowKind) -> None:
    ledger = NuisanceLedger(NuisanceLimit(window=window), started_at=NOW)
    ledger.served(NOW + 4000)
    ledger.nuisance(NOW + 3990)
    ledger.served(NOW + 1000)
    assert ledger.totals(NOW + 4000) == Totals(served=2, nuisances=1)


@pytest.mark.parametrize("risk", [1e-9, 0.03, 1.0])
@pytest.mark.parametrize("chance", [0.0, 1.0, -3.0, 7.0, float("nan"), float("inf")])
@pytest.mark.parametrize("busy", [0, 1, 30])
def test_a_chance_that_is_none_is_survived(
    chance: float, risk: float, busy: int
) -> None:
    view = PacingView(
        lines=(LineView(NOW - 20, chance, NOW - 17), LineView(NOW, chance)),
        agents=(AgentView(Duty.TALKING, NOW - 50),) * busy,
        chance=chance,
    )
    pacer = _rich(risk)
    assert 0 <= pacer.decide(view, NOW).start <= 12 * busy
    cautious = PacingView(lines=(), agents=view.agents, chance=1.0)
    if not chance <= 1:
        bold = PacingView(lines=(), agents=view.agents, chance=chance)
        assert pacer.decide(bold, NOW).start == pacer.decide(cautious, NOW).start


def test_no_roster_no_lines_no_leads_is_nothing_to_do() -> None:
    for agents in ((), (AgentView(Duty.FREE, NOW),)):
        for view in (
            PacingView(lines=(), agents=agents, leads=0),
            PacingView(lines=(), agents=agents, lines_left=0),
            PacingView(lines=(), agents=agents, leads=-5, lines_left=-5),
        ):
            tick = _rich().decide(view, NOW)
            assert (tick.start, tick.hang_up) == (0, ())


def test_more_waiting_callers_than_agents_start_nothing() -> None:
    team = (AgentView(Duty.FREE, NOW),) * 5
    for view in (
        PacingView(lines=(), agents=team, calls_waiting=10**6),
        PacingView(lines=(), agents=team, held=10**6),
        PacingView(lines=(), agents=team, keep_free=10**6),
        PacingView(lines=(), agents=team[:1], inbound_per_s=100.0),
        PacingView(lines=(), agents=team[:1], inbound_per_s=1e9),
    ):
        tick = _rich().decide(view, NOW)
        assert tick.start <= 1
        _check(tick, view)


@pytest.mark.parametrize("limit", [0.0, 0.03])
def test_a_crowd_of_lines_is_looked_at_in_seconds(limit: float) -> None:
    """A million in the long form."""
    count = int(os.environ.get("CALLENGINE_LINES", "100000"))
    ages = [place % 60 for place in range(count)]
    lines = [LineView(NOW - age, 0.5, NOW - age + 3) for age in ages]
    view = PacingView(lines=tuple(lines), agents=(AgentView(Duty.FREE, NOW),) * 5)
    pacer = _pacer(NuisanceLimit(limit=limit), risk=0.03)
    pacer.ledger.restore(NOW, BUDGET)
    began = time.process_time()
    tick = pacer.decide(view, NOW)
    assert time.process_time() - began < 20
    assert tick.start == 0
    assert tick.hang_up
    assert tick.detail()["lines"] == count


def test_ten_thousand_agents_are_dialled_for() -> None:
    chance = Random(1)
    duties = [Duty.FREE, Duty.TALKING, Duty.WRAPPING]
    team = [
        AgentView(chance.choice(duties), NOW - chance.random() * 300)
        for _ in range(10_000)
    ]
    view = PacingView(lines=(), agents=tuple(team), chance=0.5)
    tick = _rich().decide(view, NOW)
    free = sum(agent.duty is Duty.FREE for agent in team)
    assert free < tick.start <= 120_000
    _check(tick, view)


def test_a_decision_far_from_its_price_holds_while_only_ages_change() -> None:
    """What small teams are spared are looks that would have started nothing."""
    pacer = _rich(0.01)
    team = (AgentView(Duty.TALKING, NOW - 3), AgentView(Duty.TALKING, NOW - 150))
    view = PacingView(lines=(LineView(NOW, 0.5),), agents=team, chance=0.5)
    tick = pacer.decide(view, NOW)
    assert tick.look_again_s > 4
    for after_s in range(1, int(tick.look_again_s)):
        assert pacer.decide(view, NOW + after_s).start == 0
    leaver = AgentView(Duty.TALKING, NOW - 150, NOW + 36)
    leaving = PacingView(lines=view.lines, agents=(*team, leaver), chance=0.5)
    assert pacer.decide(leaving, NOW).look_again_s <= 8


def test_customers_who_only_answer_late_are_not_dialled_without_end() -> None:
    pacer = _rich(0.5)
    for _ in range(60_000):
        pacer.estimates.attempt_ended(AnswerContext(), 80.0, answered=True)
    view = PacingView(lines=(), agents=(AgentView(Duty.TALKING, NOW),) * 3, chance=0.9)
    tick = pacer.decide(view, NOW)
    assert (tick.start, tick.reason) == (0, "no answer in sight")


@pytest.mark.parametrize("ring_s", [0.0, 1.0, 600.0, 1e9])
@pytest.mark.parametrize("hold_s", [0.0, 2.0, 1e9])
def test_any_ring_time_makes_horizons_that_grow(ring_s: float, hold_s: float) -> None:
    estimates = Estimates(ring_s=ring_s, hold_s=hold_s)
    horizons = estimates.answer_horizons_s
    assert list(horizons) == sorted(set(horizons))
    assert 1 <= horizons[0] <= horizons[-1] <= CURVE_S
    _, ready = estimates.tables()
    chances = ready.talking(10).chances
    assert list(chances) == sorted(chances)


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_absurd_settings_are_refused_by_name(value: float) -> None:
    for name in ("weight", "factor_weight", "memory", "quick_memory", "answer_s"):
        with pytest.raises(ValueError, match=name):
            AnswerPrior(**{name: value})
    with pytest.raises(ValueError, match="chance"):
        AnswerPrior(chance=value)
    with pytest.raises(ValueError, match="mean_s"):
        SpanPrior(mean_s=value)
    with pytest.raises(ValueError, match="most_lines_per_agent"):
        PredictiveRules(most_lines_per_agent=value)
    if value != 0:
        with pytest.raises(ValueError, match="leave_notice_s"):
            PredictiveRules(leave_notice_s=value)
    if not value >= 0:
        with pytest.raises(ValueError, match="hang_up_after_s"):
            PredictiveRules(hang_up_after_s=value)
        with pytest.raises(ValueError, match="hang_up_risk"):
            PredictiveRules(hang_up_risk=value)


@given(
    ages=st.lists(st.floats(), max_size=20),
    chance=st.floats(0.001, 0.999),
)
def test_what_was_learned_of_absurd_ages_is_still_a_distribution(
    ages: list[float], chance: float
) -> None:
    estimates = Estimates(Priors(answer=AnswerPrior(chance=chance)))
    for place, age_s in enumerate(ages):
        estimates.attempt_ended(AnswerContext(), age_s, answered=place % 2 == 0)
        estimates.attempt_hung_up(AnswerContext(), age_s)
        estimates.talk_ended(age_s)
        estimates.wrap_up_ended(age_s)
    by, still = estimates.answer.curves()
    assert by[-1] == pytest.approx(1)
    assert still[-1] == pytest.approx(0, abs=1e-6)
    assert 0 < estimates.answer.chance(AnswerContext()) < 1
    assert isfinite(estimates.talk.mean_s())


ZONES = (
    "Europe/Kyiv",
    "Europe/London",
    "America/New_York",
    # Here clocks change at midnight, so that some days have none or two.
    "America/Sao_Paulo",
    "America/Havana",
    "Africa/Cairo",
    "Asia/Beirut",
    # Half an hour of summer time; a day that was left out; steps of 45 minutes.
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Asia/Kathmandu",
)
instants = st.datetimes(datetime(2005, 1, 1), datetime(2037, 1, 1))  # noqa: DTZ001


@settings(max_examples=300)
@given(zone=st.sampled_from(ZONES), naive=instants)
def test_a_calendar_day_is_the_customers_own_in_every_zone(
    zone: str, naive: datetime
) -> None:
    _one_day(zone, naive.replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("zone", "at"),
    [
        ("Europe/Kyiv", "2026-03-29T02:30"),
        ("Europe/Kyiv", "2026-10-25T03:30"),
        ("America/Sao_Paulo", "2018-11-03T23:30"),
        ("America/Sao_Paulo", "2018-02-17T23:30"),
        ("America/Havana", "2024-11-02T23:30"),
        ("America/Havana", "2024-03-09T23:30"),
        ("Africa/Cairo", "2024-04-25T23:30"),
        ("Africa/Cairo", "2024-10-31T23:30"),
        ("Pacific/Apia", "2011-12-29T12:00"),
        ("Australia/Lord_Howe", "2026-04-05T01:45"),
    ],
)
@pytest.mark.parametrize("fold", [0, 1])
def test_days_on_which_clocks_change_are_days(zone: str, at: str, fold: int) -> None:
    local = datetime.fromisoformat(at).replace(tzinfo=ZoneInfo(zone), fold=fold)
    _one_day(zone, local.timestamp())


def _one_day(zone: str, at: float) -> None:
    """Find by small steps when the date changes there, and hold the ledger to it."""
    there = ZoneInfo(zone)
    today = datetime.fromtimestamp(at, there).date()
    ledger = NuisanceLedger(NuisanceLimit(), zone=zone, started_at=at)
    ledger.nuisance(at)
    step = timedelta(minutes=5).total_seconds()
    later = at
    while datetime.fromtimestamp(later, there).date() == today:
        assert ledger.totals(later).nuisances == 1
        later += step
        assert later - at <= 26 * 3600
    assert ledger.totals(later).nuisances == 0
