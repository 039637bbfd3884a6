"""Orders that were claimed, as leads: what dialling needs to know of each."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from callengine.core.cards import Card
from callengine.core.compliance.verdict import PastAttempt
from callengine.core.facts import Lead
from callengine.core.ids import AttemptId, CustomerId, Instant, OrderId
from callengine.core.permission import customer_zone, history_s
from callengine.core.records import Outcome
from callengine.core.roster import Roster
from callengine.engine.identification import requirement_for
from callengine.engine.orders import in_whole_money
from callengine.engine.ports import Shop
from callengine.store import tables as t
from callengine.store.crm import SpokenLanguages
from callengine.store.database import Database
from callengine.store.order_rows import order_card
from callengine.store.profile import Profile, profile_of_customer
from callengine.store.regimes import read_regimes
from callengine.store.rows import shop_of

Claimed = tuple[Row[Any], AttemptId]


@dataclass(slots=True)
class _Known:
    """What a whole batch of orders asks for, read at once."""

    roster: Roster
    shops: dict[str, Shop]
    zones: dict[str, str] = field(default_factory=dict)
    """By customer."""
    dnc: set[tuple[str, str]] = field(default_factory=set)
    past: dict[tuple[str, str], list[PastAttempt]] = field(
        default_factory=lambda: defaultdict(list)
    )
    """By shop and number, oldest first."""


class LeadReader:
    """Turns claimed orders into leads."""

    def __init__(self, db: Database, languages: SpokenLanguages) -> None:
        self._db = db
        self._languages = languages

    async def leads(self, claimed: Sequence[Claimed], now: Instant) -> tuple[Lead, ...]:
        """Read what is known of each; the history of all numbers by one query."""
        if not claimed:
            return ()
        async with self._db.read() as connection:
            known = await _known(connection, [row for row, _ in claimed], now)
        return tuple([await self._lead(row, a, known) for row, a in claimed])

    async def _lead(self, row: Row[Any], attempt: AttemptId, known: _Known) -> Lead:
        shop = known.shops[row.shop]
        card = await self._card(row, shop)
        requirement = requirement_for(
            card,
            shop,
            spoken=await self._languages.of(row.shop),
            language=row.language,
        )
        regime = known.roster.regime_of(shop)
        stored = known.zones.get(row.customer, "")
        place = (row.shop, row.phone)
        return Lead(
            attempt=attempt,
            order=OrderId(row.order_id),
            shop=shop.shop,
            customer=None if row.customer is None else CustomerId(row.customer),
            number=row.phone,
            requirement=requirement,
            card=card,
            tries=row.tries,
            due_at=row.next_try_at,
            deadline_at=row.deadline_at,
            caller_id=shop.caller_id,
            zone=customer_zone(stored, row.phone, shop, regime),
            placed_at=row.placed_at,
            value=in_whole_money(row.total_minor, row.currency),
            cut_off_at=row.cut_off_at,
            past=tuple(known.past.get(place, ())),
            consent=bool(row.consent),
            dnc=place in known.dnc,
            advertising=shop.advertising,
        )

    async def _card(self, row: Row[Any], shop: Shop) -> Card:
        known = Profile()
        if row.customer is not None:
            known = await profile_of_customer(self._db, row.shop, row.customer)
        orders = known.orders
        if all(order.order != row.order_id for order in orders):
            async with self._db.read() as connection:
                orders = (await order_card(connection, row), *orders)
        return Card(
            shop=shop.shop,
            shop_name=shop.name,
            direction="outbound",
            number=row.phone,
            dialled_number=shop.caller_id,
            identification="found" if known.customers else "unknown",
            customers=known.customers,
            orders=orders,
            contacts=known.contacts,
            order=OrderId(row.order_id),
            greeting=shop.greeting,
        )


async def _known(
    connection: AsyncConnection, rows: Sequence[Row[Any]], now: Instant
) -> _Known:
    mine = {row.shop for row in rows}
    numbers = {row.phone for row in rows}
    found = await connection.execute(select(t.shops).where(t.shops.c.shop.in_(mine)))
    shops = {row.shop: shop_of(row, ()) for row in found}
    roster = Roster(regimes=await read_regimes(connection))
    known = _Known(roster, shops)
    c, d = t.customers.c, t.do_not_call.c
    people = {row.customer for row in rows if row.customer is not None}
    for row in await connection.execute(
        select(c.customer, c.zone).where(c.customer.in_(people), c.zone != "")
    ):
        known.zones[row.customer] = row.zone
    for row in await connection.execute(
        select(d.shop, d.number).where(d.number.in_(numbers))
    ):
        known.dnc.add((row.shop, row.number))
    back_s = max(history_s(roster.regime_of(shop)) for shop in shops.values())
    await _read_past(connection, known, numbers, now - back_s)
    return known


async def _read_past(
    connection: AsyncConnection, known: _Known, numbers: set[str], since: Instant
) -> None:
    a = t.attempts.c
    for row in await connection.execute(
        select(a.shop, a.number, a.started_at, a.outcome)
        .where(a.number.in_(numbers), a.started_at >= since, a.outcome != "")
        .order_by(a.started_at)
    ):
        known.past[row.shop, row.number].append(
            PastAttempt(at=row.started_at, outcome=Outcome(row.outcome))
        )
