"""
What a saved disposition does to an order: checks, next stage, who is told what.

Pure functions of values, so that every store refuses and tells the same.
"""

from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from callengine.core.cards import DeliveryCard, OrderCard
from callengine.core.facts import Disposition
from callengine.core.ids import Instant
from callengine.engine.orders import (
    MACHINE_RETRY_S,
    Stage,
    digest,
    stage_after_disposition,
)
from callengine.engine.ports import (
    DeliveryAgreement,
    DispositionRefused,
    SavedDisposition,
)

METHODS = ("courier", "pickup", "post")
MAX_NOTE = 2000
MAX_ADDRESS = 500
MAX_DAYS_AHEAD = 365
WITH_DELIVERY = (Disposition.CONFIRMED, Disposition.CHANGED)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFacts:
    """An order as it stands when something happens to it."""

    order: OrderCard
    phone: str
    name: str
    comment: str
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopTerms:
    """What of a shop's settings a disposition is checked against."""

    shop: str
    zone: str
    callback_s: float
    delivery_required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message to one receiver; equal hashes tell the same."""

    receiver: str
    type: str
    body: dict[str, Any]
    content_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """
    What becomes of an order.

    Attributes:
        moves: the stage, the next try and the owner of the order change.
        next_try_at: when it is to be dialled again, None for never.
        delivery: as it is now agreed; None when nothing is.
    """

    stage: Stage
    moves: bool
    next_try_at: Instant | None
    delivery: DeliveryCard | None
    messages: tuple[Message, ...]


def check_disposition(
    saved: SavedDisposition, terms: ShopTerms, facts: OrderFacts | None
) -> None:
    """
    Refuse what cannot be saved.

    Raises:
        DispositionRefused: the text tells the agent what to do.
    """
    if len(saved.note) > MAX_NOTE:
        raise DispositionRefused(f"Shorten the note to {MAX_NOTE} characters.")
    if saved.order is not None and facts is None:
        raise DispositionRefused(
            "This shop has no such order; choose the order from the card again."
        )
    needs_order = saved.disposition in (*WITH_DELIVERY, Disposition.CANCELLED)
    if needs_order and saved.order is None:
        raise DispositionRefused(
            f"Choose the order that was {saved.disposition.value}, or save the call as"
            " informed."
        )
    if saved.delivery is not None:
        if saved.disposition not in WITH_DELIVERY:
            raise DispositionRefused(
                "A delivery is agreed only with confirmed or changed; remove the"
                " delivery or change the disposition."
            )
        check_delivery(saved.delivery, terms.zone, saved.at)
    elif (
        terms.delivery_required
        and saved.disposition in WITH_DELIVERY
        and not (facts is not None and _is_agreed(facts.order.delivery))
    ):
        raise DispositionRefused(
            "Agree the delivery first: method, address and date are needed."
        )


def check_delivery(agreement: DeliveryAgreement, zone: str, at: Instant) -> None:
    """Refuse a delivery that cannot be made. Raises `DispositionRefused`."""
    if agreement.method not in METHODS:
        raise DispositionRefused(
            f"Choose the delivery method: {', '.join(METHODS[:-1])} or {METHODS[-1]}."
        )
    if not agreement.address.strip():
        raise DispositionRefused("Fill in the delivery address.")
    if len(agreement.address) > MAX_ADDRESS:
        raise DispositionRefused(f"Shorten the address to {MAX_ADDRESS} characters.")
    try:
        day = date.fromisoformat(agreement.date)
    except ValueError:
        raise DispositionRefused("Choose the delivery date.") from None
    today = datetime.fromtimestamp(at, ZoneInfo(zone)).date()
    if day < today:
        raise DispositionRefused(
            f"The delivery date {day} has passed; choose {today} or later."
        )
    if day > today + timedelta(days=MAX_DAYS_AHEAD):
        raise DispositionRefused("Choose a delivery date within a year.")
    _check_hours(agreement)


def _check_hours(agreement: DeliveryAgreement) -> None:
    if not agreement.time_from and not agreement.time_to:
        return
    try:
        begins = _hour(agreement.time_from)
        ends = _hour(agreement.time_to)
    except ValueError:
        raise DispositionRefused(
            "Give the delivery time as two times such as 10:00 and 14:00, or neither."
        ) from None
    if begins >= ends:
        raise DispositionRefused("The delivery must end later than it begins.")


def _hour(text: str) -> time:
    if len(text) != len("10:00"):
        raise ValueError(text)
    return time.fromisoformat(text)


def settle(saved: SavedDisposition, terms: ShopTerms, facts: OrderFacts) -> Settlement:
    """Say what a disposition that was checked does to its order."""
    before = facts.order
    stage = stage_after_disposition(before.stage, saved.disposition, facts.tries)
    next_try_at: Instant | None = None
    if stage is Stage.CALLBACK:
        next_try_at = saved.at + terms.callback_s
    elif stage is Stage.RETRY:
        next_try_at = saved.at + MACHINE_RETRY_S
    delivery = _delivery_after(before.delivery, saved.delivery, stage)
    told = _Told(
        shop=terms.shop,
        order=_order_body(facts, stage),
        delivery=None if delivery is None else asdict(delivery),
        disposition=saved.disposition.value,
        agent=saved.agent,
        note=saved.note,
    )
    decided = saved.disposition in (
        Disposition.CONFIRMED,
        Disposition.CHANGED,
        Disposition.CANCELLED,
        Disposition.CALLBACK,
        Disposition.WRONG_NUMBER,
        Disposition.MACHINE,
    )
    return Settlement(
        stage=stage,
        moves=decided or stage != before.stage,
        next_try_at=next_try_at,
        delivery=delivery,
        messages=_messages(told, stage, decided, delivery, saved.at),
    )


def unreachable_message(terms: ShopTerms, facts: OrderFacts, at: Instant) -> Message:
    """Tell the shop that dialling has ended without a conversation."""
    told = _Told(
        shop=terms.shop,
        order=_order_body(facts, Stage.UNREACHABLE),
        delivery=None,
        disposition="",
        agent="",
        note="",
    )
    return _to_shop(told, Stage.UNREACHABLE, at)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """The `data` of a message."""

    shop: str
    order: dict[str, Any]
    delivery: dict[str, Any] | None
    disposition: str
    agent: str
    note: str


def _delivery_after(
    before: DeliveryCard | None, agreed: DeliveryAgreement | None, stage: Stage
) -> DeliveryCard | None:
    if agreed is not None:
        return DeliveryCard(
            method=agreed.method,
            address=agreed.address.strip(),
            date=agreed.date,
            time_from=agreed.time_from,
            time_to=agreed.time_to,
        )
    if before is None or stage is not Stage.CANCELLED:
        return before
    return DeliveryCard(
        method=before.method,
        address=before.address,
        date=before.date,
        time_from=before.time_from,
        time_to=before.time_to,
        status="cancelled",
    )


def _is_agreed(delivery: DeliveryCard | None) -> bool:
    return delivery is not None and delivery.status == "agreed"


def _order_body(facts: OrderFacts, stage: Stage) -> dict[str, Any]:
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


def _messages(
    told: _Told,
    stage: Stage,
    decided: bool,
    delivery: DeliveryCard | None,
    at: Instant,
) -> tuple[Message, ...]:
    messages: list[Message] = []
    final = (Stage.CONFIRMED, Stage.CHANGED, Stage.CANCELLED, Stage.UNREACHABLE)
    if decided and stage in final:
        messages.append(_to_shop(told, stage, at))
    if _is_agreed(delivery) and stage in (Stage.CONFIRMED, Stage.CHANGED):
        messages.append(_to_logistics(told, "delivery.agreed", at))
    elif delivery is not None and decided and stage is Stage.CANCELLED:
        messages.append(_to_logistics(told, "delivery.cancelled", at))
    return tuple(messages)


def _to_shop(told: _Told, stage: Stage, at: Instant) -> Message:
    kind = f"order.{stage.value}"
    data = asdict(told)
    return Message(
        receiver="shop",
        type=kind,
        body=_body(kind, data, at),
        content_hash=digest({"type": kind, "data": data}),
    )


def _to_logistics(told: _Told, kind: str, at: Instant) -> Message:
    data = asdict(told)
    # Who wrote which note is nothing to logistics: it makes no new message.
    said = {name: told.order[name] for name in ("number", "items", "customer")}
    return Message(
        receiver="logistics",
        type=kind,
        body=_body(kind, data, at),
        content_hash=digest({"type": kind, "said": said, "delivery": told.delivery}),
    )


def _body(kind: str, data: dict[str, Any], at: Instant) -> dict[str, Any]:
    stamp = datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
    return {"type": kind, "timestamp": stamp, "data": data}
