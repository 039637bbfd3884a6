"""What happened: calls, legs, events, attempts, decisions, dispositions."""

from sqlalchemy import Column, Double, Index, Integer, Table, text

from callengine.store.tables.base import instant, key, metadata, money, name, words

calls = Table(
    "calls",
    metadata,
    key("call"),
    name("shop", nullable=True),
    name("direction", length=16),
    name("number", nullable=True),
    name("dialled_number"),
    name("customer", nullable=True),
    name("order_id", nullable=True),
    name("agent", nullable=True),
    words("requirement"),
    instant("enqueued_at", nullable=False),
    instant("answered_at"),
    instant("bridged_at"),
    instant("ended_at", nullable=False),
    name("ending", length=32),
    words("off_skill"),
    Index(None, "shop", "customer", "ended_at"),
)

legs = Table(
    "legs",
    metadata,
    key("call"),
    key("channel", length=150),
    name("shop", nullable=True),
    name("role", length=16),
    name("agent", nullable=True),
    instant("started_at", nullable=False),
    instant("ringing_at"),
    instant("answered_at"),
    instant("ended_at"),
    Column("cause", Integer, nullable=False),
    Column("sip_code", Integer, nullable=True),
)

events = Table(
    "events",
    metadata,
    key("call"),
    Column("line", Integer, primary_key=True, autoincrement=False),
    name("shop", nullable=True),
    instant("at", nullable=False),
    name("name"),
    words("detail"),
)

attempts = Table(
    "attempts",
    metadata,
    key("attempt"),
    name("shop"),
    name("order_id"),
    name("call"),
    name("number"),
    Column("tries", Integer, nullable=False),
    instant("started_at", nullable=False),
    instant("answered_at"),
    instant("bridged_at"),
    instant("ended_at"),
    name("outcome", length=16),
    Column("cause", Integer, nullable=False),
    Column("sip_code", Integer, nullable=True),
    Column("ring_s", Double, nullable=False),
    name("agent", nullable=True),
    instant("next_try_at"),
    name("rule", length=200),
    name("trunk", default=""),
    name("fault", length=16, default=""),
    name("zone", default=""),
    money("cost_minor", default="0"),
    Index(None, "order_id", "started_at"),
    Index(None, "number", "started_at"),
    Index(None, "shop", "started_at"),
    Index(None, "call"),
    Index(
        "ix_attempts_running",
        "started_at",
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
)
"""A row without `ended_at` is an attempt under way; its outcome is empty."""

decisions = Table(
    "decisions",
    metadata,
    key("decision"),
    name("shop", nullable=True),
    name("call", nullable=True),
    instant("at", nullable=False),
    name("kind", length=32),
    name("chosen", length=200),
    words("reason"),
    words("detail"),
    name("order_id", nullable=True),
    Index(None, "call", "at"),
    Index(
        "ix_decisions_of_order",
        "order_id",
        "at",
        sqlite_where=text("order_id IS NOT NULL"),
        postgresql_where=text("order_id IS NOT NULL"),
    ),
)
"""
`decision` is a digest of the record, so that the same record twice is once. Those about
an order have its id, as long as there is no call.
"""

dispositions = Table(
    "dispositions",
    metadata,
    key("call"),
    name("shop"),
    name("agent"),
    name("customer", nullable=True),
    name("order_id", nullable=True),
    name("disposition", length=16),
    words("note"),
    instant("at", nullable=False),
    Index(None, "order_id"),
)
