"""Whether the database can be written to."""

from callengine.core.ids import Instant
from callengine.store import tables as t
from callengine.store.database import Database
from callengine.store.rows import insert_or_replace

WITHIN_S = 2.0


class SqlWriteProbe:
    """`engine.health.WriteProbe` on the database: one small row per node."""

    def __init__(self, db: Database, node: str) -> None:
        self._db = db
        self._node = node

    async def write(self, at: Instant) -> None:
        """Write the row. Raises `StoreDown`, `StoreRefused`."""
        async with self._db.write(within_s=WITHIN_S) as connection:
            row = {"node": self._node, "at": at}
            await insert_or_replace(connection, t.write_probes, [row])
