"""Orders in: once per shop and number, whoever sends them how often."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from callengine.core.ids import AttemptId, Instant, ShopId
from callengine.engine.orders import ReadOrder, Stage, read_order
from callengine.engine.ports import (
    AttemptView,
    NewOrder,
    OrderRefused,
    OrderView,
    Shop,
    StoreConflict,
    Taken,
    TakenAs,
    UnknownShop,
)
from callengine.store import tables as t
from callengine.store.customers import customer_of
from callengine.store.database import Database, persistent
from callengine.store.files.headings import ColumnMap
from callengine.store.order_rows import order_card
from callengine.store.postgres import TRANSACTION_S
from callengine.store.rows import fit, shop_of

BATCH_S = 60.0


class SqlIntake:
    """`OrderIntake` on the database."""

    def __init__(self, db: Database, new_id: Callable[[], str]) -> None:
        self._db = db
        self._new_id = new_id

    async def take(self, shop: ShopId, order: NewOrder, at: Instant) -> Taken:
        """Keep one order; see `OrderIntake`."""
        verdict = (await self.take_many(shop, (order,), at))[0]
        if isinstance(verdict, OrderRefused):
            raise verdict
        view = await self.find(shop, order.number.strip())
        assert view is not None
        return Taken(taken_as=verdict, order=view)

    async def take_many(
        self, shop: ShopId, orders: Sequence[NewOrder], at: Instant
    ) -> list[TakenAs | OrderRefused]:
        """
        Keep orders in one transaction; one verdict for each, in their order.

        Raises `UnknownShop`.
        """
        try:
            verdicts = await self._take_many(shop, orders, at)
        except StoreConflict:
            # Another process took the same number between our look and our write.
            verdicts = await self._take_many(shop, orders, at)
        if TakenAs.CREATED in verdicts:
            self._db.orders_committed.set()
        return verdicts

    @persistent
    async def _take_many(
        self, shop: ShopId, orders: Sequence[NewOrder], at: Instant
    ) -> list[TakenAs | OrderRefused]:
        verdicts: list[TakenAs | OrderRefused] = []
        within_s = TRANSACTION_S if len(orders) == 1 else BATCH_S
        async with self._db.write(within_s=within_s) as connection:
            found = await connection.execute(
                select(t.shops).where(t.shops.c.shop == shop)
            )
            row = found.one_or_none()
            if row is None:
                raise UnknownShop(f"there is no shop {shop!r}")
            configured = shop_of(row, ())
            for order in orders:
                try:
                    read = read_order(order, configured, at)
                except OrderRefused as refused:
                    verdicts.append(refused)
                    continue
                verdicts.append(
                    await self._keep(connection, configured, read, row.goal_s, at)
                )
        return verdicts

    async def _keep(
        self,
        connection: AsyncConnection,
        shop: Shop,
        read: ReadOrder,
        goal_s: float,
        at: Instant,
    ) -> TakenAs:
        o = t.orders.c
        number = read.order.number.strip()
        there = await connection.execute(
            select(o.content_hash).where(o.shop == shop.shop, o.number == number)
        )
        known = there.scalar_one_or_none()
        if known is not None:
            same = known == read.content_hash
            return TakenAs.SAME if same else TakenAs.CONFLICT
        customer = await customer_of(connection, shop.shop, read, at, self._new_id)
        order_id = self._new_id()
        await connection.execute(
            insert(t.orders).values(
                order_row(shop.shop, read, at)
                | {
                    "order_id": order_id,
                    "customer": customer,
                    "deadline_at": at + goal_s,
                    "dial_by_at": at + goal_s,
                }
            )
        )
        lines = await item_rows(connection, shop.shop, order_id, read)
        await connection.execute(insert(t.order_items), lines)
        return TakenAs.CREATED

    async def column_map(self, shop: ShopId) -> ColumnMap:
        """Read what the shop calls the columns of its files."""
        s = t.shops.c
        async with self._db.read() as connection:
            found = await connection.execute(select(s.column_map).where(s.shop == shop))
            return ColumnMap(json.loads(found.scalar_one_or_none() or "{}"))

    async def find(self, shop: ShopId, number: str) -> OrderView | None:
        """Show an order by the shop's own number."""
        o = t.orders.c
        async with self._db.read() as connection:
            found = await connection.execute(
                select(t.orders).where(o.shop == shop, o.number == number)
            )
            row = found.one_or_none()
            if row is None:
                return None
            return OrderView(
                order=await order_card(connection, row),
                phone=row.phone,
                received_at=row.received_at,
                deadline_at=row.deadline_at,
                tries=row.tries,
                next_try_at=row.next_try_at,
                disposition=row.disposition,
                note=row.note,
                consent=bool(row.consent),
                cut_off_at=row.cut_off_at,
                held_rule=row.held_rule,
                held_reason=row.held_reason,
                withdrawn_at=row.withdrawn_at,
                attempts=await _attempts(connection, row.order_id),
            )


def order_row(shop: str, read: ReadOrder, at: Instant) -> dict[str, Any]:
    """Write an order as it is when it comes in."""
    order = read.order
    return {
        "shop": shop,
        "number": order.number.strip(),
        "name": order.name.strip(),
        "phone": read.phone,
        "phone_raw": fit(order.phone.strip(), 64),
        "stage": Stage.NEW.value,
        "language": read.language if order.language else "",
        "region": read.region,
        "currency": read.currency,
        "total_minor": read.total_minor,
        "method": order.method,
        "address": order.address,
        "comment": read.comment,
        "content_hash": read.content_hash,
        "placed_at": read.placed_at,
        "received_at": at,
        "next_try_at": at,
        "tries": 0,
        "disposition": "",
        "note": "",
        "consent": order.consent,
        "cut_off_at": order.cut_off_at,
    }


async def _categories(
    connection: AsyncConnection, shop: str, read: ReadOrder
) -> dict[str, str]:
    """Look up categories by sku where the order names none."""
    skus = [i.sku for i in read.order.items if i.sku and not i.category.strip()]
    if not skus:
        return {}
    p = t.products.c
    found = await connection.execute(
        select(p.sku, p.category).where(p.shop == shop, p.sku.in_(skus))
    )
    return {row.sku: row.category for row in found}


async def item_rows(
    connection: AsyncConnection, shop: str, order_id: str, read: ReadOrder
) -> list[dict[str, Any]]:
    """Write the lines of an order, with the categories of the shop's products."""
    categories = await _categories(connection, shop, read)
    return [
        {
            "order_id": order_id,
            "line": line,
            "shop": shop,
            "sku": item.sku,
            "name": item.name or item.sku,
            "category": item.category.strip().lower() or categories.get(item.sku, ""),
            "quantity": item.quantity,
            "price_minor": item.price_minor,
        }
        for line, item in enumerate(read.order.items, start=1)
    ]


async def _attempts(
    connection: AsyncConnection, order_id: str
) -> tuple[AttemptView, ...]:
    a = t.attempts.c
    rows = await connection.execute(
        select(t.attempts).where(a.order_id == order_id).order_by(a.started_at)
    )
    return tuple(
        AttemptView(
            attempt=AttemptId(row.attempt),
            number=row.number,
            started_at=row.started_at,
            ended_at=row.ended_at,
            outcome=row.outcome,
            next_try_at=row.next_try_at,
        )
        for row in rows
    )
