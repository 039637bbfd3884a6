"""Records that wait outside memory: lines, oldest first, until they are committed."""

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

import orjson
from pydantic import TypeAdapter

from callengine.core.effects import PutLeadOff
from callengine.core.records import AttemptRecord, CallRecord, DecisionRecord

Record: TypeAlias = CallRecord | AttemptRecord | DecisionRecord | PutLeadOff

KINDS: dict[str, TypeAdapter[Any]] = {
    kind.__name__: TypeAdapter(kind)
    for kind in (CallRecord, AttemptRecord, DecisionRecord, PutLeadOff)
}


class Spool(Protocol):
    """A queue of lines on a disk. Raises `OSError`, then nothing was kept."""

    async def append(self, lines: Sequence[bytes]) -> None:
        """Keep lines behind those that are there; durable on return."""

    async def head(self, limit: int) -> list[bytes]:
        """Read the oldest lines; the same again until `done`."""

    async def done(self, lines: int) -> None:
        """Forget the oldest lines."""


class NoSpool:
    """Nowhere to put anything: everything stays in memory."""

    async def append(self, lines: Sequence[bytes]) -> None:
        """Refuse."""
        raise OSError("there is no spool")

    async def head(self, limit: int) -> list[bytes]:
        """Give nothing."""
        return []

    async def done(self, lines: int) -> None:
        """Forget nothing."""


def packed(record: Record) -> bytes:
    """Write a record as one line."""
    return orjson.dumps({"kind": type(record).__name__, "record": record})


def unpacked(line: bytes) -> Record:
    """Read a record. Raises `ValueError` for a line that is none."""
    value = orjson.loads(line)
    if not isinstance(value, dict) or value.get("kind") not in KINDS:
        raise ValueError("no record of a kind that is known")
    record: Record = KINDS[value["kind"]].validate_python(value.get("record"))
    return record
