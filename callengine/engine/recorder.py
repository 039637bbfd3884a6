"""
Keeping records: calls, attempts and decisions, committed in batches.

A call stays in the journal until its record is committed, so that a crash in between
loses nothing. A database that is away is waited for: in memory, then in a spool on
the disk. A record that the database refuses costs only itself.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import islice

import structlog

from callengine.core.effects import PutLeadOff
from callengine.core.ids import CallId, Instant
from callengine.core.records import AttemptRecord, CallRecord, DecisionRecord
from callengine.engine.mishaps import Mishaps
from callengine.engine.ports import Ledger, StoreDown
from callengine.engine.spool import NoSpool, Record, Spool, packed, unpacked

log = structlog.get_logger(__name__)

PAUSE_S = 0.1
RETRY_S = 1.0
BATCH = 400
MOST_IN_MEMORY = 20_000
"""More go to the spool, the oldest first; about 2 KB each."""
MOST_IN_ALL = 200_000
"""Where there is no room for a spool either, the oldest are given up beyond this."""
AGAIN_AFTER_S = 3600.0
"""An order whose attempt cannot be recorded is looked at again after this."""


class Recorder:
    """
    A buffer between the pool and the ledger.

    Args:
        ledger: where records go.
        committed: told the calls whose records are durable.
        mishaps: takes what the ledger refuses.
        spool: where records wait that are too many for memory.

    Attributes:
        failing_since: since when nothing can be committed; None while it can.
        why: what was wrong then.
        spooled: records in the spool, as far as we know.
    """

    def __init__(
        self,
        ledger: Ledger,
        committed: Callable[[Sequence[CallId]], None],
        mishaps: Mishaps,
        *,
        clock: Callable[[], Instant],
        spool: Spool | None = None,
    ) -> None:
        self._ledger = ledger
        self._committed = committed
        self._mishaps = mishaps
        self._clock = clock
        self._spool = spool or NoSpool()
        self._waiting: deque[Record] = deque()
        self._now: Instant = 0.0
        self._some = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self.failing_since: Instant | None = None
        self.why = ""
        self.spooled = 0
        self.given_up = 0

    def __len__(self) -> int:
        return len(self._waiting) + self.spooled

    def call(self, record: CallRecord) -> None:
        """Keep a finished call."""
        self._put(record)

    def attempt(self, record: AttemptRecord) -> None:
        """Keep a finished attempt."""
        self._put(record)

    def decision(self, record: DecisionRecord) -> None:
        """Keep a decision."""
        self._put(record)

    def put_off(self, lead: PutLeadOff, now: Instant) -> None:
        """Give a lead back that may not be dialled now, and keep why."""
        self._now = max(self._now, now)
        self._put(lead)
        self.decision(
            DecisionRecord(
                at=now,
                kind="compliance",
                call=None,
                order=lead.order,
                chosen="never" if lead.at is None else "later",
                reason=lead.reason,
                detail={
                    "rule": lead.rule,
                    "attempt": lead.attempt,
                    "shop": lead.shop,
                    "again_at": lead.at,
                },
            )
        )

    def _put(self, record: Record) -> None:
        self._waiting.append(record)
        self._idle.clear()
        self._some.set()

    async def run(self) -> None:
        """Commit for ever; a database that is down is waited for."""
        self.spooled = len(await self._head())  # what an engine before us left
        if self.spooled:
            self._some.set()
        while True:
            await self._some.wait()
            # Records come in flocks; a short wait makes one transaction of them.
            await asyncio.sleep(PAUSE_S)
            await self.flush()

    async def settled(self, within_s: float) -> bool:
        """Wait until everything is committed; False if it was not in time."""
        try:
            async with asyncio.timeout(within_s):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True

    async def close(self, within_s: float) -> None:
        """Commit what is there, or leave it in the spool for the next start."""
        with suppress(TimeoutError):
            # A database that is known to be away is not worth the time that is left.
            async with asyncio.timeout(within_s if self.failing_since is None else 0):
                await self.flush()
        if self._waiting:
            log.warning("records not committed at the end", waiting=len(self))
            await self._spill(keep=0)

    async def flush(self) -> None:
        """Commit what is there, in batches."""
        while self._waiting or self.spooled:
            of_memory = not self.spooled
            worked = await (self._of_memory() if of_memory else self._of_spool())
            if not worked:
                if len(self._waiting) > MOST_IN_MEMORY:
                    await self._spill(keep=MOST_IN_MEMORY // 2)
                await asyncio.sleep(RETRY_S)
        self._some.clear()
        self._idle.set()

    async def _of_memory(self) -> bool:
        batch = list(islice(self._waiting, BATCH))
        if not await self._tried(batch):
            return False
        for _ in batch:
            self._waiting.popleft()
        return True

    async def _tried(self, batch: Sequence[Record]) -> bool:
        """Commit a batch; False when it has to wait."""
        try:
            await self._commit(batch)
        except StoreDown as error:
            self._failing(error)
            return False
        except Exception as error:
            if len(batch) > 1:
                log.warning("records looked at one by one", records=len(batch))
                for record in batch:
                    if not await self._tried((record,)):
                        return False
            else:
                await self._give_up(batch[0], error)
        if self.failing_since is not None:
            log.warning("records are committed again", waiting=len(self))
        self.failing_since, self.why = None, ""
        return True

    async def _commit(self, batch: Sequence[Record]) -> None:
        calls = [r for r in batch if isinstance(r, CallRecord)]
        await self._ledger.record(
            calls,
            [r for r in batch if isinstance(r, AttemptRecord)],
            [r for r in batch if isinstance(r, DecisionRecord)],
        )
        put_off = [r for r in batch if isinstance(r, PutLeadOff)]
        await self._ledger.put_off(put_off, self._now or self._clock())
        self._committed([call.call for call in calls])

    def _failing(self, error: Exception) -> None:
        self.why = str(error)
        if self.failing_since is None:
            self.failing_since = self._clock()
            log.error("records not committed", waiting=len(self), error=str(error))

    async def _give_up(self, record: Record, error: Exception) -> None:
        """Set one record mishaps; its order must not wait for it for ever."""
        self._mishaps.put(
            "record", type(record).__name__, error, record, call=record.call
        )
        if isinstance(record, CallRecord):
            self._committed([record.call])
        if not isinstance(record, AttemptRecord):
            return
        again = PutLeadOff(
            attempt=record.attempt,
            order=record.order,
            shop=record.shop,
            at=self._clock() + AGAIN_AFTER_S,
            rule="failed",
            reason="the attempt could not be recorded",
        )
        try:
            await self._ledger.put_off((again,), self._clock())
        except StoreDown:
            self._put(again)
        except Exception as second:
            self._mishaps.put("record", "PutLeadOff", second, again)

    # --- more than memory should hold ---------------------------------------------

    async def _spill(self, *, keep: int) -> None:
        """Move the oldest records from memory to the spool."""
        moving = list(islice(self._waiting, max(0, len(self._waiting) - keep)))
        try:
            await self._spool.append([packed(record) for record in moving])
        except (OSError, TypeError) as error:
            log.error("records not spooled", records=len(moving), error=str(error))
            while len(self._waiting) > MOST_IN_ALL:
                self._waiting.popleft()
                self.given_up += 1
            return
        for _ in moving:
            self._waiting.popleft()
        self.spooled += len(moving)

    async def _of_spool(self) -> bool:
        lines = await self._head()
        if not lines:
            self.spooled = 0
            return True
        batch = [record for line in lines if (record := self._read(line))]
        if not await self._tried(batch):
            return False
        try:
            await self._spool.done(len(lines))
        except OSError as error:
            log.error("spool not shortened", error=str(error))
            return False
        # There may be more than we know of; the look that finds none says so.
        self.spooled = max(1, self.spooled - len(lines))
        return True

    async def _head(self) -> list[bytes]:
        try:
            return await self._spool.head(BATCH)
        except OSError as error:
            log.error("spool unreadable", error=str(error))
            return []

    def _read(self, line: bytes) -> Record | None:
        try:
            return unpacked(line)
        except ValueError as error:
            self._mishaps.put("record", "line", error, line)
            return None
