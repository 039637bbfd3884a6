"""
`faults database-restart`: PostgreSQL is stopped and started again under traffic.

Calls go on; callers are unknown meanwhile and nothing new is dialled; what was to be
recorded is recorded once it is back.
"""

from sim.faults.fault import Stage
from sim.faults.postgres import PostgresFault


class DatabaseRestart(PostgresFault):
    """An orderly restart, with a while in between."""

    name = "database-restart"
    about = "PostgreSQL is stopped, and started again after a while"

    async def inject(self, stage: Stage) -> None:
        """Stop it, fast."""
        await self.server(stage).down()

    async def lift(self, stage: Stage) -> None:
        """Start it."""
        await self.server(stage).up()


FAULT = DatabaseRestart()
