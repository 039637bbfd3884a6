"""
The receivers' web application.

`POST /{shop}/shop` and `POST /{shop}/logistics` take Standard Webhooks messages;
`POST /control {"refuse": 2, "status": 503}` makes the next two fail;
`GET /report` sums up.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from aiohttp import web
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from sim.ports import free_ports
from sim.receiver.ledger import SIDES, Delivery, ReceivedLedger

MAX_BODY_BYTES = 256 * 1024
MAX_REFUSALS = 10_000


class Malformed(ValueError):
    """A signed message without what we need of it."""


@dataclass(slots=True)
class Receiver:
    """
    Both receivers of every shop, in our own process.

    Use as an async context manager; `url()` is where a side listens.

    Args:
        secrets: (shop, side) to its `whsec_...` secret.
    """

    secrets: Mapping[tuple[str, str], str]
    clock: Callable[[], float] = time.time
    ledger: ReceivedLedger = field(default_factory=ReceivedLedger)
    port: int = 0
    refuse_next: int = 0
    refuse_status: int = 503
    closed: dict[tuple[str, str], int] = field(default_factory=dict)
    """(shop, side) to the status that it answers everything with."""
    _runner: web.AppRunner | None = None

    async def __aenter__(self) -> "Receiver":
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        app.router.add_post("/control", self._control)
        app.router.add_get("/report", self._report)
        app.router.add_post("/{shop}/{side}", self._take)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        self.port = self.port or free_ports(1)[0]
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def url(self, shop: str, side: str) -> str:
        """Say where a side of a shop listens."""
        return f"http://127.0.0.1:{self.port}/{shop}/{side}"

    async def _take(self, request: web.Request) -> web.Response:
        shop, side = request.match_info["shop"], request.match_info["side"]
        secret = self.secrets.get((shop, side))
        if secret is None or side not in SIDES:
            return web.json_response({"error": "unknown receiver"}, status=404)
        body = await request.text()
        if status := self.closed.get((shop, side)):
            self.ledger.refused_on_purpose += 1
            return web.json_response({"error": "closed"}, status=status)
        if self.refuse_next > 0:
            self.refuse_next -= 1
            self.ledger.refused_on_purpose += 1
            return web.json_response({"error": "told to"}, status=self.refuse_status)
        try:
            Webhook(secret).verify(body, dict(request.headers), json_parse=False)
        except WebhookVerificationError as error:
            self.ledger.bad_signatures += 1
            return web.json_response({"error": str(error)}, status=401)
        try:
            type_, order, sequence = read_news(body)
        except Malformed as error:
            self.ledger.malformed += 1
            return web.json_response({"error": str(error)}, status=422)
        message_id = request.headers["webhook-id"]
        self.ledger.taken.append(
            Delivery(shop, side, message_id, type_, order, self.clock(), sequence)
        )
        return web.json_response({"ok": True})

    async def _control(self, request: web.Request) -> web.Response:
        try:
            asked = json.loads(await request.text())
            count, status = int(asked["refuse"]), int(asked.get("status", 503))
        except (ValueError, KeyError, TypeError):
            return web.json_response({"error": "send {refuse, status}"}, status=400)
        if not (0 <= count <= MAX_REFUSALS and 400 <= status <= 599):
            return web.json_response({"error": "out of bounds"}, status=422)
        self.refuse_next, self.refuse_status = count, status
        return web.json_response({"ok": True})

    async def _report(self, request: web.Request) -> web.Response:
        return web.json_response(self.ledger.as_json())


def read_news(body: str) -> tuple[str, str, int]:
    """Read type, order number and sequence of a message. Raises `Malformed`."""
    try:
        message: Any = json.loads(body)
        type_, number = message["type"], message["data"]["order"]["number"]
        sequence = message["sequence"]
    except (ValueError, KeyError, TypeError) as error:
        raise Malformed(f"not an order's news: {error}") from None
    if not isinstance(type_, str) or not isinstance(number, str):
        raise Malformed("type and order number must be texts")
    if type(sequence) is not int or sequence < 1:
        raise Malformed("sequence must be a whole number from 1 on")
    return type_, number, sequence
