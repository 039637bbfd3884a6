"""What outlives a restart of what campaigns had learned: counts and attempts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from math import floor
from zoneinfo import ZoneInfo

from callengine.core.compliance.budget import DayCount
from callengine.core.compliance.regime import NuisanceLimit, WindowKind
from callengine.core.ids import Instant, ShopId
from callengine.core.records import Outcome

MOST_ATTEMPTS = 2000
"""Of one shop: the estimates forget what is older anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedHour:
    """
    Live answers and machines of an hour.

    Attributes:
        at: of the first of them; never before the window that they count in.
    """

    at: Instant
    served: int = 0
    nuisances: int = 0
    machines: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedAttempt:
    """
    An attempt that is over.

    Attributes:
        tries: 1 for the first attempt for its order.
        rang: the customer's phone was heard to ring.
    """

    tries: int
    started_at: Instant
    rang: bool
    answered_at: Instant | None
    bridged_at: Instant | None
    ended_at: Instant
    outcome: Outcome
    trunk: str = ""
    zone: str = ""

    @property
    def talk_s(self) -> float | None:
        """How long agent and customer talked; None if they did not."""
        if self.bridged_at is None:
            return None
        return max(0.0, self.ended_at - self.bridged_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopMemory:
    """
    What is remembered of one shop's order calls.

    Attributes:
        began_at: when the shop was first dialled for.
        counts: of the regime's current window, oldest first.
        attempts: the last ones, oldest first.
        today: attempts and money of the shop's day so far.
    """

    shop: ShopId
    began_at: Instant
    counts: Sequence[CountedHour] = ()
    attempts: Sequence[FinishedAttempt] = ()
    today: DayCount | None = None


def window_began(
    limit: NuisanceLimit, zone: str, began_at: Instant, now: Instant
) -> Instant:
    """
    Say since when nuisance calls count together at `now`.

    Args:
        zone: IANA zone of calendar days.
        began_at: beginning of the campaign, for successive windows.
    """
    match limit.window:
        case WindowKind.ROLLING:
            return now - limit.length_s
        case WindowKind.SUCCESSIVE:
            gone = max(0, floor((now - began_at) / limit.length_s))
            return began_at + gone * limit.length_s
        case WindowKind.CALENDAR_DAY:
            clock = ZoneInfo(zone)
            today = datetime.fromtimestamp(now, clock).date()
            return datetime.combine(today, time(), clock).timestamp()
