"""Putting messages into the outbox, once per receiver and change."""

from collections.abc import Callable, Iterable

import orjson
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from callengine.core.ids import Instant
from callengine.engine.dispositions import Message
from callengine.store import tables as t


async def put_messages(
    connection: AsyncConnection,
    messages: Iterable[Message],
    *,
    shop: str,
    order: str,
    at: Instant,
    new_id: Callable[[], str],
) -> int:
    """
    Keep messages about an order; how many were new.

    The caller holds the order's row locked, so that the last change a receiver was
    told is known; what tells the same again is left out.
    """
    count = 0
    for message in messages:
        last_change, last_hash = await _last(connection, order, message.receiver)
        if last_hash == message.content_hash:
            continue
        addressed = bool(await _url(connection, shop, message.receiver))
        await connection.execute(
            insert(t.outbox).values(
                message=new_id(),
                shop=shop,
                order_id=order,
                receiver=message.receiver,
                change=last_change + 1,
                content_hash=message.content_hash,
                type=message.type,
                body=orjson.dumps(message.body).decode(),
                state="waiting" if addressed else "unaddressed",
                tries=0,
                created_at=at,
                next_try_at=at if addressed else None,
                error="",
            )
        )
        count += 1
    return count


async def _last(
    connection: AsyncConnection, order: str, receiver: str
) -> tuple[int, str]:
    o = t.outbox.c
    found = await connection.execute(
        select(o.change, o.content_hash)
        .where(o.order_id == order, o.receiver == receiver)
        .order_by(o.change.desc())
        .limit(1)
    )
    row = found.one_or_none()
    return (0, "") if row is None else (row.change, row.content_hash)


async def _url(connection: AsyncConnection, shop: str, receiver: str) -> str:
    column = t.shops.c.shop_url if receiver == "shop" else t.shops.c.logistics_url
    found = await connection.execute(
        select(func.coalesce(column, "")).where(t.shops.c.shop == shop)
    )
    return found.scalar_one_or_none() or ""
