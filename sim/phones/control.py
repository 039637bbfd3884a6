"""The control port of a baresip phone: commands with answers, and events."""

import asyncio
import itertools
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from sim.phones.netstring import BadNetstring, Decoder, encode

EventSink = Callable[[dict[str, Any]], None]


class PhoneError(Exception):
    """The phone refused a command, did not answer in time, or is gone."""


class PhoneControl:
    """
    One connection to a phone's control port.

    Events (`{"event": true, "type": "CALL_INCOMING", ...}`) go to the sink as they
    are read; the sink must not block.
    """

    def __init__(self, on_event: EventSink, *, within_s: float = 3.0) -> None:
        self._on_event = on_event
        self._within_s = within_s
        self._tokens = itertools.count(1)
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._reader: asyncio.Task[None] | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def connect(self, port: int, *, within_s: float = 5.0) -> None:
        """Connect to a phone that may be starting. Raises `PhoneError`."""
        reader, self._writer = await _connect(port, within_s)
        self._reader = asyncio.create_task(self._read(reader), name="phone control")

    async def command(self, name: str, params: str = "") -> str:
        """Run a command; what the phone printed. Raises `PhoneError`."""
        if self._writer is None or self._reader is None or self._reader.done():
            raise PhoneError(f"{name}: the phone's control port is closed")
        token = f"t{next(self._tokens)}"
        answer: asyncio.Future[dict[str, Any]] = asyncio.Future()
        self._waiting[token] = answer
        body = {"command": name, "params": params, "token": token}
        try:
            self._writer.write(encode(json.dumps(body).encode()))
            async with asyncio.timeout(self._within_s):
                await self._writer.drain()
                reply = await answer
        except TimeoutError:
            raise PhoneError(f"{name}: no answer within {self._within_s} s") from None
        except OSError as error:
            raise PhoneError(f"{name}: {error}") from error
        finally:
            del self._waiting[token]
        if not reply.get("ok"):
            raise PhoneError(f"{name}: {str(reply.get('data', '')).strip()}")
        return str(reply.get("data", ""))

    async def close(self) -> None:
        """Close the connection; commands that wait fail."""
        if self._reader is not None:
            self._reader.cancel()
            with suppress(asyncio.CancelledError):
                await self._reader
        if self._writer is not None:
            self._writer.close()
            with suppress(OSError):
                await self._writer.wait_closed()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        decoder = Decoder()
        try:
            while data := await reader.read(65_536):
                for payload in decoder.feed(data):
                    self._take(payload)
        except (OSError, BadNetstring):
            return
        finally:
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(PhoneError("the control port closed"))

    def _take(self, payload: bytes) -> None:
        try:
            message = json.loads(payload)
        except ValueError:
            return
        if not isinstance(message, dict):
            return
        if message.get("event"):
            self._on_event(message)
            return
        answer = self._waiting.get(str(message.get("token")))
        if answer is not None and not answer.done():
            answer.set_result(message)


async def _connect(
    port: int, within_s: float
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    deadline = asyncio.get_running_loop().time() + within_s
    while True:
        try:
            return await asyncio.open_connection("127.0.0.1", port)
        except OSError as error:
            if asyncio.get_running_loop().time() > deadline:
                raise PhoneError(f"control port {port}: {error}") from error
        # Nothing tells when the listener is up; the deadline above bounds this.
        await asyncio.sleep(0.05)
