"""
`faults database-lock`: somebody locks the tables of calls and orders, and has lunch.

A migration by hand, a report that takes an exclusive lock: the database answers, and
whoever needs these tables waits.
"""

import asyncpg

from sim.faults.fault import Stage
from sim.faults.postgres import PostgresFault

TABLES = "orders, order_items, customers, calls, attempts, decisions, outbox"


class DatabaseLock(PostgresFault):
    """One session holds them exclusively."""

    name = "database-lock"
    about = "the tables of calls and orders are locked exclusively for a while"

    async def inject(self, stage: Stage) -> None:
        """Take the lock; whoever is writing finishes first."""
        url = stage.world.plan.database_url.replace("+asyncpg", "")
        self._session = await asyncpg.connect(url)
        await self._session.execute("BEGIN")
        await self._session.execute(f"LOCK TABLE {TABLES} IN ACCESS EXCLUSIVE MODE")

    async def lift(self, stage: Stage) -> None:
        """Let go."""
        await self._session.execute("ROLLBACK")
        await self._session.close()


FAULT = DatabaseLock()
