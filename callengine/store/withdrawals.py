"""Cancelling an order that its shop took back, and telling so; in one transaction."""

from collections.abc import Callable

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callengine.core.ids import Instant
from callengine.engine.order_changes import withdrawal_messages
from callengine.engine.orders import Stage
from callengine.store import tables as t
from callengine.store.messages import put_messages
from callengine.store.order_rows import order_facts
from callengine.store.rows import terms_of


async def cancel_withdrawn(
    connection: AsyncConnection,
    shop: str,
    order: str,
    at: Instant,
    new_id: Callable[[], str],
) -> int:
    """Cancel an order and its delivery; how many messages tell it."""
    o, d = t.orders.c, t.deliveries.c
    terms = await terms_of(connection, shop)
    facts = await order_facts(connection, shop, order, lock=True)
    if terms is None or facts is None:
        return 0
    messages = withdrawal_messages(terms, facts, at)
    await connection.execute(
        update(t.orders)
        .where(o.shop == shop, o.order_id == order)
        .values(
            stage=Stage.CANCELLED.value,
            attempt=None,
            claimed_at=None,
            next_try_at=None,
        )
    )
    await connection.execute(
        update(t.deliveries).where(d.order_id == order).values(status="cancelled")
    )
    return await put_messages(
        connection, messages, shop=shop, order=order, at=at, new_id=new_id
    )


async def cancel_all_withdrawn(
    connection: AsyncConnection, new_id: Callable[[], str]
) -> int:
    """Cancel orders that were taken back and whose attempt is gone without a record."""
    o = t.orders.c
    found = await connection.execute(
        select(o.shop, o.order_id, o.withdrawn_at).where(
            o.withdrawn_at.is_not(None),
            o.attempt.is_(None),
            o.stage.in_((Stage.DIALLING.value, Stage.RETRY.value)),
        )
    )
    told = 0
    for row in found.all():
        told += await cancel_withdrawn(
            connection, row.shop, row.order_id, row.withdrawn_at, new_id
        )
    return told
