"""The ledger counts in the law's window and says what may still be spent."""

from datetime import datetime
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callengine.core.compliance.regime import (
    DAY_S,
    Denominator,
    NuisanceLimit,
    WindowKind,
)
from callengine.core.predictive.ledger import NuisanceLedger, Totals
from callengine.core.predictive.price import RiskPrice

DAY = NuisanceLimit()
MONTH = NuisanceLimit(window=WindowKind.SUCCESSIVE, length_s=30 * DAY_S)
ROLLING = NuisanceLimit(window=WindowKind.ROLLING, length_s=DAY_S)


def test_no_nuisance_call_fits_before_thirty_four_answers() -> None:
    ledger = NuisanceLedger(DAY)
    for _ in range(32):
        ledger.served(60.0)
        assert ledger.room(60.0) < 1
    ledger.served(60.0)
    assert ledger.room(60.0) >= 1
    ledger.nuisance(60.0)
    assert 0 < ledger.rate(60.0) <= 0.03


@given(fates=st.lists(st.booleans(), max_size=400), limit=st.floats(0.005, 0.2))
def test_spending_only_what_there_is_room_for_keeps_the_limit(
    fates: list[bool], limit: float
) -> None:
    ledger = NuisanceLedger(NuisanceLimit(limit=limit))
    for at, unlucky in enumerate(fates):
        if unlucky and ledger.room(at) >= 1:
            ledger.nuisance(at)
        else:
            ledger.served(at)
        assert ledger.rate(at) <= limit + 1e-12


@pytest.mark.parametrize(
    ("answers", "aim"),
    [(200, 0.0165), (500, 0.0202), (1000, 0.0225), (5000, 0.0263), (50_000, 0.0288)],
)
def test_the_aim_keeps_the_statistical_margin(answers: int, aim: float) -> None:
    ledger = NuisanceLedger(MONTH, expected_answers=answers)
    assert ledger.aim(0.0) == pytest.approx(aim, abs=0.0012)


def test_a_thrifty_morning_is_spent_in_the_afternoon_and_a_debt_is_paid_back() -> None:
    thrifty = NuisanceLedger(MONTH, expected_answers=1000)
    spent = NuisanceLedger(MONTH, expected_answers=1000)
    for turn in range(500):
        thrifty.served(1.0)
        (spent.nuisance if turn % 25 == 0 else spent.served)(1.0)
    assert spent.aim(1.0) < NuisanceLedger(MONTH, expected_answers=1000).aim(1.0)
    assert thrifty.aim(1.0) > spent.aim(1.0)


def test_no_limit_is_no_aim_and_no_room() -> None:
    ledger = NuisanceLedger(NuisanceLimit(limit=0.0))
    for _ in range(1000):
        ledger.served(5.0)
    assert ledger.aim(5.0) == 0
    assert ledger.room(5.0) == 0


@pytest.mark.parametrize("night", ["2026-03-29", "2026-10-25"])
def test_a_calendar_day_ends_at_midnight_there_also_when_clocks_change(
    night: str,
) -> None:
    zone = ZoneInfo("Europe/Kyiv")
    midnight = datetime.fromisoformat(f"{night}T00:00").replace(tzinfo=zone)
    next_one = midnight.replace(day=midnight.day + 1)
    ledger = NuisanceLedger(
        DAY, zone="Europe/Kyiv", started_at=midnight.timestamp() + 60
    )
    ledger.nuisance(midnight.timestamp() + 3600)
    assert ledger.totals(next_one.timestamp() - 1).nuisances == 1
    assert ledger.totals(next_one.timestamp()).nuisances == 0


def test_successive_windows_begin_with_the_campaign() -> None:
    ledger = NuisanceLedger(MONTH, started_at=1000.0)
    ledger.nuisance(2000.0)
    assert ledger.totals(1000.0 + 30 * DAY_S - 1).nuisances == 1
    assert ledger.totals(1000.0 + 30 * DAY_S) == Totals()


def test_a_rolling_window_forgets_what_has_left_it() -> None:
    ledger = NuisanceLedger(ROLLING)
    ledger.nuisance(1000.0)
    for hour in range(1, 24):
        ledger.served(1000.0 + 3600 * hour)
    assert ledger.totals(1000.0 + DAY_S - 1) == Totals(served=23, nuisances=1)
    # A bucket of five minutes leaves as one, after all of it has left the window.
    assert ledger.totals(1000.0 + DAY_S + 600) == Totals(served=23)
    assert ledger.totals(1000.0 + 3 * DAY_S) == Totals()


def test_machines_take_their_share_of_nuisance_calls_where_the_law_says_so() -> None:
    adjusted = NuisanceLimit(denominator=Denominator.MACHINE_ADJUSTED)
    plain, uk = NuisanceLedger(DAY), NuisanceLedger(adjusted)
    for ledger in (plain, uk):
        # The worked example of the UK rule: 29 dropped, 9 people, 7 machines.
        for _ in range(29):
            ledger.nuisance(1.0)
        for _ in range(9):
            ledger.served(1.0)
        for _ in range(7):
            ledger.machine(1.0)
    assert plain.rate(1.0) == pytest.approx(29 / 38)
    assert uk.rate(1.0) == pytest.approx(0.6444, abs=0.0001)


def test_counts_come_back_after_a_restart() -> None:
    ledger = NuisanceLedger(DAY)
    ledger.restore(10.0, Totals(served=100, nuisances=2, machines=5))
    assert ledger.totals(20.0) == Totals(served=100, nuisances=2, machines=5)


def test_a_clock_that_jumps_back_loses_no_count() -> None:
    ledger = NuisanceLedger(ROLLING)
    ledger.served(50_000.0)
    ledger.nuisance(40_000.0)
    assert ledger.totals(50_000.0) == Totals(served=1, nuisances=1)


@pytest.mark.parametrize("scale", [0.3, 1.0, 4.0])
def test_the_price_finds_the_risk_that_meets_the_aim(scale: float) -> None:
    """A world where a share of `scale` x risk becomes a nuisance call."""
    chance, price = Random(1), RiskPrice()
    fates = []
    for _ in range(6000):
        fate = chance.random() < min(1, scale * price.risk)
        price.learn(nuisance=fate, aim=0.03, limit=0.03)
        fates.append(fate)
    assert sum(fates[1000:]) / 5000 == pytest.approx(0.03, abs=0.004)


def test_without_a_limit_the_price_stays() -> None:
    price = RiskPrice(0.05)
    price.learn(nuisance=True, aim=0.0, limit=0.0)
    assert price.risk == 0.05
