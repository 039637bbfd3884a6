"""Orders as shops send them and see them."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field, StringConstraints

from callengine.api.texts import Address, Code, Line, Name, Note, Strict, Word
from callengine.api.values import (
    Language,
    Method,
    Phones,
    Price,
    PriceMinor,
    Quantity,
    Zone,
)
from callengine.engine.orders import MAX_ITEMS
from callengine.engine.ports import NewItem, NewOrder, OrderView

Currency = Annotated[str, StringConstraints(pattern="^([A-Z]{3})?$")]
Phone = Annotated[Word, Field(min_length=3)]


def _since_2000(at: datetime) -> datetime:
    if not 2000 <= at.year <= 2200:
        raise ValueError("The year is out of range.")
    return at


PlacedAt = Annotated[AwareDatetime, AfterValidator(_since_2000)]


class ItemIn(Strict):
    """
    One line of an order.

    Its price is `price_minor`, a whole number of minor units (kopecks, cents), or
    `price`, in whole units as a text or a number: 129950 or "1299.50".
    """

    sku: Code = ""
    name: Line = ""
    category: Word = ""
    quantity: Quantity = 1
    price_minor: PriceMinor = 0
    price: Price = ""


class CustomerIn(Strict):
    """Who ordered; `phone` as the customer wrote it: one number or several."""

    phone: Phones
    name: Line = ""
    language: Language = ""
    region: Word = ""
    external_id: Code = ""
    zone: Zone = ""
    """IANA name such as Europe/Moscow: the clock that the customer lives by."""


class DeliveryIn(Strict):
    """What the customer asked for."""

    method: Method = ""
    address: Address = ""
    cut_off_at: PlacedAt | None = None
    """When the courier for this order leaves."""


class OrderIn(Strict):
    """One order; what is empty comes from the shop's own settings."""

    number: Name
    customer: CustomerIn
    items: list[ItemIn] = Field(min_length=1, max_length=MAX_ITEMS)
    placed_at: PlacedAt | None = None
    currency: Currency = ""
    delivery: DeliveryIn = DeliveryIn()
    comment: Note = ""
    consent: bool = Field(default=False, strict=True)
    """The customer's consent to be called is on the shop's record."""

    def to_new_order(self) -> NewOrder:
        """Hand it to the store."""
        return NewOrder(
            number=self.number,
            phone=self.customer.phone,
            items=tuple(NewItem(**item.model_dump()) for item in self.items),
            name=self.customer.name,
            language=self.customer.language,
            region=self.customer.region,
            external_id=self.customer.external_id,
            currency=self.currency,
            placed_at=_instant(self.placed_at),
            method=self.delivery.method,
            address=self.delivery.address,
            comment=self.comment,
            zone=self.customer.zone,
            consent=self.consent,
            cut_off_at=_instant(self.delivery.cut_off_at),
        )


class ItemOut(BaseModel):
    """One line of an order."""

    sku: str
    name: str
    category: str
    quantity: int
    price_minor: int


class DeliveryOut(BaseModel):
    """What was agreed about the delivery."""

    method: str
    address: str
    date: str
    time_from: str
    time_to: str
    status: str


class AttemptOut(BaseModel):
    """One attempt to reach the customer; `outcome` is empty while it runs."""

    number: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str
    next_try_at: datetime | None


class HeldOut(BaseModel):
    """What forbade dialling when the order was last due."""

    rule: str
    reason: str


class OrderOut(BaseModel):
    """An order as it stands."""

    order: str
    number: str
    stage: str
    placed_at: str
    received_at: datetime
    deadline_at: datetime | None
    phone: str
    total_minor: int
    currency: str
    items: list[ItemOut]
    delivery: DeliveryOut | None
    tries: int
    next_try_at: datetime | None
    disposition: str
    note: str
    attempts: list[AttemptOut]
    consent: bool
    cut_off_at: datetime | None
    held: HeldOut | None
    comment: str
    withdrawn_at: datetime | None
    """When the shop took it back; in a call it is cancelled when that ends."""


def order_out(view: OrderView) -> dict[str, Any]:
    """Lay an order out as `OrderOut`, times in ISO 8601 UTC."""
    card = view.order
    return {
        "order": card.order,
        "number": card.number,
        "stage": card.stage,
        "placed_at": card.placed_at,
        "received_at": utc(view.received_at),
        "deadline_at": utc(view.deadline_at),
        "phone": view.phone,
        "total_minor": card.total_minor,
        "currency": card.currency,
        "items": card.items,
        "delivery": card.delivery,
        "tries": view.tries,
        "next_try_at": utc(view.next_try_at),
        "disposition": view.disposition,
        "note": view.note,
        "attempts": [
            {
                "number": a.number,
                "started_at": utc(a.started_at),
                "ended_at": utc(a.ended_at),
                "outcome": a.outcome,
                "next_try_at": utc(a.next_try_at),
            }
            for a in view.attempts
        ],
        "consent": view.consent,
        "cut_off_at": utc(view.cut_off_at),
        "held": {"rule": view.held_rule, "reason": view.held_reason}
        if view.held_rule
        else None,
        "comment": card.comment,
        "withdrawn_at": utc(view.withdrawn_at),
    }


def _instant(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()


def utc(at: float | None) -> datetime | None:
    """Turn an instant into an aware datetime."""
    return None if at is None else datetime.fromtimestamp(at, UTC)
