"""From a saved disposition to two signed messages, over every kind of store."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from prometheus_client import CollectorRegistry
from standardwebhooks import Webhook

from callengine.core.facts import Disposition
from callengine.core.ids import Instant, OrderId, ShopId
from callengine.engine.deliveries import DeliveryFilter, Outbox, OutboxMessage
from callengine.engine.ports import SavedDisposition
from callengine.integrations.outbox import OutboxWorker
from tests.support.stores import Bench, delivery, said


@dataclass
class Led:
    """An outbox whose receivers are one test server, told apart by path."""

    outbox: Outbox
    url: str
    secrets: dict[str, str] = field(default_factory=dict)

    async def claim(
        self,
        now: Instant,
        limit: int,
        *,
        lease_s: float,
        busy: frozenset[tuple[ShopId, str]],
    ) -> tuple[OutboxMessage, ...]:
        claimed = await self.outbox.claim(now, limit, lease_s=lease_s, busy=busy)
        self.secrets.update({m.receiver: m.secret for m in claimed})
        return tuple(replace(m, url=f"{self.url}{m.receiver}") for m in claimed)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.outbox, name)


Taken = tuple[str, bytes, dict[str, str]]
"""Receiver, body and headers."""


@dataclass
class Receiver:
    """What came, and what it should be signed with."""

    got: asyncio.Queue[Taken]
    secrets: dict[str, str]

    async def next_two(self) -> list[Taken]:
        async with asyncio.timeout(10):
            return [await self.got.get(), await self.got.get()]


@asynccontextmanager
async def receiving(bench: Bench, answers: list[int]) -> AsyncIterator[Receiver]:
    """Run a worker and a receiver that gives these answers, then 204."""
    got: asyncio.Queue[Taken] = asyncio.Queue()

    async def take(request: web.Request) -> web.Response:
        body = await request.read()
        receiver = request.match_info["receiver"]
        got.put_nowait((receiver, body, dict(request.headers)))
        return web.Response(status=answers.pop(0) if answers else 204)

    app = web.Application()
    app.router.add_post("/{receiver}", take)
    async with TestServer(app) as server, asyncio.TaskGroup() as group:
        led = Led(bench.outbox, str(server.make_url("/")))
        worker = OutboxWorker(
            led,
            now=time.time,
            rng=Random(1),
            registry=CollectorRegistry(),
            private_allowed=True,
        )
        task = group.create_task(worker.run())
        yield Receiver(got, led.secrets)
        worker.stop()
        async with asyncio.timeout(10):
            await task


def confirmed(order: OrderId) -> SavedDisposition:
    """A confirmation of this moment: signatures are checked against the wall clock."""
    now = time.time()
    day = datetime.fromtimestamp(now, UTC).date() + timedelta(days=2)
    agreed = delivery(date=day.isoformat())
    return said(Disposition.CONFIRMED, order, delivery=agreed, at=now)


async def test_a_confirmed_order_reaches_shop_and_logistics_once(bench: Bench) -> None:
    order = await bench.ordered()
    async with receiving(bench, []) as receiver:
        saved = confirmed(order)
        await bench.ledger.save_disposition(saved)
        await bench.ledger.save_disposition(saved)
        taken = await receiver.next_two()

    backlog = await bench.outbox.backlog()
    assert receiver.got.empty()
    views = await bench.deliveries.listed(DeliveryFilter())
    assert [view.state for view in views] == ["delivered"] * 2
    assert backlog.waiting == 0
    types = {}
    for name, body, headers in taken:
        Webhook(receiver.secrets[name]).verify(body, headers)
        types[name] = json.loads(body)["type"]
    assert types == {"shop": "order.confirmed", "logistics": "delivery.agreed"}


async def test_a_refused_message_stays_with_its_reason(bench: Bench) -> None:
    order = await bench.ordered()
    async with receiving(bench, [503, 503]) as receiver:
        saved = confirmed(order)
        await bench.ledger.save_disposition(saved)
        await receiver.next_two()

    backlog = await bench.outbox.backlog()
    assert (backlog.waiting, backlog.failing, backlog.dead) == (2, 2, 0)
