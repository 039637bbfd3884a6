"""One order with its lines and delivery, as cards and facts."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from callengine.core.cards import DeliveryCard, ItemCard, OrderCard
from callengine.core.ids import OrderId
from callengine.engine.dispositions import OrderFacts
from callengine.store import tables as t
from callengine.store.profile import instant_text


async def order_row(
    connection: AsyncConnection, shop: str, order: str, *, lock: bool = False
) -> Row[Any] | None:
    """Find an order of a shop; `lock` keeps other writers off until commit."""
    statement = select(t.orders).where(
        t.orders.c.shop == shop, t.orders.c.order_id == order
    )
    if lock:
        statement = statement.with_for_update()
    return (await connection.execute(statement)).one_or_none()


async def order_card(connection: AsyncConnection, row: Row[Any]) -> OrderCard:
    """Read an order's lines and delivery beside its row."""
    lines = await connection.execute(
        select(t.order_items)
        .where(t.order_items.c.order_id == row.order_id)
        .order_by(t.order_items.c.line)
    )
    agreed = await connection.execute(
        select(t.deliveries).where(t.deliveries.c.order_id == row.order_id)
    )
    delivery = agreed.one_or_none()
    return OrderCard(
        order=OrderId(row.order_id),
        number=row.number,
        stage=row.stage,
        placed_at=instant_text(row.placed_at),
        total_minor=row.total_minor,
        currency=row.currency,
        items=tuple(
            ItemCard(
                sku=line.sku,
                name=line.name,
                category=line.category,
                quantity=line.quantity,
                price_minor=line.price_minor,
            )
            for line in lines
        ),
        delivery=None if delivery is None else delivery_card(delivery),
        comment=row.comment,
    )


def delivery_card(row: Row[Any]) -> DeliveryCard:
    """Turn a row of `deliveries` into the card's value."""
    return DeliveryCard(
        method=row.method,
        address=row.address,
        date=row.date,
        time_from=row.time_from,
        time_to=row.time_to,
        status=row.status,
    )


async def order_facts(
    connection: AsyncConnection, shop: str, order: str, *, lock: bool = False
) -> OrderFacts | None:
    """Read an order as rules need it; None when the shop has no such order."""
    row = await order_row(connection, shop, order, lock=lock)
    if row is None:
        return None
    return OrderFacts(
        order=await order_card(connection, row),
        phone=row.phone,
        name=row.name,
        comment=row.comment,
        tries=row.tries,
        withdrawn=row.withdrawn_at is not None,
    )
