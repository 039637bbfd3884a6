"""Small conversions every repository needs: rows to values, inserts of two dialects."""

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Table, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from callengine.core.compliance.budget import DiallingLimits
from callengine.core.compliance.presets import HOUSE
from callengine.core.ids import ShopId
from callengine.engine.dispositions import ShopTerms
from callengine.engine.ports import Shop
from callengine.store import tables as t
from callengine.store.regimes import read_regimes

TERMS_COLUMNS = (
    t.shops.c.shop,
    t.shops.c.zone,
    t.shops.c.callback_s,
    t.shops.c.delivery_required,
    t.shops.c.regime,
)


def limits_of(text: str) -> DiallingLimits:
    """Read a shop's column `dialling`, JSON that `apply` wrote."""
    said = orjson.loads(text)
    return DiallingLimits(**said | {"countries": tuple(said.get("countries", ()))})


def shop_of(row: Row[Any], numbers: Sequence[str]) -> Shop:
    """Turn a row of `shops` into the engine's value."""
    return Shop(
        shop=ShopId(row.shop),
        name=row.name,
        language=row.language,
        region=row.region,
        currency=row.currency,
        zone=row.zone,
        numbers=tuple(numbers),
        queue=row.queue,
        greeting=row.greeting,
        music=row.music,
        caller_id=row.caller_id,
        dial_orders=bool(row.dial_orders),
        trunks=tuple(row.trunks.split()),
        regime=row.regime,
        nuisance_message=row.nuisance_message,
        advertising=bool(row.advertising),
        dialling=limits_of(row.dialling),
    )


async def terms_of(connection: AsyncConnection, shop: str) -> ShopTerms | None:
    """Read what dispositions of a shop are checked against."""
    found = await connection.execute(
        select(*TERMS_COLUMNS).where(t.shops.c.shop == shop)
    )
    row = found.one_or_none()
    if row is None:
        return None
    regimes = await read_regimes(connection)
    return ShopTerms(
        shop=row.shop,
        zone=row.zone,
        callback_s=row.callback_s,
        delivery_required=bool(row.delivery_required),
        regime=regimes.get(row.regime, HOUSE),
    )


def insert_into(connection: AsyncConnection, table: Table) -> Any:
    """Begin an INSERT that can take an ON CONFLICT clause in either database."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


async def insert_new(
    connection: AsyncConnection, table: Table, rows: Sequence[dict[str, Any]]
) -> None:
    """Insert rows; those whose key or unique value is there already are left be."""
    if rows:
        await connection.execute(
            insert_into(connection, table).on_conflict_do_nothing(), list(rows)
        )


async def insert_or_replace(
    connection: AsyncConnection,
    table: Table,
    rows: Sequence[dict[str, Any]],
    *,
    keep: frozenset[str] = frozenset(),
) -> None:
    """Insert rows by primary key, or overwrite every column not in `keep`."""
    if not rows:
        return
    statement = insert_into(connection, table)
    own = {column.name for column in table.primary_key}
    changed = {name: statement.excluded[name] for name in rows[0]}
    statement = statement.on_conflict_do_update(
        index_elements=sorted(own),
        set_={n: v for n, v in changed.items() if n not in own | keep},
    )
    await connection.execute(statement, list(rows))


def fit(text: str, longest: int) -> str:
    """Cut what Asterisk or a carrier said to its column; NUL is no text anywhere."""
    return text.replace("\x00", "")[:longest]
