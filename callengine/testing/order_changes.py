"""The `OrderChanges` port in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from callengine.core.ids import Instant, ShopId
from callengine.engine.order_changes import (
    OrderLine,
    OrderQuery,
    Replaced,
    ReplacedAs,
    Withdrawn,
    WithdrawnAs,
    dials_anew,
    may_replace,
    withdrawal_messages,
)
from callengine.engine.orders import ReadOrder, Stage, read_order
from callengine.engine.ports import NewOrder, OrderRefused, TakenAs, UnknownShop
from callengine.testing.books import GOAL_S, MemoryBooks, MemoryOrder
from callengine.testing.crm import MemoryIntake


def cancel_withdrawn(books: MemoryBooks, order: MemoryOrder, at: Instant) -> None:
    """Cancel an order that its shop took back, and tell so."""
    messages = withdrawal_messages(books.terms[order.shop], order.facts(), at)
    order.stage, order.attempt = Stage.CANCELLED.value, None
    order.next_try_at = None
    if order.delivery is not None:
        order.delivery = replace(order.delivery, status="cancelled")
    for message in messages:
        books.tell(order, message, at)


@dataclass(slots=True)
class MemoryOrderChanges:
    """Changes the orders of the books."""

    books: MemoryBooks

    @property
    def _intake(self) -> MemoryIntake:
        return MemoryIntake(self.books)

    async def take_many(
        self, shop: ShopId, orders: Sequence[NewOrder], at: Instant
    ) -> list[TakenAs | OrderRefused]:
        """Keep orders; see `OrderChanges`."""
        return await self._intake.take_many(shop, orders, at)

    async def replace(self, shop: ShopId, order: NewOrder, at: Instant) -> Replaced:
        """Keep this as the order of its number; see `OrderChanges`."""
        configured = self.books.shops.get(shop)
        if configured is None:
            raise UnknownShop(f"there is no shop {shop!r}")
        read = read_order(order, configured, at)
        there = self._intake.by_number(shop, order.number.strip())
        if there is None:
            taken = await self._intake.take(shop, order, at)
            return Replaced(replaced_as=ReplacedAs.CREATED, order=taken.order)
        verdict = ReplacedAs.SAME
        if there.read.content_hash != read.content_hash:
            verdict = may_replace(there.stage, there.withdrawn_at)
        if verdict is ReplacedAs.REPLACED:
            self._put(there, read, at)
        return Replaced(replaced_as=verdict, order=self._intake.view(there))

    def _put(self, there: MemoryOrder, read: ReadOrder, at: Instant) -> None:
        other_phone = there.read.phone != read.phone
        if dials_anew(there.stage, other_phone=other_phone):
            there.stage, there.tries = Stage.NEW.value, 0
            there.next_try_at, there.dial_by_at = at, at + GOAL_S
        there.customer = self._intake.customer(there.shop, read)
        there.read, there.attempt = read, None
        there.held_rule = there.held_reason = ""

    async def withdraw(
        self, shop: ShopId, number: str, at: Instant
    ) -> Withdrawn | None:
        """Take an order back; see `OrderChanges`."""
        there = self._intake.by_number(shop, number)
        if there is None:
            return None
        verdict = self._withdraw(there, at)
        return Withdrawn(withdrawn_as=verdict, order=self._intake.view(there))

    def _withdraw(self, there: MemoryOrder, at: Instant) -> WithdrawnAs:
        if there.stage == Stage.RECEIVED:
            return WithdrawnAs.SETTLED
        there.withdrawn_at = at if there.withdrawn_at is None else there.withdrawn_at
        if there.stage == Stage.DIALLING and there.attempt is not None:
            there.next_try_at = None
            return WithdrawnAs.IN_CALL
        if there.stage != Stage.CANCELLED:
            cancel_withdrawn(self.books, there, at)
        return WithdrawnAs.WITHDRAWN

    async def listed(self, shop: ShopId, query: OrderQuery) -> tuple[OrderLine, ...]:
        """List orders, the latest received first; see `OrderChanges`."""
        mine = [o for o in self.books.orders.values() if o.shop == shop]
        mine.sort(key=lambda o: (o.received_at, o.order), reverse=True)
        wanted = [o for o in mine if _fits(o, query)]
        return tuple(_line(o) for o in wanted[: query.limit])


def _fits(order: MemoryOrder, query: OrderQuery) -> bool:
    return (
        (not query.stages or order.stage in query.stages)
        and (not query.phone or order.read.phone == query.phone)
        and (query.since is None or order.received_at >= query.since)
        and (query.until is None or order.received_at < query.until)
        and (query.after is None or (order.received_at, order.order) < query.after)
    )


def _line(order: MemoryOrder) -> OrderLine:
    return OrderLine(
        order=order.order,
        number=order.read.order.number.strip(),
        stage=order.stage,
        name=order.read.order.name.strip(),
        phone=order.read.phone,
        total_minor=order.read.total_minor,
        currency=order.read.currency,
        placed_at=order.read.placed_at,
        received_at=order.received_at,
        next_try_at=order.next_try_at,
        tries=order.tries,
        disposition=order.disposition,
        withdrawn_at=order.withdrawn_at,
    )
