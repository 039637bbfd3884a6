"""
A customer's whole card by one statement.

Customers, phones, orders with lines and deliveries, and contacts come back as rows
of one UNION, told apart by `kind`: one round trip per call that arrives, and the
statement is compiled once per database.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    String,
    bindparam,
    cast,
    func,
    literal_column,
    select,
    union_all,
)

from callengine.core.cards import (
    ContactCard,
    CustomerCard,
    DeliveryCard,
    ItemCard,
    OrderCard,
)
from callengine.core.ids import CustomerId, OrderId
from callengine.store import tables as t
from callengine.store.database import Database, Prepared

MAX_CANDIDATES = 8
MAX_ORDERS = 20
MAX_CONTACTS = 10

_EMPTY: ColumnElement[Any] = literal_column("''")
_ZERO: ColumnElement[Any] = literal_column("0")
_TEXTS = ("a", "b", "c", "d", "e", "f", "g")
_WHOLES = ("x", "y", "z")


@dataclass(slots=True)
class Profile:
    """What is known of the customers found."""

    customers: tuple[CustomerCard, ...] = ()
    orders: tuple[OrderCard, ...] = ()
    contacts: tuple[ContactCard, ...] = ()


class _Row(NamedTuple):
    """The shape of the union."""

    kind: str
    customer: str
    at: float
    a: str
    b: str
    c: str
    d: str
    e: str
    f: str
    g: str
    x: int
    y: int
    z: int


@dataclass(slots=True)
class _Found:
    """Rows of one kind each, as they come."""

    customers: dict[str, _Row] = field(default_factory=dict)
    phones: dict[str, list[str]] = field(default_factory=dict)
    orders: dict[str, list[_Row]] = field(default_factory=dict)
    deliveries: dict[str, DeliveryCard] = field(default_factory=dict)
    contacts: list[_Row] = field(default_factory=list)


async def profile_by_number(db: Database, shop: str, number: str) -> Profile:
    """Read the customers of a shop who have this E.164 number, and their history."""
    return _profile(await db.fetch(_BY_NUMBER, {"shop": shop, "wanted": number}))


async def profile_of_customer(db: Database, shop: str, customer: str) -> Profile:
    """Read one customer and their history."""
    return _profile(await db.fetch(_OF_CUSTOMER, {"shop": shop, "wanted": customer}))


def instant_text(at: float) -> str:
    """Write an instant in ISO 8601, UTC, to the second."""
    return f"{datetime.fromtimestamp(int(at), UTC):%Y-%m-%dT%H:%M:%SZ}"


# --- the statement ---------------------------------------------------------------


def _branch(
    kind: str, customer: ColumnElement[Any], at: ColumnElement[Any], *values: Any
) -> Select[Any]:
    """One arm of the union: texts first, then whole numbers, padded to the shape."""
    texts = [v for v in values if isinstance(v.type, String)]
    wholes = [v for v in values if not isinstance(v.type, String)]
    texts += [_EMPTY] * (len(_TEXTS) - len(texts))
    wholes += [_ZERO] * (len(_WHOLES) - len(wholes))
    return select(
        literal_column(f"'{kind}'").label("kind"),
        customer.label("customer"),
        at.label("at"),
        *(v.label(name) for name, v in zip(_TEXTS, texts, strict=True)),
        *(v.label(name) for name, v in zip(_WHOLES, wholes, strict=True)),
    )


def _statement(by: Literal["number", "customer"]) -> CompoundSelect[Any]:
    shop = bindparam("shop", type_=String)
    wanted = bindparam("wanted", type_=String)
    if by == "number":
        phone = t.customer_phones.c
        who = (
            select(phone.customer)
            .where(phone.shop == shop, phone.number == wanted)
            .order_by(phone.customer)
            .limit(literal_column(str(MAX_CANDIDATES)))
        ).cte("who")
    else:
        who = (
            select(t.customers.c.customer).where(
                t.customers.c.shop == shop, t.customers.c.customer == wanted
            )
        ).cte("who")
    return union_all(*_people(who), *_orders(who, shop), _contacts(who, shop))


def _people(who: Any) -> tuple[Select[Any], ...]:
    c, p = t.customers.c, t.customer_phones.c
    never: ColumnElement[Any] = literal_column("0.0")
    return (
        _branch("c", c.customer, never, c.name, c.language, c.segment, c.region).where(
            c.customer.in_(select(who.c.customer))
        ),
        _branch("p", p.customer, never, p.number).where(
            p.customer.in_(select(who.c.customer))
        ),
    )


def _orders(who: Any, shop: Any) -> tuple[Select[Any], ...]:
    o, i, d = t.orders.c, t.order_items.c, t.deliveries.c
    recent = (
        select(t.orders)
        .where(o.shop == shop, o.customer.in_(select(who.c.customer)))
        .order_by(o.placed_at.desc())
        .limit(literal_column(str(MAX_ORDERS)))
    ).subquery("recent")
    r = recent.c
    lines = _branch(
        "o",
        r.customer,
        r.placed_at,
        r.order_id,
        r.number,
        r.stage,
        r.currency,
        i.sku,
        i.name,
        i.category,
        r.total_minor,
        i.quantity,
        i.price_minor,
    ).where(i.order_id == r.order_id)
    agreed = _branch(
        "d",
        o.customer,
        d.agreed_at,
        d.order_id,
        d.method,
        cast(d.address, String),
        d.date,
        d.time_from,
        d.time_to,
        d.status,
    ).where(
        d.order_id == o.order_id, o.shop == shop, o.customer.in_(select(who.c.customer))
    )
    return lines, agreed


def _contacts(who: Any, shop: Any) -> Select[Any]:
    c, d, a = t.calls.c, t.dispositions.c, t.agents.c
    joined = t.calls.outerjoin(t.dispositions, d.call == c.call).outerjoin(
        t.agents, a.agent == c.agent
    )
    recent = (
        select(
            c.customer,
            c.ended_at,
            c.direction,
            func.coalesce(a.name, c.agent, _EMPTY).label("agent_name"),
            func.coalesce(d.disposition, c.ending).label("result"),
            func.coalesce(d.note, _EMPTY).label("note"),
        )
        .select_from(joined)
        .where(c.shop == shop, c.customer.in_(select(who.c.customer)))
        .order_by(c.ended_at.desc())
        .limit(literal_column(str(MAX_CONTACTS)))
    ).subquery("recent_calls")
    r = recent.c
    return _branch(
        "k",
        r.customer,
        r.ended_at,
        r.direction,
        cast(r.agent_name, String),
        cast(r.result, String),
        cast(r.note, String),
    )


_BY_NUMBER = Prepared(_statement("number"))
_OF_CUSTOMER = Prepared(_statement("customer"))


# --- the answer ------------------------------------------------------------------


def _profile(rows: list[tuple[Any, ...]]) -> Profile:
    found = _Found()
    for values in rows:
        row = _Row._make(values)
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
    return Profile(
        customers=tuple(_customer(row, found) for row in found.customers.values()),
        orders=tuple(
            _order(lines, found)
            for lines in sorted(found.orders.values(), key=lambda x: -x[0].at)
        ),
        contacts=tuple(
            ContactCard(
                at=instant_text(row.at),
                direction=row.a,
                agent=row.b,
                disposition=row.c,
                note=row.d,
            )
            for row in sorted(found.contacts, key=lambda x: -x.at)
        ),
    )


def _customer(row: _Row, found: _Found) -> CustomerCard:
    return CustomerCard(
        customer=CustomerId(row.customer),
        name=row.a,
        language=row.b,
        segment=row.c,
        region=row.d,
        phones=tuple(sorted(found.phones.get(row.customer, ()))),
    )


def _order(lines: list[_Row], found: _Found) -> OrderCard:
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
    )
