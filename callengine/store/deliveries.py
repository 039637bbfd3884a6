"""Messages as people look at them: lists, one with its answers, receivers."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    and_,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)

from callengine.core.ids import Instant, MessageId, ShopId
from callengine.engine.deliveries import (
    LONGEST_LEASE_S,
    RECEIVERS,
    Answer,
    DeliveryFilter,
    DeliveryView,
    MessageState,
    ReceiverView,
)
from callengine.store import tables as t
from callengine.store.database import Database, persistent
from callengine.store.outbox_holding import WAITING, open_receiver, release_all
from callengine.store.trial_messages import check_trial, receiver_url, trial_row

MAX_LISTED = 500
MAX_ANSWERS = 100


class SqlDeliveries:
    """`Deliveries` on the database."""

    def __init__(self, db: Database, new_id: Callable[[], str]) -> None:
        self._db = db
        self._new_id = new_id

    async def listed(self, wanted: DeliveryFilter) -> tuple[DeliveryView, ...]:
        """List messages, newest first; see `Deliveries`."""
        o = t.outbox.c
        async with self._db.read() as connection:
            rows = await connection.execute(
                _shown()
                .where(*_conditions(wanted))
                .order_by(o.created_at.desc(), o.message.desc())
                .limit(min(wanted.limit, MAX_LISTED))
            )
            return tuple(_view(row) for row in rows)

    async def shown(
        self, message: MessageId, shop: ShopId | None = None
    ) -> DeliveryView | None:
        """Show one message with its body and every answer; see `Deliveries`."""
        if not _is_id(message):
            return None
        k = t.outbox_tries.c
        async with self._db.read() as connection:
            found = await connection.execute(_shown().where(*_mine(message, shop)))
            row = found.one_or_none()
            if row is None:
                return None
            tries = await connection.execute(
                select(t.outbox_tries)
                .where(k.message == message)
                .order_by(k["try"].desc())
                .limit(MAX_ANSWERS)
            )
            return _view(row, body=row.body, tries=tries.all())

    @persistent
    async def replay(
        self, message: MessageId, at: Instant, shop: ShopId | None = None
    ) -> bool:
        """Send a message again; see `Deliveries`."""
        if not _is_id(message):
            return False
        async with self._db.write() as connection:
            found = await connection.execute(
                select(t.outbox).where(*_mine(message, shop)).with_for_update()
            )
            row = found.one_or_none()
            if row is None:
                return False
            named = bool(await receiver_url(connection, row.shop, row.receiver))
            await connection.execute(
                update(t.outbox)
                .where(t.outbox.c.message == message)
                .values(_again(row, at, is_named=named))
            )
        self._db.messages_committed.set()
        return True

    async def receivers(self, shop: ShopId | None = None) -> tuple[ReceiverView, ...]:
        """Show every receiver of a shop, or of all."""
        s, r, o = t.shops.c, t.receivers.c, t.outbox.c
        waiting = (
            select(o.shop, o.receiver, func.count().label("waiting"))
            .where(o.state == WAITING)
            .group_by(o.shop, o.receiver)
        )
        shops = select(s.shop, s.shop_url, s.logistics_url).order_by(s.shop)
        states = select(t.receivers)
        if shop is not None:
            shops, states = shops.where(s.shop == shop), states.where(r.shop == shop)
            waiting = waiting.where(o.shop == shop)
        async with self._db.read() as connection:
            known = {
                (row.shop, row.receiver): row
                for row in await connection.execute(states)
            }
            counts = {
                (row.shop, row.receiver): row.waiting
                for row in await connection.execute(waiting)
            }
            rows = (await connection.execute(shops)).all()
        return tuple(
            _receiver(row, receiver, known.get((row.shop, receiver)), counts)
            for row in rows
            for receiver in RECEIVERS
        )

    @persistent
    async def resume(self, shop: ShopId, receiver: str, at: Instant) -> int:
        """Open a paused receiver; how many messages are due now."""
        o = t.outbox.c
        async with self._db.write() as connection:
            # What is due within a lease may be on its way at this moment.
            await connection.execute(
                update(t.outbox)
                .where(
                    o.shop == shop,
                    o.receiver == receiver,
                    o.state == WAITING,
                    o.next_try_at > at + LONGEST_LEASE_S,
                )
                .values(next_try_at=None)
            )
            if await open_receiver(connection, shop, receiver, at) is None:
                await release_all(connection, shop, receiver, at)
            found = await connection.execute(
                select(func.count()).where(
                    o.shop == shop, o.receiver == receiver, o.state == WAITING
                )
            )
            waiting: int = found.scalar_one()
        self._db.messages_committed.set()
        return waiting

    @persistent
    async def send_test(self, shop: ShopId, receiver: str, at: Instant) -> MessageId:
        """Put a test message into the outbox; see `Deliveries`."""
        message = self._new_id()
        async with self._db.write() as connection:
            await check_trial(connection, shop, receiver)
            await connection.execute(
                insert(t.outbox).values(trial_row(message, shop, receiver, at))
            )
        self._db.messages_committed.set()
        return MessageId(message)


def _again(row: Row[Any], at: Instant, *, is_named: bool) -> dict[str, object]:
    """Make a message due; one that waits is due soon, for it may be on its way now."""
    if row.state == "waiting":
        soon = at + LONGEST_LEASE_S
        due_at = (
            row.next_try_at if row.next_try_at is None else min(row.next_try_at, soon)
        )
        return {"next_try_at": due_at}
    state = "waiting" if is_named else "unaddressed"
    due = at if is_named else None
    return {"state": state, "next_try_at": due, "delivered_at": None, "tries": 0}


def _is_id(text: str) -> bool:
    return 0 < len(text) <= 64 and "\x00" not in text


def _mine(message: MessageId, shop: ShopId | None) -> list[ColumnElement[bool]]:
    o = t.outbox.c
    return [o.message == message, *([] if shop is None else [o.shop == shop])]


def _shown() -> Any:
    o, d = t.outbox.c, t.orders.c
    held = and_(o.state == WAITING, o.next_try_at.is_(None))
    return select(t.outbox, d.number, held.label("held")).outerjoin_from(
        t.outbox, t.orders, d.order_id == o.order_id
    )


def _conditions(wanted: DeliveryFilter) -> list[ColumnElement[bool]]:
    o, d = t.outbox.c, t.orders.c
    conditions: list[ColumnElement[bool]] = []
    if wanted.shop is not None:
        conditions.append(o.shop == wanted.shop)
    if wanted.receiver:
        conditions.append(o.receiver == wanted.receiver)
    if wanted.state:
        # In the text of the query, for the partial indexes; it is one of ours.
        conditions.append(o.state == literal_column(f"'{MessageState(wanted.state)}'"))
    if wanted.order:
        conditions.append(d.number == wanted.order)
    if wanted.before is not None:
        last = t.outbox.alias("last")
        at = select(last.c.created_at).where(last.c.message == wanted.before)
        when = at.scalar_subquery()
        conditions.append(
            or_(
                o.created_at < when,
                and_(o.created_at == when, o.message < wanted.before),
            )
        )
    return conditions


def _view(
    row: Row[Any], *, body: str = "", tries: Sequence[Row[Any]] = ()
) -> DeliveryView:
    return DeliveryView(
        message=MessageId(row.message),
        shop=ShopId(row.shop),
        receiver=row.receiver,
        order=row.number or "",
        sequence=row.change,
        type=row.type,
        state=row.state,
        held=bool(row.held),
        tries=row.tries,
        created_at=row.created_at,
        next_try_at=row.next_try_at,
        delivered_at=row.delivered_at,
        error=row.error,
        body=body,
        answers=tuple(
            Answer(at=one.at, status=one.status, text=one.answer, took_s=one.took_s)
            for one in reversed(tries)
        ),
    )


def _receiver(
    shop: Any,
    receiver: str,
    known: Row[Any] | None,
    counts: dict[tuple[str, str], int],
) -> ReceiverView:
    return ReceiverView(
        shop=ShopId(shop.shop),
        receiver=receiver,
        url=shop.shop_url if receiver == "shop" else shop.logistics_url,
        state="open" if known is None else known.state,
        reason="" if known is None else known.reason,
        failures=0 if known is None else known.failures,
        since_at=None if known is None else known.since_at,
        probe_at=None if known is None else known.probe_at,
        waiting=counts.get((shop.shop, receiver), 0),
    )
