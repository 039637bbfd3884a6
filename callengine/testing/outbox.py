"""The `Outbox` port in memory."""

import asyncio
import contextlib
from dataclasses import dataclass, field, replace

from callengine.core.ids import Instant, MessageId
from callengine.engine.ports import OutboxBacklog, OutboxMessage


@dataclass(slots=True)
class _Slot:
    message: OutboxMessage
    due_at: Instant | None
    """None: delivered or dead."""
    error: str = ""
    delivered_at: Instant | None = None


@dataclass(slots=True)
class MemoryOutbox:
    """Messages with their due times and verdicts."""

    slots: dict[MessageId, _Slot] = field(default_factory=dict)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def commit(self, message: OutboxMessage) -> None:
        """Add a message that is due when it was made."""
        self.slots[message.message] = _Slot(message, message.created_at)
        self._news.set()

    async def claim(
        self, now: Instant, limit: int, *, lease_s: float
    ) -> tuple[OutboxMessage, ...]:
        """Lease due messages, oldest first."""
        due = [
            s for s in self.slots.values() if s.due_at is not None and s.due_at <= now
        ]
        due.sort(key=lambda slot: slot.message.created_at)
        for slot in due[:limit]:
            slot.due_at = now + lease_s
        return tuple(slot.message for slot in due[:limit])

    async def delivered(self, message: MessageId, at: Instant) -> None:
        """Note a delivery."""
        slot = self.slots[message]
        slot.due_at, slot.delivered_at, slot.error = None, at, ""

    async def failed(
        self,
        message: MessageId,
        at: Instant,
        *,
        error: str,
        next_try_at: Instant | None,
    ) -> None:
        """Note a failed try."""
        slot = self.slots[message]
        slot.due_at, slot.error = next_try_at, error
        slot.message = replace(slot.message, tries=slot.message.tries + 1)

    async def replay(self, message: MessageId, at: Instant) -> bool:
        """Make a message due now."""
        slot = self.slots.get(message)
        if slot is None:
            return False
        slot.due_at, slot.delivered_at = at, None
        slot.message = replace(slot.message, tries=0)
        self._news.set()
        return True

    async def backlog(self) -> OutboxBacklog:
        """Count."""
        slots = self.slots.values()
        waiting = [s for s in slots if s.due_at is not None]
        return OutboxBacklog(
            waiting=len(waiting),
            failing=sum(s.message.tries > 0 for s in waiting),
            dead=sum(s.due_at is None and s.delivered_at is None for s in slots),
            delivered=sum(s.delivered_at is not None for s in slots),
            oldest_at=min((s.message.created_at for s in waiting), default=None),
        )

    async def wait(self, timeout_s: float) -> None:
        """Wait for a commit."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._news.wait()
        self._news.clear()
