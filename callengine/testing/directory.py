"""The `Directory` port in memory."""

from dataclasses import dataclass

from callengine.core.roster import Roster
from callengine.engine.ports import RoutingText
from callengine.testing.books import MemoryBooks


@dataclass(slots=True)
class MemoryDirectory:
    """Reads the roster of the books."""

    books: MemoryBooks

    async def roster(self) -> Roster:
        """Read every shop and agent."""
        return self.books.roster()

    async def roster_version(self) -> int:
        """Grows with each change of the roster."""
        return self.books.version

    async def routing(self) -> RoutingText:
        """Read the routing rules in force."""
        return self.books.routing
