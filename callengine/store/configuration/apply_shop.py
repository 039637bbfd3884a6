"""Applying one shop: its settings, numbers, queue, products, keys and secrets."""

import json
from collections.abc import Mapping
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, Table, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callengine.core.ids import Instant
from callengine.store import tables as t
from callengine.store.accounts import hash_of_key
from callengine.store.configuration.credentials import (
    Credentials,
    new_api_key,
    new_signing_secret,
)
from callengine.store.configuration.model import ShopPlan
from callengine.store.configuration.problems import BadConfiguration, Problem
from callengine.store.configuration.rows import put_row
from callengine.store.outbox_holding import open_receiver, release_all
from callengine.store.rows import insert_new

KEY_NAME = "default"
OVERLAP_S = 24 * 3600.0
"""A signing secret that the file changes signs so long beside the new one."""


class Difference(Enum):
    """What applying a thing did to it."""

    NEW = "created"
    CHANGED = "changed"
    NONE = "unchanged"


async def refuse_taken(connection: AsyncConnection, shop: ShopPlan) -> None:
    """A number or queue of another shop is not taken from it silently."""
    n, q = t.dialled_numbers.c, t.queues.c
    numbers = await connection.execute(
        select(n.number, n.shop).where(n.number.in_(shop.numbers), n.shop != shop.slug)
    )
    queues = await connection.execute(
        select(q.queue, q.shop).where(q.queue == shop.queue_name, q.shop != shop.slug)
    )
    problems = [
        Problem(0, f"{what} {name} is of shop {owner} already; remove it there first")
        for what, rows in (("number", numbers), ("queue", queues))
        for name, owner in rows
    ]
    if problems:
        raise BadConfiguration(problems)


async def apply_shop(
    connection: AsyncConnection,
    shop: ShopPlan,
    at: Instant,
    credentials: Credentials,
    *,
    rotate: bool,
) -> Difference:
    """Create or update one shop with all that is its own."""
    kept = await _kept(connection, t.shops, t.shops.c.shop == shop.slug)
    made: dict[str, str] = {}
    chosen = _signing_secrets(shop, kept, made, rotate=rotate)
    row = _shop_row(shop) | chosen
    if kept is not None:
        row |= _voided() if rotate else _overlaps(kept, chosen, at)
    differs = await put_row(connection, t.shops, {"shop": shop.slug}, row, kept)
    differs |= await _add_numbers(connection, shop)
    differs |= await _apply_queue(connection, shop)
    differs |= await _apply_products(connection, shop)
    if kept is None or rotate:
        made["api_key"] = await _new_key(connection, shop.slug, at)
    await _address_messages(connection, shop, kept, at)
    if made:
        credentials.shops[shop.slug] = made
    if kept is None:
        return Difference.NEW
    return Difference.CHANGED if differs else Difference.NONE


async def _kept(
    connection: AsyncConnection, table: Table, here: ColumnElement[bool]
) -> dict[str, Any] | None:
    found = await connection.execute(select(table).where(here))
    row = found.mappings().one_or_none()
    return None if row is None else dict(row)


def _shop_row(shop: ShopPlan) -> dict[str, Any]:
    names = (
        "name language region currency zone greeting music caller_id dial_orders"
        " delivery_required goal_s callback_s regime nuisance_message advertising"
    )
    row = {name: getattr(shop, name) for name in names.split()}
    return row | {
        "queue": shop.queue_name,
        "trunks": " ".join(shop.trunks),
        "dialling": shop.dialling.text,
        "shop_url": shop.receivers.shop_url,
        "logistics_url": shop.receivers.logistics_url,
        "shop_attempts": shop.receivers.shop_attempts,
        "logistics_attempts": shop.receivers.logistics_attempts,
        "column_map": json.dumps(shop.columns, ensure_ascii=False, sort_keys=True),
    }


def _signing_secrets(
    shop: ShopPlan,
    kept: Mapping[str, Any] | None,
    made: dict[str, str],
    *,
    rotate: bool,
) -> dict[str, str]:
    """Take the file's secrets, else those kept, else make some."""
    chosen: dict[str, str] = {}
    for name in ("shop_secret", "logistics_secret"):
        given: str = getattr(shop.receivers, name)
        old = "" if kept is None or rotate else str(kept[name])
        if not given and not old:
            made[name] = new_signing_secret()
        chosen[name] = given or old or made[name]
    return chosen


def _voided() -> dict[str, Any]:
    """All anew means that nothing old is good any more."""
    return {
        column: value
        for name in ("shop_secret", "logistics_secret")
        for column, value in ((f"{name}_old", ""), (f"{name}_until", None))
    }


def _overlaps(
    kept: Mapping[str, Any], chosen: Mapping[str, str], at: Instant
) -> dict[str, Any]:
    """Let the old secret of a receiver sign for a day more when the file changes it."""
    return {
        column: value
        for name, secret in chosen.items()
        if kept[name] not in ("", secret)
        for column, value in (
            (f"{name}_old", kept[name]),
            (f"{name}_until", at + OVERLAP_S),
        )
    }


async def _new_key(connection: AsyncConnection, shop: str, at: Instant) -> str:
    """Give the shop a new key; the generated one before it ends."""
    k = t.api_keys.c
    key = new_api_key()
    await connection.execute(
        delete(t.api_keys).where(k.shop == shop, k.name == KEY_NAME)
    )
    await connection.execute(
        insert(t.api_keys).values(
            key_hash=hash_of_key(key), shop=shop, name=KEY_NAME, created_at=at
        )
    )
    return key


async def drop_numbers(connection: AsyncConnection, shop: ShopPlan) -> bool:
    """Take from a shop the numbers its file no longer names; whether there were any."""
    n = t.dialled_numbers.c
    gone = await connection.execute(
        delete(t.dialled_numbers).where(
            n.shop == shop.slug, n.number.not_in(shop.numbers)
        )
    )
    return gone.rowcount > 0


async def _add_numbers(connection: AsyncConnection, shop: ShopPlan) -> bool:
    n = t.dialled_numbers.c
    rows = await connection.execute(select(n.number).where(n.shop == shop.slug))
    new = sorted(set(shop.numbers) - set(rows.scalars()))
    await insert_new(
        connection, t.dialled_numbers, [{"number": x, "shop": shop.slug} for x in new]
    )
    return bool(new)


async def _apply_queue(connection: AsyncConnection, shop: ShopPlan) -> bool:
    q = t.queues.c
    stale = await connection.execute(
        delete(t.queues).where(q.shop == shop.slug, q.queue != shop.queue_name)
    )
    row = {
        "shop": shop.slug,
        "strategy": shop.queue.strategy,
        "ring_s": shop.queue.ring_s,
        "music": shop.queue.music,
    }
    kept = await _kept(connection, t.queues, q.queue == shop.queue_name)
    differs = await put_row(connection, t.queues, {"queue": shop.queue_name}, row, kept)
    return differs or stale.rowcount > 0


async def _apply_products(connection: AsyncConnection, shop: ShopPlan) -> bool:
    found = await connection.execute(
        select(t.products).where(t.products.c.shop == shop.slug)
    )
    kept = {row["sku"]: dict(row) for row in found.mappings()}
    differs = False
    for product in shop.products:
        row = {
            "name": product.name,
            "category": product.category,
            "price_minor": product.price_minor,
            "currency": shop.currency,
        }
        own = {"shop": shop.slug, "sku": product.sku}
        differs |= await put_row(
            connection, t.products, own, row, kept.get(product.sku)
        )
    return differs


async def _address_messages(
    connection: AsyncConnection,
    shop: ShopPlan,
    kept: Mapping[str, Any] | None,
    at: Instant,
) -> None:
    """
    Send what waited for a receiver to be named, or for a better address of it.

    A receiver that was paused at its old address starts anew.
    """
    o = t.outbox.c
    for receiver, url in (
        ("shop", shop.receivers.shop_url),
        ("logistics", shop.receivers.logistics_url),
    ):
        if not url:
            continue
        named = await connection.execute(
            update(t.outbox)
            .where(
                o.shop == shop.slug,
                o.state == "unaddressed",
                o.receiver == receiver,
            )
            .values(state="waiting", next_try_at=None)
        )
        moved = kept is None or kept[f"{receiver}_url"] != url
        opened = (
            await open_receiver(connection, shop.slug, receiver, at) if moved else None
        )
        if opened is None and named.rowcount:
            await release_all(connection, shop.slug, receiver, at)
