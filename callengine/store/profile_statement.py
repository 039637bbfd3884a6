"""
The statement behind a customer's card: one UNION, its rows told apart by `kind`.
"""

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

from callengine.store import tables as t
from callengine.store.database import Prepared

MAX_CANDIDATES = 8
MAX_ORDERS = 20
MAX_CONTACTS = 10

_EMPTY: ColumnElement[Any] = literal_column("''")
_ZERO: ColumnElement[Any] = literal_column("0")
_TEXTS = ("a", "b", "c", "d", "e", "f", "g", "h")
_WHOLES = ("x", "y", "z")


class Row(NamedTuple):
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
    h: str
    x: int
    y: int
    z: int


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
        r.comment,
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
            func.coalesce(c.agent, _EMPTY).label("agent"),
            func.coalesce(d.order_id, c.order_id, _EMPTY).label("order_id"),
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
        cast(r.agent, String),
        cast(r.order_id, String),
    )


BY_NUMBER = Prepared(_statement("number"))
OF_CUSTOMER = Prepared(_statement("customer"))
