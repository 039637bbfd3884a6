"""What a try changes: its message, what was answered, and its receiver."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callengine.core.ids import Instant, MessageId
from callengine.engine.deliveries import MAX_ANSWER, Answer, Pause
from callengine.store import tables as t
from callengine.store.outbox_holding import hold_all
from callengine.store.rows import fit, insert_or_replace


async def locked(connection: AsyncConnection, message: MessageId) -> Row[Any] | None:
    """Find a message and keep others from it until the end of the transaction."""
    found = await connection.execute(
        select(t.outbox).where(t.outbox.c.message == message).with_for_update()
    )
    return found.one_or_none()


async def has_later(connection: AsyncConnection, row: Row[Any]) -> bool:
    """Say whether a later message of the same order and receiver waits."""
    o = t.outbox.c
    found = await connection.execute(
        select(o.message)
        .where(
            o.order_id == row.order_id,
            o.receiver == row.receiver,
            o.change > row.change,
            o.state == "waiting",
        )
        .limit(1)
    )
    return found.first() is not None


async def fail(
    connection: AsyncConnection,
    message: MessageId,
    state: str,
    next_try_at: Instant | None,
    answer: Answer,
) -> None:
    """Note a vain try of a message."""
    o = t.outbox.c
    said = f"HTTP {answer.status} {answer.text}" if answer.status else answer.text
    await connection.execute(
        update(t.outbox)
        .where(o.message == message)
        .values(
            state=state,
            next_try_at=next_try_at,
            tries=o.tries + 1,
            error=fit(said.strip(), MAX_ANSWER),
        )
    )


async def keep_answer(
    connection: AsyncConnection, message: MessageId, answer: Answer
) -> None:
    """Keep what was answered."""
    k = t.outbox_tries.c
    last = await connection.execute(
        select(func.coalesce(func.max(k["try"]), 0)).where(k.message == message)
    )
    row = {
        "message": message,
        "try": last.scalar_one() + 1,
        "at": answer.at,
        "status": answer.status,
        "answer": fit(answer.text, MAX_ANSWER),
        "took_s": answer.took_s,
    }
    await connection.execute(t.outbox_tries.insert().values(row))


async def pause_receiver(
    connection: AsyncConnection,
    row: Row[Any],
    pause: Pause,
    answer: Answer,
    untried: Sequence[MessageId],
) -> None:
    """Pause the receiver of a message, and hold what waits for it."""
    r = t.receivers.c
    said = f"HTTP {answer.status} {answer.text}" if answer.status else answer.text
    found = await connection.execute(
        select(r.state, r.since_at).where(
            r.shop == row.shop, r.receiver == row.receiver
        )
    )
    before = found.one_or_none()
    same = before is not None and before.state == pause.state
    values = {
        "shop": row.shop,
        "receiver": row.receiver,
        "state": pause.state.value,
        "reason": fit(said.strip(), MAX_ANSWER),
        "failures": pause.failures,
        "since_at": before.since_at if before is not None and same else answer.at,
        "probe_at": pause.probe_at,
    }
    await insert_or_replace(connection, t.receivers, [values])
    if untried:
        await connection.execute(
            update(t.outbox)
            .where(t.outbox.c.message.in_(untried), t.outbox.c.state == "waiting")
            .values(next_try_at=None)
        )
    await hold_all(connection, row.shop, row.receiver, answer.at)
