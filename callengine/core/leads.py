"""
Orders that the pool may dial, most urgent first, by what their calls require.

The leads of a lane compete for the same agents. Places follow
`recycling.urgency`; they only get worse with time, so one that no longer holds is found
when it comes to the top.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from callengine.core.compliance.verdict import PastAttempt
from callengine.core.facts import Lead
from callengine.core.ids import AttemptId, Instant, OrderId, ShopId
from callengine.core.recent import RecentAttempts
from callengine.core.recycling.urgency import OrderClock, Rank, UrgencyRules, rank
from callengine.core.skills import Requirement


class Lane(NamedTuple):
    """
    What leads have in common.

    Attributes:
        requirement: of their calls.
        aside: they are dialled only with an agent set aside.
    """

    requirement: Requirement
    aside: bool = False


@dataclass(frozen=True, slots=True, order=True)
class _Place:
    rank: Rank
    entered: int
    attempt: AttemptId


@dataclass(slots=True)
class _Entry:
    lead: Lead
    lane: Lane
    best_hour: float
    place: _Place | None = None
    """None while kept back."""


@dataclass(frozen=True, slots=True)
class Head:
    """The first lead of a lane."""

    rank: Rank
    lead: Lead
    lane: Lane


class Leads:
    """
    Leads of one pool.

    Args:
        rules: what makes an order urgent.
    """

    def __init__(self, rules: UrgencyRules | None = None) -> None:
        self._rules = rules or UrgencyRules()
        self._entries: dict[AttemptId, _Entry] = {}
        self._lanes: dict[Lane, list[_Place]] = {}
        self._parked: dict[str, list[AttemptId]] = {}
        self._recent = RecentAttempts()
        self._entered = 0

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, attempt: AttemptId) -> bool:
        return attempt in self._entries

    def __iter__(self) -> Iterator[AttemptId]:
        return iter(self._entries)

    def every(self) -> list[Lead]:
        """List every lead, in no order."""
        return [entry.lead for entry in self._entries.values()]

    def add(
        self, lead: Lead, lane: Lane, now: Instant, *, best_hour: float = 1.0
    ) -> None:
        """
        Enter a lead; one that is here stays as it is.

        Args:
            best_hour: how good the hour is for this number, see `urgency`.
        """
        if lead.attempt in self._entries:
            return
        news = self._recent.unknown_to(lead)
        if news:
            lead = replace(lead, past=(*lead.past, *news))
        entry = self._entries[lead.attempt] = _Entry(lead, lane, best_hour)
        self._line_up(entry, now)

    def discard(self, attempt: AttemptId) -> None:
        """Take a lead out; absent is fine."""
        self._entries.pop(attempt, None)

    def of_order(self, order: OrderId) -> list[AttemptId]:
        """Name the leads of an order."""
        return [a for a, entry in self._entries.items() if entry.lead.order == order]

    def attempted(
        self, shop: ShopId, number: str, attempt: PastAttempt, now: Instant
    ) -> None:
        """Tell leads of a number, those to come too, of an attempt that has ended."""
        self._recent.add(shop, number, attempt, now)
        for entry in self._entries.values():
            if entry.lead.number == number and entry.lead.shop == shop:
                past = (*entry.lead.past, attempt)
                entry.lead = replace(entry.lead, past=past)

    def park(self, attempt: AttemptId) -> None:
        """Keep a lead back while its number is being dialled for another order."""
        entry = self._entries[attempt]
        entry.place = None
        self._parked.setdefault(entry.lead.number, []).append(attempt)

    def number_over(self, number: str, now: Instant) -> None:
        """Let leads of a number be dialled again."""
        for attempt in self._parked.pop(number, ()):
            entry = self._entries.get(attempt)
            if entry is not None:
                self._line_up(entry, now)

    def head(self, lane: Lane, now: Instant) -> Head | None:
        """Find the most urgent lead of a lane; None when the lane is empty."""
        places = self._lanes.get(lane)
        while places:
            place = places[0]
            entry = self._entries.get(place.attempt)
            if entry is None or entry.place != place:
                heapq.heappop(places)
            elif place.rank.holds_until < now:
                later = _Place(self._rank(entry, now), place.entered, place.attempt)
                entry.place = later
                heapq.heapreplace(places, later)
            else:
                return Head(place.rank, entry.lead, lane)
        self._lanes.pop(lane, None)
        return None

    def heads(self, now: Instant) -> list[Head]:
        """List the first lead of every lane, most urgent first."""
        found = [self.head(lane, now) for lane in list(self._lanes)]
        return sorted((h for h in found if h is not None), key=lambda h: h.rank)

    def _line_up(self, entry: _Entry, now: Instant) -> None:
        self._entered += 1
        attempt = entry.lead.attempt
        entry.place = _Place(self._rank(entry, now), self._entered, attempt)
        heapq.heappush(self._lanes.setdefault(entry.lane, []), entry.place)

    def _rank(self, entry: _Entry, now: Instant) -> Rank:
        lead = entry.lead
        clock = OrderClock(
            placed_at=lead.placed_at or lead.due_at,
            cut_off_at=lead.cut_off_at,
            value=lead.value,
            best_hour=entry.best_hour,
        )
        return rank(clock, now, self._rules)
