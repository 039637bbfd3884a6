"""Reads of what was recorded."""

from collections import defaultdict
from typing import Any

import orjson
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from callengine.core.facts import Disposition
from callengine.core.ids import (
    AgentId,
    AttemptId,
    CallId,
    ChannelId,
    CustomerId,
    Instant,
    OrderId,
    ShopId,
)
from callengine.core.memory import ShopMemory
from callengine.core.records import (
    AttemptRecord,
    CallRecord,
    DecisionRecord,
    LegRecord,
    Outcome,
)
from callengine.core.roster import Roster
from callengine.engine.ports import (
    CallHistory,
    DeliveryAgreement,
    OrderHistory,
    SavedDisposition,
)
from callengine.store import tables as t
from callengine.store.database import Database
from callengine.store.memory import remembered

MAX_DECISIONS = 500
MAX_NUMBER = 100
MAX_FOUND = 20
START_S = 60.0
"""What is read once, before the engine works, may take longer."""


class SqlArchive:
    """`Archive` on the database."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def orders_by_stage(self) -> dict[ShopId, dict[str, int]]:
        """Count orders per shop and stage."""
        o = t.orders.c
        counts: dict[ShopId, dict[str, int]] = defaultdict(dict)
        async with self._db.read() as connection:
            for row in await connection.execute(
                select(o.shop, o.stage, func.count().label("orders")).group_by(
                    o.shop, o.stage
                )
            ):
                counts[ShopId(row.shop)][row.stage] = row.orders
        return dict(counts)

    async def why(self, call: CallId) -> CallHistory | None:
        """Everything recorded about a call; None when nothing is."""
        if len(call) > 64 or "\x00" in call:
            return None
        async with self._db.read() as connection:
            history = CallHistory(
                call=await _call(connection, call),
                decisions=await _decisions(connection, t.decisions.c.call == call),
                attempts=await _attempts(connection, t.attempts.c.call == call),
                disposition=await _disposition(connection, call),
            )
        empty = CallHistory(call=None)
        return None if history == empty else history

    async def remembered(self, roster: Roster, now: Instant) -> tuple[ShopMemory, ...]:
        """Read counts and attempts of before; see `Archive`."""
        async with self._db.read(within_s=START_S) as connection:
            return await remembered(connection, roster, now)

    async def why_order(self, key: str) -> OrderHistory | None:
        """Everything recorded about an order, by its id or that of an attempt."""
        if len(key) > 64 or "\x00" in key:
            return None
        o, a, d = t.orders.c, t.attempts.c, t.decisions.c
        of_attempt = select(a.order_id).where(a.attempt == key).scalar_subquery()
        async with self._db.read() as connection:
            found = await connection.execute(
                select(t.orders).where(or_(o.order_id == key, o.order_id == of_attempt))
            )
            row = found.one_or_none()
            if row is None:
                return None
            return OrderHistory(
                order=OrderId(row.order_id),
                shop=ShopId(row.shop),
                number=row.number,
                stage=row.stage,
                next_try_at=row.next_try_at,
                held_rule=row.held_rule,
                held_reason=row.held_reason,
                attempts=await _attempts(connection, a.order_id == row.order_id),
                decisions=await _decisions(connection, d.order_id == row.order_id),
            )

    async def orders_numbered(
        self, number: str, shop: ShopId | None = None
    ) -> tuple[tuple[OrderId, ShopId], ...]:
        """Find orders by the shop's own number; see `Archive`."""
        o = t.orders.c
        if not 0 < len(number) <= MAX_NUMBER or "\x00" in number:
            return ()
        mine = [] if shop is None else [o.shop == shop]
        shops = select(t.shops.c.shop)
        async with self._db.read() as connection:
            rows = await connection.execute(
                select(o.order_id, o.shop)
                # By shop, so that the index of shop and number is used.
                .where(o.shop.in_(shops), o.number == number, *mine)
                .order_by(o.received_at.desc())
                .limit(MAX_FOUND)
            )
            return tuple((OrderId(row.order_id), ShopId(row.shop)) for row in rows)


async def _call(connection: AsyncConnection, call: CallId) -> CallRecord | None:
    found = await connection.execute(select(t.calls).where(t.calls.c.call == call))
    row = found.one_or_none()
    if row is None:
        return None
    legs = await connection.execute(
        select(t.legs).where(t.legs.c.call == call).order_by(t.legs.c.started_at)
    )
    events = await connection.execute(
        select(t.events).where(t.events.c.call == call).order_by(t.events.c.line)
    )
    return CallRecord(
        call=call,
        shop=None if row.shop is None else ShopId(row.shop),
        direction=row.direction,
        number=row.number,
        dialled_number=row.dialled_number,
        customer=None if row.customer is None else CustomerId(row.customer),
        order=None if row.order_id is None else OrderId(row.order_id),
        agent=None if row.agent is None else AgentId(row.agent),
        requirement=row.requirement,
        enqueued_at=row.enqueued_at,
        answered_at=row.answered_at,
        bridged_at=row.bridged_at,
        ended_at=row.ended_at,
        ending=row.ending,
        off_skill=row.off_skill,
        legs=tuple(_leg(leg) for leg in legs),
        events=tuple((e.at, e.name, e.detail) for e in events),
    )


def _leg(row: Any) -> LegRecord:
    return LegRecord(
        channel=ChannelId(row.channel),
        role=row.role,
        agent=None if row.agent is None else AgentId(row.agent),
        started_at=row.started_at,
        ringing_at=row.ringing_at,
        answered_at=row.answered_at,
        ended_at=row.ended_at,
        cause=row.cause,
        sip_code=row.sip_code,
    )


async def _decisions(
    connection: AsyncConnection, about: ColumnElement[bool]
) -> tuple[DecisionRecord, ...]:
    d = t.decisions.c
    rows = await connection.execute(
        select(t.decisions).where(about).order_by(d.at).limit(MAX_DECISIONS)
    )
    return tuple(
        DecisionRecord(
            at=row.at,
            kind=row.kind,
            call=None if row.call is None else CallId(row.call),
            chosen=row.chosen,
            reason=row.reason,
            detail=orjson.loads(row.detail),
            order=None if row.order_id is None else OrderId(row.order_id),
        )
        for row in rows
    )


async def _attempts(
    connection: AsyncConnection, about: ColumnElement[bool]
) -> tuple[AttemptRecord, ...]:
    a = t.attempts.c
    rows = await connection.execute(
        select(t.attempts).where(about, a.ended_at.is_not(None)).order_by(a.started_at)
    )
    return tuple(
        AttemptRecord(
            attempt=AttemptId(row.attempt),
            order=OrderId(row.order_id),
            shop=ShopId(row.shop),
            call=CallId(row.call),
            number=row.number,
            tries=row.tries,
            started_at=row.started_at,
            answered_at=row.answered_at,
            bridged_at=row.bridged_at,
            ended_at=row.ended_at,
            outcome=Outcome(row.outcome),
            cause=row.cause,
            sip_code=row.sip_code,
            ring_s=row.ring_s,
            agent=None if row.agent is None else AgentId(row.agent),
            next_try_at=row.next_try_at,
            rule=row.rule,
            trunk=row.trunk,
            fault=row.fault,
            zone=row.zone,
            cost_minor=row.cost_minor,
        )
        for row in rows
    )


async def _disposition(
    connection: AsyncConnection, call: CallId
) -> SavedDisposition | None:
    found = await connection.execute(
        select(t.dispositions).where(t.dispositions.c.call == call)
    )
    row = found.one_or_none()
    if row is None:
        return None
    agreed = await connection.execute(
        select(t.deliveries).where(
            t.deliveries.c.order_id == row.order_id, t.deliveries.c.call == call
        )
    )
    delivery = agreed.one_or_none()
    return SavedDisposition(
        call=call,
        agent=AgentId(row.agent),
        shop=ShopId(row.shop),
        customer=None if row.customer is None else CustomerId(row.customer),
        order=None if row.order_id is None else OrderId(row.order_id),
        disposition=Disposition(row.disposition),
        note=row.note,
        delivery=None
        if delivery is None
        else DeliveryAgreement(
            method=delivery.method,
            address=delivery.address,
            date=delivery.date,
            time_from=delivery.time_from,
            time_to=delivery.time_to,
        ),
        at=row.at,
    )
