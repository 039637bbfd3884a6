"""
Commands over persistent HTTP/1.1 connections: as little Python per command as we can.

Own code where a library exists, on purpose: ADR 0010 has the figures. It speaks only
what Asterisk's HTTP server speaks (Content-Length, no chunks, no pipelining) and
refuses everything else by closing the connection.
"""

import asyncio
from base64 import b64encode
from collections import deque
from dataclasses import dataclass

from callengine.asterisk.ari.connection import BrokenReply, Connection, Reply
from callengine.asterisk.ari.errors import NotSent
from callengine.engine.ports import TelephonyDown

# What may be sent again after a connection died without an answer.
_REPEATABLE = frozenset({"GET", "PUT", "DELETE"})
_UNSAFE = frozenset("\r\n \t")


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSettings:
    """
    How to reach Asterisk's HTTP server.

    Attributes:
        connections: at most this many; each owns a thread in Asterisk.
        idle_s: a connection idle longer is not used again. Below Asterisk's
            `session_keep_alive` (15 s unless set), or it closes under our request.
        within_s: deadline of one command, waiting for a connection included.
        max_body: bytes of a reply that we accept.
    """

    host: str = "127.0.0.1"
    port: int = 8088
    user: str = "callengine"
    password: str
    connections: int = 32
    idle_s: float = 10.0
    within_s: float = 5.0
    max_body: int = 16 * 1024 * 1024

    def authorization(self) -> str:
        """Make the value of the Authorization header."""
        raw = f"{self.user}:{self.password}".encode()
        return "Basic " + b64encode(raw).decode()


@dataclass(slots=True)
class _Sending:
    """Whether any byte of a request may have left."""

    begun: bool = False

    def error(self, text: str) -> TelephonyDown:
        return TelephonyDown(text) if self.begun else NotSent(text)


class HttpPool:
    """A pool of connections to one server, used by one event loop."""

    def __init__(self, settings: HttpSettings) -> None:
        s = settings
        self._settings = s
        self._loop: asyncio.AbstractEventLoop | None = None
        self._idle: list[Connection] = []
        self._open = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._closed = False
        self._tail = (
            f" HTTP/1.1\r\nHost: {s.host}:{s.port}\r\n"
            f"Authorization: {s.authorization()}\r\n"
        ).encode()
        self._tail_empty = self._tail + b"Content-Length: 0\r\n\r\n"
        self.commands = 0
        """Requests sent so far, for metrics."""

    async def request(self, method: str, target: str, body: bytes = b"") -> Reply:
        """
        Send one request and read its reply.

        Args:
            target: path and query, already percent-encoded.
            body: JSON.

        Raises:
            NotSent: no connection within the deadline.
            TelephonyDown: no reply within the deadline; the outcome is unknown.
        """
        if not _UNSAFE.isdisjoint(target):
            raise ValueError(f"unquoted target {target!r}")
        sending = _Sending()
        try:
            async with asyncio.timeout(self._settings.within_s):
                return await self._attempt(method, target, body, sending)
        except TimeoutError:
            raise sending.error(f"{method}: no reply in time") from None
        except BrokenReply as e:
            raise TelephonyDown(f"{method}: {e}") from e
        except OSError as e:
            raise sending.error(f"{method}: {type(e).__name__}") from e

    async def close(self) -> None:
        """Close every idle connection; busy ones close when their reply is in."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_exception(ConnectionAbortedError("the pool is closed"))
        self._waiting.clear()

    async def _attempt(
        self, method: str, target: str, body: bytes, sending: "_Sending"
    ) -> Reply:
        head = f"{method} {target}".encode()
        if body:
            size = b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            data = head + self._tail + size % len(body) + body
        else:
            data = head + self._tail_empty
        while True:
            connection = await self._take()
            fresh = connection.replies == 0
            self.commands += 1
            sending.begun = True
            try:
                reply = await connection.exchange(data)
            except ConnectionResetError:
                # The server closed an idle connection as we wrote. A command that
                # makes something is not sent twice: its first copy may have worked.
                self._put_back(connection)
                if fresh or method not in _REPEATABLE:
                    raise
                continue
            except BaseException:
                connection.close()
                self._put_back(connection)
                raise
            self._put_back(connection)
            return reply

    async def _take(self) -> Connection:
        loop = self._loop
        if loop is None:
            loop = self._loop = asyncio.get_running_loop()
        oldest_at = loop.time() - self._settings.idle_s
        while True:
            if self._closed:
                raise ConnectionAbortedError("the pool is closed")
            # The last one used is the warmest; the rest may grow old and go.
            while self._idle:
                connection = self._idle.pop()
                if connection.alive and connection.idle_since >= oldest_at:
                    return connection
                connection.close()
                self._open -= 1
            if self._open < self._settings.connections:
                return await self._connect(loop)
            waiter: asyncio.Future[None] = loop.create_future()
            self._waiting.append(waiter)
            try:
                await waiter
            except asyncio.CancelledError:
                self._pass_on(waiter)
                raise

    async def _connect(self, loop: asyncio.AbstractEventLoop) -> Connection:
        self._open += 1
        s = self._settings
        try:
            _, connection = await loop.create_connection(
                lambda: Connection(loop, max_body=s.max_body), s.host, s.port
            )
        except BaseException:
            self._open -= 1
            self._wake()
            raise
        return connection

    def _put_back(self, connection: Connection) -> None:
        if connection.alive and not self._closed:
            self._idle.append(connection)
        else:
            connection.close()
            self._open -= 1
        self._wake()

    def _wake(self) -> None:
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    def _pass_on(self, waiter: asyncio.Future[None]) -> None:
        """Give a place back that was granted as its waiter was cancelled."""
        if waiter.done() and not waiter.cancelled():
            self._wake()
        elif waiter in self._waiting:
            self._waiting.remove(waiter)
