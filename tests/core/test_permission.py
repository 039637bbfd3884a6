"""Whether a lead may be dialled at this very moment, and when to ask again."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from callengine.core.compliance.presets import HOUSE, RUSSIA, STRICT, UK, US_FTC
from callengine.core.compliance.regime import Regime
from callengine.core.compliance.verdict import PastAttempt, Rule, Verdict
from callengine.core.facts import Lead
from callengine.core.permission import ask, customer_zone, history_s
from callengine.core.records import Outcome
from callengine.core.roster import Roster, Shop
from tests.support.pool_kit import make_lead, make_shop

KYIV = ZoneInfo("Europe/Kyiv")
SHOP = make_shop(regime="house")
DAY_S = 86_400.0


def at(text: str, zone: ZoneInfo = KYIV) -> float:
    """An instant on a clock in Kyiv."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


NOON = at("2026-03-04T12:00")


def verdict(
    now: float = NOON,
    regime: Regime = HOUSE,
    *,
    shop: Shop = SHOP,
    waits: bool = False,
    **changes: object,
) -> Verdict:
    """What is said of a customer in Kyiv."""
    values: dict[str, object] = {"zone": "Europe/Kyiv", **changes}
    lead: Lead = make_lead(**values)  # type: ignore[arg-type]
    return ask(lead, shop, regime, now, agent_waits=waits)


def past(*ends: tuple[float, Outcome]) -> tuple[PastAttempt, ...]:
    """Attempts at so many seconds before noon."""
    return tuple(PastAttempt(at=NOON - ago, outcome=o) for ago, o in ends)


def test_the_house_dials_from_nine_to_nine_where_the_customer_is() -> None:
    assert verdict().allowed
    for now, opens in (
        ("2026-03-04T08:59:59", "2026-03-04T09:00"),
        ("2026-03-04T21:00", "2026-03-05T09:00"),
    ):
        found = verdict(at(now))
        assert (found.allowed, found.rule) == (False, Rule.HOURS)
        assert found.not_before == at(opens)


def test_nine_oclock_is_nine_oclock_on_both_sides_of_summer_time() -> None:
    # Clocks go forward at 3:00 on 29 March and back at 4:00 on 25 October 2026.
    for day in ("2026-03-28", "2026-03-29", "2026-10-24", "2026-10-25", "2026-10-26"):
        assert not verdict(at(f"{day}T08:59")).allowed
        assert verdict(at(f"{day}T09:00")).allowed
        assert verdict(at(f"{day}T20:59")).allowed
        assert not verdict(at(f"{day}T21:00")).allowed
    night = at("2026-03-29T02:30")
    assert verdict(night).not_before == at("2026-03-29T09:00")
    assert at("2026-03-29T09:00") - night == 5.5 * 3600


def test_both_hours_of_the_repeated_one_count_to_the_same_day() -> None:
    twice = at("2026-10-25T03:30")
    calls = (
        PastAttempt(at=twice, outcome=Outcome.BUSY),
        PastAttempt(at=twice + 3600, outcome=Outcome.BUSY),
    )
    noon = at("2026-10-25T12:00")
    assert verdict(noon, past=calls * 2).rule is Rule.PER_DAY
    assert verdict(noon, past=calls + calls[:1]).allowed


def test_a_clock_that_jumps_back_does_not_free_what_was_used_up() -> None:
    # Attempts of an hour that has not come yet still count to today.
    ahead = past(*((-3600, Outcome.NO_ANSWER) for _ in range(4)))
    found = verdict(past=ahead)
    assert (found.allowed, found.rule) == (False, Rule.PER_DAY)
    assert found.not_before == at("2026-03-05T09:00")


def test_a_clock_that_jumps_ahead_asks_again_in_its_own_future() -> None:
    found = verdict(NOON + 3650 * DAY_S + 10 * 3600)
    assert not found.allowed
    assert found.not_before is not None
    assert found.not_before > NOON + 3650 * DAY_S


def test_midnight_is_the_customers_own() -> None:
    late = past(*((0, Outcome.NO_ANSWER) for _ in range(4)))
    regime = replace(HOUSE, hours=US_FTC.hours)
    east = ZoneInfo("Asia/Vladivostok")
    # Noon in Kyiv is 20:00 of the same day there.
    found = verdict(NOON + 60, regime, past=late, zone=east.key)
    assert found.not_before == at("2026-03-05T08:00", east)


def test_a_locked_number_is_dialled_only_with_an_agent_set_aside() -> None:
    nuisance = past((3600, Outcome.NUISANCE))
    found = verdict(past=nuisance)
    assert (found.allowed, found.rule) == (False, Rule.LOCK_OUT)
    assert found.not_before == at("2026-03-05T11:00")
    assert verdict(past=nuisance, waits=True).allowed
    assert verdict(past=past((DAY_S, Outcome.NUISANCE))).allowed


def test_calls_that_the_network_turned_away_use_up_nothing() -> None:
    turned_away = past(*((60 * n, Outcome.CONGESTED) for n in range(1, 30)))
    assert verdict(past=turned_away).allowed


def test_what_waiting_does_not_mend_has_no_time_to_ask_again() -> None:
    for found, rule in (
        (verdict(dnc=True), Rule.DNC),
        (verdict(regime=RUSSIA), Rule.CONSENT),
        (verdict(regime=RUSSIA, consent=True, advertising=True), Rule.ADVERTISING),
        (verdict(regime=US_FTC), Rule.MESSAGE),
        (verdict(tries=8), Rule.IN_ALL),
    ):
        assert (found.allowed, found.rule, found.not_before) == (False, rule, None)


def test_consent_that_nobody_demands_is_not_asked_for() -> None:
    assert verdict(consent=False).allowed
    assert verdict(regime=RUSSIA, consent=True).allowed


def test_the_shops_advertising_is_advertising() -> None:
    ads = replace(SHOP, advertising=True)
    assert verdict(regime=RUSSIA, shop=ads, consent=True).rule is Rule.ADVERTISING
    assert verdict(shop=ads).allowed


def test_a_message_in_place_or_an_agent_set_aside_satisfies_the_law() -> None:
    ready = replace(SHOP, nuisance_message="sound:us/sorry")
    assert verdict(regime=US_FTC, shop=ready).allowed
    assert verdict(regime=US_FTC, waits=True).allowed
    assert verdict(regime=UK, shop=ready).allowed


@pytest.mark.parametrize(
    ("stored", "number", "guess", "zone"),
    [
        ("Asia/Omsk", "+74232123456", "", "Asia/Omsk"),
        ("", "+74232123456", "Asia/Omsk", "Asia/Vladivostok"),
        ("", "+79161234567", "Asia/Omsk", "Asia/Omsk"),
        ("", "+79161234567", "", "Europe/Moscow"),
        ("", "+380671234567", "", "Europe/Kyiv"),
        ("", "nonsense", "", "Europe/Moscow"),
    ],
)
def test_the_clock_is_the_best_that_anybody_knows(
    stored: str, number: str, guess: str, zone: str
) -> None:
    regime = replace(HOUSE, unknown_zone=guess)
    assert customer_zone(stored, number, SHOP, regime) == zone
    lead = make_lead(zone=zone)
    assert ask(lead, SHOP, regime, NOON, agent_waits=False).rule in (
        Rule.ALLOWED,
        Rule.HOURS,
    )


def test_a_regime_looks_back_as_far_as_it_must() -> None:
    assert history_s(HOUSE) == 8 * DAY_S
    assert history_s(replace(HOUSE, lock_out_s=30 * DAY_S)) == 31 * DAY_S


def test_a_shop_of_an_unknown_regime_is_dialled_by_the_house_rules() -> None:
    roster = Roster(shops=(SHOP,), regimes={"strict": HOUSE})
    assert roster.regime_of(replace(SHOP, regime="gone")) is HOUSE
    assert roster.regime_of(replace(SHOP, regime="uk")) is UK
    assert Roster().regime_of(replace(SHOP, regime="strict")) is STRICT
