"""Messages sent to try a receiver."""

from datetime import UTC, datetime

import orjson
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from callengine.core.ids import Instant
from callengine.engine.deliveries import RECEIVERS, TEST, CannotTest
from callengine.store import tables as t
from callengine.store.outbox_holding import WAITING


async def receiver_url(connection: AsyncConnection, shop: str, receiver: str) -> str:
    """Find where a receiver is; '' when the shop has named none."""
    s = t.shops.c
    found = await connection.execute(
        select(s.shop_url if receiver == "shop" else s.logistics_url).where(
            s.shop == shop
        )
    )
    return found.scalar_one_or_none() or ""


async def check_trial(connection: AsyncConnection, shop: str, receiver: str) -> None:
    """Refuse a test that would reach nobody, or a second one beside the first."""
    o = t.outbox.c
    if receiver not in RECEIVERS or not await receiver_url(connection, shop, receiver):
        raise CannotTest(f"The shop has named no receiver {receiver!r}.")
    waiting = await connection.execute(
        select(o.message)
        .where(
            o.shop == shop,
            o.receiver == receiver,
            o.state == WAITING,
            o.type == TEST,
        )
        .limit(1)
    )
    if waiting.first() is not None:
        raise CannotTest("A test message is on its way already; look at it first.")


def trial_row(message: str, shop: str, receiver: str, at: Instant) -> dict[str, object]:
    """Write the row of a test message."""
    stamp = datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
    body = {
        "type": TEST,
        "timestamp": stamp,
        "sequence": 1,
        "data": {"shop": shop, "receiver": receiver, "note": "A test; nothing to do."},
    }
    return {
        "message": message,
        "shop": shop,
        "order_id": message,  # of no order: it waits for nothing and holds nothing up
        "receiver": receiver,
        "change": 1,
        "content_hash": "",
        "type": TEST,
        "body": orjson.dumps(body).decode(),
        "state": "waiting",
        "tries": 0,
        "created_at": at,
        "next_try_at": at,
        "error": "",
    }
