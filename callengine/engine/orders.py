"""
Rules of orders that every store follows: what may come in, what stage follows from
an attempt or a disposition, what is told to whom. Pure functions of values.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from callengine.core.compliance.destinations import refusal
from callengine.core.facts import Disposition
from callengine.core.ids import Instant
from callengine.core.numbers import BadNumber
from callengine.core.records import Outcome
from callengine.engine.limits import MAX_QUANTITY as MAX_QUANTITY
from callengine.engine.limits import WHOLE_CURRENCIES as WHOLE_CURRENCIES
from callengine.engine.ports import NewItem, NewOrder, OrderRefused, Shop
from callengine.engine.reading import BadValue
from callengine.engine.reading.money import read_price
from callengine.engine.reading.phones import Phones, read_phones
from callengine.engine.reading.texts import check_decoded

MAX_ITEMS = 200
MAX_PRICE_MINOR = 10**12
MAX_PLACED_AHEAD_S = 86_400.0
MAX_CUT_OFF_AHEAD_S = 31 * 86_400.0
FAILED_RETRY_S = 120.0
"""After a crash, an attempt that may have rung is not repeated sooner."""

UNSETTLED_AFTER_S = 7200.0
"""
A customer was spoken to and nobody said what came of it: so long after the talk the
order is due again. Longer than any wrap-up, so that it cannot be due while the agent
still writes.
"""

_LENGTHS = {
    "number": 100,
    "phone": 300,
    "name": 200,
    "language": 8,
    "region": 64,
    "external_id": 100,
    "currency": 3,
    "method": 32,
    "address": 500,
    "comment": 2000,
    "zone": 64,
}
_FIELDS = {
    name: f"customer.{name}" for name in ("phone", "name", "language", "region", "zone")
}
_FIELDS |= {"external_id": "customer.external_id"}
_FIELDS |= {name: f"delivery.{name}" for name in ("method", "address")}


class Stage(StrEnum):
    """Where an order stands between intake and settlement."""

    NEW = "new"
    DIALLING = "dialling"
    RETRY = "retry"
    REACHED = "reached"
    """The customer was spoken to; nothing is settled yet."""
    CALLBACK = "callback"
    CONFIRMED = "confirmed"
    CHANGED = "changed"
    CANCELLED = "cancelled"
    UNREACHABLE = "unreachable"
    RECEIVED = "received"
    """Delivered and paid: closed."""


_BY_DISPOSITION = {
    Disposition.CONFIRMED: Stage.CONFIRMED,
    Disposition.CHANGED: Stage.CHANGED,
    Disposition.CANCELLED: Stage.CANCELLED,
    Disposition.CALLBACK: Stage.CALLBACK,
    Disposition.WRONG_NUMBER: Stage.UNREACHABLE,
    Disposition.MACHINE: Stage.RETRY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOrder:
    """
    A new order read against its shop: every default filled, the phone E.164.

    Attributes:
        phones: further numbers of the customer, E.164.
        comment: what the shop said, and what stood beside the numbers.
    """

    order: NewOrder
    phone: str
    phones: tuple[str, ...]
    comment: str
    language: str
    region: str
    currency: str
    placed_at: Instant
    content_hash: str

    @property
    def total_minor(self) -> int:
        """The sum of the lines."""
        return sum(item.quantity * item.price_minor for item in self.order.items)


def read_order(order: NewOrder, shop: Shop, at: Instant) -> ReadOrder:
    """
    Check an order and read it in the shop's language, region and currency.

    Raises:
        OrderRefused: with the field and what is wrong with it.
    """
    _check_texts(order)
    order = _with_prices(order, (order.currency or shop.currency).upper())
    _check_items(order.items)
    if order.placed_at is not None and not (
        0 <= order.placed_at <= at + MAX_PLACED_AHEAD_S
    ):
        raise OrderRefused("placed_at", "the order was placed in the future")
    _check_dialling(order, at)
    if order.language and not order.language.isalpha():
        raise OrderRefused("customer.language", "a language is a code such as ru or uk")
    if order.currency and not (order.currency.isalpha() and len(order.currency) == 3):
        raise OrderRefused("currency", "a currency is three letters such as RUB")
    try:
        phones = read_phones(order.phone, shop.region)
    except BadNumber as bad:
        raise OrderRefused("customer.phone", str(bad)) from None
    misplaced = refusal(phones.number, shop.dialling.called(shop.region))
    if misplaced:
        raise OrderRefused("customer.phone", misplaced)
    return ReadOrder(
        order=order,
        phone=phones.number,
        phones=phones.others,
        comment=_comment(order, phones),
        language=(order.language or shop.language).lower(),
        region=order.region.strip().lower(),
        currency=(order.currency or shop.currency).upper(),
        placed_at=at if order.placed_at is None else order.placed_at,
        content_hash=_content_hash(order, phones),
    )


def _comment(order: NewOrder, phones: Phones) -> str:
    """Add to the shop's comment what its phone field says beside the first number."""
    said = [*phones.others, *phones.notes]
    beside = f"phone: {', '.join(said)}" if said else ""
    return "\n".join(filter(None, (order.comment, beside)))


def _check_texts(order: NewOrder) -> None:
    for name, longest in _LENGTHS.items():
        text: str = getattr(order, name)
        _check_text(_FIELDS.get(name, name), text, longest)
    if not order.number.strip():
        raise OrderRefused("number", "the order has no number")
    if not order.phone.strip():
        raise OrderRefused("customer.phone", "the order has no phone number")


def _check_text(path: str, text: str, longest: int) -> None:
    if len(text) > longest:
        raise OrderRefused(path, f"longer than {longest} characters")
    if any(ord(char) < 32 and char not in "\t\r\n" for char in text):
        raise OrderRefused(path, "there are control characters in the text")
    try:
        check_decoded(text, "the text")
    except BadValue as bad:
        raise OrderRefused(path, str(bad)) from None
    if any(0xD800 <= ord(char) <= 0xDFFF for char in text):
        raise OrderRefused(path, "the text is not valid Unicode")


def _check_dialling(order: NewOrder, at: Instant) -> None:
    if order.zone and not is_zone(order.zone):
        raise OrderRefused(
            "customer.zone", "a zone is an IANA name such as Europe/Moscow"
        )
    if order.cut_off_at is not None and not (
        0 <= order.cut_off_at <= at + MAX_CUT_OFF_AHEAD_S
    ):
        raise OrderRefused("delivery.cut_off_at", "the cut-off is not within a month")


def is_zone(name: str) -> bool:
    """Say whether this is the name of an IANA zone."""
    try:
        return bool(name) and ZoneInfo(name).key == name
    except (KeyError, ValueError, OSError):
        # No such zone, a name that is a path, or a folder of the database.
        return False


def _with_prices(order: NewOrder, currency: str) -> NewOrder:
    """Turn prices in whole units into minor ones, exactly."""
    if not any(item.price for item in order.items):
        return order
    items = list(order.items)
    for index, item in enumerate(items):
        if not item.price:
            continue
        path = f"items.{index}.price"
        try:
            minor = read_price(item.price, currency)
        except BadValue as bad:
            raise OrderRefused(path, str(bad)) from None
        if item.price_minor not in (0, minor):
            raise OrderRefused(path, "price and price_minor are two different sums")
        items[index] = replace(item, price="", price_minor=minor)
    return replace(order, items=tuple(items))


def _check_items(items: tuple[NewItem, ...]) -> None:
    if not items:
        raise OrderRefused("items", "the order has no items")
    if len(items) > MAX_ITEMS:
        raise OrderRefused("items", f"more than {MAX_ITEMS} items")
    for index, item in enumerate(items):
        path = f"items.{index}"
        _check_text(f"{path}.sku", item.sku, 100)
        _check_text(f"{path}.name", item.name, 300)
        _check_text(f"{path}.category", item.category, 64)
        if not item.name.strip() and not item.sku.strip():
            raise OrderRefused(f"{path}.name", "the item has neither name nor sku")
        if not 1 <= item.quantity <= MAX_QUANTITY:
            raise OrderRefused(f"{path}.quantity", f"not within 1..{MAX_QUANTITY}")
        if not 0 <= item.price_minor <= MAX_PRICE_MINOR:
            raise OrderRefused(
                f"{path}.price_minor", f"not within 0..{MAX_PRICE_MINOR}"
            )


def _content_hash(order: NewOrder, phones: Phones) -> str:
    """Digest what the shop said; another spelling of the phone is the same."""
    said = asdict(order) | {"phone": phones.number}
    beside = [*phones.others, *phones.notes]
    for item in said["items"]:
        del item["price"]  # which is empty by now
    if beside:
        said["beside"] = beside
    # Fields that came later: an order without them is what it was before.
    for name in ("zone", "consent", "cut_off_at"):
        if not said[name]:
            del said[name]
    return digest(said)


def digest(value: dict[str, Any]) -> str:
    """Digest of plain values, the same in every process."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def in_whole_money(minor: int, currency: str) -> float:
    """Turn minor units into whole ones."""
    return float(minor) if currency in WHOLE_CURRENCIES else minor / 100


def stage_after_attempt(outcome: Outcome, next_try_at: Instant | None) -> Stage:
    """Say where an order stands after an attempt of its own."""
    if outcome is Outcome.BRIDGED:
        return Stage.REACHED
    return Stage.UNREACHABLE if next_try_at is None else Stage.RETRY


def next_after_attempt(
    outcome: Outcome, ended_at: Instant, next_try_at: Instant | None
) -> Instant | None:
    """Say when an order is due after an attempt; None when its dialling is over."""
    if outcome is Outcome.BRIDGED:
        return ended_at + UNSETTLED_AFTER_S  # unless the agent says what came of it
    return next_try_at


def stage_after_disposition(stage: str, disposition: Disposition) -> Stage:
    """Say where an order stands after an agent's disposition, if it may go on."""
    decided = _BY_DISPOSITION.get(disposition)
    if decided is not None:
        return decided
    # A complaint or a question settles nothing: an order that waits to be dialled
    # still waits, but a customer whom we called has been spoken to.
    return Stage.REACHED if stage == Stage.DIALLING else Stage(stage)
