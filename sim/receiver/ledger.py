"""What the receivers were told, and whether it was told properly."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

SIDES = ("shop", "logistics")


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message that was taken with a valid signature."""

    shop: str
    side: str
    message_id: str
    type: str
    order: str
    """The shop's own number of the order."""
    at: float
    """Unix time, s."""
    sequence: int = 0
    """Its place among what this side was told of this order; 0 of none."""


@dataclass(slots=True)
class ReceivedLedger:
    """Every delivery by side; nothing is forgotten during a run."""

    taken: list[Delivery] = field(default_factory=list)
    bad_signatures: int = 0
    malformed: int = 0
    refused_on_purpose: int = 0

    def orders(self, side: str, type_: str) -> set[tuple[str, str]]:
        """List (shop, order) that a side was told `type_` of."""
        return {
            (d.shop, d.order) for d in self.taken if d.side == side and d.type == type_
        }

    def duplicates(self) -> int:
        """
        Count deliveries beyond the first of the same message or the same news.

        A message that was refused may come again; one that was taken may not.
        """
        by_id = Counter((d.shop, d.side, d.message_id) for d in self.taken)
        by_news = Counter((d.shop, d.side, d.type, d.order) for d in self.taken)
        repeated = sum(count - 1 for count in by_id.values())
        return max(repeated, sum(count - 1 for count in by_news.values()))

    def out_of_order(self) -> int:
        """Count messages that came after a later one of their order to their side."""
        last: dict[tuple[str, str, str], int] = {}
        late = 0
        for one in self.taken:
            place = (one.shop, one.side, one.order)
            late += one.sequence < last.get(place, 0)
            last[place] = max(one.sequence, last.get(place, 0))
        return late

    def first_at(self, side: str, type_: str, order: str) -> float | None:
        """Say when a side first heard of an order, Unix time."""
        times = [
            d.at
            for d in self.taken
            if d.side == side and d.type == type_ and d.order == order
        ]
        return min(times, default=None)

    def as_json(self) -> dict[str, Any]:
        """Sum it up."""
        counts = Counter((d.side, d.type) for d in self.taken)
        return {
            "taken": {
                side: {type_: n for (s, type_), n in counts.items() if s == side}
                for side in SIDES
            },
            "bad_signatures": self.bad_signatures,
            "malformed": self.malformed,
            "refused_on_purpose": self.refused_on_purpose,
            "duplicates": self.duplicates(),
            "out_of_order": self.out_of_order(),
        }
