"""Messages to shops and logistics, committed with the facts they tell."""

from sqlalchemy import Column, Index, Integer, Table, UniqueConstraint, text

from callengine.store.tables.base import instant, key, metadata, name, words

outbox = Table(
    "outbox",
    metadata,
    key("message"),
    name("shop"),
    name("order_id"),
    name("receiver", length=16),
    Column("change", Integer, nullable=False),
    name("content_hash"),
    name("type"),
    words("body"),
    name("state", length=16),
    Column("tries", Integer, nullable=False),
    instant("created_at", nullable=False),
    instant("next_try_at"),
    instant("delivered_at"),
    words("error"),
    UniqueConstraint("order_id", "receiver", "change"),
    Index(
        "ix_outbox_due",
        "next_try_at",
        sqlite_where=text("next_try_at IS NOT NULL"),
        postgresql_where=text("next_try_at IS NOT NULL"),
    ),
    Index(None, "shop", "state"),
)
"""
States: waiting, unaddressed (the shop has named no receiver yet), delivered, dead.
`change` counts the changes told to one receiver about one order.
"""
