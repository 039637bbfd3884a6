"""
What a law or a house rule demands of order calls, as data.

A regime is assigned to a campaign by somebody who has asked a lawyer; the presets
are a start, not advice. Nothing here knows a country by name: `presets` does.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from callengine.core.records import Outcome

MINUTES_A_DAY = 24 * 60
HOUR_S = 3600.0
DAY_S = 24 * HOUR_S


class BadRegime(ValueError):
    """A regime's figures contradict one another."""


class WindowKind(StrEnum):
    """Over which time nuisance calls are counted together."""

    ROLLING = "rolling"
    """The last `length_s` seconds, whenever one looks."""
    CALENDAR_DAY = "calendar_day"
    """From midnight to midnight where the campaign is."""
    SUCCESSIVE = "successive"
    """Periods of `length_s` one after another from the campaign's beginning."""


class Denominator(StrEnum):
    """What nuisance calls are a share of."""

    LIVE = "live"
    """Calls answered by a person: served and nuisance."""
    MACHINE_ADJUSTED = "machine_adjusted"
    """The same, after nuisance calls are rid of the share that met a machine."""


class StartPoint(StrEnum):
    """When the seconds to an agent begin to count."""

    ANSWER = "answer"
    GREETING_END = "greeting_end"


@dataclass(frozen=True, slots=True, kw_only=True)
class NuisanceLimit:
    """
    How many answered customers may find no agent.

    Attributes:
        limit: largest share, 0 to forbid overdialling.
        window: over which time.
        length_s: of a rolling window or of successive ones.
        denominator: share of what.
        threshold_s: an agent within this, or the call is a nuisance.
        start: from when the threshold counts.
        surety: chance of staying within the limit that planning aims for.
    """

    limit: float = 0.03
    window: WindowKind = WindowKind.CALENDAR_DAY
    length_s: float = DAY_S
    denominator: Denominator = Denominator.LIVE
    threshold_s: float = 2.0
    start: StartPoint = StartPoint.ANSWER
    surety: float = 0.95

    def __post_init__(self) -> None:
        if not 0 <= self.limit < 1:
            raise BadRegime(f"limit {self.limit} is not a share below 1")
        if not 0 < self.threshold_s <= 30:
            raise BadRegime(f"threshold_s {self.threshold_s} is not within 0..30")
        if not 0.5 < self.surety < 1:
            raise BadRegime(f"surety {self.surety} is not between 0.5 and 1")
        if not 60 <= self.length_s <= 366 * DAY_S:
            raise BadRegime(f"length_s {self.length_s} is not a minute to a year")


@dataclass(frozen=True, slots=True)
class Hours:
    """
    A part of a day in which dialling is allowed, in minutes after midnight.

    `until` is the first minute in which it is not; 1440 is midnight.
    """

    since: int
    until: int

    def __post_init__(self) -> None:
        if not 0 <= self.since < self.until <= MINUTES_A_DAY:
            raise BadRegime(f"hours {self} are no part of a day: write 09:00-21:00")

    def __str__(self) -> str:
        return f"{clock(self.since)}-{clock(self.until)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallingWindow:
    """
    Hours by day, on the customer's own clock.

    Attributes:
        weekdays: Monday first; None where nobody is dialled.
        holidays: hours on dates given as YYYY-MM-DD; None to dial nobody.
    """

    weekdays: tuple[Hours | None, ...]
    holidays: Mapping[str, Hours | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.weekdays) != 7:
            raise BadRegime(f"{len(self.weekdays)} weekdays, a week has seven")


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptCaps:
    """
    How often one number may be dialled.

    Attributes:
        per_day: in a day of the customer's own calendar.
        per_week: in the last seven days.
        in_all: for one order.
    """

    per_day: int = 3
    per_week: int = 10
    in_all: int = 8

    def __post_init__(self) -> None:
        if not 1 <= self.per_day <= self.per_week or self.in_all < 1:
            raise BadRegime(
                f"{self.per_day} a day, {self.per_week} a week and {self.in_all} "
                "in all do not go together"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Regime:
    """
    All that one campaign has to keep.

    Attributes:
        name: for records and people.
        nuisance: limit on calls without an agent.
        least_ring_s: a ringing customer is not hung up on before this.
        message: a nuisance call must hear who called.
        lock_out_s: after a nuisance call the number is dialled only with an agent
            set aside for it, this long.
        hours: when customers may be dialled.
        caps: how often.
        consent: a call needs the customer's recorded consent.
        advertising_by_hand: advertising must be dialled by a person.
        unknown_zone: the IANA zone to assume for a customer without one; empty to
            refuse such calls.
    """

    name: str
    nuisance: NuisanceLimit
    hours: CallingWindow
    caps: AttemptCaps = field(default_factory=AttemptCaps)
    least_ring_s: float = 15.0
    message: bool = False
    lock_out_s: float = 0.0
    consent: bool = False
    advertising_by_hand: bool = False
    unknown_zone: str = ""
    lock_out_after: frozenset[Outcome] = frozenset({Outcome.NUISANCE})

    def __post_init__(self) -> None:
        if not 0 <= self.least_ring_s <= 60:
            raise BadRegime(f"least_ring_s {self.least_ring_s} is not within 0..60")
        if not 0 <= self.lock_out_s <= 366 * DAY_S:
            raise BadRegime(f"lock_out_s {self.lock_out_s} is not within a year")


def clock(minute: int) -> str:
    """Write a minute of the day as people do."""
    return f"{minute // 60:02}:{minute % 60:02}"


def every_day(since: int, until: int) -> CallingWindow:
    """Make a window with the same hours (of the clock) all week."""
    return CallingWindow(weekdays=(Hours(since * 60, until * 60),) * 7)


def week(
    workdays: tuple[int, int],
    saturday: tuple[int, int] | None,
    sunday: tuple[int, int] | None,
) -> CallingWindow:
    """Make a window of whole hours for workdays, Saturday and Sunday."""
    weekend = [day and Hours(day[0] * 60, day[1] * 60) for day in (saturday, sunday)]
    workday = Hours(workdays[0] * 60, workdays[1] * 60)
    return CallingWindow(weekdays=((workday,) * 5 + tuple(weekend)))
