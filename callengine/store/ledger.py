"""What happened, committed in batches; dispositions, committed one by one."""

from collections.abc import Callable, Sequence
from dataclasses import asdict

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callengine.core.effects import PutLeadOff
from callengine.core.facts import Lead
from callengine.core.ids import AttemptId, Instant, OrderId, ShopId
from callengine.core.records import AttemptRecord, CallRecord, DecisionRecord
from callengine.engine.attempt_news import dialled_news, ended_news
from callengine.engine.dispositions import (
    OrderFacts,
    Settlement,
    check_disposition,
    settle,
    unreachable_message,
)
from callengine.engine.orders import Stage, next_after_attempt, stage_after_attempt
from callengine.engine.ports import DispositionRefused, SavedDisposition
from callengine.store import tables as t
from callengine.store.database import Database, persistent
from callengine.store.messages import put_messages, put_news
from callengine.store.order_rows import order_facts
from callengine.store.record_rows import (
    attempt_row,
    call_row,
    decision_row,
    disposition_row,
    event_rows,
    leg_rows,
)
from callengine.store.rows import fit, insert_new, insert_or_replace, terms_of
from callengine.store.withdrawals import cancel_withdrawn

CALLBACK_SLACK_S = 300.0
"""A promised call-back is urgent again when it is due, and late five minutes on."""


class SqlLedger:
    """`Ledger` on the database."""

    def __init__(self, db: Database, new_id: Callable[[], str]) -> None:
        self._db = db
        self._new_id = new_id

    @persistent
    async def record(
        self,
        calls: Sequence[CallRecord],
        attempts: Sequence[AttemptRecord],
        decisions: Sequence[DecisionRecord],
    ) -> None:
        """Commit a batch in one transaction; the same record twice is once."""
        async with self._db.write() as connection:
            news = [ended_news(attempt) for attempt in attempts]
            told = await put_news(connection, news, self._new_id) if news else 0
            await insert_new(connection, t.calls, [call_row(c) for c in calls])
            await insert_new(
                connection, t.legs, [row for c in calls for row in leg_rows(c)]
            )
            await insert_new(
                connection, t.events, [row for c in calls for row in event_rows(c)]
            )
            await insert_new(
                connection, t.decisions, [decision_row(d) for d in decisions]
            )
            await insert_or_replace(
                connection, t.attempts, [attempt_row(a) for a in attempts]
            )
            for attempt in attempts:
                told += await self._move_order(connection, attempt)
        if told:
            self._db.messages_committed.set()

    async def _move_order(
        self, connection: AsyncConnection, attempt: AttemptRecord
    ) -> int:
        """
        Give the order its next stage, if this attempt still owns it.

        It does not when the record is a repeat, or when the agent's disposition came
        first: what the customer said stands above what the network said.
        """
        o = t.orders.c
        stage = stage_after_attempt(attempt.outcome, attempt.next_try_at)
        again_at = next_after_attempt(
            attempt.outcome, attempt.ended_at, attempt.next_try_at
        )
        moved = await connection.execute(
            update(t.orders)
            .where(
                o.shop == attempt.shop,
                o.order_id == attempt.order,
                o.attempt == attempt.attempt,
            )
            .values(
                stage=stage.value,
                attempt=None,
                claimed_at=None,
                next_try_at=again_at,
            )
            .returning(o.withdrawn_at)
        )
        row = moved.one_or_none()
        if row is not None and row.withdrawn_at is not None:
            return await cancel_withdrawn(
                connection,
                attempt.shop,
                attempt.order,
                attempt.ended_at,
                self._new_id,
            )
        if stage is not Stage.UNREACHABLE or row is None:
            return 0
        return await self._tell_unreachable(
            connection, attempt.shop, attempt.order, attempt.ended_at, attempt.rule
        )

    async def _tell_unreachable(
        self,
        connection: AsyncConnection,
        shop: ShopId,
        order: OrderId,
        at: Instant,
        why: str,
    ) -> int:
        terms = await terms_of(connection, shop)
        facts = await order_facts(connection, shop, order)
        if terms is None or facts is None:
            return 0
        message = unreachable_message(terms, facts, at, why)
        return await put_messages(
            connection, (message,), shop=shop, order=order, at=at, new_id=self._new_id
        )

    @persistent
    async def put_off(self, leads: Sequence[PutLeadOff], now: Instant) -> None:
        """Release leads that may not be dialled now; see `Ledger`."""
        if not leads:
            return
        o = t.orders.c
        told = 0
        async with self._db.write() as connection:
            for lead in leads:
                never = {"stage": Stage.UNREACHABLE.value} if lead.at is None else {}
                moved = await connection.execute(
                    update(t.orders)
                    .where(
                        o.shop == lead.shop,
                        o.order_id == lead.order,
                        o.attempt == lead.attempt,
                    )
                    .values(
                        attempt=None,
                        claimed_at=None,
                        next_try_at=lead.at,
                        held_rule=fit(lead.rule, 32),
                        held_reason=fit(lead.reason, 500),
                        **never,
                    )
                )
                if never and moved.rowcount:
                    told += await self._tell_unreachable(
                        connection, lead.shop, lead.order, now, lead.reason
                    )
        if told:
            self._db.messages_committed.set()

    @persistent
    async def start_attempts(
        self, leads: Sequence[Lead], at: Instant
    ) -> tuple[AttemptId, ...]:
        """Commit that attempts are about to be dialled; those withdrawn come back."""
        if not leads:
            return ()
        o = t.orders.c
        async with self._db.write() as connection:
            owning = await connection.execute(
                select(o.attempt)
                .where(o.attempt.in_([lead.attempt for lead in leads]))
                .with_for_update()
            )
            standing = {row.attempt for row in owning}
            started = [lead for lead in leads if lead.attempt in standing]
            await insert_new(
                connection, t.attempts, [_started_row(lead, at) for lead in started]
            )
            for lead in started:
                await connection.execute(
                    update(t.orders)
                    .where(o.shop == lead.shop, o.order_id == lead.order)
                    .values(
                        stage=Stage.DIALLING.value,
                        tries=lead.tries + 1,
                        held_rule="",
                        held_reason="",
                    )
                )
            news = [dialled_news(lead, at) for lead in started]
            told = await put_news(connection, news, self._new_id) if news else 0
        if told:
            self._db.messages_committed.set()
        return tuple(lead.attempt for lead in leads if lead.attempt not in standing)

    @persistent
    async def save_disposition(self, saved: SavedDisposition) -> None:
        """Commit a disposition and all that follows from it; see `Ledger`."""
        told = 0
        async with self._db.write() as connection:
            terms = await terms_of(connection, saved.shop)
            if terms is None:
                raise DispositionRefused("This shop is no longer served.")
            facts = None
            if saved.order is not None:
                facts = await order_facts(
                    connection, saved.shop, saved.order, lock=True
                )
            check_disposition(saved, terms, facts)
            row = disposition_row(saved)
            await insert_or_replace(connection, t.dispositions, [row])
            if facts is not None:
                settlement = settle(saved, terms, facts)
                await _settle_order(connection, saved, facts, settlement)
                told = await put_messages(
                    connection,
                    settlement.messages,
                    shop=saved.shop,
                    order=facts.order.order,
                    at=saved.at,
                    new_id=self._new_id,
                )
        if told:
            self._db.messages_committed.set()


async def _settle_order(
    connection: AsyncConnection,
    saved: SavedDisposition,
    facts: OrderFacts,
    settlement: Settlement,
) -> None:
    values: dict[str, object] = {
        "disposition": saved.disposition.value,
        "note": fit(saved.note, 2000),
    }
    if settlement.moves:
        values |= {
            "stage": settlement.stage.value,
            "next_try_at": settlement.next_try_at,
            "attempt": None,
            "claimed_at": None,
        }
        if settlement.next_try_at is not None:
            values["dial_by_at"] = settlement.next_try_at + CALLBACK_SLACK_S
    await connection.execute(
        update(t.orders)
        .where(t.orders.c.shop == saved.shop, t.orders.c.order_id == saved.order)
        .values(values)
    )
    if settlement.delivery not in (None, facts.order.delivery):
        await insert_or_replace(
            connection,
            t.deliveries,
            [
                asdict(settlement.delivery)
                | {
                    "order_id": saved.order,
                    "shop": saved.shop,
                    "call": saved.call,
                    "agreed_at": saved.at,
                }
            ],
        )


def _started_row(lead: Lead, at: Instant) -> dict[str, object]:
    return {
        "attempt": lead.attempt,
        "shop": lead.shop,
        "order_id": lead.order,
        "call": "",
        "number": lead.number,
        "tries": lead.tries + 1,
        "started_at": at,
        "outcome": "",
        "cause": 0,
        "ring_s": 0.0,
        "rule": "",
        "trunk": fit(lead.trunk, 64),
        "zone": fit(lead.zone, 64),
    }
