"""
A small FastAGI server: the admin's own dialplan asks, channel variables answer.

    AGI(agi://127.0.0.1:4573/identify)            who calls the number that was dialled
    AGI(agi://127.0.0.1:4573/identify,${NUMBER})  the same, where DNID does not say it

Every connection is bounded in time, size and number: a port scan costs nothing.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import unquote

import structlog

from callengine.core.cards import CustomerCard
from callengine.engine.ports import Identification

log = structlog.get_logger(__name__)

MAX_VALUE = 120
"""Characters of a variable's value."""
MAX_LINES = 100
"""Asterisk sends some twenty lines, and one per argument."""
MAX_NUMBER = 64
"""Characters of a number or extension; real ones have at most 15 digits."""
_NUMBERS = ("callerid", "dnid", "rdnis", "extension", "arg_1")
_PRESENTATION = re.compile(r"[0-9]{1,3}", re.ASCII)
_UNKNOWN = frozenset({"", "unknown", "anonymous"})
_PRESENTATION_BITS = 0x60
# They would mean something to the dialplan that a value is put into.
_DANGEROUS = str.maketrans(dict.fromkeys('"\\$[]{};`', " "))


@dataclass(frozen=True, slots=True, kw_only=True)
class AgiSettings:
    """
    Where to listen, and what is enough.

    Attributes:
        connections: at most this many at once; more are closed unread.
        header_bytes: the request may not be longer.
        header_s: the request must be whole by then.
        within_s: deadline of the look-up; the call goes on without an answer.
        reply_s: deadline of each of Asterisk's replies.
    """

    host: str = "127.0.0.1"
    port: int = 4573
    connections: int = 100
    header_bytes: int = 8192
    header_s: float = 2.0
    within_s: float = 0.3
    reply_s: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AgiRequest:
    """
    What Asterisk says of the call that asks.

    Raises `ValueError` when made of what Asterisk would not send: a number without
    end, a presentation that is not three ASCII digits at most.
    """

    script: str
    fields: Mapping[str, str]
    """`callerid`, `dnid`, `extension`, `channel`..., without `agi_`."""

    def __post_init__(self) -> None:
        # `²` is a digit to Python and no number; thousands of digits take seconds.
        if not _PRESENTATION.fullmatch(self.fields.get("callingpres", "0")):
            raise ValueError("callingpres is no presentation")
        for name in _NUMBERS:
            if len(self.fields.get(name, "")) > MAX_NUMBER:
                raise ValueError(f"{name} has more than {MAX_NUMBER} characters")

    @property
    def dialled_number(self) -> str:
        """The argument if there is one, else DNID, else the extension."""
        for name in ("arg_1", "dnid"):
            if self.fields.get(name, "").lower() not in _UNKNOWN:
                return self.fields[name]
        return self.fields.get("extension", "")

    @property
    def caller_number(self) -> str | None:
        """As presented; None when withheld."""
        number = self.fields.get("callerid", "")
        withheld = int(self.fields.get("callingpres", "0")) & _PRESENTATION_BITS
        return None if withheld or number.lower() in _UNKNOWN else number


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """The caller, and the fallback queue of the shop whose number was dialled."""

    identification: Identification
    queue: str


Lookup = Callable[[str, str | None], Awaitable[Identified | None]]
"""Dialled number and caller's number to who that is; None: no shop has the number."""
Script = Callable[[AgiRequest], Awaitable[Mapping[str, str]]]
"""A request to the channel variables that answer it."""


def identify_with(lookup: Lookup) -> Script:
    """
    Make the script `identify`.

    It sets CUSTOMER_ID, CUSTOMER_NAME, CUSTOMER_SEGMENT, CUSTOMER_LANGUAGE (empty
    unless exactly one customer matches) and QUEUE_NAME (empty: not a shop's number).
    """

    async def identify(request: AgiRequest) -> Mapping[str, str]:
        found = await lookup(request.dialled_number, request.caller_number)
        customers: tuple[CustomerCard, ...] = ()
        if found is not None:
            customers = found.identification.card.customers
        one = customers[0] if len(customers) == 1 else None
        return {
            "CUSTOMER_ID": one.customer if one else "",
            "CUSTOMER_NAME": one.name if one else "",
            "CUSTOMER_SEGMENT": one.segment if one else "",
            "CUSTOMER_LANGUAGE": one.language if one else "",
            "QUEUE_NAME": found.queue if found else "",
        }

    return identify


class FastAgi:
    """Serves scripts; an async context manager, or `start` and `close`."""

    def __init__(self, settings: AgiSettings, scripts: Mapping[str, Script]) -> None:
        self._settings = settings
        self._scripts = scripts
        self._server: asyncio.Server | None = None
        self._open = 0
        self.port = settings.port
        self.answered = 0
        self.refused = 0
        """Connections that were too many, too slow, too long or made no sense."""

    async def start(self) -> None:
        """Listen. Raises `OSError` when the port is taken."""
        s = self._settings
        self._server = await asyncio.start_server(
            self._serve, s.host, s.port, limit=s.header_bytes
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening; connections end by their own deadlines."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def __aenter__(self) -> "FastAgi":
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            if self._open >= self._settings.connections:
                self.refused += 1
                return
            self._open += 1
            try:
                await self._answer(reader, writer)
            finally:
                self._open -= 1
        except (TimeoutError, OSError, asyncio.IncompleteReadError):
            # Gone or silent: the call has gone on without us already.
            self.refused += 1
        except ValueError as error:
            self.refused += 1
            log.warning("agi request refused", reason=str(error)[:MAX_VALUE])
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        request = await self._read_request(reader)
        script = self._scripts.get(request.script)
        if script is None:
            known = ", ".join(sorted(self._scripts))
            said = f"callengine has no script {request.script} but {known}"
            await self._command(reader, writer, f"VERBOSE {quote(said)} 1")
            self.refused += 1
            return
        try:
            async with asyncio.timeout(self._settings.within_s):
                variables = await script(request)
        except TimeoutError:
            log.warning("script too slow", script=request.script)
            variables = {}
        except Exception:
            # One caller's look-up failed; the server and the call go on.
            log.exception("script failed", script=request.script)
            variables = {}
        for name, value in variables.items():
            command = f"SET VARIABLE {name} {quote(value)}"
            await self._command(reader, writer, command)
        self.answered += 1

    async def _read_request(self, reader: asyncio.StreamReader) -> AgiRequest:
        try:
            async with asyncio.timeout(self._settings.header_s):
                raw = await reader.readuntil(b"\n\n")
        except asyncio.LimitOverrunError:
            raise ValueError("endless request") from None
        lines = raw.decode("utf-8", "replace").split("\n")
        if len(lines) > MAX_LINES:
            raise ValueError(f"more than {MAX_LINES} lines")
        fields: dict[str, str] = {}
        for line in lines:
            name, colon, value = line.partition(":")
            if colon and name.startswith("agi_"):
                fields[name.removeprefix("agi_")] = value.strip()
        if "network_script" not in fields:
            raise ValueError("no AGI request")
        script = unquote(fields["network_script"].partition("?")[0])
        return AgiRequest(script=script.strip("/")[:MAX_VALUE], fields=fields)

    async def _command(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, command: str
    ) -> None:
        writer.write(f"{command}\n".encode())
        async with asyncio.timeout(self._settings.reply_s):
            await writer.drain()
            reply = await reader.readline()
        if not reply.startswith(b"200"):
            raise ValueError("Asterisk refused a command")  # a hang-up, mostly


def quote(value: str) -> str:
    """Quote a value for an AGI command, without what a dialplan would act on."""
    clean = "".join(c if c.isprintable() else " " for c in value).translate(_DANGEROUS)
    return f'"{" ".join(clean.split())[:MAX_VALUE]}"'
