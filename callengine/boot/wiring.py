"""
Putting the parts together: the only place that knows them all.

`Node` builds every adapter from the settings, hands them to the engine, and runs all
of it as one group: the first part that fails ends the others.
"""

import asyncio
import contextlib
import hashlib
import hmac
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from random import SystemRandom

import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry

from callengine.api.app import build_app
from callengine.api.deps import ApiDeps
from callengine.api.hub import DesktopHub
from callengine.asterisk.agi import AgiSettings, FastAgi, Identified, identify_with
from callengine.asterisk.ami import AmiSettings, EndpointWatch
from callengine.asterisk.ari.client import AriClient
from callengine.asterisk.ari.http import HttpSettings
from callengine.asterisk.ari.telephony import AriTelephony
from callengine.boot.ids import id_maker
from callengine.boot.metrics import add_engine_metrics
from callengine.boot.secrets import Secrets
from callengine.boot.settings import Settings
from callengine.boot.trunks import trunks_of
from callengine.coordination.journal import RedisJournal
from callengine.core.inbound import normalised
from callengine.core.match.blending import Blend
from callengine.core.predictive.pacer import PredictiveRules
from callengine.core.rules import PacingRules, Rules
from callengine.engine.inbox import Inbox
from callengine.engine.service import Engine, EngineConfig, Ports
from callengine.integrations.outbox import OutboxWorker
from callengine.store import Database, Store
from callengine.store.migrate import require_current

log = structlog.get_logger(__name__)

clock = time.time
LAST_POSTS_S = 5.0


def blend_of(keep_per_caller: float | None) -> Blend | None:
    """Turn the setting into a policy, where there is one."""
    return None if keep_per_caller is None else Blend(keep=keep_per_caller)


def rules_of(settings: Settings) -> Rules:
    """Turn settings into the core's rules."""
    timing, dialling = settings.timing, settings.dialling
    return Rules(
        ring_s=timing.ring_s,
        customer_ring_s=dialling.ring_s,
        wrap_up_s=timing.wrap_up_s,
        relax_after_s=timing.relax_after_s,
        max_wait_s=timing.max_wait_s,
        pacing=PacingRules(
            keep_free=dialling.keep_free,
            blend=blend_of(dialling.keep_per_caller),
            most_lines=dialling.most_lines,
            predictive=PredictiveRules(hang_up_after_s=dialling.hang_up_after_s),
        ),
        trunks=trunks_of(settings),
    )


def session_key(secrets: Secrets) -> bytes:
    """Derive the key of agents' sessions, so that they outlive a restart."""
    token = secrets.admin_token.encode()
    return hmac.digest(token, b"callengine agent sessions v1", hashlib.sha256)


def config_of(settings: Settings) -> EngineConfig:
    """Turn settings into what the engine is told."""
    return EngineConfig(
        node=settings.node,
        rules=rules_of(settings),
        identify_s=settings.timing.identify_ms / 1000,
    )


def ari_of(settings: Settings, secrets: Secrets) -> HttpSettings:
    """Say how to reach Asterisk's REST interface."""
    return HttpSettings(
        host=settings.ari.host,
        port=settings.ari.port,
        user=settings.ari.user,
        password=secrets.ari_password,
    )


def ami_of(settings: Settings, secrets: Secrets) -> AmiSettings:
    """Say how to reach Asterisk's manager interface."""
    return AmiSettings(
        host=settings.ami.host,
        port=settings.ami.port,
        user=settings.ami.user,
        password=secrets.ami_password,
    )


class Node:
    """One node: every part of it, built but not started."""

    def __init__(self, settings: Settings, secrets: Secrets) -> None:
        self.settings = settings
        self.registry = CollectorRegistry()
        self.inbox = Inbox()
        self.hub = DesktopHub()
        new_id = id_maker(settings.node)
        self.store = Store.over(
            Database.open(settings.database_url), clock=clock, new_id=new_id
        )
        self.journal = RedisJournal.open(settings.redis_url)
        self.client = AriClient(ari_of(settings, secrets))
        self.telephony = AriTelephony(
            self.client,
            settings.app_name,
            sink=self.inbox.post,
            clock=clock,
            rng=SystemRandom(),
            on_connected=self._reconcile,
        )
        self.engine = Engine(
            self._ports(),
            config_of(settings),
            inbox=self.inbox,
            clock=clock,
            new_id=new_id,
        )
        self._build_services(secrets)
        self.app = build_app(self._api_deps(secrets))
        add_engine_metrics(self.registry, self.engine, self.telephony, self.inbox)

    def _build_services(self, secrets: Secrets) -> None:
        """Build what runs beside the engine: AMI, FastAGI, deliveries."""
        settings = self.settings
        self.endpoints = EndpointWatch(
            ami_of(settings, secrets),
            sink=self.inbox.post,
            clock=clock,
            rng=SystemRandom(),
        )
        self.agi = FastAgi(
            AgiSettings(host=settings.agi.host, port=settings.agi.port),
            {"identify": identify_with(self._who_calls)},
        )
        self.worker = OutboxWorker(
            self.store.outbox,
            now=clock,
            rng=SystemRandom(),
            registry=self.registry,
            private_allowed=settings.outbox.allow_private,
        )

    def _ports(self) -> Ports:
        store = self.store
        return Ports(
            telephony=self.telephony,
            directory=store.directory,
            crm=store.crm,
            order_book=store.order_book,
            ledger=store.ledger,
            archive=store.archive,
            journal=self.journal,
            desktops=self.hub,
        )

    def _api_deps(self, secrets: Secrets) -> ApiDeps:
        store = self.store
        return ApiDeps(
            engine=self.engine,
            hub=self.hub,
            intake=store.intake,
            shop_keys=store.keys,
            accounts=store.accounts,
            directory=store.directory,
            do_not_call=store.do_not_call,
            session_key=session_key(secrets),
            admin_token=secrets.admin_token,
            now=clock,
            checks=self.checks,
            registry=self.registry,
        )

    async def _reconcile(self) -> None:
        await self.engine.reconcile()

    async def _who_calls(self, dialled: str, caller: str | None) -> Identified | None:
        """Answer the admin's own dialplan."""
        shop = self.engine.pool.shop_of.get(normalised(dialled))
        if shop is None:
            return None
        found = await self.store.crm.identify(shop, dialled, caller)
        return Identified(identification=found, queue=shop.queue)

    async def checks(self) -> Mapping[str, bool]:
        """Readiness by part."""
        return {
            "asterisk": self.telephony.stream.listening,
            "redis": not self.engine.journal_down,
            "database": not self.engine.store_down,
        }

    async def run(self, ready: asyncio.Event | None = None) -> None:
        """Run until cancelled; what was started is stopped in turn."""
        await require_current(self.store.db)
        try:
            await self.engine.start()
            async with (
                self._serving(),
                self.agi,
                self._delivering() as delivery,
                asyncio.TaskGroup() as group,
            ):
                group.create_task(self.engine.run(), name="engine")
                group.create_task(self.telephony.run(), name="telephony")
                group.create_task(self.endpoints.run(), name="endpoints")
                group.create_task(follow(delivery), name="outbox")
                group.create_task(self._poke_feeder(), name="orders watch")
                if ready is not None:
                    ready.set()
        finally:
            await self._close()

    @contextlib.asynccontextmanager
    async def _serving(self) -> AsyncIterator[None]:
        runner = web.AppRunner(self.app, access_log=None, handle_signals=False)
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
        delivery = asyncio.create_task(self.worker.run(), name="outbox worker")
        try:
            yield delivery
        finally:
            self.worker.stop()
            _, late = await asyncio.wait({delivery}, timeout=LAST_POSTS_S)
            for task in late:
                task.cancel()

    async def _poke_feeder(self) -> None:
        while True:
            await self.store.db.orders_committed.wait()
            self.store.db.orders_committed.clear()
            self.engine.poke()

    async def _close(self) -> None:
        await self.engine.stop()
        await self.journal.close()
        await self.client.close()
        await self.store.close()


async def follow(task: asyncio.Task[None]) -> None:
    """Fail when a task does that is to outlive its followers."""
    await asyncio.shield(task)


def pid_file(settings: Settings) -> Path:
    """Where a running engine writes its process id."""
    return settings.var_dir / "engine.pid"
