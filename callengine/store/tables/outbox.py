"""Messages to shops and logistics, committed with the facts they tell."""

from sqlalchemy import Column, Double, Index, Integer, Table, UniqueConstraint, text

from callengine.store.tables.base import instant, key, metadata, name, part_of, words

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
        "created_at",
        sqlite_where=text("next_try_at IS NOT NULL"),
        postgresql_where=text("next_try_at IS NOT NULL"),
    ),
    Index(
        "ix_outbox_waiting",
        "shop",
        "receiver",
        "tries",
        "created_at",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
    Index(
        "ix_outbox_dead",
        "shop",
        sqlite_where=text("state = 'dead'"),
        postgresql_where=text("state = 'dead'"),
    ),
    Index(None, "shop", "created_at"),
    Index(None, "shop", "state", "created_at"),
    Index(None, "created_at"),
)
"""
States: `engine.deliveries.MessageState`. `change` counts what was told to one receiver
about one order: the `sequence` of the body. A waiting message without `next_try_at` is
held: an earlier one of its order waits, or its receiver is paused. Queries name the
state in their text, or the database could not use the partial indexes.
"""

outbox_tries = Table(
    "outbox_tries",
    metadata,
    part_of("message", "outbox.message", primary=True),
    Column("try", Integer, primary_key=True, autoincrement=False),
    instant("at", nullable=False),
    Column("status", Integer, nullable=False),
    words("answer"),
    Column("took_s", Double, nullable=False),
)
"""Every try and what was answered; `try` counts on over replays."""

receivers = Table(
    "receivers",
    metadata,
    part_of("shop", "shops.shop", primary=True),
    key("receiver", length=16),
    name("state", length=16),
    words("reason"),
    Column("failures", Integer, nullable=False),
    instant("since_at"),
    instant("probe_at"),
)
"""Receivers that are or were paused; one that is not here is open."""
