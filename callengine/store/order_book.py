"""Orders that wait to be dialled."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    bindparam,
    delete,
    exists,
    or_,
    select,
    update,
)
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from callengine.core.facts import Lead
from callengine.core.ids import AttemptId, Instant, OrderId, ShopId
from callengine.core.records import Outcome
from callengine.core.recycling.urgency import UrgencyRules
from callengine.engine.attempt_news import LOST, AttemptNews, lost_news
from callengine.engine.orders import FAILED_RETRY_S, Stage
from callengine.store import tables as t
from callengine.store.crm import SpokenLanguages
from callengine.store.database import Database, persistent
from callengine.store.leads import Claimed, LeadReader
from callengine.store.messages import put_news
from callengine.store.withdrawals import cancel_all_withdrawn

URGENCY = UrgencyRules()
START_S = 60.0
"""What is read and written once, before the engine works, may take longer."""


class SqlOrderBook:
    """`OrderBook` on the database. The attempt that owns an order is on its row."""

    def __init__(
        self, db: Database, languages: SpokenLanguages, new_id: Callable[[], str]
    ) -> None:
        self._db = db
        self._reader = LeadReader(db, languages)
        self._new_id = new_id
        self._doubtful: set[AttemptId] = set()
        """Claimed perhaps: the database did not say, and nobody was told of them."""

    async def due(self, now: Instant, limit: int) -> tuple[Lead, ...]:
        """
        Claim due leads: first those whose deadline can still be met, the nearest
        one first, then those for whom a courier still waits, then those late
        already, the oldest first (`core.recycling.urgency`).
        """
        if self._doubtful:
            # Claimed and not handed over would be claimed by nobody, for ever.
            await self.release(list(self._doubtful))
            self._doubtful.clear()
        if limit <= 0 or not await self._any_due(now):
            return ()
        rows = await self._claimed(now, limit)
        leads = await self._reader.leads(rows, now)
        self._doubtful.clear()
        return leads

    @persistent
    async def _claimed(self, now: Instant, limit: int) -> list[Claimed]:
        async with self._db.write() as connection:
            rows = await self._claim(connection, now, limit)
            self._doubtful = {attempt for _, attempt in rows}
            return rows

    async def _any_due(self, now: Instant) -> bool:
        """Look without the writer's lock: most looks find nothing."""
        async with self._db.read() as connection:
            found = await connection.execute(_dialable(now).limit(1))
            return found.first() is not None

    async def _claim(
        self, connection: AsyncConnection, now: Instant, limit: int
    ) -> list[Claimed]:
        o = t.orders.c
        rows: list[Row[Any]] = []
        for tier in _tiers(now + URGENCY.needed_s):
            found = await connection.execute(
                _dialable(now)
                .where(*tier.where)
                .order_by(tier.by)
                .limit(limit - len(rows))
                .with_for_update(of=t.orders, skip_locked=True)
            )
            rows += found.all()
            if len(rows) >= limit:
                break
        claimed = [(row, AttemptId(self._new_id())) for row in rows]
        if claimed:
            await connection.execute(
                update(t.orders)
                .where(
                    o.shop == bindparam("of_shop"),
                    o.order_id == bindparam("claimed_order"),
                )
                .values(attempt=bindparam("by_attempt"), claimed_at=now),
                [
                    {
                        "of_shop": row.shop,
                        "claimed_order": row.order_id,
                        "by_attempt": attempt,
                    }
                    for row, attempt in claimed
                ],
            )
        return claimed

    @persistent
    async def release(self, attempts: Sequence[AttemptId]) -> None:
        """Give claimed leads back undialled."""
        if not attempts:
            return
        o, a = t.orders.c, t.attempts.c
        free = {"attempt": None, "claimed_at": None}
        async with self._db.write() as connection:
            # One that was started and then not dialled is taken back wholly.
            await connection.execute(
                update(t.orders)
                .where(o.attempt.in_(attempts), o.stage == Stage.DIALLING)
                .values(free | {"stage": Stage.RETRY.value, "tries": o.tries - 1})
            )
            await connection.execute(
                delete(t.attempts).where(a.attempt.in_(attempts), a.ended_at.is_(None))
            )
            await connection.execute(
                update(t.orders).where(o.attempt.in_(attempts)).values(free)
            )
            told = await cancel_all_withdrawn(connection, self._new_id)
        if told:
            self._db.messages_committed.set()

    @persistent
    async def release_all(self, keep: Sequence[AttemptId] = ()) -> int:
        """Give back whatever a dead engine had claimed; see `OrderBook`."""
        o, a = t.orders.c, t.attempts.c
        kept = set(keep)
        async with self._db.write(within_s=START_S) as connection:
            taken = await connection.execute(
                select(o.order_id, o.attempt, o.next_try_at, a.started_at)
                .outerjoin_from(t.orders, t.attempts, a.attempt == o.attempt)
                .where(o.attempt.is_not(None))
            )
            lost = [row for row in taken if row.attempt not in kept]
            for row in lost:
                await _give_back(connection, row)
            running = await connection.execute(
                select(t.attempts).where(a.ended_at.is_(None))
            )
            ended = [row for row in running if row.attempt not in kept]
            for attempt in ended:
                await _fail(connection, attempt)
            news = [_ended_with_engine(attempt) for attempt in ended]
            told = await put_news(connection, news, self._new_id) if news else 0
            told += await cancel_all_withdrawn(connection, self._new_id)
        if told:
            self._db.messages_committed.set()
        return len(lost)


class _Tier(NamedTuple):
    """Orders of one urgency, and what goes first among them."""

    where: tuple[ColumnElement[bool], ...]
    by: ColumnElement[Any]


def _tiers(ready_at: Instant) -> tuple[_Tier, ...]:
    """Part orders by what they can still make if dialled now; see `Tier`."""
    o = t.orders.c
    late = o.dial_by_at < ready_at
    on_courier = o.cut_off_at >= ready_at
    neither = or_(o.cut_off_at.is_(None), o.cut_off_at < ready_at)
    return (
        _Tier((o.dial_by_at >= ready_at,), o.dial_by_at),
        _Tier((on_courier, late), o.cut_off_at),
        _Tier((late, neither), o.dial_by_at),
    )


def _dialable(now: Instant) -> Select[Any]:
    """
    Orders that may be dialled.

    The shop is asked per order found: asked first, it would make the planner read
    all orders of the shop instead of the few that wait.
    """
    o, s = t.orders.c, t.shops.c
    dials = exists().where(s.shop == o.shop, s.dial_orders)
    return select(t.orders).where(
        o.attempt.is_(None),
        o.next_try_at.is_not(None),
        o.withdrawn_at.is_(None),
        o.next_try_at <= now,
        dials,
    )


async def _give_back(connection: AsyncConnection, row: Any) -> None:
    values: dict[str, Any] = {"attempt": None, "claimed_at": None}
    if row.started_at is not None:
        again_at = max(row.next_try_at or 0.0, row.started_at + FAILED_RETRY_S)
        values |= {"stage": Stage.RETRY.value, "next_try_at": again_at}
    await connection.execute(
        update(t.orders).where(t.orders.c.order_id == row.order_id).values(values)
    )


async def _fail(connection: AsyncConnection, row: Any) -> None:
    """Close an attempt nobody knows the end of."""
    await connection.execute(
        update(t.attempts)
        .where(t.attempts.c.attempt == row.attempt)
        .values(
            ended_at=row.started_at,
            outcome=Outcome.FAILED.value,
            next_try_at=row.started_at + FAILED_RETRY_S,
            rule=LOST,
        )
    )


def _ended_with_engine(row: Any) -> AttemptNews:
    return lost_news(
        AttemptId(row.attempt),
        OrderId(row.order_id),
        ShopId(row.shop),
        number=row.number,
        tries=row.tries,
        started_at=row.started_at,
        next_try_at=row.started_at + FAILED_RETRY_S,
    )
