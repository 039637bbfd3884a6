"""
The store's memory for tests: what the in-memory ports of the shops' data share.

The rules are those of the real store (`engine`); only the keeping is simpler.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count

from callengine.core.cards import (
    ContactCard,
    CustomerCard,
    DeliveryCard,
    ItemCard,
    OrderCard,
)
from callengine.core.compliance.presets import HOUSE, PRESETS
from callengine.core.compliance.regime import Regime
from callengine.core.compliance.verdict import PastAttempt
from callengine.core.ids import (
    AttemptId,
    CallId,
    CustomerId,
    Instant,
    MessageId,
    OrderId,
    ShopId,
)
from callengine.core.records import AttemptRecord, CallRecord, DecisionRecord
from callengine.core.requirements import DEFAULT_LEVELS
from callengine.core.roster import AgentProfile, Roster, Shop
from callengine.engine.attempt_news import PREFIX
from callengine.engine.deliveries import OutboxMessage
from callengine.engine.dispositions import Message, OrderFacts, ShopTerms
from callengine.engine.do_not_call import DoNotCallEntry
from callengine.engine.identification import Talk
from callengine.engine.orders import ReadOrder
from callengine.engine.ports import RoutingText, SavedDisposition
from callengine.testing.outbox import MemoryOutbox

GOAL_S = 900.0
SECRET = "whsec_" + "A" * 44


@dataclass(slots=True)
class MemoryOrder:
    """An order as it stands."""

    order: OrderId
    shop: ShopId
    customer: CustomerId
    read: ReadOrder
    received_at: Instant
    stage: str
    dial_by_at: Instant
    next_try_at: Instant | None
    tries: int = 0
    attempt: AttemptId | None = None
    disposition: str = ""
    note: str = ""
    delivery: DeliveryCard | None = None
    held_rule: str = ""
    held_reason: str = ""
    withdrawn_at: Instant | None = None

    @property
    def deadline_at(self) -> Instant:
        """The promise to the shop."""
        return self.received_at + GOAL_S

    def card(self) -> OrderCard:
        """Show it."""
        return OrderCard(
            order=self.order,
            number=self.read.order.number.strip(),
            stage=self.stage,
            placed_at=instant_text(self.read.placed_at),
            total_minor=self.read.total_minor,
            currency=self.read.currency,
            items=tuple(
                ItemCard(
                    sku=item.sku,
                    name=item.name or item.sku,
                    category=item.category.strip().lower(),
                    quantity=item.quantity,
                    price_minor=item.price_minor,
                )
                for item in self.read.order.items
            ),
            delivery=self.delivery,
            comment=self.read.comment,
        )

    def facts(self) -> OrderFacts:
        """Show it to the rules."""
        return OrderFacts(
            order=self.card(),
            phone=self.read.phone,
            name=self.read.order.name.strip(),
            comment=self.read.comment,
            tries=self.tries,
            withdrawn=self.withdrawn_at is not None,
        )


@dataclass(slots=True)
class MemoryCustomer:
    """A person of a shop's base."""

    shop: ShopId
    card: CustomerCard
    external_id: str = ""
    zone: str = ""


@dataclass(slots=True)
class MemoryBooks:
    """
    Everything the in-memory store keeps.

    Attributes:
        outbox: gets the messages; all receivers count as named.
    """

    shops: dict[ShopId, Shop] = field(default_factory=dict)
    terms: dict[ShopId, ShopTerms] = field(default_factory=dict)
    agents: list[AgentProfile] = field(default_factory=list)
    regimes: dict[str, Regime] = field(default_factory=lambda: dict(PRESETS))
    do_not_call: dict[tuple[ShopId, str], DoNotCallEntry] = field(default_factory=dict)
    version: int = 1
    changes_at: Instant | None = None
    routing: RoutingText = field(default_factory=RoutingText)
    customers: dict[CustomerId, MemoryCustomer] = field(default_factory=dict)
    orders: dict[OrderId, MemoryOrder] = field(default_factory=dict)
    calls: dict[CallId, CallRecord] = field(default_factory=dict)
    decisions: list[DecisionRecord] = field(default_factory=list)
    attempts: dict[AttemptId, AttemptRecord] = field(default_factory=dict)
    started: dict[AttemptId, tuple[OrderId, Instant]] = field(default_factory=dict)
    """Attempts under way: their order and when they began."""
    dispositions: dict[CallId, SavedDisposition] = field(default_factory=dict)
    outbox: MemoryOutbox = field(default_factory=MemoryOutbox)
    attempts_wanted: set[tuple[ShopId, str]] = field(default_factory=set)
    """Shops and receivers that are told of attempts too."""
    _told: dict[tuple[OrderId, str], list[tuple[str, str]]] = field(
        default_factory=dict
    )
    """Type and content of what a receiver was told of an order, oldest first."""
    _ids: Callable[[], int] = field(default_factory=lambda: count(1).__next__)

    @classmethod
    def of(
        cls,
        shops: Iterable[Shop],
        agents: Iterable[AgentProfile] = (),
        *,
        regimes: Mapping[str, Regime] = PRESETS,
        delivery_required: bool = False,
        callback_s: float = 3600.0,
    ) -> "MemoryBooks":
        """Keep these shops and agents."""
        kept = {shop.shop: shop for shop in shops}
        terms = {
            shop: ShopTerms(
                shop=shop,
                zone=kept[shop].zone,
                callback_s=callback_s,
                delivery_required=delivery_required,
                regime={**PRESETS, **regimes}.get(kept[shop].regime, HOUSE),
            )
            for shop in kept
        }
        return cls(
            shops=kept,
            terms=terms,
            agents=list(agents),
            regimes={**PRESETS, **regimes},
        )

    def new_id(self, kind: str) -> str:
        """Mint an identity: `order-7`."""
        return f"{kind}-{self._ids()}"

    def roster(self) -> Roster:
        """Shops and agents as the engine reads them."""
        return Roster(
            shops=tuple(self.shops[shop] for shop in sorted(self.shops)),
            agents=tuple(sorted(self.agents, key=lambda agent: agent.agent)),
            version=self.version,
            changes_at=self.changes_at,
            regimes=self.regimes,
        )

    def spoken(self, shop: ShopId) -> frozenset[str]:
        """Languages that the shop's agents speak well enough."""
        return frozenset(
            skill.removeprefix("lang.")
            for agent in self.agents
            if shop in agent.shops
            for skill, level in agent.skills.items()
            if skill.startswith("lang.") and level >= DEFAULT_LEVELS.language
        )

    def customers_at(self, shop: ShopId, number: str) -> list[MemoryCustomer]:
        """Everybody of a shop with this number."""
        return [
            known
            for known in self.customers.values()
            if known.shop == shop and number in known.card.phones
        ]

    def orders_of(self, customer: CustomerId) -> tuple[OrderCard, ...]:
        """A customer's orders, newest first."""
        mine = [o for o in self.orders.values() if o.customer == customer]
        mine.sort(key=lambda order: order.read.placed_at, reverse=True)
        return tuple(order.card() for order in mine)

    def contacts_of(self, customer: CustomerId) -> tuple[ContactCard, ...]:
        """A customer's conversations, newest first."""
        mine = [c for c in self.calls.values() if c.customer == customer]
        mine.sort(key=lambda call: call.ended_at, reverse=True)
        names = {agent.agent: agent.name for agent in self.agents}
        return tuple(
            ContactCard(
                at=instant_text(call.ended_at),
                direction=call.direction,
                agent=names.get(call.agent, call.agent) if call.agent else "",
                disposition=said.disposition.value if said else call.ending,
                note=said.note if said else "",
            )
            for call in mine
            for said in (self.dispositions.get(call.call),)
        )

    def past_of(
        self, shop: ShopId, number: str, since: Instant
    ) -> tuple[PastAttempt, ...]:
        """Attempts on a number since then, oldest first."""
        mine = [
            PastAttempt(at=record.started_at, outcome=record.outcome)
            for record in self.attempts.values()
            if record.shop == shop
            and record.number == number
            and record.started_at >= since
        ]
        return tuple(sorted(mine, key=lambda attempt: attempt.at))

    def talks_with(self, customer: CustomerId) -> tuple[Talk, ...]:
        """A customer's conversations, the latest first."""
        mine = [c for c in self.calls.values() if c.customer == customer]
        mine.sort(key=lambda call: call.ended_at, reverse=True)
        said = self.dispositions
        return tuple(
            Talk(c.agent, (said[c.call].order if c.call in said else None) or c.order)
            for c in mine
            if c.agent
        )

    def add_phone(self, customer: CustomerId, number: str) -> None:
        """Keep a number as a customer's."""
        known = self.customers[customer]
        phones = tuple(sorted({*known.card.phones, number}))
        known.card = replace(known.card, phones=phones)

    def tell(self, order: MemoryOrder, message: Message, at: Instant) -> None:
        """Put a message into the outbox unless its receiver was told the same last."""
        wanted = (order.shop, message.receiver) in self.attempts_wanted
        if message.on_request and not wanted:
            return
        told = self._told.setdefault((order.order, message.receiver), [])
        if message.type.startswith(PREFIX):
            known = [content for _, content in told]
        else:
            known = [c for type_, c in told if not type_.startswith(PREFIX)][-1:]
        if message.content_hash in known:
            return
        told.append((message.type, message.content_hash))
        body = {**message.body, "sequence": len(told)}
        self.outbox.commit(
            OutboxMessage(
                message=MessageId(self.new_id("message")),
                shop=order.shop,
                receiver=message.receiver,
                type=message.type,
                url=f"https://{message.receiver}.example/",
                secret=SECRET,
                body=json.dumps(body, ensure_ascii=False).encode(),
                tries=0,
                created_at=at,
            ),
            order.order,
            order.read.order.number.strip(),
        )


def instant_text(at: Instant) -> str:
    """Write an instant in ISO 8601, UTC, to the second."""
    return f"{datetime.fromtimestamp(int(at), UTC):%Y-%m-%dT%H:%M:%SZ}"
