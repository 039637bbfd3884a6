"""Regimes in a configuration file: read, checked against shops, applied."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from callengine.core.compliance.parse import regime_of
from callengine.core.compliance.presets import PRESETS
from callengine.core.compliance.regime import BadRegime, Regime
from callengine.store import tables as t
from callengine.store.configuration.locate import line_of
from callengine.store.configuration.model import Plan, guess
from callengine.store.configuration.problems import BadConfiguration, Problem
from callengine.store.configuration.rows import put_row
from callengine.store.database import Database
from callengine.store.regimes import read_regimes

BY_HAND = "wants advertising dialled by a person"

_KEY = re.compile(r"([\w.-]+): ")


def mistakes_in(data: Any, text: str) -> Iterator[Problem]:
    """Explain every mistake of the file's regimes, at its line."""
    tables = data.get("regimes") if isinstance(data, dict) else None
    if not isinstance(tables, dict):
        return
    for name, table in tables.items():
        place = ("regimes", name)
        if name in PRESETS:
            yield Problem(
                line_of(text, place),
                f"regimes.{name}: there is a preset of this name; choose another one"
                f' and write base = "{name}"',
            )
        if not isinstance(table, dict):
            continue
        try:
            _read(name, table)
        except BadRegime as bad:
            for said in str(bad).splitlines():
                key = _KEY.match(said)
                path = (*place, *key[1].split(".")) if key else place
                joint = "." if key else ": "
                yield Problem(line_of(text, path), f"regimes.{name}{joint}{said}")


def regimes_of(plan: Plan) -> dict[str, Regime]:
    """Build the regimes of a file without mistakes; presets are not among them."""
    return {name: _read(name, dict(table)) for name, table in plan.regimes.items()}


def contradictions(
    plan: Plan, text: str, known: Mapping[str, Regime]
) -> Iterator[Problem]:
    """Name what shops cannot be dialled by."""
    regimes = {**PRESETS, **known, **regimes_of(plan)}
    for index, shop in enumerate(plan.shops):
        regime = regimes.get(shop.regime)
        if regime is None:
            yield Problem(
                line_of(text, ("shops", index, "regime")),
                f"there is no regime {shop.regime}{guess(shop.regime, regimes)}",
            )
        elif shop.advertising and shop.dial_orders and regime.advertising_by_hand:
            yield Problem(
                line_of(text, ("shops", index, "advertising")),
                f"regime {shop.regime} {BY_HAND}: write dial_orders = false, or name"
                " another regime",
            )


async def known_regimes(db: Database) -> dict[str, Regime]:
    """Read the regimes the database has, presets included."""
    async with db.read() as connection:
        return await read_regimes(connection)


async def apply_regime(
    connection: AsyncConnection, name: str, table: Mapping[str, Any]
) -> bool | None:
    """Write a regime; None when it is new, else whether it differs."""
    r = t.regimes.c
    found = await connection.execute(select(t.regimes).where(r.regime == name))
    there = found.mappings().one_or_none()
    data = orjson.dumps({**table, "name": name}, option=orjson.OPT_SORT_KEYS).decode()
    kept = None if there is None else dict(there)
    differs = await put_row(
        connection, t.regimes, {"regime": name}, {"data": data}, kept
    )
    return None if kept is None else differs


async def refuse_by_hand(connection: AsyncConnection) -> None:
    """
    Refuse a regime that a shop outside the file advertises under.

    Raises `BadConfiguration`.
    """
    regimes = await read_regimes(connection)
    s = t.shops.c
    rows = await connection.execute(
        select(s.shop, s.regime).where(s.advertising, s.dial_orders)
    )
    problems = [
        Problem(0, f"regime {row.regime} {BY_HAND}, but shop {row.shop} is dialled")
        for row in rows
        if row.regime in regimes and regimes[row.regime].advertising_by_hand
    ]
    if problems:
        raise BadConfiguration(problems)


def _read(name: str, table: Mapping[str, Any]) -> Regime:
    return regime_of({**table, "name": name})
