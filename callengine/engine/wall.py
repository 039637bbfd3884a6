"""
From the engine's instants to the wall clock's, at the ports that know the time of day.

Inside, instants never jump (`callengine.boot.clock`); the order book and the ledger are
about days and hours that people read. Where nobody sets the clock both are the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from callengine.core.effects import PutLeadOff
from callengine.core.facts import Lead
from callengine.core.ids import AttemptId, Instant
from callengine.core.records import AttemptRecord, CallRecord, DecisionRecord
from callengine.engine.ports import Ledger, OrderBook, SavedDisposition

Ahead = Callable[[], float]
"""How far the wall clock is ahead of the engine's instants, in seconds."""

T = TypeVar("T")


class OrderBookOnWall:
    """An `OrderBook` for whom it is as late as on the wall."""

    def __init__(self, inner: OrderBook, ahead: Ahead) -> None:
        self._inner, self._ahead = inner, ahead

    async def due(self, now: Instant, limit: int) -> tuple[Lead, ...]:
        """Claim what is due by the wall clock; its instants are the engine's again."""
        ahead_s = self._ahead()
        return tuple(
            _lead(x, -ahead_s) for x in await self._inner.due(now + ahead_s, limit)
        )

    async def release(self, attempts: Sequence[AttemptId]) -> None:
        """See `OrderBook`."""
        await self._inner.release(attempts)

    async def release_all(self, keep: Sequence[AttemptId] = ()) -> int:
        """See `OrderBook`."""
        return await self._inner.release_all(keep)


class LedgerOnWall:
    """A `Ledger` that is written by the wall clock."""

    def __init__(self, inner: Ledger, ahead: Ahead) -> None:
        self._inner, self._ahead = inner, ahead

    async def record(
        self,
        calls: Sequence[CallRecord],
        attempts: Sequence[AttemptRecord],
        decisions: Sequence[DecisionRecord],
    ) -> None:
        """See `Ledger`."""
        by_s = self._ahead()
        await self._inner.record(
            shifted(calls, by_s), shifted(attempts, by_s), shifted(decisions, by_s)
        )

    async def start_attempts(
        self, leads: Sequence[Lead], at: Instant
    ) -> tuple[AttemptId, ...]:
        """See `Ledger`."""
        by_s = self._ahead()
        moved = [_lead(lead, by_s) for lead in leads]
        return await self._inner.start_attempts(moved, at + by_s)

    async def put_off(self, leads: Sequence[PutLeadOff], now: Instant) -> None:
        """See `Ledger`; when they are due again is a time of day already."""
        await self._inner.put_off(leads, now + self._ahead())

    async def save_disposition(self, saved: SavedDisposition) -> None:
        """See `Ledger`."""
        (moved,) = shifted([saved], self._ahead())
        await self._inner.save_disposition(moved)


def _lead(lead: Lead, by_s: float) -> Lead:
    """Move what a lead is due by; its past is asked about by the time of day."""
    if by_s == 0.0:
        return lead
    deadline_at = None if lead.deadline_at is None else lead.deadline_at + by_s
    cut_off_at = None if lead.cut_off_at is None else lead.cut_off_at + by_s
    return replace(
        lead,
        due_at=lead.due_at + by_s,
        deadline_at=deadline_at,
        placed_at=lead.placed_at + by_s,
        cut_off_at=cut_off_at,
    )


def shifted(records: Sequence[T], by_s: float) -> Sequence[T]:
    """Move every instant of some records; they are as they were when `by_s` is 0."""
    return records if by_s == 0.0 else [_moved(record, by_s) for record in records]


def _moved(record: Any, by_s: float) -> Any:
    changes: dict[str, Any] = {}
    for field in fields(record):
        value = getattr(record, field.name)
        if field.name == "at" or field.name.endswith("_at"):
            changes[field.name] = None if value is None else value + by_s
        elif field.name == "events":
            changes[field.name] = tuple((at + by_s, *more) for at, *more in value)
        elif isinstance(value, tuple) and value and is_dataclass(value[0]):
            changes[field.name] = tuple(_moved(each, by_s) for each in value)
    return replace(record, **changes)
