"""The `Deliveries` port in memory."""

import json
from dataclasses import dataclass, replace

from callengine.core.ids import Instant, MessageId, ShopId
from callengine.engine.deliveries import (
    LONGEST_LEASE_S,
    RECEIVERS,
    TEST,
    CannotTest,
    DeliveryFilter,
    DeliveryView,
    OutboxMessage,
    ReceiverView,
)
from callengine.testing.outbox import MemoryOutbox, Slot

SECRET = "whsec_" + "A" * 44


@dataclass(slots=True)
class MemoryDeliveries:
    """Looks at an outbox in memory; `shops` have receivers without messages too."""

    outbox: MemoryOutbox
    shops: tuple[ShopId, ...] = ()
    _tests: int = 0

    async def listed(self, wanted: DeliveryFilter) -> tuple[DeliveryView, ...]:
        """List messages, newest first."""
        slots = sorted(
            self.outbox.slots.values(),
            key=lambda s: (s.message.created_at, s.message.message),
            reverse=True,
        )
        if wanted.before is not None:
            seen = [slot.message.message for slot in slots]
            slots = slots[seen.index(wanted.before) + 1 :]
        views = (
            _view(slot)
            for slot in slots
            if wanted.shop in (None, slot.message.shop)
            and wanted.receiver in ("", slot.message.receiver)
            and wanted.state in ("", slot.state)
            and wanted.order in ("", slot.number)
        )
        return tuple(views)[: wanted.limit]

    async def shown(
        self, message: MessageId, shop: ShopId | None = None
    ) -> DeliveryView | None:
        """Show one with its body and answers."""
        slot = self._mine(message, shop)
        if slot is None:
            return None
        body, answers = slot.message.body.decode(), tuple(slot.answers)
        return replace(_view(slot), body=body, answers=answers)

    def _mine(self, message: MessageId, shop: ShopId | None) -> Slot | None:
        slot = self.outbox.slots.get(message)
        if slot is None or shop not in (None, slot.message.shop):
            return None
        return slot

    async def replay(
        self, message: MessageId, at: Instant, shop: ShopId | None = None
    ) -> bool:
        """Make a message due now, or soon if it may be on its way."""
        slot = self._mine(message, shop)
        if slot is None:
            return False
        if slot.state != "waiting":
            slot.state, slot.due_at, slot.delivered_at = "waiting", at, None
            slot.message = replace(slot.message, tries=0)
        elif slot.due_at is not None:
            slot.due_at = min(slot.due_at, at + LONGEST_LEASE_S)
        self.outbox.news.set()
        return True

    async def receivers(self, shop: ShopId | None = None) -> tuple[ReceiverView, ...]:
        """Show the receivers of the shops there are messages of, and of `shops`."""
        known = {slot.message.shop for slot in self.outbox.slots.values()} | set(
            self.shops
        )
        return tuple(
            self._receiver(one, receiver)
            for one in sorted(known)
            if shop in (None, one)
            for receiver in RECEIVERS
        )

    def _receiver(self, shop: ShopId, receiver: str) -> ReceiverView:
        paused = self.outbox.paused.get((shop, receiver))
        return ReceiverView(
            shop=shop,
            receiver=receiver,
            url=f"https://{receiver}.example/",
            state=paused.pause.state.value if paused else "open",
            reason=paused.reason if paused else "",
            failures=paused.pause.failures if paused else 0,
            since_at=paused.since_at if paused else None,
            probe_at=paused.probe_at if paused else None,
            waiting=sum(
                s.door == (shop, receiver) and s.state == "waiting"
                for s in self.outbox.slots.values()
            ),
        )

    async def resume(self, shop: ShopId, receiver: str, at: Instant) -> int:
        """Open a paused receiver; how many messages are sent now."""
        mine = [
            slot
            for slot in self.outbox.slots.values()
            if slot.door == (shop, receiver) and slot.state == "waiting"
        ]
        for slot in mine:
            if slot.due_at is None or slot.due_at > at + LONGEST_LEASE_S:
                slot.due_at = None if self.outbox.has_earlier(slot) else at
        self.outbox.open((shop, receiver), at)
        return len(mine)

    async def send_test(self, shop: ShopId, receiver: str, at: Instant) -> MessageId:
        """Add a test message."""
        if receiver not in RECEIVERS:
            raise CannotTest(f"The shop has named no receiver {receiver!r}.")
        on_the_way = any(
            s.door == (shop, receiver)
            and s.message.type == TEST
            and s.state == "waiting"
            for s in self.outbox.slots.values()
        )
        if on_the_way:
            raise CannotTest("A test message is on its way already; look at it first.")
        self._tests += 1
        message = MessageId(f"test-{self._tests}")
        body = {"type": TEST, "sequence": 1, "data": {"shop": shop}}
        self.outbox.commit(
            OutboxMessage(
                message=message,
                shop=shop,
                receiver=receiver,
                type=TEST,
                url=f"https://{receiver}.example/",
                secret=SECRET,
                body=json.dumps(body).encode(),
                tries=0,
                created_at=at,
            )
        )
        self.outbox.slots[message].due_at = at
        return message


def _view(slot: Slot) -> DeliveryView:
    message = slot.message
    return DeliveryView(
        message=message.message,
        shop=message.shop,
        receiver=message.receiver,
        order=slot.number,
        sequence=slot.change,
        type=message.type,
        state=slot.state,
        held=slot.state == "waiting" and slot.due_at is None,
        tries=message.tries,
        created_at=message.created_at,
        next_try_at=slot.due_at,
        delivered_at=slot.delivered_at,
        error=slot.error,
    )
