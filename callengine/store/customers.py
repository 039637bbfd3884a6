"""Whose order is this? Matching customers, and keeping what is learnt of them."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from callengine.core.ids import Instant
from callengine.engine.orders import ReadOrder
from callengine.store import tables as t
from callengine.store.rows import fit, insert_new

MAX_CANDIDATES = 20


async def customer_of(
    connection: AsyncConnection,
    shop: str,
    read: ReadOrder,
    at: Instant,
    new_id: Callable[[], str],
) -> str:
    """Find whose order this is, or make them known; keep the numbers as theirs."""
    row = await _match_customer(connection, shop, read)
    if row is None:
        customer = new_id()
        await connection.execute(
            insert(t.customers).values(
                customer=customer,
                shop=shop,
                external_id=read.order.external_id or None,
                name=read.order.name.strip(),
                language=read.language,
                segment="",
                region=read.region,
                zone=read.order.zone,
                created_at=at,
            )
        )
    else:
        customer = str(row.customer)
        await _keep_learnt(connection, shop, row, read)
    raw = fit(read.order.phone.strip(), 64)
    phones = [
        {"shop": shop, "number": number, "customer": customer, "raw": raw}
        for number in (read.phone, *read.phones)
    ]
    await insert_new(connection, t.customer_phones, phones)
    return customer


async def _match_customer(
    connection: AsyncConnection, shop: str, read: ReadOrder
) -> Row[Any] | None:
    """
    Match by the shop's own id, else by phone if that names one person.

    Several people on one number are told apart by the name; none is guessed.
    """
    c, p = t.customers.c, t.customer_phones.c
    if read.order.external_id:
        found = await connection.execute(
            select(t.customers).where(
                c.shop == shop, c.external_id == read.order.external_id
            )
        )
        known = found.one_or_none()
        if known is not None:
            return known
    found = await connection.execute(
        select(t.customers)
        .join_from(t.customer_phones, t.customers, p.customer == c.customer)
        .where(p.shop == shop, p.number == read.phone)
        .order_by(c.customer)
        .limit(MAX_CANDIDATES)
    )
    candidates = found.all()
    if read.order.external_id:
        # One whom the shop knows by another id is somebody else.
        candidates = [row for row in candidates if row.external_id is None]
    if len(candidates) > 1:
        name = read.order.name.strip().casefold()
        candidates = [row for row in candidates if row.name.casefold() == name]
    return candidates[0] if len(candidates) == 1 else None


def _learnt(row: Row[Any], read: ReadOrder) -> dict[str, Any]:
    """Fill in what was not known of a customer; nothing but the zone is overwritten."""
    learnt: dict[str, Any] = {}
    if not row.name and read.order.name.strip():
        learnt["name"] = read.order.name.strip()
    if not row.region and read.region:
        learnt["region"] = read.region
    if row.external_id is None and read.order.external_id:
        learnt["external_id"] = read.order.external_id
    if read.order.zone and read.order.zone != row.zone:
        # People move: what the shop says last is true.
        learnt["zone"] = read.order.zone
    return learnt


async def _keep_learnt(
    connection: AsyncConnection, shop: str, row: Row[Any], read: ReadOrder
) -> None:
    learnt = _learnt(row, read)
    if learnt:
        c = t.customers.c
        await connection.execute(
            update(t.customers)
            .where(c.shop == shop, c.customer == row.customer)
            .values(learnt)
        )
