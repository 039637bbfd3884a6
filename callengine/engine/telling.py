"""What shops and logistics are told of an order, in words of the outgoing webhooks."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from callengine.core.cards import DeliveryCard, OrderCard
from callengine.core.compliance.presets import HOUSE
from callengine.core.compliance.regime import Regime
from callengine.core.ids import Instant
from callengine.engine.deliveries import RECEIVERS
from callengine.engine.orders import Stage, digest


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFacts:
    """An order as it stands when something happens to it."""

    order: OrderCard
    phone: str
    name: str
    comment: str
    tries: int
    withdrawn: bool = False
    """The shop took the order back while its customer was called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopTerms:
    """What of a shop's settings a disposition is checked against."""

    shop: str
    zone: str
    callback_s: float
    delivery_required: bool
    regime: Regime = HOUSE


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """
    One message to one receiver; equal hashes tell the same.

    Attributes:
        on_request: only for receivers that asked to be told of attempts.
    """

    receiver: str
    type: str
    body: dict[str, Any]
    content_hash: str
    on_request: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The `data` of a message."""

    shop: str
    order: dict[str, Any]
    delivery: dict[str, Any] | None
    disposition: str
    agent: str
    note: str


def unreachable_message(
    terms: ShopTerms, facts: OrderFacts, at: Instant, why: str
) -> Message:
    """Tell the shop that dialling has ended without a conversation, and why."""
    told = Told(
        shop=terms.shop,
        order=order_body(facts, Stage.UNREACHABLE),
        delivery=None,
        disposition="",
        agent="",
        note=why,
    )
    return _to_shop(told, Stage.UNREACHABLE, at)


def callback_messages(
    terms: ShopTerms, facts: OrderFacts, told_by: str, at: Instant, again_at: Instant
) -> tuple[Message, ...]:
    """Tell those who ask for attempts that a call-back was agreed, and for when."""
    data = {
        "shop": terms.shop,
        "order": order_body(facts, Stage.CALLBACK),
        "agent": told_by,
        "next_try_at": stamp(again_at),
    }
    kind = f"order.{Stage.CALLBACK.value}"
    return tuple(
        Message(
            receiver=receiver,
            type=kind,
            body=body_of(kind, data, at),
            content_hash=digest({"type": kind, "data": data}),
            on_request=True,
        )
        for receiver in RECEIVERS
    )


def is_agreed(delivery: DeliveryCard | None) -> bool:
    """Say whether a delivery stands."""
    return delivery is not None and delivery.status == "agreed"


def order_body(facts: OrderFacts, stage: Stage) -> dict[str, Any]:
    """Write an order as receivers see it."""
    order = facts.order
    return {
        "id": order.order,
        "number": order.number,
        "stage": stage.value,
        "placed_at": order.placed_at,
        "total_minor": order.total_minor,
        "currency": order.currency,
        "items": [asdict(item) for item in order.items],
        "customer": {"name": facts.name, "phone": facts.phone},
        "comment": facts.comment,
    }


def messages_of(
    told: Told,
    stage: Stage,
    decided: bool,
    delivery: DeliveryCard | None,
    at: Instant,
) -> tuple[Message, ...]:
    """Write the messages that a stage calls for; none when nothing was decided."""
    messages: list[Message] = []
    final = (Stage.CONFIRMED, Stage.CHANGED, Stage.CANCELLED, Stage.UNREACHABLE)
    if decided and stage in final:
        messages.append(_to_shop(told, stage, at))
    if is_agreed(delivery) and stage in (Stage.CONFIRMED, Stage.CHANGED):
        messages.append(_to_logistics(told, "delivery.agreed", at))
    elif delivery is not None and decided and stage is Stage.CANCELLED:
        messages.append(_to_logistics(told, "delivery.cancelled", at))
    return tuple(messages)


def _to_shop(told: Told, stage: Stage, at: Instant) -> Message:
    kind = f"order.{stage.value}"
    data = asdict(told)
    return Message(
        receiver="shop",
        type=kind,
        body=body_of(kind, data, at),
        content_hash=digest({"type": kind, "data": data}),
    )


def _to_logistics(told: Told, kind: str, at: Instant) -> Message:
    data = asdict(told)
    # Who wrote which note is nothing to logistics: it makes no new message.
    said = {name: told.order[name] for name in ("number", "items", "customer")}
    return Message(
        receiver="logistics",
        type=kind,
        body=body_of(kind, data, at),
        content_hash=digest({"type": kind, "said": said, "delivery": told.delivery}),
    )


def body_of(kind: str, data: dict[str, Any], at: Instant) -> dict[str, Any]:
    """Write the body of a message; its sequence is put in with the message."""
    return {"type": kind, "timestamp": stamp(at), "data": data}


def stamp(at: Instant) -> str:
    """Write an instant in ISO 8601, UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
