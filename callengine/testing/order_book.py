"""The `OrderBook` port in memory."""

from collections.abc import Sequence
from dataclasses import dataclass

from callengine.core.cards import Card
from callengine.core.facts import Lead
from callengine.core.ids import AttemptId, CallId, Instant
from callengine.core.permission import customer_zone, history_s
from callengine.core.records import AttemptRecord, Outcome
from callengine.core.recycling.urgency import UrgencyRules
from callengine.core.roster import Shop
from callengine.engine.attempt_news import LOST, ended_news
from callengine.engine.identification import requirement_for
from callengine.engine.orders import FAILED_RETRY_S, Stage, in_whole_money
from callengine.testing.books import MemoryBooks, MemoryOrder
from callengine.testing.ledger import tell_news
from callengine.testing.order_changes import cancel_withdrawn

URGENCY = UrgencyRules()


def _urgency(order: MemoryOrder, ready_at: Instant) -> tuple[int, Instant]:
    """Say what an order can still make if dialled now, and how soon it must be."""
    cut_off_at = order.read.order.cut_off_at
    if order.dial_by_at >= ready_at:
        return 0, order.dial_by_at
    if cut_off_at is not None and cut_off_at >= ready_at:
        return 1, cut_off_at
    return 2, order.dial_by_at


@dataclass(slots=True)
class MemoryOrderBook:
    """Offers the orders of the books."""

    books: MemoryBooks

    async def due(self, now: Instant, limit: int) -> tuple[Lead, ...]:
        """Claim due leads: nearest deadline, then nearest cut-off, then the late."""
        ready = [
            order
            for order in self.books.orders.values()
            if order.attempt is None
            and order.next_try_at is not None
            and order.next_try_at <= now
            and order.withdrawn_at is None
            and self.books.shops[order.shop].dial_orders
        ]
        ready.sort(key=lambda order: _urgency(order, now + URGENCY.needed_s))
        return tuple(self._claimed(order, now) for order in ready[: max(0, limit)])

    def _claimed(self, order: MemoryOrder, now: Instant) -> Lead:
        books, shop = self.books, self.books.shops[order.shop]
        order.attempt = AttemptId(books.new_id("attempt"))
        card = self._card(order, shop)
        regime = books.roster().regime_of(shop)
        own_language = order.read.language if order.read.order.language else ""
        return Lead(
            attempt=order.attempt,
            order=order.order,
            shop=shop.shop,
            customer=order.customer,
            number=order.read.phone,
            requirement=requirement_for(
                card, shop, spoken=books.spoken(shop.shop), language=own_language
            ),
            card=card,
            tries=order.tries,
            due_at=order.next_try_at or 0.0,
            deadline_at=order.deadline_at,
            caller_id=shop.caller_id,
            zone=customer_zone(
                books.customers[order.customer].zone, order.read.phone, shop, regime
            ),
            placed_at=order.read.placed_at,
            value=in_whole_money(order.read.total_minor, order.read.currency),
            cut_off_at=order.read.order.cut_off_at,
            past=books.past_of(shop.shop, order.read.phone, now - history_s(regime)),
            consent=order.read.order.consent,
            dnc=(shop.shop, order.read.phone) in books.do_not_call,
            advertising=shop.advertising,
        )

    def _card(self, order: MemoryOrder, shop: Shop) -> Card:
        books = self.books
        return Card(
            shop=shop.shop,
            shop_name=shop.name,
            direction="outbound",
            number=order.read.phone,
            dialled_number=shop.caller_id,
            identification="found",
            customers=(books.customers[order.customer].card,),
            orders=books.orders_of(order.customer),
            contacts=books.contacts_of(order.customer),
            order=order.order,
            greeting=shop.greeting,
        )

    async def release(self, attempts: Sequence[AttemptId]) -> None:
        """Give claimed leads back undialled."""
        for order in self._owned(attempts):
            if order.attempt in self.books.started:
                del self.books.started[order.attempt]
                order.stage, order.tries = Stage.RETRY.value, order.tries - 1
            order.attempt = None
            if order.withdrawn_at is not None:
                cancel_withdrawn(self.books, order, order.withdrawn_at)

    async def release_all(self, keep: Sequence[AttemptId] = ()) -> int:
        """Give back whatever a dead engine had claimed; see `OrderBook`."""
        owners = [o.attempt for o in self.books.orders.values() if o.attempt]
        lost = [attempt for attempt in owners if attempt not in keep]
        for order in self._owned(lost):
            assert order.attempt is not None
            if order.attempt in self.books.started:
                _, started_at = self.books.started[order.attempt]
                order.stage = Stage.RETRY.value
                order.next_try_at = max(
                    order.next_try_at or 0.0, started_at + FAILED_RETRY_S
                )
            order.attempt = None
            if order.withdrawn_at is not None:
                cancel_withdrawn(self.books, order, order.withdrawn_at)
        for attempt in [a for a in self.books.started if a not in keep]:
            self._fail(attempt)
        return len(lost)

    def _owned(self, attempts: Sequence[AttemptId]) -> list[MemoryOrder]:
        return [o for o in self.books.orders.values() if o.attempt in attempts]

    def _fail(self, attempt: AttemptId) -> None:
        """Close an attempt nobody knows the end of."""
        order_id, started_at = self.books.started.pop(attempt)
        order = self.books.orders[order_id]
        self.books.attempts[attempt] = AttemptRecord(
            attempt=attempt,
            order=order_id,
            shop=order.shop,
            call=CallId(""),
            number=order.read.phone,
            tries=order.tries,
            started_at=started_at,
            answered_at=None,
            bridged_at=None,
            ended_at=started_at,
            outcome=Outcome.FAILED,
            cause=0,
            sip_code=None,
            ring_s=0.0,
            agent=None,
            next_try_at=started_at + FAILED_RETRY_S,
            rule=LOST,
        )
        tell_news(self.books, ended_news(self.books.attempts[attempt]))
