"""
What works and what does not, since when and why.

Readiness is told from here, from memory: the answer never waits for what it is about.
A database that cannot be written to is not ready, whatever it answers otherwise.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from callengine.core.ids import Instant
from callengine.engine.overview import Overview

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 1.0
PROBE_WITHIN_S = 2.0
GRACE_S = 1.0
"""A journal that was away for less is no news to anybody."""


class WriteProbe(Protocol):
    """Writes a row. Raises whatever keeps it from doing so."""

    async def write(self, at: Instant) -> None:
        """Write it; durable on return."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """
    One part of the engine.

    Attributes:
        since: when it became so (Unix time).
        why: what is wrong; empty when nothing is.
    """

    ok: bool
    since: Instant
    why: str = ""


class Health:
    """
    Looks at every part once a second.

    Args:
        listens: whether Asterisk's events come.
    """

    def __init__(
        self,
        engine: Overview,
        probe: WriteProbe,
        clock: Callable[[], Instant],
        *,
        listens: Callable[[], bool],
    ) -> None:
        self._engine = engine
        self._probe = probe
        self._clock = clock
        self._listens = listens
        self._parts: dict[str, Part] = {}
        self._probing: asyncio.Task[None] | None = None
        self._unwritable = "not tried yet"

    def parts(self) -> dict[str, Part]:
        """Tell every part's state as it is now; never waits."""
        self._judge("asterisk", "" if self._listens() else "no events come")
        self._judge("redis", self._why_redis())
        self._judge("database", self._why_database())
        return dict(self._parts)

    async def run(self) -> None:
        """Write the probe's row, for ever."""
        while True:
            await self._look()
            self.parts()
            await asyncio.sleep(LOOK_EVERY_S)

    async def _look(self) -> None:
        """Probe once; one that hangs is waited for, and no second is begun."""
        if self._probing is None:
            self._probing = asyncio.create_task(
                self._probe.write(self._clock()), name="write probe"
            )
        task = self._probing
        await asyncio.wait({task}, timeout=PROBE_WITHIN_S)
        if not task.done():
            self._unwritable = "it does not answer"
            return
        self._probing = None
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, Exception):
            raise error
        self._unwritable = "" if error is None else str(error)

    def _why_redis(self) -> str:
        owner = self._engine.owner
        if owner is None:
            return "not started"
        down_since = owner.journal.down_since
        if down_since is None or self._clock() - down_since < GRACE_S:
            return ""
        return owner.journal.why

    def _why_database(self) -> str:
        recorder = self._engine.recorder
        if self._unwritable:
            return self._unwritable
        if recorder.failing_since is not None:
            return recorder.why
        return "orders cannot be read" if self._engine.store_down else ""

    def _judge(self, name: str, why: str) -> None:
        before = self._parts.get(name)
        ok = not why
        if before is not None and before.ok == ok:
            if before.why != why:
                self._parts[name] = Part(ok=ok, since=before.since, why=why)
            return
        self._parts[name] = Part(ok=ok, since=self._clock(), why=why)
        if before is not None:
            say = log.warning if ok else log.error
            say("part is back" if ok else "part is away", part=name, why=why)
