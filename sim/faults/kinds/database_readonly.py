"""
`faults database-readonly`: a fail-over ends on a server that may only be read.

Every connection is cut, and whoever comes back is told 25006 until the server is the
master.
"""

from sim.faults.fault import Stage
from sim.faults.postgres import PostgresFault

RELOAD = "SELECT pg_reload_conf()"
CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
)


class DatabaseReadonly(PostgresFault):
    """It answers, and refuses to write."""

    name = "database-readonly"
    about = "PostgreSQL cuts everybody off and is read-only for a while"

    async def inject(self, stage: Stage) -> None:
        """Make it read-only, and cut everybody off."""
        server = self.server(stage)
        await server.ask("ALTER SYSTEM SET default_transaction_read_only = on")
        await server.ask(RELOAD, CUT)

    async def lift(self, stage: Stage) -> None:
        """Let it be written to again."""
        server = self.server(stage)
        await server.ask("ALTER SYSTEM RESET default_transaction_read_only")
        await server.ask(RELOAD)


FAULT = DatabaseReadonly()
