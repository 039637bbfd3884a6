"""One delivery over HTTP, and what its answer means."""

from dataclasses import dataclass

import aiohttp

from callengine import __version__
from callengine.core.ids import Instant
from callengine.engine.ports import OutboxMessage
from callengine.integrations.addresses import (
    ForbiddenAddress,
    PublicResolver,
    check_url,
)
from callengine.integrations.schedule import parse_retry_after_s
from callengine.integrations.signing import BadSecret, sign

TIMEOUT_S = 15.0
CONNECT_TIMEOUT_S = 5.0
MAX_ANSWER_BYTES = 300
GONE = 410
TOO_MANY_REQUESTS = 429


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """
    What came of one try.

    Attributes:
        error: empty when the receiver took it.
        is_receiver_down: others to this receiver would fail as well.
        is_gone: the receiver asked never to be sent to again.
    """

    error: str = ""
    status: int = 0
    is_receiver_down: bool = False
    is_gone: bool = False
    retry_after_s: float = 0.0


def open_session(*, private_allowed: bool) -> aiohttp.ClientSession:
    """Open the client: no cookies, no proxies, no redirects, only allowed addresses."""
    connector = aiohttp.TCPConnector(
        limit=100, resolver=None if private_allowed else PublicResolver()
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
        headers = sign(message.message, message.body, secret=message.secret, now=now)
    except (ForbiddenAddress, BadSecret) as error:
        return Verdict(error=f"{type(error).__name__}: {error}", is_receiver_down=True)
    headers["Content-Type"] = "application/json"
    try:
        async with session.post(
            url, data=message.body, headers=headers, allow_redirects=False
        ) as response:
            return await _judge(response, now)
    except TimeoutError:
        return Verdict(error="no answer in time", is_receiver_down=True)
    except (aiohttp.ClientError, OSError) as error:
        text = f"{type(error).__name__}: {error}"[:MAX_ANSWER_BYTES]
        return Verdict(error=text, is_receiver_down=True)


async def _judge(response: aiohttp.ClientResponse, now: Instant) -> Verdict:
    status = response.status
    if 200 <= status < 300:
        return Verdict(status=status)
    answer = await response.content.read(MAX_ANSWER_BYTES)
    text = answer.decode("utf-8", "replace").replace("\x00", "")
    return Verdict(
        error=f"HTTP {status} {text}".strip(),
        status=status,
        is_receiver_down=status >= 500 or status == TOO_MANY_REQUESTS,
        is_gone=status == GONE,
        retry_after_s=parse_retry_after_s(response.headers.get("Retry-After"), now),
    )
