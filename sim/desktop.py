"""The program side of an agent's desktop: log in, hold the WebSocket, say things."""

import asyncio
import itertools
import json
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp

LOG_IN_S = 30.0
"""Passwords are checked two at a time, slowly on purpose; ten agents come at once."""


class DesktopError(Exception):
    """The engine refused, or is gone; the text says what, `code` the refusal's kind."""

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.code = code


@dataclass(slots=True)
class SeenCard:
    """
    A call's card as this desktop saw it; instants are `time.monotonic()`.

    Attributes:
        first_at: when the first message with the card came.
        closed: reason that it was closed for, None while open.
    """

    call: str
    first_at: float
    card: dict[str, Any]
    closed: str | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def state(self) -> str:
        """offered, ringing, talking or wrap_up."""
        return str(self.card.get("state", ""))

    async def until(self, wanted: Callable[["SeenCard"], bool]) -> None:
        """Wait until the card is as wanted; cancel to give up."""
        while not wanted(self):
            self.changed.clear()
            await self.changed.wait()


class Desktop:
    """
    One logged-in desktop; an async context manager.

    `cards` holds open and closed cards by call; `opened` queues new ones; a version
    that does not follow the one before is counted in `gaps`.
    """

    def __init__(
        self,
        base_url: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        within_s: float = 10.0,
    ) -> None:
        self._base_url = base_url
        self._clock = clock
        self._within_s = within_s
        self._http: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._reader: asyncio.Task[None] | None = None
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._version = 0
        self.agent: dict[str, Any] = {}
        self.cards: dict[str, SeenCard] = {}
        self.opened: asyncio.Queue[SeenCard] = asyncio.Queue()
        self.gaps = 0
        self.changed = asyncio.Event()

    async def __aenter__(self) -> "Desktop":
        # The cookie of 127.0.0.1 is kept only by a jar that trusts addresses.
        jar = aiohttp.CookieJar(unsafe=True)
        self._http = aiohttp.ClientSession(self._base_url, cookie_jar=jar)
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.disconnect()
        if self._http is not None:
            await self._http.close()

    async def log_in(self, login: str, password: str) -> None:
        """Get a session. Raises `DesktopError`."""
        assert self._http is not None
        form = {"login": login, "password": password}
        try:
            async with (
                asyncio.timeout(LOG_IN_S),
                self._http.post("/api/v1/login", json=form) as response,
            ):
                status, text = response.status, await response.text()
        except (TimeoutError, aiohttp.ClientError) as error:
            raise DesktopError(f"login: {error!r}") from error
        if status != 200:
            raise DesktopError(f"login: {status} {text}")

    async def connect(self) -> None:
        """Open the WebSocket and wait for the snapshot. Raises `DesktopError`."""
        assert self._http is not None
        try:
            async with asyncio.timeout(self._within_s):
                self._socket = await self._http.ws_connect(
                    "/api/v1/desktop", origin=self._base_url, heartbeat=20
                )
                first = await self._socket.receive_json()
        except (TimeoutError, aiohttp.ClientError, TypeError, ValueError) as error:
            raise DesktopError(f"desktop: {error!r}") from error
        self._version = int(first.get("version", 0))
        self._take(first, self._clock(), snapshot=True)
        self._reader = asyncio.create_task(self._read(), name="desktop reader")

    async def disconnect(self) -> None:
        """Close the WebSocket, as a closed browser page does."""
        if self._reader is not None:
            self._reader.cancel()
            with suppress(asyncio.CancelledError):
                await self._reader
            self._reader = None
        if self._socket is not None:
            await self._socket.close()
            self._socket = None

    @property
    def connected(self) -> bool:
        """Whether the WebSocket is open."""
        return self._reader is not None and not self._reader.done()

    async def say(self, do: str, **fields: Any) -> None:
        """Send a command and wait for its reply. Raises `DesktopError`."""
        if self._socket is None or not self.connected:
            raise DesktopError(f"{do}: the desktop is not connected")
        number = next(self._ids)
        reply: asyncio.Future[dict[str, Any]] = asyncio.Future()
        self._waiting[number] = reply
        try:
            async with asyncio.timeout(self._within_s):
                await self._socket.send_json({"id": number, "do": do, **fields})
                answer = await reply
        except (TimeoutError, ConnectionError) as error:
            raise DesktopError(f"{do}: no reply ({error!r})") from error
        finally:
            del self._waiting[number]
        if not answer.get("ok"):
            refusal = answer.get("error") or {}
            raise DesktopError(f"{do}: {refusal}", str(refusal.get("code", "")))

    async def _read(self) -> None:
        assert self._socket is not None
        try:
            async for message in self._socket:
                at = self._clock()
                if message.type is aiohttp.WSMsgType.TEXT:
                    self._take(json.loads(message.data), at)
        finally:
            for reply in self._waiting.values():
                if not reply.done():
                    reply.set_exception(ConnectionError("the desktop was closed"))
            self.changed.set()

    def _take(
        self, message: dict[str, Any], at: float, *, snapshot: bool = False
    ) -> None:
        if not snapshot and "version" in message:
            self.gaps += message["version"] != self._version + 1
            self._version = message["version"]
        match message.get("type"):
            case "snapshot":
                self.agent = message["agent"]
                for card in message["cards"]:
                    self._card(card, at)
            case "agent":
                self.agent = message["agent"]
            case "card":
                self._card(message["card"], at)
            case "card_closed":
                self._closed(str(message["call"]), str(message["reason"]))
            case "reply":
                self._replied(message)
            case _:
                pass  # a newer engine may say more
        self.changed.set()

    def _card(self, card: dict[str, Any], at: float) -> None:
        call = str(card["call"])
        seen = self.cards.get(call)
        if seen is None or seen.closed is not None:
            seen = self.cards[call] = SeenCard(call, at, card)
            self.opened.put_nowait(seen)
        seen.card = card
        seen.changed.set()

    def _closed(self, call: str, reason: str) -> None:
        if (seen := self.cards.get(call)) is not None:
            seen.closed = reason
            seen.changed.set()

    def _replied(self, message: dict[str, Any]) -> None:
        reply = self._waiting.get(message.get("id") or 0)
        if reply is not None and not reply.done():
            reply.set_result(message)


async def attend(
    desktop: Desktop,
    stay_ready: Callable[[Desktop], Awaitable[None]],
    serve: Callable[[Desktop, SeenCard], Coroutine[Any, Any, None]],
) -> None:
    """
    Serve every card that opens, at once, until `stay_ready` returns.

    Then, with the desktop gone, nobody can serve any more: whoever waits for a card to
    change would wait for ever. The cards that are open come again with the next
    desktop's snapshot. Raises `DesktopError` as soon as either of the two does.
    """
    tasks: set[asyncio.Task[None]] = set()

    async def serve_cards(group: asyncio.TaskGroup) -> None:
        while True:
            card = await desktop.opened.get()
            served = group.create_task(serve(desktop, card), name=f"card {card.call}")
            tasks.add(served)
            served.add_done_callback(tasks.discard)

    refused = ""
    try:
        async with asyncio.TaskGroup() as group:
            tasks.add(group.create_task(serve_cards(group)))
            await stay_ready(desktop)
            for task in tasks:
                task.cancel()
    except* DesktopError as failed:
        refused = str(failed.exceptions[0])
    # Not raised up there: Python 3.11.2 would make a group of it.
    if refused:
        raise DesktopError(refused)
