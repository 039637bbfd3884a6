"""
`faults database-hang`: every process of PostgreSQL stops (SIGSTOP), as on a dead disk.

Connections stay open and say nothing; new ones are taken by the kernel and say nothing.
"""

import signal

from sim.faults.fault import Stage
from sim.faults.postgres import (
    PostgresFault,
    family,
    signal_all,
)


class DatabaseHang(PostgresFault):
    """The server is there and does not answer."""

    name = "database-hang"
    about = "SIGSTOP of PostgreSQL: connected, and silent"

    async def inject(self, stage: Stage) -> None:
        """Stop all of it."""
        pid = self.server(stage).pid
        assert pid is not None
        self._stopped = family(pid)
        signal_all(self._stopped, signal.SIGSTOP)

    async def lift(self, stage: Stage) -> None:
        """Wake it."""
        signal_all(self._stopped, signal.SIGCONT)


FAULT = DatabaseHang()
