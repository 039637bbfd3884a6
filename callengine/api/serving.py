"""
Serving HTTP to strangers: nobody holds a connection open with half a request.

aiohttp waits for ever for the rest of a request's headers. Here a connection has
`headers_s` from its first byte, and from the first byte of each later request, until
the headers are whole; the body has a time of its own (`bodies.BODY_S`). What comes
together with an earlier request waits no longer than an idle connection may.
"""

import asyncio
import sys
from typing import Any

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler

log = structlog.get_logger(__name__)

HEADERS_S = 10.0
KEEP_ALIVE_S = 75.0
LINGER_S = 5.0
"""An answer that came before the body was read waits so long for the rest of it."""


class TimedHandler(web.RequestHandler):
    """A connection that is closed when its headers do not come."""

    __slots__ = ("_deadline", "_headers_s", "_is_serving")

    def __init__(self, server: Any, headers_s: float, **options: Any) -> None:
        super().__init__(server, **options)
        self._headers_s = headers_s
        self._deadline: asyncio.TimerHandle | None = None
        self._is_serving = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._await_headers()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Stop waiting."""
        self.headers_came()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See the first byte of a request, or more of it."""
        if self._deadline is None and not self._is_serving:
            self._await_headers()
        super().data_received(data)

    def headers_came(self) -> None:
        """Stop waiting: the request is being served."""
        self._is_serving = True
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def answered(self) -> None:
        """Expect another request, whose headers have a time again."""
        self._is_serving = False

    def log_exception(self, *args: Any, **options: Any) -> None:
        """Keep what strangers send out of the errors: it is no failure of ours."""
        error = options.get("exc_info")
        if not isinstance(error, BaseException):
            error = sys.exc_info()[1]
        if isinstance(error, (HttpProcessingError, ConnectionError)):
            log.info("request is no HTTP", why=type(error).__name__)
        else:
            super().log_exception(*args, **options)

    def _await_headers(self) -> None:
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(self._headers_s, self._give_up)

    def _give_up(self) -> None:
        self._deadline = None
        self.force_close()


class TimedRunner(web.AppRunner):
    """Runs an application with `TimedHandler` connections."""

    def __init__(
        self, app: web.Application, *, headers_s: float = HEADERS_S, **options: Any
    ) -> None:
        super().__init__(app, **options)
        self._headers_s = headers_s

    @property
    def server(self) -> Any:
        """What makes a handler for each connection."""
        made = super().server
        if made is None:
            return None
        loop = asyncio.get_running_loop()
        return lambda: TimedHandler(
            made,
            self._headers_s,
            loop=loop,
            keepalive_timeout=KEEP_ALIVE_S,
            lingering_time=LINGER_S,
            access_log=None,
        )


@web.middleware
async def timing_middleware(
    request: web.Request, handler: Handler
) -> web.StreamResponse:
    """Tell the connection that the headers of its request are whole."""
    connection = request.protocol
    if not isinstance(connection, TimedHandler):
        return await handler(request)
    connection.headers_came()
    try:
        return await handler(request)
    finally:
        connection.answered()
