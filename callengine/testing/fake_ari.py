"""
A fake of Asterisk's REST interface over HTTP and WebSocket, with faults to order.

Behind it works the in-memory telephony, so people are scripted the same way. It knows
the commands that callengine uses, and answers everything else with 404.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from callengine.core.facts import (
    CallArrived,
    ChannelAnswered,
    ChannelGone,
    ChannelJoined,
    ChannelRinging,
    Fact,
    PlaybackEnded,
    TalkingEnded,
    TalkingStarted,
)
from callengine.core.ids import ChannelId
from callengine.testing import fake_ari_json as as_json
from callengine.testing.fake_ari_commands import FakeCommands
from callengine.testing.telephony import TwinTelephony

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Fault:
    """
    What goes wrong with the next `times` commands that match `pattern`.

    Attributes:
        pattern: searched in `METHOD path?query`.
        status, body: answered instead of doing anything, when status is set.
        delay_s: waited before doing it.
        lose_reply: do it, then close the connection without a word.
        lose_request: close the connection without doing it.
    """

    pattern: str
    times: int = 1
    status: int | None = None
    body: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    lose_reply: bool = False
    lose_request: bool = False


class FakeAri:
    """
    One fake Asterisk with one Stasis application.

    Script people on `twin`; order faults by `faults.append(Fault(...))`,
    `repeat_events`, `deaf` and `drop_sockets()`.
    """

    def __init__(self, app: str, *, user: str, password: str) -> None:
        self.app = app
        self.twin = TwinTelephony(self._publish, self._now)
        self.faults: list[Fault] = []
        self.repeat_events = 1
        """How many times each event is sent."""
        self.deaf = False
        """Sockets stay open and bring nothing."""
        self.requests: list[str] = []
        """`METHOD path?query` of every command, user events left out."""
        self.connects = 0
        self.disallowed: list[str] = []
        self._authorization = as_json.basic(user, password)
        self._outboxes: dict[web.WebSocketResponse, asyncio.Queue[str]] = {}
        self._inbound: set[ChannelId] = set()
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def start(self, port: int = 0) -> None:
        """Listen on loopback; a free port when `port` is 0."""
        app = web.Application(middlewares=[self._faulty])
        app.router.add_get("/ari/events", self._events)
        app.router.add_post("/ari/events/user/{event}", self._user_event)
        app.router.add_put("/ari/applications/{app}/eventFilter", self._filter)
        FakeCommands(self.twin, self.app).add_to(app)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Close everything, as a crash of Asterisk would."""
        await self.drop_sockets()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def drop_sockets(self) -> None:
        """Close every event socket; channels and bridges live on."""
        sockets = list(self._outboxes)
        self._outboxes.clear()
        for socket in sockets:
            await socket.close(code=1011)

    async def take_over(self) -> None:
        """Tell the current socket that another one has its application now."""
        self._send({"type": "ApplicationReplaced"})

    def send_raw(self, message: str) -> None:
        """Send any text as an event."""
        # The last socket has the application; the others have lost it.
        for outbox in list(self._outboxes.values())[-1:]:
            outbox.put_nowait(message)

    # --- events ----------------------------------------------------------------------

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _publish(self, fact: Fact) -> None:
        match fact:
            case CallArrived(channel=c, dialled_number=dialled, caller_number=number):
                self._inbound.add(c)
                raw = as_json.channel(c, number or "")
                args = ["inbound", dialled]
                self._send({"type": "StasisStart", "args": args, "channel": raw})
            case ChannelRinging(channel=c):
                raw = as_json.channel(c, "")
                self._send({"type": "Dial", "dialstatus": "RINGING", "peer": raw})
            case ChannelAnswered(channel=c):
                raw = as_json.channel(c, "")
                args = ["outbound", c]
                self._send({"type": "StasisStart", "args": args, "channel": raw})
            case ChannelJoined(channel=c):
                bridge = as_json.bridge(self.twin.channels[c].bridge or "", ())
                raw = as_json.channel(c, "")
                kind = "ChannelEnteredBridge"
                self._send({"type": kind, "bridge": bridge, "channel": raw})
            case ChannelGone(unreachable=True):
                pass  # its request is refused, nothing else is heard of it
            case ChannelGone(channel=c):
                self._destroyed(c, fact)
            case PlaybackEnded(playback=p):
                self._send({"type": "PlaybackFinished", "playback": {"id": p}})
            case TalkingStarted(channel=c):
                raw = as_json.channel(c, "")
                self._send({"type": "ChannelTalkingStarted", "channel": raw})
            case TalkingEnded(channel=c, duration_s=duration_s):
                kind = "ChannelTalkingFinished"
                ms, raw = round(duration_s * 1000), as_json.channel(c, "")
                self._send({"type": kind, "duration": ms, "channel": raw})
            case _:
                raise AssertionError(f"no event for {fact}")

    def _destroyed(self, channel: ChannelId, fact: ChannelGone) -> None:
        raw = as_json.channel(channel, "")
        asked: dict[str, object] = {"type": "ChannelHangupRequest", "channel": raw}
        if fact.vanished:
            self._send(asked | {"cause": 1, "soft": True})
        elif not fact.rang_out:
            self._send(asked | {"cause": fact.cause})
        self._send({"type": "StasisEnd", "channel": raw})
        # Asterisk tells no more of a channel that we did not ask for.
        if channel in self.twin.given_back or channel in self._inbound:
            return
        event = {"type": "ChannelDestroyed", "cause": fact.cause, "channel": raw}
        if fact.sip_code is not None:
            event["tech_cause"] = fact.sip_code
        self._send(event)

    def _send(self, event: dict[str, object]) -> None:
        if self.deaf or event["type"] in self.disallowed:
            return
        text = as_json.event(event, self.app, at_s=self._now())
        for _ in range(self.repeat_events):
            self.send_raw(text)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(protocols=("ari",))
        await socket.prepare(request)
        self.connects += 1
        await self.take_over()
        outbox: asyncio.Queue[str] = asyncio.Queue()
        self._outboxes[socket] = outbox
        writer = asyncio.create_task(_write(socket, outbox))
        try:
            async for message in socket:
                if message.type is WSMsgType.CLOSE:
                    break
        finally:
            self._outboxes.pop(socket, None)
            writer.cancel()
        return socket

    # --- commands --------------------------------------------------------------------

    @web.middleware
    async def _faulty(
        self, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        if request.headers.get("Authorization") != self._authorization:
            return as_json.refusal(401, "Authentication required")
        said = f"{request.method} {request.path_qs}"
        if not request.path.startswith("/ari/events"):
            self.requests.append(said)
        fault = self._fault(said)
        if fault is None:
            return await handler(request)
        await asyncio.sleep(fault.delay_s)
        if fault.status is not None:
            return web.json_response(fault.body, status=fault.status)
        if not fault.lose_request:
            response = await handler(request)
            if not fault.lose_reply:
                return response
        if request.transport is not None:
            request.transport.abort()
        return as_json.refusal(500, "never read")

    def _fault(self, said: str) -> Fault | None:
        for fault in self.faults:
            if re.search(fault.pattern, said):
                fault.times -= 1
                if fault.times == 0:
                    self.faults.remove(fault)
                return fault
        return None

    async def _user_event(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["event"]
        self._send({"type": "ChannelUserevent", "eventname": name, "userevent": {}})
        return web.Response(status=204)

    async def _filter(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.disallowed = [kind["type"] for kind in body["disallowed"]]
        return web.json_response({"name": self.app})


async def _write(socket: web.WebSocketResponse, outbox: "asyncio.Queue[str]") -> None:
    while True:
        try:
            await socket.send_str(await outbox.get())
        except ConnectionError:
            return  # the socket went as we wrote: its events are lost, as ever
