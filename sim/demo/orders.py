"""Orders as shops send them, for customers of a chosen temper."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

from sim.shops.people import RU, UA, Country, number_of, spelt
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

_COUNTRY = {"RU": RU, "UA": UA}
_FIRST = 500_000
"""Customers of the sample shops have the numbers below this one, times ten."""


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order to be sent; `phone` is E.164 without the plus."""

    shop: DemoShop
    number: str
    phone: str
    body: dict[str, Any]


def orders(shops: list[DemoShop], rng: Random) -> Iterator[NewOrder]:
    """Make orders for ever, shop by shop; every customer is another one."""
    for index in itertools.count(rng.randrange(100_000)):
        shop = shops[index % len(shops)]
        country = _COUNTRY[shop.region]
        temper = rng.choices(list(TEMPERS), [w for _, w in TEMPERS.values()])[0]
        digit = int(rng.choice(TEMPERS[temper][0]))
        phone = number_of(country, (_FIRST + index % 300_000) * 10 + digit)
        number = f"D-{index:07d}"
        body = _body(number, spelt(country, phone, rng), country, shop, rng)
        yield NewOrder(shop, number, phone.lstrip("+"), body)


def _body(
    number: str, phone: str, country: Country, shop: DemoShop, rng: Random
) -> dict[str, Any]:
    name = f"{rng.choice(country.first_names)} {rng.choice(country.last_names)}"
    product = rng.choice(shop.products) if shop.products else {}
    return {
        "number": number,
        "placed_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "customer": {"name": name, "phone": phone},
        "items": [
            {
                "sku": product.get("sku", "SKU-1"),
                "name": product.get("name", "Чайник"),
                "category": product.get("category", "home"),
                "quantity": rng.randint(1, 3),
                "price_minor": product.get("price_minor", 199_000),
            }
        ],
        "delivery": {
            "method": "courier",
            "address": f"{rng.choice(country.streets)}, {rng.randint(1, 90)}",
        },
    }
