"""The desktop's WebSocket: a snapshot, then deltas; commands in, replies out."""

import asyncio
from urllib.parse import urlsplit

import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from callengine.api.auth import note
from callengine.api.commands import CommandRefused, obey, parse
from callengine.api.deps import DEPS, ApiDeps
from callengine.api.errors import ApiError
from callengine.api.hub import Desktop
from callengine.api.limits import RateLimit
from callengine.api.login import known_agent, session_of
from callengine.api.sessions import Session

log = structlog.get_logger(__name__)

MAX_COMMAND_BYTES = 16 * 1024
HEARTBEAT_S = 15.0
MAX_DESKTOPS = 8
"""Open pages of one agent; more is a program gone wild."""

LOGGED_OUT = 4401
"""Close code: log in again. Others mean: come back."""
BURST, COMMANDS_PER_S = 20, 5.0


async def desktop(request: web.Request) -> web.StreamResponse:
    """Serve one page of an agent until it leaves."""
    deps = request.app[DEPS]
    session = session_of(request)
    refuse_foreign_origin(request)
    if deps.hub.count(session.agent) >= MAX_DESKTOPS:
        raise ApiError(429, "too_many_desktops", "Close some of your pages.")
    known_agent(request, session)
    ws = web.WebSocketResponse(
        heartbeat=HEARTBEAT_S, max_msg_size=MAX_COMMAND_BYTES, compress=False
    )
    await ws.prepare(request)
    await _Conversation(request, ws, session).run()
    return ws


def refuse_foreign_origin(request: web.Request) -> None:
    """Let only our own page in: cookies alone do not tell who opened a socket."""
    origin = request.headers.get("Origin", "")
    if not origin or urlsplit(origin).netloc.lower() != request.host.lower():
        note(request, "foreign origin")
        raise ApiError(403, "foreign_origin", "Origin and Host must be the same.")


class _Conversation:
    """One open socket: a task that sends, and this one that listens."""

    def __init__(
        self, request: web.Request, ws: web.WebSocketResponse, session: Session
    ) -> None:
        self._deps: ApiDeps = request.app[DEPS]
        self._request = request
        self._ws = ws
        self._session = session
        self._limit = RateLimit(burst=BURST, per_s=COMMANDS_PER_S, keys=1)

    async def run(self) -> None:
        """Talk until either side is gone."""
        desktop = self._join()
        sender = asyncio.create_task(self._send(desktop), name="desktop_sender")
        try:
            async with asyncio.timeout(self._session.expires_at - self._deps.now()):
                await self._listen(desktop)
        except TimeoutError:
            await self._ws.close(code=LOGGED_OUT)
        finally:
            self._leave(desktop)
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)

    def _join(self) -> Desktop:
        # No await in here: nothing can come between the snapshot and the deltas.
        agent, hub, engine = self._session.agent, self._deps.hub, self._deps.engine
        if hub.count(agent) == 0:
            engine.connected(agent)
        snapshot = {
            "type": "snapshot",
            "now": self._deps.now(),
            "agent": engine.agent_view(agent),
            "cards": engine.cards_of(agent),
        }
        desktop = hub.open(agent, self._abort)
        desktop.put(snapshot, hub.version(agent))
        log.info("desktop opened", agent=agent, desktops=hub.count(agent))
        return desktop

    def _leave(self, desktop: Desktop) -> None:
        hub = self._deps.hub
        hub.close(desktop)
        if hub.count(desktop.agent) == 0:
            self._deps.engine.disconnected(desktop.agent)
        log.info("desktop closed", agent=desktop.agent, was_cut_off=desktop.is_cut_off)

    def _abort(self) -> None:
        if (transport := self._request.transport) is not None:
            transport.abort()

    async def _send(self, desktop: Desktop) -> None:
        try:
            while True:
                await self._ws.send_str(await desktop.next_text())
        except ConnectionError:
            pass  # The listener sees the same and ends the conversation.
        except Exception:
            log.exception("desktop message unsendable", agent=desktop.agent)
            desktop.cut_off()

    async def _listen(self, desktop: Desktop) -> None:
        async for message in self._ws:
            if message.type is not WSMsgType.TEXT:
                await self._ws.close(code=WSCloseCode.UNSUPPORTED_DATA)
            elif self._limit.wait_s("", self._deps.now()) > 0:
                await self._ws.close(code=WSCloseCode.POLICY_VIOLATION)
            else:
                self._limit.spend("", self._deps.now())
                desktop.put(await self._answer(message.data))

    async def _answer(self, text: str) -> dict[str, object]:
        try:
            return await obey(parse(text), self._session.agent, self._deps.engine)
        except CommandRefused as refusal:
            return refusal.reply()
