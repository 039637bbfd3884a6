"""Attempts that ended a moment ago: a lead claimed before cannot know of them."""

from collections import deque

from callengine.core.compliance.verdict import PastAttempt
from callengine.core.facts import Lead
from callengine.core.ids import Instant, ShopId

KEPT_S = 600.0
"""Until then every attempt is on record, and comes with leads from there."""

_Place = tuple[ShopId, str]


class RecentAttempts:
    """By shop and number, for `KEPT_S`."""

    def __init__(self) -> None:
        self._by_place: dict[_Place, list[PastAttempt]] = {}
        self._ended: deque[tuple[Instant, _Place]] = deque()

    def __len__(self) -> int:
        return len(self._ended)

    def add(
        self, shop: ShopId, number: str, attempt: PastAttempt, now: Instant
    ) -> None:
        """Keep one that has just ended."""
        while self._ended and self._ended[0][0] <= now - KEPT_S:
            _, place = self._ended.popleft()
            kept = self._by_place[place]
            kept.pop(0)
            if not kept:
                del self._by_place[place]
        self._by_place.setdefault((shop, number), []).append(attempt)
        self._ended.append((now, (shop, number)))

    def unknown_to(self, lead: Lead) -> tuple[PastAttempt, ...]:
        """List those on a lead's number that it does not know of, oldest first."""
        kept = self._by_place.get((lead.shop, lead.number), ())
        return tuple(attempt for attempt in kept if attempt not in lead.past)
