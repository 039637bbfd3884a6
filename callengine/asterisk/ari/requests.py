"""How a command of Asterisk's REST interface is written and its reply judged."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

import orjson

from callengine.asterisk.ari.connection import Reply
from callengine.asterisk.ari.errors import from_reply
from callengine.engine.ports import TelephonyDown

T = TypeVar("T")
Query = Mapping[str, str | int]


_PLAIN = re.compile(r"[A-Za-z0-9._~-]+")


def quoted(text: str) -> str:
    """Quote a part of a URL; what we mint ourselves needs none, and is most of it."""
    return text if _PLAIN.fullmatch(text) else quote(text, safe="")


class Transport(Protocol):
    """Whatever carries commands to Asterisk."""

    async def request(self, method: str, target: str, body: bytes = b"") -> Reply:
        """Send one request; raises `TelephonyDown`."""


class Requests:
    """
    Sends commands; raises the error that explains a reply that is no success.

    Paths are templates, `bridges/{bridge}/play/{playback}`, so that a test can hold
    every one of them against Asterisk's own description.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def send(
        self,
        method: str,
        template: str,
        ids: Mapping[str, str] | None = None,
        query: Query | None = None,
        body: Any = None,
    ) -> bytes:
        """Send and return the reply's body. Raises `TelephonyError`."""
        path = template
        if ids:
            path = template.format_map({k: quoted(v) for k, v in ids.items()})
        target = f"/ari/{path}"
        if query:
            pairs = [f"{k}={quoted(str(v))}" for k, v in query.items()]
            target = f"{target}?{'&'.join(pairs)}"
        data = b"" if body is None else orjson.dumps(body)
        status, reply = await self._transport.request(method, target, data)
        if status >= 300:
            raise from_reply(f"{method} {template}", status, reply)
        return reply

    async def read(
        self,
        decode: Callable[[Any], T],
        template: str,
        ids: Mapping[str, str] | None = None,
        query: Query | None = None,
    ) -> T:
        """GET and decode. Raises `TelephonyError`."""
        reply = await self.send("GET", template, ids, query)
        try:
            return decode(orjson.loads(reply))
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            raise TelephonyDown(f"GET {template}: not the JSON promised") from None
