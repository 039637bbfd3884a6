"""
May this number be dialled now? One question, asked at the instant of dialling.

Whatever has gone by since an order was chosen (an opt-out, midnight, a change of
clocks, another attempt) is seen because the question is asked last.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from callengine.core.compliance.budget import ASK_AGAIN_S
from callengine.core.compliance.regime import (
    DAY_S,
    CallingWindow,
    Hours,
    Regime,
)
from callengine.core.ids import Instant
from callengine.core.records import Outcome

_DAYS_AHEAD = 15


class Rule(StrEnum):
    """What a verdict rests on."""

    ALLOWED = "allowed"
    DESTINATION = "destination"
    DNC = "dnc"
    CONSENT = "consent"
    ADVERTISING = "advertising"
    MESSAGE = "message"
    ZONE = "zone"
    HOURS = "hours"
    LOCK_OUT = "lock_out"
    PER_DAY = "per_day"
    PER_WEEK = "per_week"
    IN_ALL = "in_all"
    SHOP_DAY = "shop_day"
    """The shop's attempts or money of a day are used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastAttempt:
    """An attempt on the same number, whatever the order."""

    at: Instant
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class DialRequest:
    """
    What is known at the instant of dialling.

    Attributes:
        zone: the customer's IANA zone; empty if unknown.
        past: attempts on this number; order does not matter. Those that the network
            turned away are no attempts on the customer.
        tries: attempts for this order so far, on whatever number.
        agent_waits: an agent is set aside for this very call.
        by_hand: a person pressed the key.
        advertising: the call offers something the customer did not order.
        consent: the customer's consent is on record.
        dnc: the number asked not to be called.
        message: the recording for nuisance calls is in place.
        misplaced: why this number is never dialled for the shop; empty if it may be.
        over_limit: which limit of the shop's day is used up; empty if none is.
    """

    zone: str = ""
    past: tuple[PastAttempt, ...] = ()
    tries: int = 0
    agent_waits: bool = False
    by_hand: bool = False
    advertising: bool = False
    consent: bool = False
    dnc: bool = False
    message: bool = False
    misplaced: str = ""
    over_limit: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    Yes or no, and why.

    Attributes:
        rule: what it rests on.
        reason: the same for people.
        not_before: when to ask again; None if asking again is pointless or, for a
            yes, needless.
    """

    allowed: bool
    rule: Rule
    reason: str
    not_before: Instant | None = None


def may_dial(request: DialRequest, regime: Regime, now: Instant) -> Verdict:
    """
    Say whether an attempt may start at `now`, with the first rule that forbids it.

    A time to ask again is itself within calling hours.
    """
    forbidden = _never(request, regime)
    if forbidden is not None:
        return forbidden
    name = request.zone or regime.unknown_zone
    zone = zone_named(name)
    if zone is None:
        said = (
            f"zone {name!r} is not known" if name else "the customer's zone is unknown"
        )
        return Verdict(allowed=False, rule=Rule.ZONE, reason=said)
    local = datetime.fromtimestamp(now, zone)
    hours = hours_on(regime.hours, local.date())
    if not _within(hours, local):
        there = local.strftime("%H:%M %a")
        said = (
            f"{there} in {name}; hours are {hours}"
            if hours
            else (f"{there} in {name}; nobody is called that day")
        )
        return _later(Rule.HOURS, said, now, regime, zone)
    return _by_history(request, regime, now, local, zone)


def hours_on(window: CallingWindow, day: date) -> Hours | None:
    """Find the hours of a date where the customer lives."""
    key = day.isoformat()
    if key in window.holidays:
        return window.holidays[key]
    return window.weekdays[day.weekday()]


def next_opening(window: CallingWindow, zone: ZoneInfo, now: Instant) -> Instant | None:
    """Find the first instant at or after `now` within hours; None in two weeks."""
    local = datetime.fromtimestamp(now, zone)
    for ahead in range(_DAYS_AHEAD):
        day = local.date() + timedelta(days=ahead)
        hours = hours_on(window, day)
        if hours is None:
            continue
        if ahead == 0 and _within(hours, local):
            return now
        opens_at = _instant(day, hours.since, zone)
        if opens_at > now:
            return opens_at
    return None


def _never(request: DialRequest, regime: Regime) -> Verdict | None:
    """Find what waiting does not mend."""
    if request.misplaced:
        return Verdict(allowed=False, rule=Rule.DESTINATION, reason=request.misplaced)
    if request.dnc:
        return Verdict(
            allowed=False, rule=Rule.DNC, reason="the number asked not to be called"
        )
    if regime.consent and not request.consent:
        return Verdict(
            allowed=False, rule=Rule.CONSENT, reason="no consent is on record"
        )
    if regime.advertising_by_hand and request.advertising and not request.by_hand:
        return Verdict(
            allowed=False,
            rule=Rule.ADVERTISING,
            reason="advertising must be dialled by a person",
        )
    if regime.message and not (request.message or request.agent_waits):
        return Verdict(
            allowed=False,
            rule=Rule.MESSAGE,
            reason="the message for calls without an agent is missing",
        )
    if request.tries >= regime.caps.in_all:
        return Verdict(
            allowed=False,
            rule=Rule.IN_ALL,
            reason=f"{request.tries} attempts for this order are all there may be",
        )
    return None


def _by_history(
    request: DialRequest,
    regime: Regime,
    now: Instant,
    local: datetime,
    zone: ZoneInfo,
) -> Verdict:
    caps = regime.caps
    locked = _locked(request, regime, now, zone)
    if locked is not None:
        return locked
    midnight_at = _instant(local.date(), 0, zone)
    today = _count(request.past, midnight_at)
    if today >= caps.per_day:
        tomorrow_at = _instant(local.date() + timedelta(days=1), 0, zone)
        said = f"{today} attempts today, {caps.per_day} are allowed"
        return _later(Rule.PER_DAY, said, tomorrow_at, regime, zone)
    week_ago = now - 7 * DAY_S
    recent = sorted(
        past.at for past in request.past if past.at > week_ago and _could_ring(past)
    )
    if len(recent) >= caps.per_week:
        said = f"{len(recent)} attempts in seven days, {caps.per_week} are allowed"
        until = recent[-caps.per_week] + 7 * DAY_S
        return _later(Rule.PER_WEEK, said, until, regime, zone)
    if request.over_limit:
        ask_again_at = now + ASK_AGAIN_S
        return _later(Rule.SHOP_DAY, request.over_limit, ask_again_at, regime, zone)
    return Verdict(
        allowed=True,
        rule=Rule.ALLOWED,
        reason=f"{local.strftime('%H:%M')} there, attempt {today + 1} today",
    )


def _locked(
    request: DialRequest, regime: Regime, now: Instant, zone: ZoneInfo
) -> Verdict | None:
    locked_until = max(
        (
            past.at + regime.lock_out_s
            for past in request.past
            if past.outcome in regime.lock_out_after
        ),
        default=now,
    )
    if now < locked_until and not request.agent_waits:
        said = "a call without an agent locked this number; set an agent aside for it"
        return _later(Rule.LOCK_OUT, said, locked_until, regime, zone)
    return None


def _later(
    rule: Rule, reason: str, until: Instant, regime: Regime, zone: ZoneInfo
) -> Verdict:
    opens_at = next_opening(regime.hours, zone, until)
    return Verdict(allowed=False, rule=rule, reason=reason, not_before=opens_at)


def _count(past: Iterable[PastAttempt], since: Instant) -> int:
    return sum(attempt.at >= since for attempt in past if _could_ring(attempt))


def _could_ring(attempt: PastAttempt) -> bool:
    """A call that the network turned away bothered nobody."""
    return attempt.outcome is not Outcome.CONGESTED


def _within(hours: Hours | None, local: datetime) -> bool:
    return hours is not None and (
        hours.since <= local.hour * 60 + local.minute < hours.until
    )


def _instant(day: date, minute: int, zone: ZoneInfo) -> Instant:
    """
    Turn a minute of a day there into an instant.

    A minute that summer time skips counts as much later as the clocks were moved.
    """
    wall = datetime.combine(day, time(minute // 60, minute % 60), zone)
    return wall.timestamp()


@lru_cache(maxsize=1024)
def zone_named(name: str) -> ZoneInfo | None:
    """Find an IANA zone; None when there is none of this name."""
    """Find an IANA zone by its name; None if there is no such zone."""
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):
        # No such zone, a name that is a path, or a folder of the database.
        return None
