"""Taking messages out of the outbox to send them: what is due, and probes."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row, Select, and_, case, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callengine.core.ids import Instant, MessageId, ShopId
from callengine.engine.deliveries import TEST, OutboxMessage
from callengine.store import tables as t
from callengine.store.outbox_holding import WAITING, has_earlier


def claimable() -> Select[Any]:
    """Messages with all that sending takes, and whether each must be held."""
    o, s, r = t.outbox.c, t.shops.c, t.receivers.c
    to_shop = o.receiver == "shop"
    paused = func.coalesce(r.state, "open") != "open"
    return (
        select(
            t.outbox,
            case((to_shop, s.shop_url), else_=s.logistics_url).label("url"),
            case((to_shop, s.shop_secret), else_=s.logistics_secret).label("secret"),
            case((to_shop, s.shop_secret_old), else_=s.logistics_secret_old).label(
                "old_secret"
            ),
            case((to_shop, s.shop_secret_until), else_=s.logistics_secret_until).label(
                "old_until"
            ),
            func.coalesce(r.failures, 0).label("failures"),
            or_(and_(paused, o.type != TEST), has_earlier(o)).label("is_held"),
        )
        .join_from(t.outbox, t.shops, o.shop == s.shop)
        .outerjoin(t.receivers, and_(r.shop == o.shop, r.receiver == o.receiver))
    )


async def hold(connection: AsyncConnection, rows: Iterable[Row[Any]]) -> None:
    """Take messages out of what is due."""
    held = [row.message for row in rows]
    if held:
        await connection.execute(
            update(t.outbox)
            .where(t.outbox.c.message.in_(held))
            .values(next_try_at=None)
        )


async def lease(
    connection: AsyncConnection, rows: Sequence[Row[Any]], until: Instant
) -> None:
    """Keep messages from others until then."""
    if rows:
        await connection.execute(
            update(t.outbox)
            .where(t.outbox.c.message.in_([row.message for row in rows]))
            .values(next_try_at=until)
        )


async def probes(
    connection: AsyncConnection, now: Instant, limit: int, lease_s: float
) -> list[Row[Any]]:
    """
    Take one message of each paused receiver that is due to be tried.

    The least tried one, so that a message which alone is refused does not keep its
    receiver closed.
    """
    o, r = t.outbox.c, t.receivers.c
    first = (
        select(o.message)
        .where(
            o.shop == r.shop,
            o.receiver == r.receiver,
            o.state == WAITING,
            or_(o.next_try_at.is_(None), o.next_try_at <= now),
            ~has_earlier(o),
        )
        .order_by(o.tries, o.created_at)
        .limit(1)
        .correlate(t.receivers)
        .scalar_subquery()
    )
    if limit <= 0:
        return []
    found = await connection.execute(
        select(r.shop, r.receiver, first.label("message"))
        .where(r.state != "open", r.probe_at <= now)
        .order_by(r.probe_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    probed = found.all()
    if not probed:
        return []
    await connection.execute(
        update(t.receivers)
        .where(tuple_(r.shop, r.receiver).in_([(p.shop, p.receiver) for p in probed]))
        .values(probe_at=now + lease_s)
    )
    chosen = [p.message for p in probed if p.message is not None]
    rows = (await connection.execute(claimable().where(o.message.in_(chosen)))).all()
    await lease(connection, rows, now + lease_s)
    return list(rows)


def message_of(row: Row[Any], now: Instant) -> OutboxMessage:
    """Turn a row of `claimable` into what is sent."""
    both = row.old_until is not None and row.old_until > now
    return OutboxMessage(
        message=MessageId(row.message),
        shop=ShopId(row.shop),
        receiver=row.receiver,
        type=row.type,
        url=row.url,
        secret=row.secret,
        body=row.body.encode(),
        tries=row.tries,
        created_at=row.created_at,
        old_secret=row.old_secret if both else "",
        failures=row.failures,
    )
