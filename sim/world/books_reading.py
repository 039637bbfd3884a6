"""Reading the engine's books from its database, SQLite or PostgreSQL."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from callengine.engine.ports import StoreDown
from callengine.store import Database
from sim.world.books import (
    BookedAttempt,
    BookedCall,
    BookedDecision,
    BookedDisposition,
    BookedOrder,
    Books,
)

PATIENCE_S = 20.0
"""A database that is being restarted is read when it is back."""


async def read_books(url: str, *, since: float) -> Books:
    """
    Read what happened; the database may be in use.

    Args:
        url: the database, for SQLAlchemy.
        since: Unix time; what was before is the sample customers' invented past.

    Raises:
        StoreDown: the database is away for longer than we wait.
    """
    deadline = asyncio.get_running_loop().time() + PATIENCE_S
    while True:
        try:
            async with _reading(url) as connection:
                return await _books(connection, since)
        except StoreDown:
            if asyncio.get_running_loop().time() > deadline:
                raise
        await asyncio.sleep(0.5)


async def known_numbers(url: str, shop: str, limit: int) -> list[str]:
    """List phone numbers of a shop's customers, E.164."""
    async with _reading(url) as connection:
        rows = await connection.execute(_NUMBERS, {"shop": shop, "limit": limit})
        return [str(number) for number in rows.scalars()]


@asynccontextmanager
async def _reading(url: str) -> AsyncIterator[AsyncConnection]:
    database = Database.open(url)
    try:
        async with database.read() as connection:
            yield connection
    finally:
        await database.close()


async def _books(connection: AsyncConnection, since: float) -> Books:
    async def rows(statement: Any) -> list[Any]:
        found = await connection.execute(statement, {"since": since})
        return list(found.mappings())

    return Books(
        calls=[_call(row) for row in await rows(_CALLS)],
        attempts=[_attempt(row) for row in await rows(_ATTEMPTS)],
        decisions=[_decision(row) for row in await rows(_WHY)],
        dispositions=[_disposition(row) for row in await rows(_SAID)],
        orders=[_order(row) for row in await rows(_ORDERS)],
        skills=await _skills(connection),
    )


_NUMBERS = text(
    "SELECT number FROM customer_phones WHERE shop = :shop ORDER BY number LIMIT :limit"
)
_CALLS = text("""
    SELECT c.*, EXISTS (
        SELECT 1 FROM events e WHERE e.call = c.call AND e.name = 'queued'
    ) AS queued
    FROM calls c WHERE c.enqueued_at >= :since
""")
_ATTEMPTS = text("""
    SELECT a.*, o.number AS order_number FROM attempts a
    JOIN orders o ON o.order_id = a.order_id WHERE a.started_at >= :since
""")
_WHY = text(
    "SELECT kind, call, chosen, reason, detail FROM decisions WHERE at >= :since"
)
_SAID = text("""
    SELECT d.*, o.number AS order_number FROM dispositions d
    LEFT JOIN orders o ON o.order_id = d.order_id WHERE d.at >= :since
""")
_ORDERS = text("""
    SELECT number, stage, next_try_at, attempt, disposition FROM orders
    WHERE received_at >= :since
""")


def _call(row: Any) -> BookedCall:
    return BookedCall(
        call=row["call"],
        direction=row["direction"],
        number=row["number"] or "",
        agent=row["agent"] or "",
        requirement=row["requirement"],
        ending=row["ending"],
        off_skill=row["off_skill"],
        enqueued_at=row["enqueued_at"],
        answered_at=row["answered_at"],
        bridged_at=row["bridged_at"],
        queued=bool(row["queued"]),
    )


def _attempt(row: Any) -> BookedAttempt:
    return BookedAttempt(
        order=row["order_number"],
        call=row["call"],
        number=row["number"],
        outcome=row["outcome"],
        started_at=row["started_at"],
        answered_at=row["answered_at"],
        bridged_at=row["bridged_at"],
        ended_at=row["ended_at"],
        agent=row["agent"] or "",
    )


def _decision(row: Any) -> BookedDecision:
    detail = json.loads(row["detail"] or "{}")
    return BookedDecision(
        kind=row["kind"],
        call=row["call"] or "",
        chosen=row["chosen"] or "",
        reason=row["reason"],
        verdict=str(detail.get("verdict") or ""),
    )


def _disposition(row: Any) -> BookedDisposition:
    return BookedDisposition(
        call=row["call"],
        agent=row["agent"],
        shop=row["shop"],
        order=row["order_number"] or "",
        disposition=row["disposition"],
        at=row["at"],
    )


def _order(row: Any) -> BookedOrder:
    return BookedOrder(
        number=row["number"],
        stage=row["stage"],
        next_try_at=row["next_try_at"],
        attempt=row["attempt"] or "",
        disposition=row["disposition"],
    )


async def _skills(connection: AsyncConnection) -> dict[str, dict[str, int]]:
    """A certificate of a shop and an auto-answering phone are skills too."""
    skills: dict[str, dict[str, int]] = {}
    modes = await connection.execute(text("SELECT agent, phone_mode FROM agents"))
    for agent, phone_mode in modes:
        own = skills.setdefault(agent, {})
        if phone_mode == "auto_answer":
            own["phone.auto"] = 10
    shops = await connection.execute(text("SELECT agent, shop, level FROM agent_shops"))
    for agent, shop, level in shops:
        skills[agent][f"shop.{shop}"] = level
    own_skills = await connection.execute(
        text("SELECT agent, skill, level FROM agent_skills")
    )
    for agent, skill, level in own_skills:
        skills[agent][skill] = level
    return skills
