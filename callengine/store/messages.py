"""
Putting messages into the outbox, once per receiver and change.

Everything here runs in the transaction that commits what the messages tell. The number
of queries does not grow with the number of messages.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callengine.core.ids import Instant
from callengine.engine.attempt_news import PREFIX, AttemptNews
from callengine.engine.deliveries import LONGEST_LEASE_S
from callengine.engine.dispositions import Message
from callengine.store import tables as t
from callengine.store.outbox_holding import UNDELIVERED


@dataclass(frozen=True, slots=True)
class Told:
    """A message with the order and instant it belongs to."""

    shop: str
    order: str
    at: Instant
    message: Message


@dataclass(slots=True)
class _Thread:
    """What one receiver was told of one order so far."""

    last: int = 0
    last_change: str = ""
    """Hash of the last message that was not of an attempt."""
    hashes: set[str] = field(default_factory=set)
    is_open: bool = True
    """Whether nothing earlier waits."""

    def add(self, change: int, type_: str, content: str) -> None:
        self.last = max(self.last, change)
        self.hashes.add(content)
        if not type_.startswith(PREFIX):
            self.last_change = content

    def knows(self, message: Message) -> bool:
        if message.type.startswith(PREFIX):
            return message.content_hash in self.hashes
        return message.content_hash == self.last_change


@dataclass(frozen=True, slots=True)
class _Door:
    """A receiver of a shop, as messages find it."""

    is_named: bool = False
    is_open: bool = True
    wants_attempts: bool = False


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
    told = [Told(shop, order, at, message) for message in messages]
    return await put_all(connection, told, new_id)


async def put_news(
    connection: AsyncConnection, news: Sequence[AttemptNews], new_id: Callable[[], str]
) -> int:
    """Tell receivers that ask for it what happened to attempts; how many messages."""
    asking = await _asking_shops(connection, {one.shop for one in news})
    wanted = [one for one in news if one.shop in asking]
    if not wanted:
        return 0
    o = t.orders.c
    # Locked in one order everywhere, so that two batches wait instead of deadlock.
    rows = await connection.execute(
        select(o.order_id, o.number)
        .where(o.order_id.in_({one.order for one in wanted}))
        .order_by(o.order_id)
        .with_for_update()
    )
    numbers = {row.order_id: row.number for row in rows}
    told = [
        Told(one.shop, one.order, one.at, message)
        for one in wanted
        if one.order in numbers
        for message in one.messages(numbers[one.order])
    ]
    return await put_all(connection, told, new_id)


async def put_all(
    connection: AsyncConnection, told: Sequence[Told], new_id: Callable[[], str]
) -> int:
    """Keep messages whose orders are locked; how many were new."""
    if not told:
        return 0
    doors = await _doors(connection, {one.shop for one in told})
    threads = await _threads(connection, {one.order for one in told}, told[0].at)
    rows: list[dict[str, Any]] = []
    for one in told:
        message = one.message
        door = doors[one.shop, message.receiver]
        thread = threads[one.order, message.receiver]
        if message.on_request and not (door.wants_attempts and door.is_named):
            continue
        if thread.knows(message):
            continue
        rows.append(_row(one, door, thread, new_id()))
        thread.add(thread.last + 1, message.type, message.content_hash)
        thread.is_open = False
    if rows:
        await connection.execute(insert(t.outbox), rows)
    return len(rows)


def _row(one: Told, door: _Door, thread: _Thread, id_: str) -> dict[str, Any]:
    message, change = one.message, thread.last + 1
    kind, when, data = (message.body[key] for key in ("type", "timestamp", "data"))
    body = {"type": kind, "timestamp": when, "sequence": change, "data": data}
    is_due = door.is_named and door.is_open and thread.is_open
    return {
        "message": id_,
        "shop": one.shop,
        "order_id": one.order,
        "receiver": message.receiver,
        "change": change,
        "content_hash": message.content_hash,
        "type": message.type,
        "body": orjson.dumps(body).decode(),
        "state": "waiting" if door.is_named else "unaddressed",
        "tries": 0,
        "created_at": one.at,
        "next_try_at": one.at if is_due else None,
        "error": "",
    }


async def _asking_shops(connection: AsyncConnection, shops: set[Any]) -> set[str]:
    s = t.shops.c
    rows = await connection.execute(
        select(s.shop).where(
            s.shop.in_(shops), or_(s.shop_attempts, s.logistics_attempts)
        )
    )
    return set(rows.scalars())


async def _doors(
    connection: AsyncConnection, shops: set[str]
) -> defaultdict[tuple[str, str], _Door]:
    s, r = t.shops.c, t.receivers.c
    paused = {
        (row.shop, row.receiver)
        for row in await connection.execute(
            select(r.shop, r.receiver).where(r.shop.in_(shops), r.state != "open")
        )
    }
    doors: defaultdict[tuple[str, str], _Door] = defaultdict(_Door)
    for row in await connection.execute(
        select(
            s.shop,
            s.shop_url,
            s.logistics_url,
            s.shop_attempts,
            s.logistics_attempts,
        ).where(s.shop.in_(shops))
    ):
        for receiver, url, attempts in (
            ("shop", row.shop_url, row.shop_attempts),
            ("logistics", row.logistics_url, row.logistics_attempts),
        ):
            key = (row.shop, receiver)
            doors[key] = _Door(bool(url), key not in paused, bool(attempts))
    return doors


async def _threads(
    connection: AsyncConnection, orders: set[str], at: Instant
) -> defaultdict[tuple[str, str], _Thread]:
    """
    Read what was told of these orders, and lock what still waits.

    A message that waits for its next try after a refusal is tried soon: if it is
    refused again, the new change replaces it.
    """
    o = t.outbox.c
    threads: defaultdict[tuple[str, str], _Thread] = defaultdict(_Thread)
    waiting: list[str] = []
    for row in await connection.execute(
        select(
            o.message, o.order_id, o.receiver, o.change, o.type, o.content_hash, o.state
        )
        .where(o.order_id.in_(orders))
        .order_by(o.order_id, o.receiver, o.change)
        .with_for_update()
    ):
        thread = threads[row.order_id, row.receiver]
        thread.add(row.change, row.type, row.content_hash)
        if row.state in UNDELIVERED:
            thread.is_open = False
            waiting.append(row.message)
    if waiting:
        soon = at + LONGEST_LEASE_S
        await connection.execute(
            update(t.outbox)
            .where(o.message.in_(waiting), o.next_try_at > soon)
            .values(next_try_at=soon)
        )
    return threads
