"""
What a shop may still do with an order it has given: replace it, take it back, list it.

The rules are pure functions here, so that every store follows the same; the port is
`OrderChanges`.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Protocol

from callengine.core.ids import Instant, OrderId, ShopId
from callengine.engine.orders import Stage
from callengine.engine.ports import NewOrder, OrderRefused, OrderView, TakenAs
from callengine.engine.telling import (
    Message,
    OrderFacts,
    ShopTerms,
    Told,
    messages_of,
    order_body,
)

WITHDRAWN_NOTE = "withdrawn by the shop"
SETTLED = frozenset((Stage.CONFIRMED, Stage.CHANGED, Stage.CANCELLED, Stage.RECEIVED))
"""Stages of orders whose content is agreed: they are not replaced any more."""


class ReplacedAs(StrEnum):
    """What came of a replacement."""

    CREATED = "created"
    REPLACED = "replaced"
    SAME = "same"
    IN_CALL = "in_call"
    """The customer is being called or talked to: nothing was changed."""
    SETTLED = "settled"
    """The order was agreed, cancelled or withdrawn: nothing was changed."""


class WithdrawnAs(StrEnum):
    """What came of a withdrawal."""

    WITHDRAWN = "withdrawn"
    """It is cancelled, now or before."""
    IN_CALL = "in_call"
    """It will be cancelled when the attempt under way ends."""
    SETTLED = "settled"
    """It was received by the customer: there is nothing to take back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """The answer to a replacement; `order` is the order as it is kept."""

    replaced_as: ReplacedAs
    order: OrderView


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """The answer to a withdrawal; `order` is the order as it is kept."""

    withdrawn_as: WithdrawnAs
    order: OrderView


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderQuery:
    """
    Which orders to list, the latest received first.

    Attributes:
        stages: any when empty.
        phone: E.164; '' for any.
        since, until: of reception; until is excluded.
        after: reception and id of the last order of the page before.
    """

    stages: tuple[str, ...] = ()
    phone: str = ""
    since: Instant | None = None
    until: Instant | None = None
    after: tuple[Instant, OrderId] | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """One order of a list."""

    order: OrderId
    number: str
    stage: str
    name: str
    phone: str
    total_minor: int
    currency: str
    placed_at: Instant
    received_at: Instant
    next_try_at: Instant | None
    tries: int
    disposition: str
    withdrawn_at: Instant | None


class OrderChanges(Protocol):
    """The door for orders that are here already."""

    async def take_many(
        self, shop: ShopId, orders: Sequence[NewOrder], at: Instant
    ) -> list[TakenAs | OrderRefused]:
        """
        Keep orders in one transaction; one verdict for each, in their order.

        Raises `UnknownShop`.
        """

    async def replace(self, shop: ShopId, order: NewOrder, at: Instant) -> Replaced:
        """
        Keep this as the order of its number; the same twice changes nothing more.

        Raises `OrderRefused`, `UnknownShop`.
        """

    async def withdraw(
        self, shop: ShopId, number: str, at: Instant
    ) -> Withdrawn | None:
        """Take an order back; None when there is none of this number."""

    async def listed(self, shop: ShopId, query: OrderQuery) -> tuple[OrderLine, ...]:
        """List orders, the latest received first."""


def may_replace(stage: str, withdrawn_at: Instant | None) -> ReplacedAs:
    """Say whether an order of this stage may have other content."""
    if withdrawn_at is not None or stage in SETTLED:
        return ReplacedAs.SETTLED
    return ReplacedAs.IN_CALL if stage == Stage.DIALLING else ReplacedAs.REPLACED


def dials_anew(stage: str, *, other_phone: bool) -> bool:
    """
    Say whether a replaced order is dialled from the beginning.

    With another number it is; one that waits goes on waiting for its next try; one
    whose customer was not reached on this number stays so.
    """
    return other_phone or stage == Stage.NEW


def withdrawal_messages(
    terms: ShopTerms, facts: OrderFacts, at: Instant
) -> tuple[Message, ...]:
    """Tell shop and logistics that an order was taken back."""
    delivery = facts.order.delivery
    if delivery is not None:
        delivery = replace(delivery, status="cancelled")
    told = Told(
        shop=terms.shop,
        order=order_body(facts, Stage.CANCELLED),
        delivery=None if delivery is None else asdict(delivery),
        disposition="",
        agent="",
        note=WITHDRAWN_NOTE,
    )
    return messages_of(told, Stage.CANCELLED, True, delivery, at)
