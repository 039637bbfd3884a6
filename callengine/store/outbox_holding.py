"""
Which messages are held, and what lets them go.

A message is held (`next_try_at` is null) while an earlier one of its order to the same
receiver is not delivered, or while its receiver is paused. So only messages that may
be sent now are in the index of what is due, however much waits.
"""

from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callengine.core.ids import Instant
from callengine.store import tables as t

WAITING: ColumnElement[str] = literal_column("'waiting'")
DEAD: ColumnElement[str] = literal_column("'dead'")
UNDELIVERED = ("waiting", "unaddressed")


def has_earlier(message: Any) -> ColumnElement[bool]:
    """Say whether an earlier message of the same order and receiver is undelivered."""
    earlier = t.outbox.alias("earlier")
    return exists(
        select(1)
        .select_from(earlier)
        .where(
            earlier.c.order_id == message.order_id,
            earlier.c.receiver == message.receiver,
            earlier.c.change < message.change,
            earlier.c.state.in_(UNDELIVERED),
        )
    )


async def release_next(
    connection: AsyncConnection, order: str, receiver: str, at: Instant
) -> None:
    """Make the next message of an order due: the one before it is settled."""
    o = t.outbox.c
    first = (
        select(func.min(o.change))
        .where(o.order_id == order, o.receiver == receiver, o.state.in_(UNDELIVERED))
        .scalar_subquery()
    )
    await connection.execute(
        update(t.outbox)
        .where(
            o.order_id == order,
            o.receiver == receiver,
            o.change == first,
            o.state == "waiting",
            o.next_try_at.is_(None),
        )
        .values(next_try_at=at)
    )


async def release_all(
    connection: AsyncConnection, shop: str, receiver: str, at: Instant
) -> int:
    """Make due what was held for a receiver that is open again; how many are."""
    o = t.outbox.c
    done = await connection.execute(
        update(t.outbox)
        .where(
            o.shop == shop,
            o.receiver == receiver,
            o.state == WAITING,
            o.next_try_at.is_(None),
            ~has_earlier(o),
        )
        .values(next_try_at=at)
    )
    return done.rowcount


async def hold_all(
    connection: AsyncConnection, shop: str, receiver: str, now: Instant
) -> None:
    """
    Hold what is due for a receiver that is paused.

    What is due later is left alone: it is either being tried at this moment by
    somebody, or held when its time comes.
    """
    o = t.outbox.c
    await connection.execute(
        update(t.outbox)
        .where(
            o.shop == shop,
            o.receiver == receiver,
            o.state == WAITING,
            o.next_try_at <= now,
        )
        .values(next_try_at=None)
    )


async def open_receiver(
    connection: AsyncConnection, shop: str, receiver: str, at: Instant
) -> int | None:
    """Open a paused receiver; how many messages are due now, None if it was open."""
    r = t.receivers.c
    done = await connection.execute(
        update(t.receivers)
        .where(r.shop == shop, r.receiver == receiver, r.state != "open")
        .values(state="open", reason="", failures=0, since_at=at, probe_at=None)
    )
    if not done.rowcount:
        return None
    return await release_all(connection, shop, receiver, at)


def paused(shop: Any, receiver: Any) -> ColumnElement[bool]:
    """Say whether the receiver of a message is paused."""
    r = t.receivers.c
    return exists(
        select(1)
        .select_from(t.receivers)
        .where(and_(r.shop == shop, r.receiver == receiver, r.state != "open"))
    )
