"""
The customer's card as the agent sees it: plain values, no identity of ours inside.

Money is integer minor units with a currency; times are ISO 8601 in UTC.
"""

from dataclasses import dataclass

from callengine.core.ids import CustomerId, OrderId, ShopId


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerCard:
    """A person known to the customer base."""

    customer: CustomerId
    name: str
    language: str
    """BCP 47 primary tag: ru, uk, en."""
    segment: str
    region: str
    phones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemCard:
    """One line of an order."""

    sku: str
    name: str
    category: str
    quantity: int
    price_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryCard:
    """What was agreed about a delivery."""

    method: str
    """courier, pickup or post."""
    address: str
    date: str
    """ISO date in the customer's zone."""
    time_from: str = ""
    time_to: str = ""
    status: str = "agreed"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCard:
    """An order with its lines and delivery."""

    order: OrderId
    number: str
    """The shop's own number for it."""
    stage: str
    placed_at: str
    total_minor: int
    currency: str
    items: tuple[ItemCard, ...] = ()
    delivery: DeliveryCard | None = None
    comment: str = ""
    """What the shop passed on: the customer's wishes, further numbers, extensions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactCard:
    """One earlier conversation."""

    at: str
    direction: str
    agent: str
    disposition: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """
    Everything shown when a call is offered.

    Attributes:
        identification: pending, found, several, unknown, withheld or late.
        customers: one when found; all candidates when several (never guessed).
        order: the order an outbound call is about.
    """

    shop: ShopId
    shop_name: str
    direction: str
    number: str | None
    dialled_number: str
    identification: str = "pending"
    customers: tuple[CustomerCard, ...] = ()
    orders: tuple[OrderCard, ...] = ()
    contacts: tuple[ContactCard, ...] = ()
    order: OrderId | None = None
    greeting: str = ""
