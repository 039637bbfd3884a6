"""The `Outbox` port in memory."""

import asyncio
import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from callengine.core.ids import Instant, MessageId, ShopId
from callengine.engine.deliveries import (
    LONGEST_LEASE_S,
    TEST,
    Answer,
    OutboxBacklog,
    OutboxMessage,
    Pause,
    ReceiverView,
)


@dataclass(slots=True)
class Slot:
    """A message and what became of it."""

    message: OutboxMessage
    order: str
    change: int
    due_at: Instant | None
    number: str = ""
    state: str = "waiting"
    error: str = ""
    delivered_at: Instant | None = None
    answers: list[Answer] = field(default_factory=list)

    @property
    def place(self) -> tuple[str, str]:
        """The thread it belongs to: messages of it keep their order."""
        return self.order, self.message.receiver

    @property
    def door(self) -> tuple[ShopId, str]:
        """Its receiver."""
        return self.message.shop, self.message.receiver


@dataclass(slots=True)
class Paused:
    """A receiver that is not open."""

    pause: Pause
    reason: str
    since_at: Instant
    probe_at: Instant


@dataclass(slots=True)
class MemoryOutbox:
    """Messages with their due times and verdicts."""

    slots: dict[MessageId, Slot] = field(default_factory=dict)
    paused: dict[tuple[ShopId, str], Paused] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def commit(self, message: OutboxMessage, order: str = "", number: str = "") -> None:
        """Add a message that is due when it was made, or when those before it went."""
        order = order or message.message
        place = order, message.receiver
        before = [slot for slot in self.slots.values() if slot.place == place]
        waiting = [slot for slot in before if slot.state == "waiting"]
        for slot in waiting:
            if slot.due_at is not None:
                soon = message.created_at + LONGEST_LEASE_S
                slot.due_at = min(slot.due_at, soon)
        free = not waiting and (message.shop, message.receiver) not in self.paused
        self.slots[message.message] = Slot(
            message,
            order,
            len(before) + 1,
            message.created_at if free else None,
            number,
        )
        self.news.set()

    async def claim(
        self,
        now: Instant,
        limit: int,
        *,
        lease_s: float,
        busy: frozenset[tuple[ShopId, str]] = frozenset(),
    ) -> tuple[OutboxMessage, ...]:
        """Lease due messages, oldest first, and probes of paused receivers."""
        taken: list[Slot] = []
        for slot in self._due(now):
            if slot.door in busy or len(taken) >= limit:
                continue
            if self._is_held(slot):
                slot.due_at = None
            else:
                taken.append(slot)
        taken += self._probes(now, limit - len(taken), lease_s)
        for slot in taken:
            slot.due_at = now + lease_s
        return tuple(self._claimed(slot) for slot in taken)

    def _due(self, now: Instant) -> list[Slot]:
        due = [
            s for s in self.slots.values() if s.due_at is not None and s.due_at <= now
        ]
        return sorted(due, key=lambda slot: (slot.due_at, slot.message.created_at))

    def _is_held(self, slot: Slot) -> bool:
        is_paused = slot.door in self.paused and slot.message.type != TEST
        return is_paused or self.has_earlier(slot)

    def has_earlier(self, slot: Slot) -> bool:
        """Say whether an earlier message of its thread waits."""
        return any(
            other.place == slot.place
            and other.change < slot.change
            and other.state == "waiting"
            for other in self.slots.values()
        )

    def _probes(self, now: Instant, limit: int, lease_s: float) -> Iterator[Slot]:
        for door, paused in self.paused.items():
            if limit <= 0 or paused.probe_at > now:
                continue
            paused.probe_at = now + lease_s
            heads = [
                slot
                for slot in self.slots.values()
                if slot.door == door
                and slot.state == "waiting"
                and (slot.due_at is None or slot.due_at <= now)
                and not self.has_earlier(slot)
            ]
            if heads:
                limit -= 1
                yield min(heads, key=lambda s: (s.message.tries, s.message.created_at))

    def _claimed(self, slot: Slot) -> OutboxMessage:
        paused = self.paused.get(slot.door)
        failures = paused.pause.failures if paused else 0
        return replace(slot.message, failures=failures)

    async def delivered(self, message: MessageId, answer: Answer) -> None:
        """Note a delivery."""
        slot = self.slots[message]
        slot.state, slot.error = "delivered", ""
        slot.due_at, slot.delivered_at = None, answer.at
        slot.answers.append(answer)
        self.open(slot.door, answer.at)
        self._release(slot.place, answer.at)

    async def failed(
        self,
        message: MessageId,
        answer: Answer,
        *,
        next_try_at: Instant | None,
        pause: Pause | None = None,
        untried: Sequence[MessageId] = (),
    ) -> None:
        """Note a failed try."""
        slot = self.slots[message]
        slot.answers.append(answer)
        if slot.state != "waiting":
            return
        said = f"HTTP {answer.status} {answer.text}" if answer.status else answer.text
        slot.error = said.strip()
        slot.message = replace(slot.message, tries=slot.message.tries + 1)
        slot.state = "waiting" if next_try_at is not None else "dead"
        if pause is None and self._has_later(slot):
            slot.state, next_try_at = "replaced", None
        slot.due_at = next_try_at
        if slot.state != "waiting":
            self._release(slot.place, answer.at)
        if pause is not None:
            self._pause(slot, pause, answer.at, untried)

    def _has_later(self, slot: Slot) -> bool:
        return any(
            other.place == slot.place
            and other.change > slot.change
            and other.state == "waiting"
            for other in self.slots.values()
        )

    def _pause(
        self, slot: Slot, pause: Pause, at: Instant, untried: Sequence[MessageId]
    ) -> None:
        before = self.paused.get(slot.door)
        same = before is not None and before.pause.state is pause.state
        since_at = before.since_at if before is not None and same else at
        self.paused[slot.door] = Paused(pause, slot.error, since_at, pause.probe_at)
        for other in self.slots.values():
            is_due = other.due_at is not None and other.due_at <= at
            if other.door == slot.door and is_due:
                other.due_at = None
        for message in untried:
            self.slots[message].due_at = None

    def _release(self, place: tuple[str, str], at: Instant) -> None:
        waiting = [
            s for s in self.slots.values() if s.place == place and s.state == "waiting"
        ]
        if waiting:
            first = min(waiting, key=lambda slot: slot.change)
            first.due_at = at if first.due_at is None else first.due_at

    def open(self, door: tuple[ShopId, str], at: Instant) -> int:
        """Open a paused receiver; how many messages are due now."""
        if self.paused.pop(door, None) is None:
            return 0
        held = [
            slot
            for slot in self.slots.values()
            if slot.door == door
            and slot.state == "waiting"
            and slot.due_at is None
            and not self.has_earlier(slot)
        ]
        for slot in held:
            slot.due_at = at
        self.news.set()
        return len(held)

    async def backlog(self) -> OutboxBacklog:
        """Count."""
        slots = self.slots.values()
        waiting = [s for s in slots if s.state == "waiting"]
        return OutboxBacklog(
            waiting=len(waiting),
            failing=sum(s.message.tries > 0 for s in waiting),
            dead=sum(s.state == "dead" and s.message.type != TEST for s in slots),
            oldest_at=min((s.message.created_at for s in waiting), default=None),
            paused=tuple(
                ReceiverView(
                    shop=shop,
                    receiver=receiver,
                    url="",
                    state=paused.pause.state.value,
                    reason=paused.reason,
                    failures=paused.pause.failures,
                    since_at=paused.since_at,
                    probe_at=paused.probe_at,
                )
                for (shop, receiver), paused in sorted(self.paused.items())
            ),
        )

    async def wait(self, timeout_s: float) -> None:
        """Wait for a commit."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self.news.wait()
        self.news.clear()
