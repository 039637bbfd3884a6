"""Bringing orders to the pool, and changes of the roster; both by looking now and
then and at once when poked."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from callengine.core import pacing
from callengine.core.facts import LeadsOffered, RosterChanged
from callengine.core.ids import Instant
from callengine.core.pool import Pool
from callengine.engine.floor import Floor
from callengine.engine.mishaps import Mishaps
from callengine.engine.ports import (
    Archive,
    Directory,
    FactSink,
    OrderBook,
    StoreDown,
)
from callengine.engine.routing_rules import RoutingRules, read_rules

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 1.0
LEADS_AT_ONCE = 50


class Feeder:
    """
    Watches the store.

    Args:
        look_every_s: longest time between two looks.
        route_by: told the routing rules when they change.
        routing_version: of the rules in force at the start.
    """

    def __init__(
        self,
        pool: Pool,
        *,
        order_book: OrderBook,
        directory: Directory,
        archive: Archive,
        floor: Floor,
        post: FactSink,
        clock: Callable[[], Instant],
        mishaps: Mishaps,
        route_by: Callable[[RoutingRules], None],
        routing_version: int = 0,
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._pool = pool
        self._order_book = order_book
        self._directory = directory
        self._archive = archive
        self._floor = floor
        self._post = post
        self._clock = clock
        self._route_by = route_by
        self._look_every_s = look_every_s
        self._poked = asyncio.Event()
        self._roster_version = -1
        self._roster_changes_at: Instant | None = None
        self._routing_version = routing_version
        self._book_empty = False
        self._mishaps = mishaps
        self._failing: set[str] = set()
        # What changes seldom: agents who become free must not cost a query.
        self._looks = {"roster": self._follow_roster, "stages": self._count_orders}
        self.store_down = False

    def poke(self) -> None:
        """Look for orders now: some came in."""
        self._book_empty = False
        self._poked.set()

    def agent_freed(self) -> None:
        """Look for orders now, unless there were none a moment ago."""
        if not self._book_empty:
            self._poked.set()

    async def run(self) -> None:
        """Look for ever; a database that is down is waited for."""
        loop = asyncio.get_running_loop()
        look_at = loop.time()
        while True:
            worked = await self._tried("orders", self._offer_leads)
            if loop.time() >= look_at:
                look_at = loop.time() + self._look_every_s
                for name, look in self._looks.items():
                    worked &= await self._tried(name, look)
            self.store_down = not worked
            await self._pause()

    async def _tried(self, name: str, look: Callable[[], Awaitable[None]]) -> bool:
        """Look at one thing; whether the database answered. No other waits for it."""
        try:
            await look()
        except StoreDown as error:
            if not self.store_down:
                log.error("database down", look=name, error=str(error))
            self.store_down = True
            return False
        except Exception as error:
            if name not in self._failing:
                self._mishaps.put("look", name, error, name)
            self._failing.add(name)
        else:
            self._failing.discard(name)
        return True

    async def _count_orders(self) -> None:
        by_shop = await self._archive.orders_by_stage()
        self._floor.orders = {str(shop): counts for shop, counts in by_shop.items()}

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(self._look_every_s):
                await self._poked.wait()
        except TimeoutError:
            return
        finally:
            self._poked.clear()

    async def _offer_leads(self) -> None:
        wanted = min(LEADS_AT_ONCE, pacing.leads_wanted(self._pool))
        if wanted <= 0:
            return
        leads = await self._order_book.due(self._clock(), wanted)
        self._book_empty = len(leads) < wanted
        if leads:
            self._post(LeadsOffered(at=self._clock(), leads=leads))

    async def _follow_roster(self) -> None:
        """Read roster and rules again when they changed or a certificate ends."""
        version = await self._directory.roster_version()
        changes_at = self._roster_changes_at
        due = changes_at is not None and self._clock() >= changes_at
        if version == self._roster_version and not due:
            return
        roster = await self._directory.roster()
        text = await self._directory.routing()
        if text.version != self._routing_version:
            rules = await read_rules(text)
            self._routing_version = text.version
            if rules is not None:
                self._route_by(rules)
        self._roster_version = roster.version
        self._roster_changes_at = roster.changes_at
        self._post(RosterChanged(at=self._clock(), roster=roster))
