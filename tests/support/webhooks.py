"""The outbox worker at work against a real HTTP receiver that checks signatures."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random

from aiohttp import web
from aiohttp.test_utils import TestServer
from prometheus_client import CollectorRegistry
from standardwebhooks import Webhook

from callengine.core.ids import MessageId, ShopId
from callengine.engine.deliveries import OutboxMessage
from callengine.integrations.outbox import OutboxWorker
from callengine.testing.outbox import MemoryOutbox

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def check_signature(body: bytes, headers: dict[str, str]) -> None:
    """Check a signature, but not its time: the clock of these tests jumps."""
    at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    signed = Webhook(SECRET).sign(headers["webhook-id"], at, body.decode())
    assert headers["webhook-signature"] == signed


@dataclass(slots=True)
class Receiver:
    """Answers with the next of `answers`, then 204; keeps what it was sent."""

    answers: list[web.Response] = field(default_factory=list)
    got: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)
    hold: asyncio.Event | None = None
    arrivals: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    most_at_once: int = 0
    _now: int = 0

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = dict(request.headers)
        check_signature(body, headers)
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        self.got.append((headers["webhook-id"], body, headers))
        self.arrivals.put_nowait(headers["webhook-id"])
        if self.hold is not None:
            await self.hold.wait()
        self._now -= 1
        return self.answers.pop(0) if self.answers else web.Response(status=204)


@dataclass(slots=True)
class World:
    """A worker at work, its outbox, its clock, and receivers by path."""

    outbox: MemoryOutbox
    worker: OutboxWorker
    clock: list[float]
    receivers: dict[str, Receiver]
    url: Callable[[str], str]
    registry: CollectorRegistry
    count: int = 0

    def commit(
        self, receiver: str = "shop", *, url: str | None = None, order: str = ""
    ) -> MessageId:
        self.count += 1
        message = MessageId(f"msg_{self.count}")
        self.outbox.commit(
            OutboxMessage(
                message=message,
                shop=ShopId("teplo"),
                receiver=receiver,
                type="order.confirmed",
                url=url or self.url(receiver),
                secret=SECRET,
                body='{"type":"order.confirmed","data":"Иван"}'.encode(),
                tries=0,
                created_at=self.clock[0],
            ),
            order,
        )
        return message

    async def arrival(self, receiver: str = "shop") -> str:
        async with asyncio.timeout(5):
            return await self.receivers[receiver].arrivals.get()

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not is_so():  # noqa: ASYNC110 - verdicts have no event
                await asyncio.sleep(0.005)

    def is_delivered(self, message: MessageId) -> bool:
        return self.outbox.slots[message].state == "delivered"

    def failures(self, message: MessageId) -> int:
        return self.outbox.slots[message].message.tries

    def pass_time(self, seconds: float) -> None:
        self.clock[0] += seconds
        self.worker.poke()


@asynccontextmanager
async def running(*, private_allowed: bool = True) -> AsyncIterator[World]:
    clock = [time.time()]
    receivers = {name: Receiver() for name in ("shop", "logistics")}
    app = web.Application()
    for name, receiver in receivers.items():
        app.router.add_post(f"/{name}", receiver.take)
    registry = CollectorRegistry()
    outbox = MemoryOutbox()
    worker = OutboxWorker(
        outbox,
        now=lambda: clock[0],
        rng=Random(1),
        registry=registry,
        private_allowed=private_allowed,
    )
    async with TestServer(app) as server, asyncio.TaskGroup() as group:
        task = group.create_task(worker.run())
        try:
            yield World(
                outbox,
                worker,
                clock,
                receivers,
                lambda path: str(server.make_url(f"/{path}")),
                registry,
            )
        finally:
            for receiver in receivers.values():
                if receiver.hold is not None:
                    receiver.hold.set()
            worker.stop()
            async with asyncio.timeout(5):
                await task
