"""
Keeping records: calls, attempts and decisions, committed in batches.

A call stays in the journal until its record is committed, so that a crash in between
loses nothing.
"""

import asyncio
from collections.abc import Callable, Sequence

import structlog

from callengine.core.effects import PutLeadOff
from callengine.core.ids import CallId, Instant
from callengine.core.records import AttemptRecord, CallRecord, DecisionRecord
from callengine.engine.ports import Ledger, StoreDown

log = structlog.get_logger(__name__)

PAUSE_S = 0.1
RETRY_S = 1.0
BATCH = 400


class Recorder:
    """
    A buffer between the pool and the ledger.

    Args:
        ledger: where records go.
        committed: told the calls whose records are durable.
    """

    def __init__(
        self, ledger: Ledger, committed: Callable[[Sequence[CallId]], None]
    ) -> None:
        self._ledger = ledger
        self._committed = committed
        self._calls: list[CallRecord] = []
        self._attempts: list[AttemptRecord] = []
        self._decisions: list[DecisionRecord] = []
        self._put_off: list[PutLeadOff] = []
        self._put_off_at: Instant = 0.0
        self._some = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def __len__(self) -> int:
        records = len(self._calls) + len(self._attempts) + len(self._decisions)
        return records + len(self._put_off)

    def call(self, record: CallRecord) -> None:
        """Keep a finished call."""
        self._calls.append(record)
        self._wake()

    def attempt(self, record: AttemptRecord) -> None:
        """Keep a finished attempt."""
        self._attempts.append(record)
        self._wake()

    def decision(self, record: DecisionRecord) -> None:
        """Keep a decision."""
        self._decisions.append(record)
        self._wake()

    def put_off(self, lead: PutLeadOff, now: Instant) -> None:
        """Give a lead back that may not be dialled now, and keep why."""
        self._put_off.append(lead)
        self._put_off_at = now
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

    def _wake(self) -> None:
        self._idle.clear()
        self._some.set()

    async def run(self) -> None:
        """Commit for ever; a database that is down is waited for."""
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

    async def flush(self) -> None:
        """Commit what is there, in batches."""
        while self:
            calls, self._calls = self._calls[:BATCH], self._calls[BATCH:]
            attempts, self._attempts = self._attempts[:BATCH], self._attempts[BATCH:]
            decisions = self._decisions[:BATCH]
            self._decisions = self._decisions[BATCH:]
            put_off, self._put_off = self._put_off[:BATCH], self._put_off[BATCH:]
            try:
                await self._ledger.record(calls, attempts, decisions)
                await self._ledger.put_off(put_off, self._put_off_at)
            except StoreDown as error:
                self._calls = calls + self._calls
                self._attempts = attempts + self._attempts
                self._decisions = decisions + self._decisions
                self._put_off = put_off + self._put_off
                log.error("records not committed", waiting=len(self), error=str(error))
                await asyncio.sleep(RETRY_S)
                continue
            self._committed([record.call for record in calls])
        self._some.clear()
        self._idle.set()
