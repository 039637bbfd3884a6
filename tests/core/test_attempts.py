"""What an attempt's end means for its order: whose fault, when again, by which rule."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from callengine.core import effects as do
from callengine.core.attempts import next_attempt
from callengine.core.compliance.presets import HOUSE
from callengine.core.compliance.regime import AttemptCaps
from callengine.core.compliance.verdict import PastAttempt
from callengine.core.recent import KEPT_S, RecentAttempts
from callengine.core.records import AttemptRecord, Outcome
from callengine.core.recycling.fates import TrunkMap
from callengine.core.recycling.plan import RecycleRules
from callengine.core.rules import Rules
from callengine.core.trunks.trunk import Trunk
from tests.support.pool_kit import (
    SHARED,
    TEPLO,
    make_agent,
    make_lead,
    make_shop,
    play,
)

BUSY, NO_ANSWER = Outcome.BUSY, Outcome.NO_ANSWER
OMSK = ZoneInfo("Asia/Omsk")


def at(text: str, zone: ZoneInfo = OMSK) -> float:
    """An instant on a customer's clock."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


def ended(
    sip_code: int | None, cause: int = 0, *, rang: bool = True, **changes: object
) -> AttemptRecord:
    """The record of the only attempt of a pool that has just dialled."""
    rules = changes.pop("rules", Rules())
    assert isinstance(rules, Rules)
    p = play(make_agent("anna"), rules=rules)
    p.ready("anna")
    p.offered(make_lead(**changes))  # type: ignore[arg-type]
    (call,) = p.pool.calls.values()
    if rang:
        p.rings(call.customer.channel)
    p.ends(call.customer.channel, cause=cause, sip_code=sip_code)
    return p.last(do.RecordAttempt).record


@pytest.mark.parametrize(
    ("sip_code", "cause", "rang", "outcome", "fault"),
    [
        (486, 17, True, BUSY, "customer"),
        (404, 1, False, Outcome.INVALID, "number"),
        (503, 34, False, Outcome.CONGESTED, "trunk"),
        (408, 0, False, Outcome.CONGESTED, "trunk"),
        (403, 21, False, Outcome.FAILED, "ours"),
        (488, 88, False, Outcome.FAILED, "ours"),
    ],
)
def test_an_end_says_whose_fault_it_was(
    sip_code: int, cause: int, rang: bool, outcome: Outcome, fault: str
) -> None:
    record = ended(sip_code, cause, rang=rang)
    assert (record.outcome, record.fault, record.trunk) == (outcome, fault, "trunk")


def test_a_trunk_may_mean_something_else_by_its_codes() -> None:
    odd = {"trunk": Trunk(name="trunk", codes=TrunkMap(by_sip={480: BUSY}))}
    assert ended(480).outcome is NO_ANSWER
    assert ended(480, rules=Rules(trunks=odd)).outcome is BUSY


def test_the_record_keeps_the_clock_that_counted() -> None:
    assert ended(486, zone="Asia/Omsk").zone == "Asia/Omsk"
    assert ended(486).zone == "Europe/Moscow"


def test_the_third_busy_in_a_row_waits_longer_whatever_the_order() -> None:
    past = (PastAttempt(at=1.0, outcome=BUSY), PastAttempt(at=2.0, outcome=BUSY))
    record = ended(486, past=past)
    assert record.next_try_at == pytest.approx(record.ended_at + 3600)
    assert record.rule == "busy, 3 in a row: 3600 s"


def plan(now: float, *, tries: int = 0, **changes: object) -> tuple[float | None, str]:
    """When a lead in Omsk is tried again after nobody answered."""
    lead = make_lead(zone="Asia/Omsk", tries=tries)
    regime = replace(HOUSE, **changes)  # type: ignore[arg-type]
    again = next_attempt(
        lead,
        PastAttempt(at=now - 30, outcome=NO_ANSWER),
        make_shop(),
        regime,
        rules=RecycleRules(),
        now=now,
    )
    return again.at, again.reason


def test_what_would_come_after_hours_comes_in_the_morning_of_the_customer() -> None:
    found, _ = plan(at("2026-03-04T20:45"))
    assert found == at("2026-03-05T09:00")


def test_nobody_is_dialled_on_the_regimes_holidays() -> None:
    closed = replace(HOUSE.hours, holidays={"2026-03-05": None})
    found, _ = plan(at("2026-03-04T20:45"), hours=closed)
    assert found == at("2026-03-06T09:00")


def test_the_last_attempt_that_the_regime_allows_ends_it() -> None:
    caps = AttemptCaps(per_day=1, per_week=3, in_all=3)
    found, rule = plan(at("2026-03-04T12:00"), tries=2, caps=caps)
    assert (found, rule) == (None, "3 attempts are the budget")
    found, _ = plan(at("2026-03-04T12:00"), tries=1, caps=caps)
    assert found is not None


def test_other_orders_of_the_customer_do_not_use_up_the_budget() -> None:
    past = tuple(
        PastAttempt(at=n - 90_000.0, outcome=Outcome.BRIDGED) for n in range(9)
    )
    assert ended(486, past=past).next_try_at is not None


def test_an_evening_before_summer_time_leads_to_nine_on_the_new_clock() -> None:
    kyiv = ZoneInfo("Europe/Kyiv")
    now = at("2026-03-28T20:45", kyiv)
    lead = make_lead(zone="Europe/Kyiv")
    again = next_attempt(
        lead,
        PastAttempt(at=now - 30, outcome=NO_ANSWER),
        make_shop(),
        HOUSE,
        rules=RecycleRules(),
        now=now,
    )
    assert again.at == at("2026-03-29T09:00", kyiv)
    assert again.at - now == (12.25 - 1) * 3600


def test_another_order_of_the_number_learns_of_an_attempt_that_has_just_ended() -> None:
    p = play(make_agent("anna"))
    once = replace(SHARED, caps=AttemptCaps(per_day=1))
    p.pool.campaign(make_shop()).adopt(once, p.now)
    p.ready("anna")
    p.offered(make_lead("o1"), make_lead("o2"))
    (call,) = p.pool.calls.values()
    p.ends(call.customer.channel, sip_code=486)
    put_off = p.last(do.PutLeadOff)
    assert (put_off.order, put_off.rule) == ("o2", "per_day")
    assert p.pool.calls == {}


def test_a_lead_claimed_before_the_attempt_was_on_record_learns_of_it_too() -> None:
    p = play(make_agent("anna"))
    once = replace(SHARED, caps=AttemptCaps(per_day=1))
    p.pool.campaign(make_shop()).adopt(once, p.now)
    p.ready("anna")
    p.offered(make_lead("o1"))
    (call,) = p.pool.calls.values()
    p.ends(call.customer.channel, sip_code=486)
    p.offered(make_lead("o2"), make_lead("o3", "+79161234568"))
    assert p.last(do.PutLeadOff).order == "o2"
    (call,) = p.pool.calls.values()
    assert call.number == "+79161234568"


def test_what_a_lead_knows_of_is_not_told_twice() -> None:
    recent = RecentAttempts()
    known, news = PastAttempt(at=1.0, outcome=BUSY), PastAttempt(at=9.0, outcome=BUSY)
    for attempt in (known, news):
        recent.add(TEPLO, "+79161234567", attempt, attempt.at + 30)
    assert recent.unknown_to(make_lead(past=(known,))) == (news,)
    assert recent.unknown_to(make_lead(shop="another")) == ()


def test_recent_attempts_are_forgotten_when_they_are_on_record() -> None:
    recent = RecentAttempts()
    for second in range(5000):
        attempt = PastAttempt(at=float(second), outcome=BUSY)
        recent.add(TEPLO, f"+7916{second:07}", attempt, float(second))
    assert len(recent) == KEPT_S
    assert recent.unknown_to(make_lead(number="+79160000001")) == ()
