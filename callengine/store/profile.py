"""
A customer's whole card by one statement.

Customers, phones, orders with lines and deliveries, and contacts come back as rows
of one UNION, told apart by `kind`: one round trip per call that arrives, and the
statement is compiled once per database.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from callengine.core.cards import (
    ContactCard,
    CustomerCard,
    DeliveryCard,
    ItemCard,
    OrderCard,
)
from callengine.core.ids import AgentId, CustomerId, OrderId
from callengine.engine.identification import Talk
from callengine.store.database import Database
from callengine.store.profile_statement import BY_NUMBER, OF_CUSTOMER, Row


@dataclass(slots=True)
class Profile:
    """What is known of the customers found."""

    customers: tuple[CustomerCard, ...] = ()
    orders: tuple[OrderCard, ...] = ()
    contacts: tuple[ContactCard, ...] = ()
    talks: tuple[Talk, ...] = ()
    """Conversations, the latest first."""


@dataclass(slots=True)
class _Found:
    """Rows of one kind each, as they come."""

    customers: dict[str, Row] = field(default_factory=dict)
    phones: dict[str, list[str]] = field(default_factory=dict)
    orders: dict[str, list[Row]] = field(default_factory=dict)
    deliveries: dict[str, DeliveryCard] = field(default_factory=dict)
    contacts: list[Row] = field(default_factory=list)


async def profile_by_number(db: Database, shop: str, number: str) -> Profile:
    """Read the customers of a shop who have this E.164 number, and their history."""
    return _profile(await db.fetch(BY_NUMBER, {"shop": shop, "wanted": number}))


async def profile_of_customer(db: Database, shop: str, customer: str) -> Profile:
    """Read one customer and their history."""
    return _profile(await db.fetch(OF_CUSTOMER, {"shop": shop, "wanted": customer}))


def instant_text(at: float) -> str:
    """Write an instant in ISO 8601, UTC, to the second."""
    return f"{datetime.fromtimestamp(int(at), UTC):%Y-%m-%dT%H:%M:%SZ}"


def _profile(rows: list[tuple[Any, ...]]) -> Profile:
    found = _Found()
    for values in rows:
        row = Row._make(values)
        match row.kind:
            case "c":
                found.customers[row.customer] = row
            case "p":
                found.phones.setdefault(row.customer, []).append(row.a)
            case "o":
                found.orders.setdefault(row.a, []).append(row)
            case "d":
                found.deliveries[row.a] = DeliveryCard(
                    method=row.b,
                    address=row.c,
                    date=row.d,
                    time_from=row.e,
                    time_to=row.f,
                    status=row.g,
                )
            case _:
                found.contacts.append(row)
    latest = sorted(found.contacts, key=lambda x: -x.at)
    return Profile(
        customers=tuple(_customer(row, found) for row in found.customers.values()),
        orders=tuple(
            _order(lines, found)
            for lines in sorted(found.orders.values(), key=lambda x: -x[0].at)
        ),
        contacts=tuple(_contact(row) for row in latest),
        talks=tuple(
            Talk(AgentId(row.e), OrderId(row.f) if row.f else None)
            for row in latest
            if row.e
        ),
    )


def _contact(row: Row) -> ContactCard:
    return ContactCard(
        at=instant_text(row.at),
        direction=row.a,
        agent=row.b,
        disposition=row.c,
        note=row.d,
    )


def _customer(row: Row, found: _Found) -> CustomerCard:
    return CustomerCard(
        customer=CustomerId(row.customer),
        name=row.a,
        language=row.b,
        segment=row.c,
        region=row.d,
        phones=tuple(sorted(found.phones.get(row.customer, ()))),
    )


def _order(lines: list[Row], found: _Found) -> OrderCard:
    head = lines[0]
    return OrderCard(
        order=OrderId(head.a),
        number=head.b,
        stage=head.c,
        placed_at=instant_text(head.at),
        total_minor=head.x,
        currency=head.d,
        items=tuple(
            ItemCard(sku=i.e, name=i.f, category=i.g, quantity=i.y, price_minor=i.z)
            for i in lines
        ),
        delivery=found.deliveries.get(head.a),
        comment=head.h,
    )
