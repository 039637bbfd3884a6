"""The customer base."""

from sqlalchemy import Index, Table, UniqueConstraint

from callengine.store.tables.base import instant, key, metadata, name, part_of

customers = Table(
    "customers",
    metadata,
    key("customer"),
    part_of("shop", "shops.shop"),
    name("external_id", length=100, nullable=True),
    name("name", length=200),
    name("language", length=8),
    name("segment", length=32),
    name("region"),
    name("zone", default=""),
    instant("created_at", nullable=False),
    UniqueConstraint("shop", "external_id"),
)

customer_phones = Table(
    "customer_phones",
    metadata,
    part_of("shop", "shops.shop", primary=True),
    key("number", length=20),
    part_of("customer", "customers.customer", primary=True),
    name("raw", length=64),
    Index(None, "customer"),
)
"""A number may belong to several customers, a customer may have several numbers."""

do_not_call = Table(
    "do_not_call",
    metadata,
    part_of("shop", "shops.shop", primary=True),
    key("number", length=20),
    instant("added_at", nullable=False),
    name("note", length=200),
)
"""Numbers that asked a shop not to be called."""
