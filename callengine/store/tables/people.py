"""
Configuration: agents, what they can do and for whom. An agent's id is the login.

A skill or certificate is held from `certified_at` until before `expires_at`.
"""

from sqlalchemy import Boolean, Column, Index, Integer, String, Table

from callengine.store.tables.base import instant, key, metadata, name, part_of

agents = Table(
    "agents",
    metadata,
    key("agent"),
    name("name", length=200),
    name("password_hash", length=200),
    name("sip_password", length=100),
    name("phone_mode", length=16),
    Column("auto_answer", String(16), nullable=False, server_default="call-info"),
    Column("srtp", Boolean, nullable=True),
)

agent_skills = Table(
    "agent_skills",
    metadata,
    part_of("agent", "agents.agent", primary=True),
    key("skill"),
    Column("level", Integer, nullable=False),
    instant("certified_at"),
    instant("expires_at"),
)

agent_shops = Table(
    "agent_shops",
    metadata,
    part_of("agent", "agents.agent", primary=True),
    part_of("shop", "shops.shop", primary=True),
    Column("level", Integer, nullable=False),
    instant("certified_at"),
    instant("expires_at"),
    Index(None, "shop"),
)
"""Which shops an agent holds a certificate of, and at what level."""
