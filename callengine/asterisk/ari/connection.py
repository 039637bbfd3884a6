"""One HTTP/1.1 connection that has at most one request under way."""

import asyncio
from typing import NamedTuple, cast

_MAX_HEAD = 16 * 1024
_HEAD_END = b"\r\n\r\n"


class Reply(NamedTuple):
    """Status and body of a reply."""

    status: int
    body: bytes


class BrokenReply(Exception):
    """The server said something that is not the HTTP we speak."""


class Connection(asyncio.Protocol):
    """A client connection; `exchange` one request at a time."""

    __slots__ = (
        "_buffer",
        "_loop",
        "_max_body",
        "_reply",
        "_transport",
        "alive",
        "idle_since",
        "replies",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop, *, max_body: int) -> None:
        self._loop = loop
        self._max_body = max_body
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._reply: asyncio.Future[Reply] | None = None
        self.alive = False
        self.idle_since = loop.time()
        self.replies = 0

    async def exchange(self, request: bytes) -> Reply:
        """
        Send a whole request, wait for its reply.

        Raises `ConnectionResetError` when the peer closes first; when cancelled the
        connection must be closed, a late reply would be taken for the next one.
        """
        if self._transport is None or self._reply is not None or not self.alive:
            raise ConnectionResetError("closed by the server")
        self._reply = self._loop.create_future()
        self._transport.write(request)
        try:
            return await self._reply
        finally:
            self._reply = None

    def close(self) -> None:
        """Close at once; nothing more is read."""
        self.alive = False
        if self._transport is not None:
            self._transport.abort()

    # --- asyncio.Protocol ------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to be usable."""
        # uvloop's transports are no subclasses of asyncio's.
        self._transport = cast(asyncio.Transport, transport)
        self.alive = True

    def data_received(self, data: bytes) -> None:
        """Collect a reply and hand it over when it is whole."""
        if self._buffer:
            data = self._buffer + data
        try:
            size = self._parse(data)
        except BrokenReply as e:
            self._fail(e)
            return
        if size == 0:
            self._buffer = data
        elif size < len(data):
            self._fail(BrokenReply("bytes after the reply"))

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell who waits that there will be no reply."""
        self.alive = False
        if self._reply is not None and not self._reply.done():
            self._reply.set_exception(ConnectionResetError("closed by the server"))

    # --- inside ----------------------------------------------------------------------

    def _parse(self, data: bytes) -> int:
        """Return the size of the reply, delivered; 0 while it is not whole."""
        end = data.find(_HEAD_END)
        if end < 0:
            if len(data) > _MAX_HEAD:
                raise BrokenReply("endless head")
            return 0
        head = data[:end].lower()
        size = end + 4 + self._body_size(head)
        if len(data) < size:
            return 0
        try:
            status = int(head[9:12])
        except ValueError:
            raise BrokenReply("no status") from None
        self._deliver(Reply(status, data[end + 4 : size]), head)
        return size

    def _body_size(self, head: bytes) -> int:
        if not head.startswith(b"http/1.1 "):
            raise BrokenReply("not HTTP/1.1")
        at = head.find(b"\r\ncontent-length:")
        if at < 0:
            if head[9:12] == b"204":
                return 0  # never has a body, so need not say how long it is
            raise BrokenReply("no Content-Length")
        end = head.find(b"\r\n", at + 17)
        text = head[at + 17 : end if end >= 0 else len(head)].strip()
        if not text.isdigit() or int(text) > self._max_body:
            raise BrokenReply("impossible Content-Length")
        return int(text)

    def _deliver(self, reply: Reply, head: bytes) -> None:
        self._buffer = b""
        self.replies += 1
        self.idle_since = self._loop.time()
        if b"\r\nconnection: close" in head:
            self.close()
        if self._reply is None:
            self._fail(BrokenReply("a reply nobody asked for"))
        elif not self._reply.done():
            self._reply.set_result(reply)

    def _fail(self, error: BrokenReply) -> None:
        self.close()
        if self._reply is not None and not self._reply.done():
            self._reply.set_exception(error)
