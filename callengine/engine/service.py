"""
The engine: everything between the ports, started, recovered and stopped as one.

With `Desk`, it is the face that the API talks to (`engine.face.EngineFace`).
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import structlog

from callengine.core import dispatch
from callengine.core.facts import AsteriskListed, AttemptsRemembered, RulesChanged
from callengine.core.ids import Instant
from callengine.core.pool import Pool
from callengine.core.reconcile import YOUNG_S
from callengine.engine.config import EngineConfig as EngineConfig
from callengine.engine.config import Ports as Ports
from callengine.engine.feeder import Feeder
from callengine.engine.identifier import Identifier
from callengine.engine.inbox import Inbox
from callengine.engine.journalling import JournalWriter
from callengine.engine.overview import Overview
from callengine.engine.owner import Owner
from callengine.engine.ports import (
    Fenced,
    JournalDown,
    TelephonyError,
)
from callengine.engine.recovery import read_back
from callengine.engine.routing_rules import RoutingRules, read_rules, with_policy
from callengine.engine.stopping import end_in_order
from callengine.engine.supervised import supervised
from callengine.engine.timers import Timers

log = structlog.get_logger(__name__)

RECONCILE_EVERY_S = 30.0
LEASE_LOOK_S = 0.25


class Engine(Overview):
    """
    One node's engine.

    Args:
        clock: Unix time, or virtual time in tests.
        new_id: mints call ids.
    """

    def __init__(
        self,
        ports: Ports,
        config: EngineConfig,
        *,
        inbox: Inbox,
        clock: Callable[[], Instant],
        new_id: Callable[[], str],
    ) -> None:
        super().__init__(ports, inbox, clock, away_s=config.away_s)
        self._config = config
        self._new_id = new_id
        self._look_soon = asyncio.Event()
        self._timers = Timers(inbox.post, clock)
        self._identifier: Identifier | None = None
        self.fenced = False
        """Another engine has the node: nothing of ours counts any more."""

    def poke(self) -> None:
        """Look for orders now: some came in."""
        if self.feeder is not None:
            self.feeder.poke()

    def agent_freed(self) -> None:
        """Somebody could take an order now."""
        if self.feeder is not None:
            self.feeder.agent_freed()

    # --- life --------------------------------------------------------------------

    async def start(self) -> None:
        """
        Take the lease, read roster and journal, and be ready to reconcile.

        Raises `Fenced`, `JournalDown`, `StoreDown`.
        """
        await self._take_lease()
        roster = await self._ports.directory.roster()
        routing = await read_rules(await self._ports.directory.routing())
        pool = Pool(
            roster,
            rules=with_policy(self._config.rules, routing),
            new_id=self._new_id,
            node=self._config.node,
        )
        now = self._clock
        self.owner = self._own(pool, routing)
        entries = await self._ports.journal.load()
        effects = read_back(pool, entries, now())
        keep = [c.lead.attempt for c in pool.calls.values() if c.lead is not None]
        await self._ports.order_book.release_all(keep)
        memories = await self._ports.archive.remembered(roster, now())
        # Nobody is rung before Asterisk has said who is still there.
        dispatch.observe(pool, AttemptsRemembered(at=now(), shops=memories))
        await self.owner.carry_out(effects)

    def _own(self, pool: Pool, routing: RoutingRules | None) -> Owner:
        """Build what works on a pool, and its owner."""
        self._identifier = Identifier(
            pool,
            self._ports.crm,
            self._post,
            self._clock,
            mishaps=self.mishaps,
            budget_s=self._config.identify_s,
        )
        self._identifier.rules = routing
        self.feeder = Feeder(
            pool,
            order_book=self._ports.order_book,
            directory=self._ports.directory,
            archive=self._ports.archive,
            floor=self.floor_view,
            post=self._post,
            clock=self._clock,
            mishaps=self.mishaps,
            route_by=self._route_by,
            routing_version=0 if routing is None else routing.version,
        )
        return Owner(
            pool,
            inbox=self._inbox,
            journal=JournalWriter(self._ports.journal, self._clock),
            performer=self.performer,
            timers=self._timers,
            recorder=self.recorder,
            floor=self.floor_view,
            identify=self._identifier.start,
            screen=self.screen,
            mishaps=self.mishaps,
            on_mishap=self._look_soon.set,
        )

    def _route_by(self, routing: RoutingRules) -> None:
        """Judge the next callers by other rules, and route by their policy."""
        assert self._identifier is not None
        self._identifier.rules = routing
        rules = with_policy(self._config.rules, routing)
        self._post(RulesChanged(at=self._clock(), rules=rules))
        log.info("routing rules in force", version=routing.version)

    async def _take_lease(self) -> None:
        """
        Take the lease; one that a killed engine left ends by itself.

        A Redis that is away or reads its data is waited for as long.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + self._config.lease_wait_s
        while True:
            try:
                await self._ports.journal.acquire(self._config.node)
            except (Fenced, JournalDown) as error:
                if loop.time() >= until:
                    raise
                log.info("waiting for the lease", error=str(error))
                await asyncio.sleep(LEASE_LOOK_S)
            else:
                return

    async def reconcile(self) -> None:
        """
        Ask Asterisk what lives, and let the owner make it true.

        To be called after each (re)connection, before the facts that follow it.
        """
        living = await self._ports.telephony.living()
        self._post(AsteriskListed(at=self._clock(), living=living))
        log.info(
            "asterisk listed",
            channels=len(living.channels),
            bridges=len(living.bridges),
        )

    async def run(self) -> None:
        """Run until cancelled; only `Fenced` ends it."""
        owner = self._started()
        assert self.feeder is not None
        works = {
            "owner": owner.run,
            "recorder": self.recorder.run,
            "feeder": self.feeder.run,
            "lease": owner.journal.tend,
            "reconcile": self._look_again,
        }
        async with asyncio.TaskGroup() as group:
            for name, work in works.items():
                group.create_task(supervised(name, work, self.mishaps), name=name)

    async def stop(self) -> None:
        """
        Stop deciding; calls go on in Asterisk and are found again at the next start.

        Every step has its time, whatever hangs. Nothing is to be done for an engine
        that never started; one that was fenced touches nothing that is not its own
        any more: calls, bridges, orders and the journal belong to another.
        """
        owner = self.owner
        if owner is None:
            return
        self._timers.cancel_all()
        self.close()
        if self.fenced:
            await self.performer.drain(0.0)
            return
        await end_in_order(
            owner,
            self._identifier,
            self.performer,
            self.recorder,
            self._ports,
        )

    async def _look_again(self) -> None:
        """
        Reconcile now and then: an event that was lost is found here.

        After a mishap soon: as soon as a channel that is not listed is not there.
        """
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(RECONCILE_EVERY_S):
                    await self._look_soon.wait()
                    await asyncio.sleep(YOUNG_S + 1.0)
            self._look_soon.clear()
            try:
                await self.reconcile()
            except TelephonyError as error:
                log.warning("asterisk not listed", error=str(error))
