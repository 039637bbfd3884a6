"""The outbox as the delivery worker sees it."""

import asyncio
from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, case, func, select, update
from sqlalchemy.engine import Row

from callengine.core.ids import Instant, MessageId, ShopId
from callengine.engine.ports import OutboxBacklog, OutboxMessage
from callengine.store import tables as t
from callengine.store.database import Database, persistent
from callengine.store.rows import fit

MAX_ERROR = 500


class SqlOutbox:
    """`Outbox` on the database. A lease is a `next_try_at` in the future."""

    def __init__(self, db: Database) -> None:
        self._db = db

    @persistent
    async def claim(
        self, now: Instant, limit: int, *, lease_s: float
    ) -> tuple[OutboxMessage, ...]:
        """Take due messages, oldest first, for `lease_s`."""
        o, s = t.outbox.c, t.shops.c
        if not await self._any_due(now):
            return ()
        statement = (
            select(
                t.outbox,
                case((o.receiver == "shop", s.shop_url), else_=s.logistics_url).label(
                    "url"
                ),
                case(
                    (o.receiver == "shop", s.shop_secret), else_=s.logistics_secret
                ).label("secret"),
            )
            .join_from(t.outbox, t.shops, o.shop == s.shop)
            .where(o.next_try_at <= now)
            .order_by(o.next_try_at)
            .limit(limit)
            .with_for_update(of=t.outbox, skip_locked=True)
        )
        async with self._db.write() as connection:
            rows = (await connection.execute(statement)).all()
            if rows:
                await connection.execute(
                    update(t.outbox)
                    .where(o.message.in_([row.message for row in rows]))
                    .values(next_try_at=now + lease_s)
                )
        return _messages(rows)

    async def _any_due(self, now: Instant) -> bool:
        """Look without the writer's lock: most looks find nothing."""
        o = t.outbox.c
        async with self._db.read() as connection:
            found = await connection.execute(
                select(o.message).where(o.next_try_at <= now).limit(1)
            )
            return found.first() is not None

    @persistent
    async def delivered(self, message: MessageId, at: Instant) -> None:
        """The receiver accepted it, whatever was thought before."""
        o = t.outbox.c
        async with self._db.write() as connection:
            await connection.execute(
                update(t.outbox)
                .where(o.message == message, o.state != "delivered")
                .values(
                    state="delivered",
                    delivered_at=at,
                    next_try_at=None,
                    tries=o.tries + 1,
                    error="",
                )
            )

    @persistent
    async def failed(
        self,
        message: MessageId,
        at: Instant,
        *,
        error: str,
        next_try_at: Instant | None,
    ) -> None:
        """The try failed; a verdict after delivery changes nothing."""
        o = t.outbox.c
        async with self._db.write() as connection:
            await connection.execute(
                update(t.outbox)
                .where(o.message == message, o.state == "waiting")
                .values(
                    state="dead" if next_try_at is None else "waiting",
                    next_try_at=next_try_at,
                    tries=o.tries + 1,
                    error=fit(error, MAX_ERROR),
                )
            )

    @persistent
    async def replay(self, message: MessageId, at: Instant) -> bool:
        """Make a dead or delivered message due now; False when unknown."""
        o = t.outbox.c
        async with self._db.write() as connection:
            done = await connection.execute(
                update(t.outbox)
                .where(o.message == message)
                .values(state="waiting", next_try_at=at, delivered_at=None, tries=0)
            )
        self._db.messages_committed.set()
        return done.rowcount == 1

    async def backlog(self) -> OutboxBacklog:
        """Count what waits and what died."""
        o = t.outbox.c
        waiting = o.state == "waiting"
        statement = select(
            func.count().filter(waiting),
            func.count().filter(and_(waiting, o.tries > 0)),
            func.count().filter(o.state == "dead"),
            func.count().filter(o.state == "delivered"),
            func.min(o.created_at).filter(waiting),
        )
        async with self._db.read() as connection:
            row = (await connection.execute(statement)).one()
        return OutboxBacklog(
            waiting=row[0],
            failing=row[1],
            dead=row[2],
            delivered=row[3],
            oldest_at=row[4],
        )

    async def wait(self, timeout_s: float) -> None:
        """Return when this process committed a message, or in time."""
        committed = self._db.messages_committed
        try:
            async with asyncio.timeout(timeout_s):
                await committed.wait()
        except TimeoutError:
            return
        committed.clear()


def _messages(rows: Sequence[Row[Any]]) -> tuple[OutboxMessage, ...]:
    return tuple(
        OutboxMessage(
            message=MessageId(row.message),
            shop=ShopId(row.shop),
            receiver=row.receiver,
            type=row.type,
            url=row.url,
            secret=row.secret,
            body=row.body.encode(),
            tries=row.tries,
            created_at=row.created_at,
        )
        for row in rows
    )
