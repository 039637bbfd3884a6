"""
`faults database-crash`: PostgreSQL ends as in a crash (immediate shutdown), and comes
back by its log.
"""

from sim.faults.fault import Stage
from sim.faults.kinds.database_restart import DatabaseRestart
from sim.world.postgres import IMMEDIATE


class DatabaseCrash(DatabaseRestart):
    """As a restart, but nobody was asked to finish anything."""

    name = "database-crash"
    about = "PostgreSQL crashes (immediate shutdown), and is started again"

    async def inject(self, stage: Stage) -> None:
        """Stop it at once."""
        await self.server(stage).down(IMMEDIATE)


FAULT = DatabaseCrash()
