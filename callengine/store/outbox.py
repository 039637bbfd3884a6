"""The outbox as the delivery worker sees it."""

import asyncio
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, and_, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callengine.core.ids import Instant, MessageId, ShopId
from callengine.engine.deliveries import (
    TEST,
    Answer,
    OutboxBacklog,
    OutboxMessage,
    Pause,
    ReceiverView,
)
from callengine.store import tables as t
from callengine.store.database import Database, persistent
from callengine.store.outbox_claims import claimable, hold, lease, message_of, probes
from callengine.store.outbox_holding import DEAD, WAITING, open_receiver, release_next
from callengine.store.outbox_verdicts import (
    fail,
    has_later,
    keep_answer,
    locked,
    pause_receiver,
)

ROUNDS = 16
"""Batches looked through at most for one claim, where all of a batch is held."""
PROBES = 16


class SqlOutbox:
    """`Outbox` on the database. A lease is a `next_try_at` in the future."""

    def __init__(self, db: Database) -> None:
        self._db = db

    @persistent
    async def claim(
        self,
        now: Instant,
        limit: int,
        *,
        lease_s: float,
        busy: frozenset[tuple[ShopId, str]] = frozenset(),
    ) -> tuple[OutboxMessage, ...]:
        """Take due messages, oldest first, for `lease_s`; see `Outbox`."""
        o = t.outbox.c
        due = [o.next_try_at <= now]
        if busy:
            due.append(tuple_(o.shop, o.receiver).not_in(sorted(busy)))
        for _ in range(ROUNDS):
            if not await self._anything(now, and_(*due)):
                return ()
            async with self._db.write() as connection:
                rows = await self._due(connection, and_(*due), limit)
                taken = [row for row in rows if not row.is_held]
                await hold(connection, [row for row in rows if row.is_held])
                await lease(connection, taken, now + lease_s)
                room = limit - len(taken)
                taken += await probes(connection, now, min(room, PROBES), lease_s)
            if taken or len(rows) < limit:
                return tuple(message_of(row, now) for row in taken)
        return ()

    async def _anything(self, now: Instant, due: Any) -> bool:
        """Look without the writer's lock: most looks find nothing."""
        r = t.receivers.c
        async with self._db.read() as connection:
            message = await connection.execute(
                select(t.outbox.c.message).where(due).limit(1)
            )
            if message.first() is not None:
                return True
            probe = await connection.execute(
                select(r.shop).where(r.state != "open", r.probe_at <= now).limit(1)
            )
            return probe.first() is not None

    async def _due(
        self, connection: AsyncConnection, due: Any, limit: int
    ) -> list[Row[Any]]:
        o = t.outbox.c
        found = await connection.execute(
            claimable()
            .where(due)
            .order_by(o.next_try_at, o.created_at)
            .limit(limit)
            .with_for_update(of=t.outbox, skip_locked=True)
        )
        return list(found.all())

    @persistent
    async def delivered(self, message: MessageId, answer: Answer) -> None:
        """The receiver accepted it, whatever was thought before."""
        o = t.outbox.c
        async with self._db.write() as connection:
            row = await locked(connection, message)
            if row is None:
                return
            await connection.execute(
                update(t.outbox)
                .where(o.message == message, o.state != "delivered")
                .values(
                    state="delivered",
                    delivered_at=answer.at,
                    next_try_at=None,
                    tries=o.tries + 1,
                    error="",
                )
            )
            await keep_answer(connection, message, answer)
            await open_receiver(connection, row.shop, row.receiver, answer.at)
            await release_next(connection, row.order_id, row.receiver, answer.at)

    @persistent
    async def failed(
        self,
        message: MessageId,
        answer: Answer,
        *,
        next_try_at: Instant | None,
        pause: Pause | None = None,
        untried: Sequence[MessageId] = (),
    ) -> None:
        """The try failed; a verdict after delivery changes nothing."""
        async with self._db.write() as connection:
            row = await locked(connection, message)
            if row is None:
                return
            await keep_answer(connection, message, answer)
            if row.state != "waiting":
                return
            state = "waiting" if next_try_at is not None else "dead"
            if pause is None and await has_later(connection, row):
                state, next_try_at = "replaced", None
            await fail(connection, message, state, next_try_at, answer)
            if state != "waiting":
                await release_next(connection, row.order_id, row.receiver, answer.at)
            if pause is not None:
                await pause_receiver(connection, row, pause, answer, untried)

    async def backlog(self) -> OutboxBacklog:
        """Count what waits and what died; what was delivered is not looked at."""
        o = t.outbox.c
        waiting = select(
            func.count(),
            func.count().filter(o.tries > 0),
            func.min(o.created_at),
        ).where(o.state == WAITING)
        dead = select(func.count()).where(o.state == DEAD, o.type != TEST)
        async with self._db.read() as connection:
            row = (await connection.execute(waiting)).one()
            died = (await connection.execute(dead)).scalar_one()
            paused = await _paused(connection)
        return OutboxBacklog(
            waiting=row[0], failing=row[1], dead=died, oldest_at=row[2], paused=paused
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


async def _paused(connection: AsyncConnection) -> tuple[ReceiverView, ...]:
    r = t.receivers.c
    rows = await connection.execute(
        select(t.receivers).where(r.state != "open").order_by(r.shop, r.receiver)
    )
    return tuple(
        ReceiverView(
            shop=ShopId(row.shop),
            receiver=row.receiver,
            url="",
            state=row.state,
            reason=row.reason,
            failures=row.failures,
            since_at=row.since_at,
            probe_at=row.probe_at,
        )
        for row in rows
    )
