"""Orders, their lines, and what was agreed about delivery."""

from sqlalchemy import Column, Index, Integer, Table, UniqueConstraint, text

from callengine.store.tables.base import (
    instant,
    key,
    metadata,
    money,
    name,
    part_of,
    words,
    yes_no,
)

_WAITS = "attempt IS NULL AND next_try_at IS NOT NULL"
_WAITS_WITH_CUT_OFF = f"{_WAITS} AND cut_off_at IS NOT NULL"

orders = Table(
    "orders",
    metadata,
    key("order_id"),
    part_of("shop", "shops.shop"),
    name("number", length=100),
    name("customer", nullable=True),
    name("name", length=200),
    name("phone", length=20),
    name("phone_raw"),
    name("stage", length=16),
    name("language", length=8),
    name("region"),
    name("currency", length=3),
    money("total_minor"),
    name("method", length=32),
    words("address"),
    words("comment"),
    name("content_hash"),
    instant("placed_at", nullable=False),
    instant("received_at", nullable=False),
    instant("deadline_at", nullable=False),
    instant("dial_by_at", nullable=False),
    instant("next_try_at"),
    Column("tries", Integer, nullable=False),
    name("attempt", nullable=True),
    instant("claimed_at"),
    name("disposition", length=16),
    words("note"),
    yes_no("consent"),
    instant("cut_off_at"),
    name("held_rule", length=32, default=""),
    words("held_reason", default=""),
    instant("withdrawn_at"),
    UniqueConstraint("shop", "number"),
    Index(None, "shop", "received_at", "order_id"),
    Index(None, "shop", "customer", "placed_at"),
    Index(None, "shop", "stage"),
    Index(
        "ix_orders_dialable",
        "dial_by_at",
        "next_try_at",
        sqlite_where=text(_WAITS),
        postgresql_where=text(_WAITS),
    ),
    Index(
        "ix_orders_cut_off",
        "cut_off_at",
        sqlite_where=text(_WAITS_WITH_CUT_OFF),
        postgresql_where=text(_WAITS_WITH_CUT_OFF),
    ),
    Index(
        "ix_orders_attempt",
        "attempt",
        unique=True,
        sqlite_where=text("attempt IS NOT NULL"),
        postgresql_where=text("attempt IS NOT NULL"),
    ),
)
"""
`deadline_at` is the promise to the shop and never changes; `dial_by_at` is what
dialling is ordered by. `attempt` is the attempt that owns the order now. `held_rule`
and `held_reason` say why an order was not dialled when it was due, empty if it was.
`withdrawn_at` is when the shop took the order back: it is not dialled any more.
"""

order_items = Table(
    "order_items",
    metadata,
    part_of("order_id", "orders.order_id", primary=True),
    Column("line", Integer, primary_key=True, autoincrement=False),
    name("shop"),
    name("sku", length=100),
    name("name", length=300),
    name("category"),
    Column("quantity", Integer, nullable=False),
    money("price_minor"),
)

deliveries = Table(
    "deliveries",
    metadata,
    part_of("order_id", "orders.order_id", primary=True),
    name("shop"),
    name("call"),
    name("method", length=32),
    words("address"),
    name("date", length=10),
    name("time_from", length=5),
    name("time_to", length=5),
    name("status", length=16),
    instant("agreed_at", nullable=False),
)
