"""Files beside the database, for when it is away: records that wait, what failed."""

import asyncio
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson

OWN = 0o600
"""Customers are in these files: nobody else may look."""
MOST_BYTES = 4_000_000
MOST_UNWRITTEN = 1000


class FileSpool:
    """
    `engine.spool.Spool` in one file, a line per record.

    What was committed is cut off when all of it was; until then a restart reads it
    again, which does no harm.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    async def append(self, lines: Sequence[bytes]) -> None:
        """Keep lines; all or none."""
        await asyncio.to_thread(self._append, b"".join(line + b"\n" for line in lines))

    def _append(self, data: bytes) -> None:
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, OWN)
        try:
            before = os.fstat(handle).st_size
            try:
                while data:
                    data = data[os.write(handle, data) :]
                os.fsync(handle)
            except OSError:
                os.ftruncate(handle, before)
                raise
        finally:
            os.close(handle)

    async def head(self, limit: int) -> list[bytes]:
        """Read the oldest lines; none when there is no file."""
        return await asyncio.to_thread(self._head, limit)

    def _head(self, limit: int) -> list[bytes]:
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                lines = [file.readline() for _ in range(limit)]
        except FileNotFoundError:
            return []
        return [line.rstrip(b"\n") for line in lines if line]

    async def done(self, lines: int) -> None:
        """Step over lines; the file goes with the last of them."""
        await asyncio.to_thread(self._done, lines)

    def _done(self, lines: int) -> None:
        with self._path.open("rb") as file:
            file.seek(self._offset)
            for _ in range(lines):
                file.readline()
            self._offset = file.tell()
            over = not file.read(1)
        if over:
            self._path.unlink()
            self._offset = 0


class FileMishaps:
    """
    `engine.mishaps.MishapKeeper` in a file of JSON lines, and one older file.

    A disk that hangs or is full holds nobody up: one thread writes, and what it cannot
    keep up with is dropped. The log has it too.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="mishaps")
        self._unwritten = 0
        self.dropped = 0

    def keep(self, entry: dict[str, Any]) -> None:
        """Write an entry soon."""
        if self._unwritten >= MOST_UNWRITTEN:
            self.dropped += 1
            return
        self._unwritten += 1
        self._thread.submit(self._write, orjson.dumps(entry, default=str) + b"\n")

    def _write(self, line: bytes) -> None:
        try:
            if self._path.exists() and self._path.stat().st_size > MOST_BYTES:
                self._path.replace(self._path.with_suffix(".old.jsonl"))
            handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, OWN)
            try:
                os.write(handle, line)
            finally:
                os.close(handle)
        except OSError:
            self.dropped += 1
        finally:
            self._unwritten -= 1

    def close(self, *, wait: bool = False) -> None:
        """Take nothing more; wait for what is left only when told to: disks hang."""
        self._thread.shutdown(wait=wait)
