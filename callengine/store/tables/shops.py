"""Configuration: shops, their numbers, products, queues and keys."""

from sqlalchemy import Boolean, Column, Double, Index, Integer, Table

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

shops = Table(
    "shops",
    metadata,
    key("shop"),
    name("name", length=200),
    name("language", length=8),
    name("region", length=2),
    name("currency", length=3),
    name("zone"),
    name("queue"),
    name("greeting", length=200),
    name("music"),
    name("caller_id", length=20),
    Column("dial_orders", Boolean, nullable=False),
    Column("delivery_required", Boolean, nullable=False),
    name("trunks", length=1024, default=""),
    Column("goal_s", Double, nullable=False),
    Column("callback_s", Double, nullable=False),
    name("shop_url", length=500),
    name("shop_secret", length=200),
    name("logistics_url", length=500),
    name("logistics_secret", length=200),
    name("regime", default="house"),
    name("nuisance_message", length=200, default=""),
    yes_no("advertising"),
    words("dialling", default="{}"),
    yes_no("shop_attempts"),
    yes_no("logistics_attempts"),
    name("shop_secret_old", length=200, default=""),
    instant("shop_secret_until"),
    name("logistics_secret_old", length=200, default=""),
    instant("logistics_secret_until"),
    words("column_map", default="{}"),
)
"""
`trunks`: names in order, a space between; empty: any. `..._attempts`: the receiver is
told of attempts too. `..._secret_old` signs beside the secret until `..._secret_until`.
`column_map` is `[shops.columns]` in JSON: headings of files to names of ours.
"""

regimes = Table("regimes", metadata, key("regime"), words("data"))
"""`data` is the regime's table as the admin wrote it, in JSON."""

dialled_numbers = Table(
    "dialled_numbers",
    metadata,
    key("number", length=20),
    part_of("shop", "shops.shop"),
    Index(None, "shop"),
)

products = Table(
    "products",
    metadata,
    part_of("shop", "shops.shop", primary=True),
    key("sku", length=100),
    name("name", length=300),
    name("category"),
    money("price_minor"),
    name("currency", length=3),
)

queues = Table(
    "queues",
    metadata,
    key("queue"),
    part_of("shop", "shops.shop"),
    name("strategy"),
    Column("ring_s", Integer, nullable=False),
    name("music"),
    Index(None, "shop"),
)

api_keys = Table(
    "api_keys",
    metadata,
    key("key_hash"),
    part_of("shop", "shops.shop"),
    name("name", length=100),
    instant("created_at", nullable=False),
    instant("expires_at"),
    Index(None, "shop"),
)

roster_versions = Table(
    "roster_versions",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
)
"""One row, counting the changes of the roster."""

routing_rules = Table(
    "routing_rules",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    words("text"),
    instant("applied_at", nullable=False),
)
"""Every rule text that was applied; the highest version is in force."""
