"""Changing one secret of a shop or an agent, with an overlap where we check it."""

from dataclasses import dataclass

from argon2 import PasswordHasher
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callengine.core.ids import Instant
from callengine.store import tables as t
from callengine.store.accounts import hash_of_key
from callengine.store.configuration.apply_shop import KEY_NAME
from callengine.store.configuration.credentials import (
    new_api_key,
    new_password,
    new_signing_secret,
    new_sip_password,
)
from callengine.store.database import Database

OF_SHOPS = ("api_key", "shop_secret", "logistics_secret")
OF_AGENTS = ("password", "sip_password")


class UnknownOwner(Exception):
    """No shop or agent has this name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSecret:
    """A secret there is, never its value; `old_until` while the one before is good."""

    name: str
    made_at: Instant | None = None
    old_until: Instant | None = None


async def known_secrets(db: Database, now: Instant) -> list[KnownSecret]:
    """List the secrets of shops and agents, as `rotate` names them."""
    s, a = t.shops.c, t.agents.c
    async with db.read() as connection:
        shops = (await connection.execute(select(t.shops).order_by(s.shop))).all()
        keys = (await connection.execute(select(t.api_keys))).all()
        agents = (await connection.execute(select(a.agent).order_by(a.agent))).scalars()
    made = {row.shop: row.created_at for row in keys if row.expires_at is None}
    ending: dict[str, Instant] = {}
    for row in keys:
        if row.expires_at is not None and row.expires_at > now:
            ending[row.shop] = max(row.expires_at, ending.get(row.shop, 0.0))
    found: list[KnownSecret] = []
    for row in shops:
        found.append(
            KnownSecret(
                name=f"{row.shop}/api_key",
                made_at=made.get(row.shop),
                old_until=ending.get(row.shop),
            )
        )
        for which in ("shop_secret", "logistics_secret"):
            until = getattr(row, f"{which}_until")
            is_good = until is not None and until > now
            found.append(
                KnownSecret(
                    name=f"{row.shop}/{which}", old_until=until if is_good else None
                )
            )
    names = [f"{agent}/{which}" for agent in agents for which in OF_AGENTS]
    return found + [KnownSecret(name=name) for name in names]


async def rotate(
    db: Database,
    owner: str,
    which: str,
    now: Instant,
    overlap_s: float,
    *,
    hasher: PasswordHasher | None = None,
) -> str:
    """
    Make a new secret of a shop or an agent; its value.

    The old one is good for `overlap_s` more: a key is accepted, a signing secret signs
    beside the new one. Passwords of agents change at once.

    Raises:
        UnknownOwner: there is no such shop or agent.
    """
    async with db.write() as connection:
        match which:
            case "api_key":
                return await _api_key(connection, owner, now, overlap_s)
            case "shop_secret" | "logistics_secret":
                return await _signing(connection, owner, which, now + overlap_s)
            case "password":
                value = new_password()
                hashed = (hasher or PasswordHasher()).hash(value)
                return await _agent(connection, owner, "password_hash", hashed, value)
            case "sip_password":
                value = new_sip_password()
                return await _agent(connection, owner, "sip_password", value, value)
            case _:
                raise UnknownOwner(f"there is no secret {owner}/{which}")


async def _api_key(
    connection: AsyncConnection, shop: str, now: Instant, overlap_s: float
) -> str:
    k = t.api_keys.c
    found = await connection.execute(
        select(t.shops.c.shop).where(t.shops.c.shop == shop)
    )
    if found.first() is None:
        raise UnknownOwner(f"there is no shop {shop!r}")
    await connection.execute(
        update(t.api_keys)
        .where(k.shop == shop, k.name == KEY_NAME, k.expires_at.is_(None))
        .values(expires_at=now + overlap_s)
    )
    key = new_api_key()
    await connection.execute(
        insert(t.api_keys).values(
            key_hash=hash_of_key(key), shop=shop, name=KEY_NAME, created_at=now
        )
    )
    return key


async def _signing(
    connection: AsyncConnection, shop: str, which: str, until: Instant
) -> str:
    value = new_signing_secret()
    done = await connection.execute(
        update(t.shops)
        .where(t.shops.c.shop == shop)
        .values(
            {f"{which}_old": t.shops.c[which], f"{which}_until": until, which: value}
        )
    )
    if not done.rowcount:
        raise UnknownOwner(f"there is no shop {shop!r}")
    return value


async def _agent(
    connection: AsyncConnection, agent: str, column: str, kept: str, value: str
) -> str:
    done = await connection.execute(
        update(t.agents).where(t.agents.c.agent == agent).values({column: kept})
    )
    if not done.rowcount:
        raise UnknownOwner(f"there is no agent {agent!r}")
    return value
