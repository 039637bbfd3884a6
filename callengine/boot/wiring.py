"""
Putting the parts together: the only place that knows them all.

`Node` builds every adapter from the settings, hands them to the engine, and runs all
of it as one group: the first part that fails ends the others.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from random import SystemRandom
from typing import Any

import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry

from callengine.api.app import build_app
from callengine.api.deps import ApiDeps
from callengine.api.forwarded import networks_of
from callengine.api.hub import DesktopHub
from callengine.api.serving import TimedRunner
from callengine.asterisk.agi import AgiSettings, FastAgi, Identified, identify_with
from callengine.asterisk.ami import EndpointWatch
from callengine.asterisk.ari.client import AriClient
from callengine.asterisk.ari.members import Members
from callengine.asterisk.ari.telephony import AriTelephony
from callengine.boot.clock import SteadyClock, watch_clock
from callengine.boot.fallback_books import fallback_books
from callengine.boot.ids import id_maker
from callengine.boot.live_secrets import LiveSecrets
from callengine.boot.metrics import add_engine_metrics
from callengine.boot.secrets import Secrets
from callengine.boot.security_log import SecurityLog
from callengine.boot.settings import Settings
from callengine.boot.told import ami_of, ari_of, config_of
from callengine.boot.trunks import trunks_of
from callengine.coordination.journal import RedisJournal
from callengine.core.ids import AgentId
from callengine.core.inbound import normalised
from callengine.core.pool import Pool
from callengine.engine.health import Health
from callengine.engine.inbox import Inbox
from callengine.engine.service import Engine, Ports
from callengine.engine.stopping import in_time
from callengine.engine.supervised import is_fenced, supervised
from callengine.engine.wall import LedgerOnWall, OrderBookOnWall
from callengine.integrations.outbox import OutboxWorker
from callengine.store import Database, Store
from callengine.store.migrate import require_current
from callengine.store.spool import FileMishaps, FileSpool
from callengine.store.write_probe import SqlWriteProbe

log = structlog.get_logger(__name__)

LAST_POSTS_S = 2.5
LAST_REQUESTS_S = 1.0
CLOSE_S = 0.5
START_WAIT_S = 10.0


class Node:
    """One node: every part of it, built but not started."""

    def __init__(self, settings: Settings, secrets: Secrets) -> None:
        self.settings = settings
        self.registry = CollectorRegistry()
        self._runner: web.AppRunner | None = None
        self.clock = SteadyClock(settings.var_dir / "clock.json")
        self.inbox = Inbox()
        self.hub = DesktopHub()
        new_id = id_maker(settings.node)
        self.store = Store.over(
            Database.open(settings.database_url), clock=time.time, new_id=new_id
        )
        self.journal = RedisJournal.open(settings.redis_url)
        self.client = AriClient(ari_of(settings, secrets))
        self.telephony = AriTelephony(
            self.client,
            settings.app_name,
            sink=self.inbox.post,
            clock=self.clock,
            rng=SystemRandom(),
            on_connected=self._reconcile,
            max_call_s=settings.pbx.max_call_s,
        )
        self.engine = Engine(
            self._ports(),
            config_of(settings),
            inbox=self.inbox,
            clock=self.clock,
            new_id=new_id,
        )
        self._build_services(secrets)
        self.health = Health(
            self.engine,
            SqlWriteProbe(self.store.db, settings.node),
            self.clock,
            listens=lambda: self.telephony.stream.listening,
        )
        self.app = build_app(self._api_deps(secrets))
        add_engine_metrics(
            self.registry, self.engine, self.telephony, self.inbox, self.health
        )

    def _build_services(self, secrets: Secrets) -> None:
        """Build what runs beside the engine: AMI, FastAGI, deliveries."""
        settings = self.settings
        self.endpoints = EndpointWatch(
            ami_of(settings, secrets),
            sink=self.inbox.post,
            clock=self.clock,
            rng=SystemRandom(),
            trunks=frozenset(trunks_of(settings)),
        )
        self.members = Members(
            self.client,
            everybody=lambda: self._logins(self.engine.pool.agents),
            at_work=lambda: self._logins(self.engine.pool.working),
            up=lambda: self.telephony.stream.up,
        )
        self.agi = FastAgi(
            AgiSettings(host=settings.agi.host, port=settings.agi.port),
            {"identify": identify_with(self._who_calls)},
        )
        self.worker = OutboxWorker(
            self.store.outbox,
            now=time.time,
            rng=SystemRandom(),
            registry=self.registry,
            private_allowed=settings.outbox.allow_private,
        )

    def _ports(self) -> Ports:
        store, var_dir, node = self.store, self.settings.var_dir, self.settings.node
        var_dir.mkdir(parents=True, exist_ok=True)
        self.mishaps_file = FileMishaps(var_dir / f"mishaps-{node}.jsonl")
        return Ports(
            telephony=self.telephony,
            directory=store.directory,
            crm=store.crm,
            order_book=OrderBookOnWall(store.order_book, self.clock.ahead_s),
            ledger=LedgerOnWall(store.ledger, self.clock.ahead_s),
            archive=store.archive,
            journal=self.journal,
            desktops=self.hub,
            mishaps=self.mishaps_file,
            spool=FileSpool(var_dir / f"unrecorded-{node}.jsonl"),
        )

    def _api_deps(self, secrets: Secrets) -> ApiDeps:
        store = self.store
        live = LiveSecrets(self.settings.var_dir, secrets, time.time)
        return ApiDeps(
            engine=self.engine,
            hub=self.hub,
            intake=store.intake,
            order_changes=store.order_changes,
            shop_keys=store.keys,
            accounts=store.accounts,
            directory=store.directory,
            do_not_call=store.do_not_call,
            deliveries=store.deliveries,
            trusted_proxies=networks_of(self.settings.api.trusted_proxies),
            session_keys=live.session_keys,
            admin_tokens=live.admin_tokens,
            note=SecurityLog(self.settings.var_dir, time.time).note,
            now=self.clock,
            wall_ahead_s=self.clock.ahead_s,
            checks=self.health.parts,
            registry=self.registry,
        )

    def _pool(self) -> Pool:
        return self.engine.pool

    def _logins(self, agents: Iterable[AgentId]) -> list[str]:
        known = self.engine.pool.agents
        return [
            known[agent].profile.endpoint.removeprefix("PJSIP/") for agent in agents
        ]

    async def _reconcile(self) -> None:
        await self.engine.reconcile()

    async def _who_calls(self, dialled: str, caller: str | None) -> Identified | None:
        """Answer the admin's own dialplan."""
        shop = self.engine.pool.shop_of.get(normalised(dialled))
        if shop is None:
            return None
        found = await self.store.crm.identify(shop, dialled, caller)
        return Identified(identification=found, queue=shop.queue)

    async def run(self, ready: asyncio.Event | None = None) -> None:
        """Run until cancelled; what was started is stopped in turn."""
        await require_current(self.store.db, patience_s=START_WAIT_S)
        try:
            await self.engine.start()
            async with (
                self._serving(),
                self.agi,
                self._delivering() as delivery,
                asyncio.TaskGroup() as group,
            ):
                group.create_task(self._guarded(self.engine.run()), name="engine")
                watched = self._guarded(self._kept("telephony", self.telephony.run))
                group.create_task(watched, name="telephony")
                group.create_task(self._kept("endpoints", self.endpoints.run))
                group.create_task(follow(delivery), name="outbox")
                group.create_task(self._kept("orders watch", self._poke_feeder))
                group.create_task(self._kept("health", self.health.run))
                group.create_task(self._kept("clock watch", self._watch_clock))
                group.create_task(self._kept("fallback members", self.members.run))
                group.create_task(self._kept("fallback books", self._book_fallback))
                if ready is not None:
                    ready.set()
        finally:
            await self._close()

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        """
        Do the work; once fenced, first close the door to agents and shops.

        What they would be told is not true any more. Calls are then let go of, for the
        engine that has them now.
        """
        try:
            await work
        except BaseException as error:
            if is_fenced(error):
                self.engine.fenced = True
                log.error("fenced: another engine has our calls; api closed")
                if self._runner is not None:
                    await self._runner.cleanup()
            raise

    @contextlib.asynccontextmanager
    async def _serving(self) -> AsyncIterator[None]:
        self._runner = runner = TimedRunner(
            self.app,
            handle_signals=False,
            shutdown_timeout=LAST_REQUESTS_S,
        )
        await runner.setup()
        host, port = self.settings.api.host, self.settings.api.port
        try:
            await web.TCPSite(runner, host, port).start()
            log.info("api is up", host=host, port=port)
            yield
        finally:
            await runner.cleanup()

    @contextlib.asynccontextmanager
    async def _delivering(self) -> AsyncIterator[asyncio.Task[None]]:
        """Deliver messages; a message on its way is not cut off at the end."""
        delivery = asyncio.create_task(self._kept("outbox", self.worker.run))
        try:
            yield delivery
        finally:
            self.worker.stop()
            _, late = await asyncio.wait({delivery}, timeout=LAST_POSTS_S)
            for task in late:
                task.cancel()

    async def _kept(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Let a part that fails begin again; only `Fenced` ends it."""
        await supervised(name, work, self.engine.mishaps)

    async def _poke_feeder(self) -> None:
        while True:
            await self.store.db.orders_committed.wait()
            self.store.db.orders_committed.clear()
            self.engine.poke()

    async def _watch_clock(self) -> None:
        await watch_clock(self.clock, self.inbox.post)

    async def _book_fallback(self) -> None:
        await fallback_books(self.settings, self.store, self._pool)

    async def _close(self) -> None:
        await self.engine.stop()
        await in_time("redis", self.journal.close(), CLOSE_S)
        await in_time("asterisk", self.client.close(), CLOSE_S)
        await in_time("database", self.store.close(), CLOSE_S)


async def follow(task: asyncio.Task[None]) -> None:
    """Fail when a task does that is to outlive its followers."""
    await asyncio.shield(task)
