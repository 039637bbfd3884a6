"""The `Crm` and `OrderIntake` ports in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from callengine.core.cards import Card, CustomerCard
from callengine.core.ids import AttemptId, CustomerId, Instant, OrderId, ShopId
from callengine.core.numbers import MAX_TEXT, CallerKind, read_caller
from callengine.core.roster import Shop
from callengine.engine.identification import identified
from callengine.engine.orders import ReadOrder, Stage, read_order
from callengine.engine.ports import (
    AttemptView,
    Identification,
    NewOrder,
    OrderRefused,
    OrderView,
    Taken,
    TakenAs,
    UnknownShop,
)
from callengine.testing.books import GOAL_S, MemoryBooks, MemoryCustomer, MemoryOrder


@dataclass(slots=True)
class MemoryCrm:
    """Finds callers in the books."""

    books: MemoryBooks

    async def identify(
        self, shop: Shop, dialled_number: str, caller_number: str | None
    ) -> Identification:
        """Find the caller by number; see `Crm`."""
        books = self.books
        caller = read_caller(caller_number, shop.region)
        withheld = caller.kind is CallerKind.WITHHELD
        shown = caller.e164 or (caller_number or "")[:MAX_TEXT]
        found = books.customers_at(shop.shop, caller.e164) if caller.e164 else []
        one = found[0].card.customer if len(found) == 1 else None
        card = Card(
            shop=shop.shop,
            shop_name=shop.name,
            direction="inbound",
            number=None if withheld else shown,
            dialled_number=dialled_number,
            customers=tuple(known.card for known in found),
            orders=books.orders_of(one) if one else (),
            contacts=books.contacts_of(one) if one else (),
            greeting=shop.greeting,
        )
        return identified(
            card,
            shop,
            withheld=withheld,
            spoken=books.spoken(shop.shop),
            talks=books.talks_with(one) if one else (),
        )


@dataclass(slots=True)
class MemoryIntake:
    """Takes orders into the books."""

    books: MemoryBooks

    async def take(self, shop: ShopId, order: NewOrder, at: Instant) -> Taken:
        """Keep an order, once per shop and number; see `OrderIntake`."""
        configured = self.books.shops.get(shop)
        if configured is None:
            raise UnknownShop(f"there is no shop {shop!r}")
        read = read_order(order, configured, at)
        there = self.by_number(shop, order.number.strip())
        if there is not None:
            same = there.read.content_hash == read.content_hash
            verdict = TakenAs.SAME if same else TakenAs.CONFLICT
            return Taken(taken_as=verdict, order=self.view(there))
        kept = MemoryOrder(
            order=OrderId(self.books.new_id("order")),
            shop=shop,
            customer=self.customer(shop, read),
            read=read,
            received_at=at,
            stage=Stage.NEW.value,
            dial_by_at=at + GOAL_S,
            next_try_at=at,
        )
        self.books.orders[kept.order] = kept
        return Taken(taken_as=TakenAs.CREATED, order=self.view(kept))

    async def take_many(
        self, shop: ShopId, orders: Sequence[NewOrder], at: Instant
    ) -> list[TakenAs | OrderRefused]:
        """Keep orders; one verdict for each, in their order."""
        verdicts: list[TakenAs | OrderRefused] = []
        for order in orders:
            try:
                verdicts.append((await self.take(shop, order, at)).taken_as)
            except OrderRefused as refused:
                verdicts.append(refused)
        return verdicts

    async def find(self, shop: ShopId, number: str) -> OrderView | None:
        """Show an order by the shop's own number."""
        there = self.by_number(shop, number)
        return None if there is None else self.view(there)

    def by_number(self, shop: ShopId, number: str) -> MemoryOrder | None:
        """Find an order as the books keep it."""
        for order in self.books.orders.values():
            if order.shop == shop and order.read.order.number.strip() == number:
                return order
        return None

    def customer(self, shop: ShopId, read: ReadOrder) -> CustomerId:
        """Match by the shop's id, else by phone, else make them known."""
        order = read.order
        known = self._match(shop, read)
        if known is None:
            card = CustomerCard(
                customer=CustomerId(self.books.new_id("customer")),
                name=order.name.strip(),
                language=read.language,
                segment="",
                region=read.region,
            )
            known = MemoryCustomer(shop, card, order.external_id, order.zone)
            self.books.customers[card.customer] = known
        else:
            known.external_id = known.external_id or order.external_id
            known.zone = order.zone or known.zone
            known.card = replace(
                known.card,
                name=known.card.name or order.name.strip(),
                region=known.card.region or read.region,
            )
        for number in (read.phone, *read.phones):
            self.books.add_phone(known.card.customer, number)
        return known.card.customer

    def _match(self, shop: ShopId, read: ReadOrder) -> MemoryCustomer | None:
        own = read.order.external_id
        for known in self.books.customers.values():
            if own and known.shop == shop and known.external_id == own:
                return known
        found = self.books.customers_at(shop, read.phone)
        if own:
            found = [known for known in found if not known.external_id]
        if len(found) > 1:
            name = read.order.name.strip().casefold()
            found = [known for known in found if known.card.name.casefold() == name]
        return found[0] if len(found) == 1 else None

    def view(self, order: MemoryOrder) -> OrderView:
        """Show an order as its shop may see it."""
        return OrderView(
            order=order.card(),
            phone=order.read.phone,
            received_at=order.received_at,
            deadline_at=order.deadline_at,
            tries=order.tries,
            next_try_at=order.next_try_at,
            disposition=order.disposition,
            note=order.note,
            consent=order.read.order.consent,
            cut_off_at=order.read.order.cut_off_at,
            held_rule=order.held_rule,
            held_reason=order.held_reason,
            withdrawn_at=order.withdrawn_at,
            attempts=self._attempts(order.order),
        )

    def _attempts(self, order: OrderId) -> tuple[AttemptView, ...]:
        views = [
            AttemptView(
                attempt=record.attempt,
                number=record.number,
                started_at=record.started_at,
                ended_at=record.ended_at,
                outcome=record.outcome.value,
                next_try_at=record.next_try_at,
            )
            for record in self.books.attempts.values()
            if record.order == order
        ]
        views += [
            AttemptView(
                attempt=AttemptId(attempt),
                number=self.books.orders[order].read.phone,
                started_at=started_at,
                ended_at=None,
                outcome="",
                next_try_at=None,
            )
            for attempt, (of, started_at) in self.books.started.items()
            if of == order
        ]
        return tuple(sorted(views, key=lambda view: view.started_at))
