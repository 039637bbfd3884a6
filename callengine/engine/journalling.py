"""
Writing the journal within a budget: a Redis that hangs costs no caller their time.

State is journalled before its effects as long as the journal answers in time. When it
does not, a breaker opens: calls go on unjournalled (ADR 0003), every write costs
nothing, and one task in the background goes on trying and writes what was missed.
A journal that answers, but late, is written from the background alone.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from callengine.engine.ports import Entry, Fenced, Journal, JournalDown

log = structlog.get_logger(__name__)

BUDGET_S = 0.1
"""The most that effects wait for the journal, once: then the breaker is open."""
RENEW_S = 1.0
PROBE_S = 0.25
LAPS = 8
"""Turns of the loop for an answer that is here already: the delay was our own."""

Place = tuple[str, str]


class JournalWriter:
    """
    What has changed and is not written yet, and who writes it.

    Attributes:
        down_since: since when effects do not wait for the journal (Unix time); None
            while they do.
        why: what was wrong then.
        lost: entries that no journal takes: a defect of ours.
    """

    def __init__(
        self,
        journal: Journal,
        clock: Callable[[], float],
        *,
        budget_s: float = BUDGET_S,
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._budget_s = budget_s
        self._unwritten: dict[Place, Entry] = {}
        self._writing: asyncio.Task[None] | None = None
        self._in_hand: dict[Place, Entry] = {}
        self.down_since: float | None = None
        self.why = ""
        self.lost = 0

    def __len__(self) -> int:
        """Count the entries that are not written."""
        return len(self._unwritten) + len(self._in_hand)

    @property
    def is_down(self) -> bool:
        """Whether effects do not wait for the journal."""
        return self.down_since is not None

    def put(self, kind: str, key: str, state: Any) -> None:
        """Keep an aggregate to be written; None forgets it."""
        self._unwritten[kind, key] = Entry(kind=kind, key=key, state=state)

    async def write(self) -> None:
        """
        Write what is kept, or leave it to the background when that is slow.

        Raises `Fenced`.
        """
        if self._unwritten and not self.is_down:
            await self._try()

    async def tend(self) -> None:
        """Renew the lease and catch up, for ever. Raises `Fenced`."""
        while True:
            await asyncio.sleep(PROBE_S if self.is_down else RENEW_S)
            await self._try(renew=True)

    async def close(self) -> None:
        """Write what is left and give the lease back; one that hangs is left."""
        if self.is_down:
            log.warning("journal not closed", unwritten=len(self))
            return
        await self._try()
        try:
            async with asyncio.timeout(self._budget_s * 10):
                await self._journal.release()
        except (JournalDown, TimeoutError) as error:
            log.warning("journal not closed", error=str(error))

    async def _try(self, *, renew: bool = False) -> None:
        """Write everything, waiting no longer than the budget; close the breaker."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        if not await self._settled(self._budget_s):
            return
        if self._writing is not None or not (self._unwritten or renew):
            return
        self._in_hand, self._unwritten = self._unwritten, {}
        self._writing = asyncio.create_task(
            self._journal.append(list(self._in_hand.values())), name="journal write"
        )
        left_s = max(0.0, began + self._budget_s - loop.time())
        if await self._settled(left_s) and loop.time() - began < self._budget_s:
            self._came_back()

    async def _settled(self, within_s: float) -> bool:
        """
        Wait for the write on its way; say whether the way is free and the journal up.

        One write at a time: an older state must not overtake a newer one.
        """
        task = self._writing
        if task is None:
            return True
        if not task.done():
            await asyncio.wait({task}, timeout=within_s)
        for _ in range(LAPS):
            if not task.done():
                await asyncio.sleep(0)
        if not task.done():
            self._open("it does not answer in time")
            return False
        if self._writing is not task:
            return self._writing is None
        self._writing, entries, self._in_hand = None, self._in_hand, {}
        try:
            task.result()
        except JournalDown as error:
            # What changed since is newer.
            self._unwritten = {**entries, **self._unwritten}
            self._open(str(error))
            return False
        except Fenced:
            raise
        except Exception:
            log.exception("journal refuses a write", entries=len(entries))
            await self._one_by_one(entries)
        return True

    async def _one_by_one(self, entries: Mapping[Place, Entry]) -> None:
        """Find the entry that no journal takes; the others are written."""
        for place, entry in entries.items():
            try:
                async with asyncio.timeout(self._budget_s):
                    await self._journal.append((entry,))
            except (JournalDown, TimeoutError):
                self._unwritten.setdefault(place, entry)
            except Fenced:
                raise
            except Exception as error:
                self.lost += 1
                log.error(
                    "journal entry given up",
                    kind=entry.kind,
                    key=entry.key,
                    error=type(error).__name__,
                )

    def _open(self, why: str) -> None:
        self.why = why
        if self.down_since is None:
            self.down_since = self._clock()
            log.error("journal down, calls go on without it", error=why)

    def _came_back(self) -> None:
        if self.down_since is not None:
            log.warning(
                "journal back", away_s=round(self._clock() - self.down_since, 3)
            )
        self.down_since, self.why = None, ""
