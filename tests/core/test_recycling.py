"""After an attempt: what it means, whose fault it was, when again, who is next."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callengine.core.compliance.regime import every_day
from callengine.core.compliance.verdict import PastAttempt
from callengine.core.records import Outcome
from callengine.core.recycling.fates import (
    Ending,
    Fault,
    Response,
    TrunkMap,
    ending_of,
)
from callengine.core.recycling.plan import Again, RecycleRules, day_part, plan_again
from callengine.core.recycling.urgency import OrderClock, Tier, UrgencyRules, rank

KYIV = ZoneInfo("Europe/Kyiv")
NOON = datetime(2026, 3, 4, 12, tzinfo=KYIV).timestamp()
MINE, WORK = "+380501112233", "+380442223344"
RULES = UrgencyRules()


# --- what it means ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("response", "outcome", "fault"),
    [
        (Response(sip_code=486, cause=17), Outcome.BUSY, Fault.CUSTOMER),
        (Response(sip_code=600), Outcome.BUSY, Fault.CUSTOMER),
        (Response(sip_code=480, cause=19, ring_seen=True), Outcome.NO_ANSWER,
         Fault.CUSTOMER),
        (Response(sip_code=408), Outcome.CONGESTED, Fault.TRUNK),
        (Response(sip_code=408, ring_seen=True), Outcome.NO_ANSWER, Fault.CUSTOMER),
        (Response(sip_code=404, cause=1), Outcome.INVALID, Fault.NUMBER),
        (Response(sip_code=410, cause=22), Outcome.INVALID, Fault.NUMBER),
        (Response(sip_code=484, cause=28), Outcome.INVALID, Fault.NUMBER),
        (Response(sip_code=403, cause=21), Outcome.FAILED, Fault.OURS),
        (Response(sip_code=407, cause=21), Outcome.FAILED, Fault.OURS),
        (Response(sip_code=488, cause=58), Outcome.FAILED, Fault.OURS),
        (Response(sip_code=603, cause=21), Outcome.REJECTED, Fault.CUSTOMER),
        (Response(sip_code=503, cause=34), Outcome.CONGESTED, Fault.TRUNK),
        (Response(sip_code=502, cause=27), Outcome.CONGESTED, Fault.TRUNK),
        (Response(sip_code=483, cause=19), Outcome.CONGESTED, Fault.TRUNK),
        (Response(given_up=True, cause=0), Outcome.NO_ANSWER, Fault.CUSTOMER),
        (Response(unreachable=True), Outcome.CONGESTED, Fault.TRUNK),
        (Response(cause=58), Outcome.FAILED, Fault.OURS),
        (Response(), Outcome.FAILED, Fault.TRUNK),
    ],
)  # fmt: skip
def test_a_response_means_what_the_table_says(
    response: Response, outcome: Outcome, fault: Fault
) -> None:
    assert ending_of(response) == Ending(outcome, fault)


def test_a_trunk_may_mean_something_else_by_its_codes() -> None:
    carrier = TrunkMap(by_sip={480: Outcome.CONGESTED}, by_cause={20: Outcome.INVALID})
    assert ending_of(Response(sip_code=480), carrier).fault is Fault.TRUNK
    said = Response(sip_code=503, cause=34, reason_cause=20)
    assert ending_of(said, carrier).outcome is Outcome.INVALID
    deaf = TrunkMap(by_cause={20: Outcome.INVALID}, trusts_reason=False)
    assert ending_of(said, deaf).outcome is Outcome.CONGESTED


def test_our_own_end_of_ringing_is_no_answer_whatever_the_cause_says() -> None:
    for code in (None, 487, 408, 503):
        found = ending_of(Response(sip_code=code, given_up=True, cause=38))
        assert found == Ending(Outcome.NO_ANSWER, Fault.CUSTOMER)


# --- when again ------------------------------------------------------------------


def past(*ends: tuple[float, Outcome]) -> list[PastAttempt]:
    """Make attempts at so many seconds before noon."""
    return [PastAttempt(at=NOON - ago, outcome=outcome) for ago, outcome in ends]


def plan(
    history: dict[str, list[PastAttempt]],
    last: str = MINE,
    now: float = NOON,
    rules: RecycleRules | None = None,
) -> Again:
    """Plan in Kyiv from nine to nine."""
    return plan_again(
        history,
        last,
        now=now,
        zone=KYIV,
        hours=every_day(9, 21),
        rules=rules or RecycleRules(),
    )


def test_a_busy_line_is_tried_again_soon_and_then_later_each_time() -> None:
    once = plan({MINE: past((10, Outcome.BUSY))})
    assert once.at == NOON + 7 * 60
    twice = plan({MINE: past((500, Outcome.BUSY), (10, Outcome.BUSY))})
    assert twice.at == NOON + 15 * 60
    assert "busy, 2 in a row" in twice.reason


def test_nobody_at_home_in_the_morning_is_tried_in_another_part_of_the_day() -> None:
    morning = [
        PastAttempt(at=NOON - ago, outcome=Outcome.NO_ANSWER) for ago in (9000, 3000)
    ]
    early = datetime(2026, 3, 4, 9, 30, tzinfo=KYIV).timestamp()
    found = plan({MINE: morning}, now=early)
    assert found.at is not None
    assert day_part(datetime.fromtimestamp(found.at, KYIV)) != 0
    assert "another part of the day" in found.reason


def test_the_evening_leads_to_the_next_day() -> None:
    evening = datetime(2026, 3, 4, 20, tzinfo=KYIV).timestamp()
    attempts = [
        PastAttempt(at=evening - ago, outcome=Outcome.NO_ANSWER) for ago in (7200, 10)
    ]
    found = plan({MINE: attempts}, now=evening)
    assert found.at is not None
    local = datetime.fromtimestamp(found.at, KYIV)
    assert (local.day, local.hour) == (5, 9)


def test_the_budget_is_one_for_all_numbers() -> None:
    attempts = [(100.0 * i, Outcome.NO_ANSWER) for i in range(4)]
    history = {MINE: past(*attempts), WORK: past(*attempts)}
    found = plan(history)
    assert found.at is None
    assert found.reason == "8 attempts are the budget"


def test_numbers_take_turns_but_a_failed_trunk_keeps_the_number() -> None:
    history: dict[str, list[PastAttempt]]
    history = {MINE: past((10, Outcome.NO_ANSWER)), WORK: []}
    assert plan(history).number == WORK
    history = {MINE: past((10, Outcome.CONGESTED)), WORK: []}
    again = plan(history)
    assert again.number == MINE
    assert again.other_trunk


def test_an_invalid_number_is_believed_the_second_time() -> None:
    once = plan({MINE: past((10, Outcome.INVALID))})
    assert once.number == MINE
    assert once.other_trunk
    assert once.at == NOON + 600
    twice = past((100, Outcome.INVALID), (10, Outcome.INVALID))
    assert plan({MINE: twice}).at is None
    assert plan({MINE: twice, WORK: []}).number == WORK


def test_after_a_talk_there_is_no_again() -> None:
    assert plan({MINE: past((10, Outcome.BRIDGED))}).at is None


@given(
    ends=st.lists(
        st.tuples(
            st.sampled_from([MINE, WORK]),
            st.floats(0, 6 * 86_400),
            st.sampled_from(list(Outcome)),
        ),
        min_size=1,
        max_size=12,
    ),
    budget=st.integers(1, 10),
)
def test_plans_are_in_the_future_in_hours_and_within_the_budget(
    ends: list[tuple[str, float, Outcome]], budget: int
) -> None:
    ordered = sorted(ends, key=lambda end: -end[1])
    history: dict[str, list[PastAttempt]] = {MINE: [], WORK: []}
    for number, ago, outcome in ordered:
        history[number].append(PastAttempt(at=NOON - ago, outcome=outcome))
    last, _, outcome = ordered[-1]
    found = plan(history, last, rules=RecycleRules(budget=budget))
    if len(ends) >= budget or outcome is Outcome.BRIDGED:
        assert found.at is None
    if found.at is None:
        assert found.number == ""
    else:
        assert found.at >= NOON
        assert 9 <= datetime.fromtimestamp(found.at, KYIV).hour < 21
        assert found.number in history


# --- who is next -----------------------------------------------------------------


def test_what_can_be_kept_comes_before_what_is_late() -> None:
    fresh = rank(OrderClock(placed_at=NOON - 60), NOON, RULES)
    pressing = rank(OrderClock(placed_at=NOON - 600), NOON, RULES)
    missed = rank(OrderClock(placed_at=NOON - 1000, cut_off_at=NOON + 999), NOON, RULES)
    late = rank(OrderClock(placed_at=NOON - 5000, cut_off_at=NOON - 1), NOON, RULES)
    assert pressing < fresh < missed < late
    assert [r.tier for r in (fresh, missed, late)] == [
        Tier.PROMISE,
        Tier.CUT_OFF,
        Tier.LATE,
    ]


def test_a_dear_order_and_a_good_hour_win_a_little_and_not_more() -> None:
    plain = rank(OrderClock(placed_at=NOON), NOON, RULES)
    dear = rank(OrderClock(placed_at=NOON, value=1e9), NOON, RULES)
    good = rank(OrderClock(placed_at=NOON, best_hour=2.0), NOON, RULES)
    assert plain.by - dear.by == RULES.value_most_s
    assert plain.by - good.by == RULES.hour_s


@given(
    placed=st.floats(-5000, 0),
    cut_off=st.none() | st.floats(-2000, 20_000),
    value=st.floats(0, 1e7),
    hour=st.floats(0, 100),
    later=st.floats(0, 30_000),
)
def test_a_rank_holds_as_long_as_it_says_and_never_gets_better(
    placed: float, cut_off: float | None, value: float, hour: float, later: float
) -> None:
    order = OrderClock(
        placed_at=NOON + placed,
        cut_off_at=None if cut_off is None else NOON + cut_off,
        value=value,
        best_hour=hour,
    )
    now = rank(order, NOON, RULES)
    then = rank(order, NOON + later, RULES)
    if NOON + later <= now.holds_until:
        assert then == now
    assert then.tier >= now.tier
