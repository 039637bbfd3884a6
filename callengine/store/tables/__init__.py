"""
The tables, for SQLite and PostgreSQL alike.

Instants are Unix seconds (float), money is integer minor units, phones are E.164;
the shop is on every business row. Records of calls carry no foreign keys: a fact
that happened is kept even when the configuration it names has gone.
"""

from callengine.store.tables.base import metadata
from callengine.store.tables.calls import (
    attempts,
    calls,
    decisions,
    dispositions,
    events,
    legs,
)
from callengine.store.tables.customers import customer_phones, customers, do_not_call
from callengine.store.tables.orders import deliveries, order_items, orders
from callengine.store.tables.outbox import outbox, outbox_tries, receivers
from callengine.store.tables.people import agent_shops, agent_skills, agents
from callengine.store.tables.probes import write_probes
from callengine.store.tables.shops import (
    api_keys,
    dialled_numbers,
    products,
    queues,
    regimes,
    roster_versions,
    routing_rules,
    shops,
)

__all__ = [
    "agent_shops",
    "agent_skills",
    "agents",
    "api_keys",
    "attempts",
    "calls",
    "customer_phones",
    "customers",
    "decisions",
    "deliveries",
    "dialled_numbers",
    "dispositions",
    "do_not_call",
    "events",
    "legs",
    "metadata",
    "order_items",
    "orders",
    "outbox",
    "outbox_tries",
    "products",
    "queues",
    "receivers",
    "regimes",
    "roster_versions",
    "routing_rules",
    "shops",
    "write_probes",
]
