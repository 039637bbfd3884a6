"""Orders that are here already: replaced, taken back, listed."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import and_, delete, insert, or_, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from callengine.core.ids import Instant, OrderId, ShopId
from callengine.engine.order_changes import (
    OrderLine,
    OrderQuery,
    Replaced,
    ReplacedAs,
    Withdrawn,
    WithdrawnAs,
    dials_anew,
    may_replace,
)
from callengine.engine.orders import ReadOrder, Stage, read_order
from callengine.engine.ports import NewOrder, OrderRefused, TakenAs, UnknownShop
from callengine.store import tables as t
from callengine.store.customers import customer_of
from callengine.store.database import Database
from callengine.store.intake import SqlIntake, item_rows, order_row
from callengine.store.rows import shop_of
from callengine.store.withdrawals import cancel_withdrawn

KEPT_WHEN_REPLACED = ("stage", "received_at", "next_try_at", "tries")
"""Columns of a new order that a replacement leaves as they are."""


class SqlOrderChanges:
    """`OrderChanges` on the database."""

    def __init__(
        self, db: Database, intake: SqlIntake, new_id: Callable[[], str]
    ) -> None:
        self._db = db
        self._intake = intake
        self._new_id = new_id

    async def take_many(
        self, shop: ShopId, orders: Sequence[NewOrder], at: Instant
    ) -> list[TakenAs | OrderRefused]:
        """Keep orders in one transaction; see `OrderChanges`."""
        return await self._intake.take_many(shop, orders, at)

    async def replace(self, shop: ShopId, order: NewOrder, at: Instant) -> Replaced:
        """Keep this as the order of its number; see `OrderChanges`."""
        async with self._db.write() as connection:
            found = await connection.execute(
                select(t.shops).where(t.shops.c.shop == shop)
            )
            tenant = found.one_or_none()
            if tenant is None:
                raise UnknownShop(f"there is no shop {shop!r}")
            read = read_order(order, shop_of(tenant, ()), at)
            verdict = await self._replace(connection, shop, read, tenant.goal_s, at)
        if verdict is None:
            taken = await self._intake.take(shop, order, at)
            if taken.taken_as is TakenAs.CONFLICT:
                # Somebody gave the number other content between our two looks.
                return await self.replace(shop, order, at)
            same = taken.taken_as is TakenAs.SAME
            verdict = ReplacedAs.SAME if same else ReplacedAs.CREATED
        if verdict is ReplacedAs.REPLACED:
            self._db.orders_committed.set()
        view = await self._intake.find(shop, order.number.strip())
        assert view is not None
        return Replaced(replaced_as=verdict, order=view)

    async def _replace(
        self,
        connection: AsyncConnection,
        shop: str,
        read: ReadOrder,
        goal_s: float,
        at: Instant,
    ) -> ReplacedAs | None:
        """Replace an order that is there; None when none is."""
        o = t.orders.c
        row = await _locked(connection, shop, read.order.number.strip())
        if row is None:
            return None
        if row.content_hash == read.content_hash:
            return ReplacedAs.SAME
        verdict = may_replace(row.stage, row.withdrawn_at)
        if verdict is not ReplacedAs.REPLACED:
            return verdict
        values = order_row(shop, read, at)
        for name in KEPT_WHEN_REPLACED:
            del values[name]
        values |= {
            "customer": await customer_of(connection, shop, read, at, self._new_id),
            # A lead that was claimed holds the old content: it is taken back.
            "attempt": None,
            "claimed_at": None,
            "held_rule": "",
            "held_reason": "",
        }
        if dials_anew(row.stage, other_phone=row.phone != read.phone):
            values |= {
                "stage": Stage.NEW.value,
                "next_try_at": at,
                "dial_by_at": at + goal_s,
                "tries": 0,
            }
        mine = (o.shop == shop, o.order_id == row.order_id)
        await connection.execute(update(t.orders).where(*mine).values(values))
        await _put_items(connection, shop, row.order_id, read)
        return ReplacedAs.REPLACED

    async def withdraw(
        self, shop: ShopId, number: str, at: Instant
    ) -> Withdrawn | None:
        """Take an order back; see `OrderChanges`."""
        async with self._db.write() as connection:
            row = await _locked(connection, shop, number)
            if row is None:
                return None
            verdict, told = await self._withdraw(connection, row, at)
        if told:
            self._db.messages_committed.set()
        view = await self._intake.find(shop, number)
        assert view is not None
        return Withdrawn(withdrawn_as=verdict, order=view)

    async def _withdraw(
        self, connection: AsyncConnection, row: Row[Any], at: Instant
    ) -> tuple[WithdrawnAs, int]:
        if row.stage == Stage.RECEIVED:
            return WithdrawnAs.SETTLED, 0
        in_call = row.stage == Stage.DIALLING and row.attempt is not None
        if row.withdrawn_at is None:
            values: dict[str, Any] = {"withdrawn_at": at}
            if in_call:
                values["next_try_at"] = None
            o = t.orders.c
            await connection.execute(
                update(t.orders).where(o.order_id == row.order_id).values(values)
            )
        if in_call:
            return WithdrawnAs.IN_CALL, 0
        if row.stage == Stage.CANCELLED:
            return WithdrawnAs.WITHDRAWN, 0
        told = await cancel_withdrawn(
            connection, row.shop, row.order_id, at, self._new_id
        )
        return WithdrawnAs.WITHDRAWN, told

    async def listed(self, shop: ShopId, query: OrderQuery) -> tuple[OrderLine, ...]:
        """List orders, the latest received first; see `OrderChanges`."""
        o = t.orders.c
        wanted = select(t.orders).where(o.shop == shop)
        if query.stages:
            wanted = wanted.where(o.stage.in_(query.stages))
        if query.phone:
            wanted = wanted.where(o.phone == query.phone)
        if query.since is not None:
            wanted = wanted.where(o.received_at >= query.since)
        if query.until is not None:
            wanted = wanted.where(o.received_at < query.until)
        if query.after is not None:
            at, order = query.after
            later = and_(o.received_at == at, o.order_id < order)
            wanted = wanted.where(or_(o.received_at < at, later))
        wanted = wanted.order_by(o.received_at.desc(), o.order_id.desc())
        async with self._db.read() as connection:
            rows = await connection.execute(wanted.limit(query.limit))
            return tuple(_line(row) for row in rows)


async def _put_items(
    connection: AsyncConnection, shop: str, order: str, read: ReadOrder
) -> None:
    items = t.order_items
    await connection.execute(delete(items).where(items.c.order_id == order))
    lines = await item_rows(connection, shop, order, read)
    await connection.execute(insert(items), lines)


async def _locked(
    connection: AsyncConnection, shop: str, number: str
) -> Row[Any] | None:
    o = t.orders.c
    found = await connection.execute(
        select(t.orders).where(o.shop == shop, o.number == number).with_for_update()
    )
    return found.one_or_none()


def _line(row: Row[Any]) -> OrderLine:
    return OrderLine(
        order=OrderId(row.order_id),
        number=row.number,
        stage=row.stage,
        name=row.name,
        phone=row.phone,
        total_minor=row.total_minor,
        currency=row.currency,
        placed_at=row.placed_at,
        received_at=row.received_at,
        next_try_at=row.next_try_at,
        tries=row.tries,
        disposition=row.disposition,
        withdrawn_at=row.withdrawn_at,
    )
