"""Rows that are written only to see whether rows can be written."""

from sqlalchemy import Table

from callengine.store.tables.base import instant, key, metadata

write_probes = Table(
    "write_probes", metadata, key("node"), instant("at", nullable=False)
)
