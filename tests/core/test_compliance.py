"""A verdict before every attempt: rules, hours there, caps, and when to ask again."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callengine.core.compliance.presets import PRESETS, RUSSIA, STRICT, UK, US_FTC
from callengine.core.compliance.regime import (
    AttemptCaps,
    BadRegime,
    CallingWindow,
    Hours,
    NuisanceLimit,
    Regime,
    every_day,
)
from callengine.core.compliance.verdict import (
    DialRequest,
    PastAttempt,
    Rule,
    may_dial,
    next_opening,
)
from callengine.core.records import Outcome

KYIV = "Europe/Kyiv"
PLAIN = Regime(name="plain", nuisance=NuisanceLimit(), hours=every_day(9, 21))


def at(text: str, zone: str = KYIV, fold: int = 0) -> float:
    """Turn a wall clock's reading there into an instant."""
    wall = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)
    return wall.timestamp()


NOON = at("2026-03-04T12:00")


def tried(*instants: float, outcome: Outcome = Outcome.NO_ANSWER) -> DialRequest:
    """Make a request with a past."""
    past = tuple(PastAttempt(at=instant, outcome=outcome) for instant in instants)
    return DialRequest(zone=KYIV, past=past)


def test_an_ordinary_customer_at_noon_may_be_dialled() -> None:
    verdict = may_dial(DialRequest(zone=KYIV), PLAIN, NOON)
    assert verdict.allowed
    assert verdict.rule is Rule.ALLOWED
    assert verdict.reason == "12:00 there, attempt 1 today"


@pytest.mark.parametrize(
    ("request_", "regime", "rule"),
    [
        (DialRequest(zone=KYIV, dnc=True, consent=True), RUSSIA, Rule.DNC),
        (DialRequest(zone=KYIV), RUSSIA, Rule.CONSENT),
        (DialRequest(zone=KYIV, consent=True, advertising=True), RUSSIA,
         Rule.ADVERTISING),
        (DialRequest(zone=KYIV), US_FTC, Rule.MESSAGE),
        (DialRequest(zone=KYIV, tries=8), PLAIN, Rule.IN_ALL),
        (DialRequest(), PLAIN, Rule.ZONE),
        (DialRequest(zone="Europe/Nowhere"), PLAIN, Rule.ZONE),
        (DialRequest(zone="../etc/passwd"), PLAIN, Rule.ZONE),
        (DialRequest(zone="Europe"), PLAIN, Rule.ZONE),
    ],
)  # fmt: skip
def test_what_waiting_does_not_mend_is_refused_for_good(
    request_: DialRequest, regime: Regime, rule: Rule
) -> None:
    verdict = may_dial(request_, regime, NOON)
    assert not verdict.allowed
    assert verdict.rule is rule
    assert verdict.not_before is None


def test_a_person_may_dial_advertising_and_a_waiting_agent_needs_no_message() -> None:
    by_hand = DialRequest(zone=KYIV, consent=True, advertising=True, by_hand=True)
    assert may_dial(by_hand, RUSSIA, NOON).allowed
    assert may_dial(DialRequest(zone=KYIV, agent_waits=True), US_FTC, NOON).allowed


@pytest.mark.parametrize(
    ("time", "allowed"),
    [("08:59:59", False), ("09:00", True), ("20:59:59", True), ("21:00", False)],
)
def test_hours_are_those_of_the_customer_to_the_second(
    time: str, allowed: bool
) -> None:
    verdict = may_dial(DialRequest(zone=KYIV), PLAIN, at(f"2026-03-04T{time}"))
    assert verdict.allowed is allowed
    if not allowed:
        assert verdict.rule is Rule.HOURS


def test_the_same_instant_is_day_for_one_customer_and_night_for_another() -> None:
    assert may_dial(DialRequest(zone="Europe/London"), PLAIN, NOON).allowed
    far = may_dial(DialRequest(zone="Asia/Vladivostok"), PLAIN, NOON + 4 * 3600)
    assert not far.allowed
    assert far.not_before == at("2026-03-05T09:00", "Asia/Vladivostok")


@pytest.mark.parametrize(
    ("night", "hours_of_night"), [("2026-03-28", 11), ("2026-10-24", 13)]
)
def test_opening_follows_the_clocks_when_summer_time_begins_and_ends(
    night: str, hours_of_night: int
) -> None:
    closed = at(f"{night}T21:00")
    verdict = may_dial(DialRequest(zone=KYIV), PLAIN, closed)
    assert verdict.not_before == closed + hours_of_night * 3600
    assert may_dial(DialRequest(zone=KYIV), PLAIN, verdict.not_before).allowed


def test_the_hour_that_comes_twice_is_judged_by_the_clock_both_times() -> None:
    early = Regime(
        name="early",
        nuisance=NuisanceLimit(),
        hours=CallingWindow(weekdays=(Hours(200, 230),) * 7),
    )
    for fold in (0, 1):
        shown = at("2026-10-25T03:30", fold=fold)
        assert may_dial(DialRequest(zone=KYIV), early, shown).allowed
    assert at("2026-10-25T03:30", fold=1) - at("2026-10-25T03:30") == 3600


def test_a_day_off_is_skipped_and_a_holiday_has_its_own_hours() -> None:
    sunday = at("2026-03-08T12:00")
    request = DialRequest(zone=KYIV, consent=True, message=True)
    verdict = may_dial(request, STRICT, sunday)
    assert verdict.rule is Rule.HOURS
    assert "nobody is called that day" in verdict.reason
    assert verdict.not_before == at("2026-03-09T09:00")
    closed = Regime(
        name="closed",
        nuisance=NuisanceLimit(),
        hours=CallingWindow(
            weekdays=(Hours(540, 1260),) * 7,
            holidays={"2026-03-04": None, "2026-03-05": Hours(720, 780)},
        ),
    )
    assert may_dial(DialRequest(zone=KYIV), closed, NOON).not_before == at(
        "2026-03-05T12:00"
    )


def test_a_customer_nobody_ever_calls_has_no_opening() -> None:
    never = CallingWindow(weekdays=(None,) * 7)
    assert next_opening(never, ZoneInfo(KYIV), NOON) is None


def test_three_attempts_are_a_day_and_midnight_is_the_customers() -> None:
    today = (NOON - 7200, NOON - 3600, NOON - 60)
    verdict = may_dial(tried(*today), PLAIN, NOON)
    assert verdict.rule is Rule.PER_DAY
    assert verdict.not_before == at("2026-03-05T09:00")
    night = (at("2026-03-03T20:00"), at("2026-03-03T20:20"), at("2026-03-03T20:40"))
    assert may_dial(tried(*night), PLAIN, NOON).allowed


def test_a_week_is_seven_days_back_from_now() -> None:
    regime = Regime(
        name="weekly",
        nuisance=NuisanceLimit(),
        hours=every_day(9, 21),
        caps=AttemptCaps(per_day=2, per_week=3),
    )
    past = tuple(NOON - days * 86_400 for days in (1, 3, 5))
    verdict = may_dial(tried(*past), regime, NOON)
    assert verdict.rule is Rule.PER_WEEK
    assert verdict.not_before == past[2] + 7 * 86_400
    assert may_dial(tried(*past), regime, verdict.not_before + 1).allowed


def test_a_nuisance_call_locks_the_number_unless_an_agent_waits() -> None:
    base = {"zone": KYIV, "message": True}
    past = (PastAttempt(at=NOON - 3600, outcome=Outcome.NUISANCE),)
    verdict = may_dial(DialRequest(past=past, **base), UK, NOON)  # type: ignore[arg-type]
    assert verdict.rule is Rule.LOCK_OUT
    assert verdict.not_before is not None
    assert verdict.not_before >= NOON - 3600 + 72 * 3600
    waits = DialRequest(past=past, agent_waits=True, **base)  # type: ignore[arg-type]
    assert may_dial(waits, UK, NOON).allowed


zones = st.sampled_from(
    [KYIV, "Asia/Kathmandu", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo"]
)
instants = st.floats(at("2025-01-01T00:00"), at("2027-12-31T00:00"))


@given(
    zone=zones,
    now=instants,
    regime=st.sampled_from(sorted(PRESETS)),
    past=st.lists(
        st.tuples(st.floats(0, 10 * 86_400), st.sampled_from(list(Outcome))),
        max_size=9,
    ),
    waits=st.booleans(),
)
def test_what_is_allowed_is_in_hours_and_under_every_cap(
    zone: str,
    now: float,
    regime: str,
    past: list[tuple[float, Outcome]],
    waits: bool,
) -> None:
    rules = PRESETS[regime]
    history = tuple(PastAttempt(at=now - ago, outcome=o) for ago, o in past)
    request = DialRequest(
        zone=zone, past=history, consent=True, message=True, agent_waits=waits
    )
    verdict = may_dial(request, rules, now)
    local = datetime.fromtimestamp(now, ZoneInfo(zone))
    hours = rules.hours.weekdays[local.weekday()]
    inside = hours is not None and (
        hours.since <= local.hour * 60 + local.minute < hours.until
    )
    if verdict.allowed:
        assert inside
        recent = sum(
            now - past.at < 7 * 86_400
            for past in history
            if past.outcome is not Outcome.CONGESTED
        )
        assert recent < rules.caps.per_week
        locked = any(
            past.outcome is Outcome.NUISANCE and now < past.at + rules.lock_out_s
            for past in history
        )
        assert waits or not locked
    else:
        assert verdict.not_before is not None
        assert verdict.not_before > now
        opens = datetime.fromtimestamp(verdict.not_before, ZoneInfo(zone))
        there = rules.hours.weekdays[opens.weekday()]
        assert there is not None
        assert there.since <= opens.hour * 60 + opens.minute < there.until


@pytest.mark.parametrize(
    "make",
    [
        lambda: NuisanceLimit(limit=1.0),
        lambda: NuisanceLimit(limit=-0.1),
        lambda: NuisanceLimit(limit=float("nan")),
        lambda: NuisanceLimit(threshold_s=0),
        lambda: NuisanceLimit(surety=0.3),
        lambda: NuisanceLimit(length_s=1),
        lambda: Hours(600, 600),
        lambda: Hours(-1, 60),
        lambda: Hours(0, 1441),
        lambda: CallingWindow(weekdays=(None,)),
        lambda: AttemptCaps(per_day=5, per_week=3),
        lambda: AttemptCaps(in_all=0),
        lambda: Regime(
            name="x", nuisance=NuisanceLimit(), hours=every_day(9, 21), least_ring_s=90
        ),
        lambda: Regime(
            name="x", nuisance=NuisanceLimit(), hours=every_day(9, 21), lock_out_s=-1
        ),
    ],
)
def test_absurd_regimes_are_refused(make: object) -> None:
    assert callable(make)
    with pytest.raises(BadRegime):
        make()


def test_presets_forbid_less_than_the_strict_one() -> None:
    assert STRICT.nuisance.limit == 0
    for regime in PRESETS.values():
        assert regime.least_ring_s >= 15
        assert 0 <= regime.nuisance.limit <= 0.03
        assert regime.caps.per_day >= STRICT.caps.per_day
