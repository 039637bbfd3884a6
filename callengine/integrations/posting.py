"""One delivery over HTTP, bounded in time and size whatever the other side does."""

import asyncio
import ssl
from contextlib import suppress

import aiohttp

from callengine import __version__
from callengine.core.ids import Instant
from callengine.engine.deliveries import OutboxMessage
from callengine.integrations.addresses import (
    ForbiddenAddress,
    Resolver,
    check_url,
)
from callengine.integrations.signing import BadSecret, sign
from callengine.integrations.verdicts import Blame, Verdict, judge

TIMEOUT_S = 15.0
CONNECT_TIMEOUT_S = 5.0
ANSWER_TIMEOUT_S = 1.0
"""For the body of an answer whose status is known already."""
MAX_ANSWER_BYTES = 500


def open_session(*, private_allowed: bool) -> aiohttp.ClientSession:
    """Open the client: no cookies, no proxies, no redirects, only allowed addresses."""
    connector = aiohttp.TCPConnector(
        # Lanes bound the connections of each receiver. A bound for all of them would
        # let a few that hang keep the others out.
        limit=0,
        resolver=Resolver(private_allowed=private_allowed),
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
        headers={"User-Agent": f"callengine/{__version__}"},
        auto_decompress=False,
    )


async def post(
    session: aiohttp.ClientSession,
    message: OutboxMessage,
    now: Instant,
    *,
    private_allowed: bool,
) -> Verdict:
    """Try once. Never raises for anything the receiver or its settings do."""
    try:
        url = check_url(message.url, private_allowed=private_allowed)
        headers = sign(
            message.message,
            message.body,
            secret=message.secret,
            old_secret=message.old_secret,
            now=now,
        )
    except (ForbiddenAddress, BadSecret) as error:
        return _down(f"{type(error).__name__}: {error}")
    headers["Content-Type"] = "application/json"
    try:
        async with session.post(
            url, data=message.body, headers=headers, allow_redirects=False
        ) as response:
            answer = await _beginning(response)
            return judge(
                response.status,
                answer,
                now,
                retry_after=response.headers.get("Retry-After"),
                location=_printable(response.headers.get("Location", ""))[:200],
            )
    except TimeoutError:
        return _down("no answer in time")
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return _down(_reason(error))


async def _beginning(response: aiohttp.ClientResponse) -> str:
    """Read the beginning of an answer; the rest is dropped with the connection."""
    said = b""
    with suppress(TimeoutError, aiohttp.ClientError, OSError):
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            while len(said) < MAX_ANSWER_BYTES:
                chunk = await response.content.read(MAX_ANSWER_BYTES - len(said))
                if not chunk:
                    break
                said += chunk
    return _printable(said.decode("utf-8", "replace"))


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text).strip()


def _down(error: str) -> Verdict:
    return Verdict(error=error, blame=Blame.RECEIVER)


def _reason(error: Exception) -> str:
    """Name the kind of trouble first: it is what the shop must know."""
    match error:
        case aiohttp.ClientConnectorDNSError():
            kind = "DNS"
        case aiohttp.ClientConnectorCertificateError():
            kind = "TLS certificate"
        case aiohttp.ClientSSLError() | ssl.SSLError():
            kind = "TLS"
        case aiohttp.ClientConnectorError():
            kind = "connection"
        case _:
            kind = type(error).__name__
    return _printable(f"{kind}: {error}")[:MAX_ANSWER_BYTES]
