"""The rows of generated customers and their past; a function of seed and instant."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from sqlalchemy import Table

from callengine.store import tables as t
from sim.shops.people import Country, number_of, spelt, weighted

DAY_S = 86_400.0
PAST_DAYS = 540
SEGMENTS = (("regular", 70), ("new", 20), ("vip", 10))
ENDINGS = (("received", 85), ("cancelled", 15))
DISPOSITIONS = (("confirmed", 60), ("informed", 25), ("changed", 10), ("complaint", 5))
SHARED_PHONE = 0.03
"""Share of customers who also answer the phone of the one before them."""
OTHER_LANGUAGE = 0.08
MARK = "gen-"

Row = dict[str, Any]


@dataclass(slots=True)
class Rows:
    """Rows of each table, in the order they must be inserted."""

    customers: list[Row] = field(default_factory=list)
    phones: list[Row] = field(default_factory=list)
    orders: list[Row] = field(default_factory=list)
    items: list[Row] = field(default_factory=list)
    deliveries: list[Row] = field(default_factory=list)
    calls: list[Row] = field(default_factory=list)
    dispositions: list[Row] = field(default_factory=list)

    def by_table(self) -> dict[Table, list[Row]]:
        """Pair them with their tables."""
        return {
            t.customers: self.customers,
            t.customer_phones: self.phones,
            t.orders: self.orders,
            t.order_items: self.items,
            t.deliveries: self.deliveries,
            t.calls: self.calls,
            t.dispositions: self.dispositions,
        }


@dataclass(frozen=True, slots=True)
class Product:
    """Something the shop sells."""

    sku: str
    name: str
    category: str
    price_minor: int


def generated(
    country: Country,
    products: list[Product],
    agents: list[str],
    rng: Random,
    *,
    now: float,
    customers: int,
) -> Rows:
    """Make the rows of one shop."""
    rows = Rows()
    favourites = sorted({product.category for product in products})
    for index in range(customers):
        customer = _customer(country, rng, index, now)
        rows.customers.append(customer)
        numbers = list(_phones(country, rng, index))
        rows.phones += [
            {
                "shop": country.shop,
                "number": number,
                "customer": customer["customer"],
                "raw": spelt(country, number, rng),
            }
            for number in numbers
        ]
        _add_past(rows, country, customer, numbers[0], products, favourites, rng, now)
        _add_contacts(rows, customer, numbers[0], agents, rng, now)
    return rows


def _customer(country: Country, rng: Random, index: int, now: float) -> Row:
    speaks_other = rng.uniform(0, 1) < OTHER_LANGUAGE
    return {
        "customer": f"{MARK}{country.shop}-{index:05d}",
        "shop": country.shop,
        "external_id": f"{MARK}{index:05d}",
        "name": f"{rng.choice(country.first_names)} {rng.choice(country.last_names)}",
        "language": country.other_language if speaks_other else country.language,
        "segment": weighted(rng, SEGMENTS),
        "region": weighted(rng, country.regions),
        "created_at": now - rng.uniform(1, PAST_DAYS) * DAY_S,
    }


def _phones(country: Country, rng: Random, index: int) -> Iterator[str]:
    """One to three numbers of one's own, sometimes a relative's too."""
    for which in range(weighted_count(rng, (60, 30, 10)) + 1):
        yield number_of(country, index * 3 + which)
    if index and rng.uniform(0, 1) < SHARED_PHONE:
        yield number_of(country, (index - 1) * 3)


def weighted_count(rng: Random, weights: tuple[int, ...]) -> int:
    """Pick an index by weight."""
    return rng.choices(range(len(weights)), weights)[0]


def _add_past(
    rows: Rows,
    country: Country,
    customer: Row,
    phone: str,
    products: list[Product],
    favourites: list[str],
    rng: Random,
    now: float,
) -> None:
    """Orders received or cancelled; most customers have a favourite category."""
    favourite = rng.choice(favourites)
    liked = [product for product in products if product.category == favourite]
    for which in range(weighted_count(rng, (15, 30, 25, 15, 10, 5))):
        placed_at = now - rng.uniform(5, PAST_DAYS) * DAY_S
        number = f"H-{customer['external_id'][len(MARK) :]}-{which}"
        order_id = f"{customer['customer']}-{which}"
        lines = [
            rng.choice(liked if rng.uniform(0, 1) < 0.75 else products)
            for _ in range(weighted_count(rng, (60, 30, 10)) + 1)
        ]
        items = [
            _item(order_id, country.shop, line, product, rng)
            for line, product in enumerate(lines, start=1)
        ]
        stage = weighted(rng, ENDINGS)
        address = f"{rng.choice(country.streets)}, {rng.randint(1, 120)}"
        order = _order(country, customer, phone, placed_at, stage, address)
        total = sum(item["quantity"] * item["price_minor"] for item in items)
        rows.orders.append(
            order | {"order_id": order_id, "number": number, "total_minor": total}
        )
        rows.items += items
        if stage == "received":
            rows.deliveries.append(_delivery(order_id, order, rng))


def _item(order_id: str, shop: str, line: int, product: Product, rng: Random) -> Row:
    return {
        "order_id": order_id,
        "line": line,
        "shop": shop,
        "sku": product.sku,
        "name": product.name,
        "category": product.category,
        "quantity": weighted_count(rng, (80, 15, 5)) + 1,
        "price_minor": product.price_minor,
    }


def _order(
    country: Country,
    customer: Row,
    phone: str,
    placed_at: float,
    stage: str,
    address: str,
) -> Row:
    """An order of the past: it is not to be dialled."""
    return {
        "shop": country.shop,
        "customer": customer["customer"],
        "name": customer["name"],
        "phone": phone,
        "phone_raw": phone,
        "stage": stage,
        "language": "",
        "region": customer["region"],
        "currency": country.currency,
        "method": "courier",
        "address": address,
        "comment": "",
        "content_hash": "",
        "placed_at": placed_at,
        "received_at": placed_at,
        "deadline_at": placed_at + 900,
        "dial_by_at": placed_at + 900,
        "next_try_at": None,
        "tries": 1,
        "attempt": None,
        "claimed_at": None,
        "disposition": "cancelled" if stage == "cancelled" else "confirmed",
        "note": "",
    }


def _delivery(order_id: str, order: Row, rng: Random) -> Row:
    day = time.gmtime(order["placed_at"] + 2 * DAY_S)
    begins = rng.choice((9, 12, 15, 18))
    return {
        "order_id": order_id,
        "shop": order["shop"],
        "call": "",
        "method": order["method"],
        "address": order["address"],
        "date": time.strftime("%Y-%m-%d", day),
        "time_from": f"{begins:02d}:00",
        "time_to": f"{begins + 3:02d}:00",
        "status": "delivered",
        "agreed_at": order["placed_at"] + 600,
    }


def _add_contacts(
    rows: Rows, customer: Row, phone: str, agents: list[str], rng: Random, now: float
) -> None:
    for which in range(weighted_count(rng, (40, 35, 25))):
        call = f"{customer['customer']}-call-{which}"
        began_at = now - rng.uniform(2, PAST_DAYS) * DAY_S
        agent = rng.choice(agents) if agents else None
        rows.calls.append(
            {
                "call": call,
                "shop": customer["shop"],
                "direction": rng.choice(("inbound", "outbound")),
                "number": phone,
                "dialled_number": "",
                "customer": customer["customer"],
                "order_id": None,
                "agent": agent,
                "requirement": "",
                "enqueued_at": began_at,
                "answered_at": began_at + 1,
                "bridged_at": began_at + 4,
                "ended_at": began_at + rng.uniform(30, 300),
                "ending": "answered",
                "off_skill": "",
            }
        )
        rows.dispositions.append(
            {
                "call": call,
                "shop": customer["shop"],
                "agent": agent or "",
                "customer": customer["customer"],
                "order_id": None,
                "disposition": weighted(rng, DISPOSITIONS),
                "note": "",
                "at": began_at + 60,
            }
        )
