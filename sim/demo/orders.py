"""Orders as shops send them, for customers of a chosen temper."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

from sim.world.shops import DemoShop

TEMPERS = {
    "person": ("0123", 66),
    "busy": ("5", 7),
    "no_answer": ("6", 6),
    "rejects": ("7", 6),
    "machine": ("8", 9),
    "congested": ("9", 6),
}
"""Last digits of customers' numbers and weights (see the customers' scenario)."""

_MOBILE = {"RU": ("7", "916"), "UA": ("380", "50")}
_NAMES = ("Анна", "Олег", "Ирина", "Тарас", "Мария", "Павел", "Оксана", "Дмитрий")


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order to be sent; `phone` is E.164 without the plus."""

    shop: DemoShop
    number: str
    phone: str
    body: dict[str, Any]


def orders(
    shops: list[DemoShop],
    rng: Random,
    *,
    patient: Callable[[], bool] = lambda: True,
) -> Iterator[NewOrder]:
    """
    Make orders for ever, shop by shop; every customer is another one.

    Args:
        patient: whether there is time for a phone that nobody picks up.
    """
    for index in _count(rng):
        shop = shops[index % len(shops)]
        temper = rng.choices(list(TEMPERS), [w for _, w in TEMPERS.values()])[0]
        if temper == "no_answer" and not patient():
            temper = "busy"
        country, code = _MOBILE[shop.region]
        subscriber = f"{index % 10**6:06d}" + rng.choice(TEMPERS[temper][0])
        phone = f"{country}{code}{subscriber}"
        number = f"D-{index:07d}"
        yield NewOrder(shop, number, phone, _body(number, f"+{phone}", shop, rng))


def _count(rng: Random) -> Iterator[int]:
    index = rng.randrange(100_000)
    while True:
        yield index
        index += 1


def _body(number: str, phone: str, shop: DemoShop, rng: Random) -> dict[str, Any]:
    product = rng.choice(shop.products) if shop.products else {}
    return {
        "number": number,
        "placed_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "customer": {"name": rng.choice(_NAMES), "phone": _spelt(phone, rng)},
        "items": [
            {
                "sku": product.get("sku", "SKU-1"),
                "name": product.get("name", "Чайник"),
                "category": product.get("category", "home"),
                "quantity": rng.randint(1, 3),
                "price_minor": product.get("price_minor", 199_000),
            }
        ],
        "delivery": {"method": "courier", "address": "Lesnaya 1"},
    }


def _spelt(phone: str, rng: Random) -> str:
    """Write a number as customers do."""
    if phone.startswith("+7"):
        rest = phone[2:]
        usual = f"8 ({rest[:3]}) {rest[3:6]}-{rest[6:8]}-{rest[8:]}"
    else:
        rest = phone[4:]
        usual = f"0{rest[:2]} {rest[2:5]} {rest[5:7]} {rest[7:]}"
    return rng.choice([phone, usual])
