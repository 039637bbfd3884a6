"""A shop's attempts and money of a day: counted, kept over a restart, never passed."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from callengine.core import effects as do
from callengine.core import facts as saw
from callengine.core.compliance.budget import (
    ASK_AGAIN_S,
    DayBudget,
    DayCount,
    DiallingLimits,
)
from callengine.core.compliance.verdict import Rule
from callengine.core.memory import ShopMemory
from callengine.core.permission import ask
from callengine.core.rules import Rules
from tests.support.pool_kit import (
    SHARED,
    TEPLO,
    make_agent,
    make_lead,
    make_shop,
    play,
)

MOSCOW = ZoneInfo("Europe/Moscow")
NOON = datetime(2026, 3, 4, 12, tzinfo=MOSCOW).timestamp()
MIDNIGHT = NOON + 12 * 3600
PRICES = {"RU": 150, "*": 2500}
LIMITS = DiallingLimits(money_per_day_minor=1000, prices_minor=PRICES)


def test_minutes_begun_are_paid_by_country() -> None:
    assert LIMITS.cost_minor("+79161234567", None) == 0
    assert LIMITS.cost_minor("+79161234567", 0.0) == 150
    assert LIMITS.cost_minor("+79161234567", 60.0) == 150
    assert LIMITS.cost_minor("+79161234567", 60.1) == 300
    assert LIMITS.cost_minor("+77012345678", 1.0) == 2500
    assert DiallingLimits().cost_minor("+79161234567", 600.0) == 0


def test_attempts_of_a_day_run_out_and_come_back_at_midnight() -> None:
    budget, limits = DayBudget(MOSCOW), DiallingLimits(attempts_per_day=2)
    for attempt in ("a", "b"):
        assert budget.over_limit(limits, 0, NOON) == ""
        budget.started(attempt, 0, NOON)

    assert "2 attempts of today are used" in budget.over_limit(limits, 0, NOON)
    assert budget.over_limit(limits, 0, MIDNIGHT - 0.001) != ""
    assert budget.over_limit(limits, 0, MIDNIGHT) == ""


def test_what_is_under_way_counts_for_a_minute_until_it_is_paid() -> None:
    budget = DayBudget(MOSCOW)
    for attempt in "abcdef":
        assert budget.over_limit(LIMITS, 150, NOON) == ""
        budget.started(attempt, 150, NOON)
    assert "900 of the shop's 1000" in budget.over_limit(LIMITS, 150, NOON)

    for attempt in "abcde":
        budget.ended(attempt, 0, NOON)
    assert budget.over_limit(LIMITS, 150, NOON) == ""

    budget.ended("f", 900, NOON)
    assert "900 of the shop's 1000" in budget.over_limit(LIMITS, 150, NOON)


def test_an_end_that_was_counted_already_takes_nothing_back_twice() -> None:
    budget = DayBudget(MOSCOW)
    budget.started("a", 150, NOON)
    budget.ended("a", 150, NOON)
    budget.ended("a", 0, NOON)
    budget.ended("never begun", 150, NOON)

    assert budget.over_limit(LIMITS, 700, NOON) == ""
    assert budget.over_limit(LIMITS, 701, NOON) != ""


def test_a_call_over_midnight_is_paid_on_the_day_it_ends() -> None:
    budget = DayBudget(MOSCOW)
    budget.started("a", 150, MIDNIGHT - 1)

    budget.ended("a", 900, MIDNIGHT + 400)

    assert (budget.attempts, budget.cost_minor) == (0, 900)


@pytest.mark.parametrize("shift_s", [3600.0, -3600.0])
def test_a_day_has_its_length_when_the_clocks_change(shift_s: float) -> None:
    zone = ZoneInfo("Europe/Berlin")
    day = (2026, 3, 29) if shift_s > 0 else (2026, 10, 25)
    midnight = datetime(*day, tzinfo=zone).timestamp()
    ends_at = midnight + 24 * 3600 - shift_s
    budget = DayBudget(zone)
    budget.started("a", 0, midnight)
    limits = DiallingLimits(attempts_per_day=1)

    assert budget.over_limit(limits, 0, ends_at - 1) != ""
    assert budget.over_limit(limits, 0, ends_at) == ""


def test_what_a_shop_may_not_spend_is_asked_again_before_the_day_is_over() -> None:
    shop = make_shop(dialling=LIMITS)
    budget = DayBudget(MOSCOW)
    budget.restore(DayCount(at=NOON - 60, attempts=7, cost_minor=1000), NOON)

    verdict = ask(make_lead(), shop, SHARED, NOON, agent_waits=False, budget=budget)

    assert (verdict.allowed, verdict.rule) == (False, Rule.SHOP_DAY)
    assert verdict.not_before == NOON + ASK_AGAIN_S


def test_yesterdays_count_is_no_part_of_today() -> None:
    budget = DayBudget(MOSCOW)
    budget.restore(DayCount(at=NOON - 86_400, attempts=7, cost_minor=1000), NOON)

    assert (budget.attempts, budget.cost_minor) == (0, 0)


def test_a_number_that_is_never_dialled_ends_its_order() -> None:
    verdict = ask(
        make_lead(number="+78091234567"), make_shop(), SHARED, NOON, agent_waits=False
    )

    assert (verdict.allowed, verdict.rule) == (False, Rule.DESTINATION)
    assert verdict.not_before is None


def test_the_pool_dials_up_to_the_limit_and_counts_on_after_a_restart() -> None:
    shop = make_shop(dialling=DiallingLimits(attempts_per_day=3))
    p = play(make_agent("anna"), make_agent("boris"), make_agent("vera"), shops=[shop])
    p.now = NOON
    today = DayCount(at=NOON, attempts=1)
    memory = ShopMemory(shop=TEPLO, began_at=NOON - 60, today=today)
    p.see(saw.AttemptsRemembered(at=NOON, shops=(memory,)))
    p.ready("anna", "boris", "vera")

    p.offered(*(make_lead(f"o{n}", f"+7916123456{n}") for n in range(6)))
    p.wait(30)

    held = p.asked(do.PutLeadOff)
    assert len(p.asked(do.BeginAttempt)) == 2
    assert [effect.rule for effect in held] == ["shop_day"] * 4
    assert min(effect.at or 0.0 for effect in held) >= NOON + ASK_AGAIN_S


def test_an_attempt_says_what_it_came_to_and_the_day_counts_it() -> None:
    shop = make_shop(regime="aside", dialling=LIMITS)
    p = play(make_agent("anna"), shops=[shop], rules=Rules(wrap_up_s=0))
    p.ready("anna")
    p.offered(make_lead())
    (call,) = p.pool.calls.values()
    p.answers(call.customer.channel)
    assert call.agent_leg is not None
    p.answers(call.agent_leg.channel)
    p.joins(call.customer.channel, call.agent_leg.channel)
    p.wait(125)
    p.ends(call.customer.channel)
    p.ends(call.agent_leg.channel)

    assert p.last(do.RecordAttempt).record.cost_minor == 3 * 150
    assert p.pool.campaigns[TEPLO].budget.cost_minor == 3 * 150
