"""
The one WebSocket that brings our application's events, kept alive.

A dropped socket hangs nothing up and replays nothing, and an open one may be dead:
after each connect liveness is proven by an event sent to ourselves, and proven again
every few seconds. Events wait in a buffer until the owner has reconciled.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from random import Random

import aiohttp
import structlog

from callengine.asterisk.ari.client import AriClient
from callengine.asterisk.ari.events import (
    DISALLOWED,
    Event,
    Replaced,
    Unrecognised,
    UserEvent,
    decode,
)
from callengine.engine.ports import Fenced, TelephonyError

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSettings:
    """
    Times and bounds of the event stream.

    Attributes:
        connect_s: deadline of connecting.
        probe_s: deadline of an event's way to Asterisk and back.
        probe_every_s: between two proofs of liveness.
        heartbeat_s: WebSocket ping; no pong within half of it closes the socket.
        reconcile_s: deadline of the owner's reconciling.
        backoff_s: longest wait before the first, second, third... reconnect.
        buffered: events kept while the owner reconciles; more drop the connection.
    """

    connect_s: float = 3.0
    probe_s: float = 5.0
    probe_every_s: float = 5.0
    heartbeat_s: float = 10.0
    reconcile_s: float = 30.0
    backoff_s: tuple[float, ...] = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
    buffered: int = 50_000


class _Lost(Exception):
    """This connection is of no use any more."""


class EventStream:
    """
    Connects, reconnects and proves liveness until cancelled.

    Args:
        app: the Stasis application; its socket is ours alone.
        on_event: called for every event in order, must be quick and not raise.
        on_up: awaited after each connect while events wait; may use the client.
        on_down: called when a connection that was up is lost.
        on_probe: awaited after each later proof of liveness.
        rng: spreads the reconnects.
    """

    def __init__(
        self,
        client: AriClient,
        app: str,
        *,
        on_event: Callable[[Event], None],
        on_up: Callable[[], Awaitable[None]],
        on_down: Callable[[], None],
        on_probe: Callable[[], Awaitable[None]],
        rng: Random,
        settings: StreamSettings | None = None,
    ) -> None:
        self._client = client
        self.app = app
        self._on_event = on_event
        self._on_up = on_up
        self._on_down = on_down
        self._on_probe = on_probe
        self._rng = rng
        self._settings = settings or StreamSettings()
        self._buffer: list[Event] | None = None
        self._probes: dict[str, asyncio.Future[None]] = {}
        self._fenced = False
        self.up = False
        """Connected, proven live and reconciled."""
        self.connects = 0
        self.events = 0
        self.unrecognised: Counter[str] = Counter()
        """Messages that we could not read, by type."""
        self.round_trip_s = 0.0
        """How long the last probe took: what an event waits on its way to us."""

    @property
    def listening(self) -> bool:
        """Events come, be it into the buffer."""
        return self.up or self._buffer is not None

    async def run(self) -> None:
        """Run until cancelled. Raises `Fenced` when another socket took over."""
        failures = 0
        async with aiohttp.ClientSession() as session:
            while True:
                connects = self.connects
                try:
                    await self._live(session)
                except* (_Lost, TelephonyError, aiohttp.ClientError, OSError) as e:
                    why = "; ".join(f"{type(x).__name__}: {x}" for x in _leaves(e))
                    log.warning("event stream lost", app=self.app, why=why[:300])
                finally:
                    self._take_down()
                if self._fenced:
                    raise Fenced(f"another socket has {self.app}")
                failures = 0 if self.connects > connects else failures + 1
                delays_s = self._settings.backoff_s
                longest_s = delays_s[min(failures, len(delays_s) - 1)]
                await asyncio.sleep(self._rng.uniform(longest_s / 2, longest_s))

    async def _live(self, session: aiohttp.ClientSession) -> None:
        """Serve one connection until it is lost; always raises."""
        socket = await self._connect(session)
        self._buffer = []
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._read(socket), name="ari events")
                tasks.create_task(self._keep(), name="ari liveness")
        finally:
            await socket.close()

    async def _keep(self) -> None:
        """Make the connection useful, then watch over it."""
        await self._prove()
        await self._client.applications.disallow(self.app, DISALLOWED)
        await self._reconcile()
        while True:
            await asyncio.sleep(self._settings.probe_every_s)
            await self._prove()
            await self._on_probe()

    async def _connect(
        self, session: aiohttp.ClientSession
    ) -> aiohttp.ClientWebSocketResponse:
        http = self._client.settings
        try:
            async with asyncio.timeout(self._settings.connect_s):
                return await session.ws_connect(
                    f"http://{http.host}:{http.port}/ari/events",
                    params={"app": self.app},
                    headers={"Authorization": http.authorization()},
                    protocols=("ari",),
                    heartbeat=self._settings.heartbeat_s,
                    # A dead peer's farewell is not worth a late reconnect.
                    timeout=aiohttp.ClientWSTimeout(ws_close=0.5),
                    max_msg_size=1024 * 1024,
                )
        except TimeoutError:
            raise _Lost("no connection in time") from None

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Parse and hand over, nothing else; ends by raising `_Lost`."""
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                self._take(decode(message.data))
            if self._fenced:
                raise _Lost("replaced by another socket")
        raise _Lost(f"closed with {socket.close_code}")

    def _take(self, event: Event) -> None:
        self.events += 1
        match event:
            case UserEvent(name=name):
                probe = self._probes.get(name)
                if probe is not None and not probe.done():
                    probe.set_result(None)
            case Unrecognised(kind=kind):
                self.unrecognised[kind] += 1
            case Replaced():
                self._fenced = True
            case _ if self._buffer is None:
                self._on_event(event)
            case _:
                self._buffer.append(event)
                if len(self._buffer) > self._settings.buffered:
                    raise _Lost("too many events while reconciling")

    async def _prove(self) -> None:
        """Send an event to ourselves and see it come back."""
        loop = asyncio.get_running_loop()
        name = f"alive-{self._rng.getrandbits(64):016x}"
        arrived: asyncio.Future[None] = loop.create_future()
        self._probes[name] = arrived
        began_at = loop.time()
        try:
            async with asyncio.timeout(self._settings.probe_s):
                await self._client.applications.send_user_event(self.app, name)
                await arrived
        except TimeoutError:
            raise _Lost("the socket is open but brings no events") from None
        finally:
            del self._probes[name]
        self.round_trip_s = loop.time() - began_at

    async def _reconcile(self) -> None:
        """Let the owner reconcile, then give it what came meanwhile."""
        try:
            async with asyncio.timeout(self._settings.reconcile_s):
                await self._on_up()
        except TimeoutError:
            raise _Lost("reconciling took too long") from None
        waited, self._buffer = self._buffer or [], None
        self.connects += 1
        self.up = True
        for event in waited:
            self._on_event(event)
        log.info("event stream up", app=self.app, waited=len(waited))

    def _take_down(self) -> None:
        self._buffer = None
        if self.up:
            self.up = False
            self._on_down()


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
