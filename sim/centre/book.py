"""
The order book, as the store keeps it: orders come in, are due, claimed, tried again.

Leads are offered as the engine's feeder does: when orders come or agents change, and
every second; never more than the pool wants.
"""

from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from callengine.core import effects as do
from callengine.core import facts as saw
from callengine.core import pacing
from callengine.core.cards import Card
from callengine.core.compliance.verdict import PastAttempt
from callengine.core.ids import AttemptId, OrderId, ShopId
from callengine.core.records import AttemptRecord
from callengine.core.recycling.urgency import OrderClock, Rank, UrgencyRules, rank
from callengine.core.requirements import requirement_of_call
from callengine.core.skills import Requirement
from sim.centre.model import Orders
from sim.centre.people import person, picked
from sim.centre.values import minute_of

if TYPE_CHECKING:
    from sim.centre.world import CentreWorld

AT_ONCE = 50
LOOK_EVERY_S = 1.0
_NUMBER = "+38067{:07}"
_URGENCY = UrgencyRules()


@dataclass(slots=True, eq=False)
class Order:
    """One order and its life; instants in Unix time."""

    number: int
    name: str
    shop: str
    clock: OrderClock
    requirement: Requirement
    card: Card
    consent: bool
    measured: bool
    """It came in on the day that counts."""
    tries: int = 0
    past: list[PastAttempt] = field(default_factory=list)
    due_at: float = 0.0
    settled_at: float | None = None
    """An agent talked to the customer and saved what came of it."""

    @property
    def phone(self) -> str:
        """The customer's number, theirs alone."""
        return _NUMBER.format(self.number)


class Book:
    """
    Orders of all shops.

    Args:
        world: whose pool is fed.
    """

    def __init__(self, world: "CentreWorld") -> None:
        self._world = world
        self._kernel = world.kernel
        self._ready: list[tuple[Rank, int, Order]] = []
        self._claimed: dict[AttemptId, Order] = {}
        self._attempts = 0
        self._of_shop: dict[str, int] = {}
        self._feeding = False
        self._looking = False
        self.closed = False
        self.orders: list[Order] = []
        self.put_off: dict[str, int] = {}

    def plan_day(self) -> None:
        """Schedule the orders of a day."""
        world = self._world
        for slug, shop in world.centre.shops.items():
            if shop.orders is None:
                continue
            chance = world.stream(f"orders/{slug}")
            for at in world.day.arrivals(shop.orders, chance):
                world.plan(at, self._placed, slug, shop.orders)
            opens_at = world.day.begins_at
            for _ in range(shop.orders.backlog):
                world.plan(opens_at, self._placed, slug, shop.orders)

    def poke(self) -> None:
        """Look soon whether the pool wants leads; without agents it does not."""
        if self._ready and self._world.pool.working and not self._feeding:
            self._feeding = True
            self._kernel.after(self._world.centre.delays.feed_s, self._feed)

    def agent_changed(self) -> None:
        """An agent came, went or became free: look, and go on looking."""
        self._look_on()

    def attempt_ended(self, record: AttemptRecord) -> None:
        """Keep what came of an attempt, and try again when the record says so."""
        order = self._claimed.pop(record.attempt)
        order.tries = record.tries
        order.past.append(PastAttempt(at=record.started_at, outcome=record.outcome))
        if record.next_try_at is not None:
            self._due_again(order, record.next_try_at)

    def lead_put_off(self, effect: do.PutLeadOff) -> None:
        """Keep an order back until it may be dialled, if ever."""
        order = self._claimed.pop(effect.attempt)
        self.put_off[effect.rule] = self.put_off.get(effect.rule, 0) + 1
        if effect.at is not None:
            self._due_again(order, effect.at)

    def order_of(self, attempt: AttemptId) -> Order:
        """Find the order that an attempt is for."""
        return self._claimed[attempt]

    def settled(self, order: Order) -> None:
        """The customer was talked to and it is on record: logistics has it."""
        order.settled_at = self._world.now

    def _placed(self, slug: str, orders: Orders) -> None:
        world, number = self._world, len(self.orders)
        place = self._of_shop[slug] = self._of_shop.get(slug, 0) + 1
        name = f"order/{slug}/{place}"
        chance = person(self._kernel.seed, name)
        part = world.centre.shops[slug]
        language = picked(chance, orders.languages) or part.language
        product = picked(chance, orders.products)
        cut_off_at = None
        if orders.cut_off is not None:
            cut_off_at = world.day.at(minute_of(orders.cut_off))
            if cut_off_at <= world.now:
                cut_off_at = None
        order = Order(
            number=number,
            name=name,
            shop=slug,
            clock=OrderClock(
                placed_at=world.now, cut_off_at=cut_off_at, value=orders.value
            ),
            requirement=requirement_of_call(
                slug, language, bought={product: 1} if product else None
            ),
            card=world.card_of(slug, "outbound", _NUMBER.format(number)),
            consent=chance.random() < orders.consent,
            measured=world.measuring,
            due_at=world.now,
        )
        self.orders.append(order)
        self._due(order)

    def _due_again(self, order: Order, at: float) -> None:
        at = max(at - self._world.ahead_s, self._world.now)
        self._kernel.at(at, self._due, order)

    def _due(self, order: Order) -> None:
        order.due_at = self._world.now
        place = rank(order.clock, self._world.now, _URGENCY)
        heappush(self._ready, (place, order.number, order))
        self._look_on()

    def _look(self) -> None:
        self._looking = False
        self._look_on()

    def _look_on(self) -> None:
        """Look every second while that may come to something."""
        self.poke()
        if self._feeding and not self._looking:
            self._looking = True
            self._kernel.after(LOOK_EVERY_S, self._look)

    def _feed(self) -> None:
        self._feeding = False
        if self.closed:
            self._ready.clear()
            return
        wanted = min(AT_ONCE, pacing.leads_wanted(self._world.pool))
        leads: list[saw.Lead] = []
        while self._ready and len(leads) < wanted:
            place, _, order = heappop(self._ready)
            if place.holds_until < self._world.now:
                place = rank(order.clock, self._world.now, _URGENCY)
                heappush(self._ready, (place, order.number, order))
                continue
            leads.append(self._claim(order))
        if leads:
            self._world.see(saw.LeadsOffered(at=self._world.now, leads=tuple(leads)))

    def _claim(self, order: Order) -> saw.Lead:
        self._attempts += 1
        attempt = AttemptId(f"a{self._attempts}")
        self._claimed[attempt] = order
        shop = self._world.pool.shops[ShopId(order.shop)]
        return saw.Lead(
            attempt=attempt,
            order=OrderId(f"o{order.number}"),
            shop=shop.shop,
            customer=None,
            number=order.phone,
            requirement=order.requirement,
            card=order.card,
            tries=order.tries,
            due_at=order.due_at,
            caller_id=shop.caller_id,
            zone=shop.zone,
            placed_at=order.clock.placed_at,
            value=order.clock.value,
            cut_off_at=order.clock.cut_off_at,
            past=tuple(order.past),
            consent=order.consent,
        )
