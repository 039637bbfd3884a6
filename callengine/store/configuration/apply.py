"""Bringing the database to what a file says, and saying what that changed."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from argon2 import PasswordHasher
from sqlalchemy import Table, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callengine.core.ids import Instant
from callengine.store import tables as t
from callengine.store.configuration.apply_shop import (
    Difference,
    apply_shop,
    drop_numbers,
    refuse_taken,
)
from callengine.store.configuration.credentials import (
    Credentials,
    new_password,
    new_sip_password,
)
from callengine.store.configuration.held import HeldPlan
from callengine.store.configuration.model import AgentPlan, Plan
from callengine.store.configuration.regimes import apply_regime, refuse_by_hand
from callengine.store.configuration.rows import put_row
from callengine.store.configuration.rules import apply_rules
from callengine.store.database import Database
from callengine.store.rows import insert_new

APPLY_S = 120.0


@dataclass(slots=True)
class Applied:
    """What an `apply` did: names such as `shop teplo`, `agent a01`."""

    created: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    unchanged: int = 0
    credentials: Credentials = field(default_factory=Credentials)

    @property
    def anything(self) -> bool:
        """Whether the roster is another one now."""
        return bool(self.created or self.changed or self.removed)

    def note(self, what: str, difference: Difference) -> None:
        """Count one thing of the file."""
        match difference:
            case Difference.NEW:
                self.created.append(what)
            case Difference.CHANGED:
                self.changed.append(what)
            case Difference.NONE:
                self.unchanged += 1


async def apply_plan(
    db: Database,
    plan: Plan,
    at: Instant,
    *,
    rotate: bool = False,
    hasher: PasswordHasher | None = None,
) -> Applied:
    """
    Create and update shops and agents in one transaction; the same plan twice is once.

    What a file does not name stays; a shop's numbers, an agent's skills and
    certificates and the rules are replaced as a whole. Agents go by `removed.agents`.

    Args:
        rotate: make new credentials for everybody in the plan, not only new ones.

    Raises:
        BadConfiguration: the plan contradicts what the database holds.
    """
    applied = Applied()
    passwords = await _passwords(db, plan, hasher or PasswordHasher(), rotate)
    async with db.write(within_s=APPLY_S) as connection:
        # First everybody gives up what is no longer theirs: another shop of the
        # same file may take it over.
        poorer = {s.slug for s in plan.shops if await drop_numbers(connection, s)}
        for name, table in plan.regimes.items():
            differs = await apply_regime(connection, name, table)
            applied.note(f"regime {name}", _difference(differs))
        for shop in plan.shops:
            await refuse_taken(connection, shop)
        for shop in plan.shops:
            difference = await apply_shop(
                connection, shop, at, applied.credentials, rotate=rotate
            )
            if difference is Difference.NONE and shop.slug in poorer:
                difference = Difference.CHANGED
            applied.note(f"shop {shop.slug}", difference)
        for agent in plan.agents:
            await _apply_agent(connection, agent, applied, passwords.get(agent.login))
        await _remove_agents(connection, plan.removed.agents, applied)
        if plan.rules is not None:
            differs = await apply_rules(connection, plan.rules.text, at)
            applied.note("routing rules", _difference(differs))
        await refuse_by_hand(connection)
        if applied.anything:
            await _count_version(connection)
    return applied


async def _remove_agents(
    connection: AsyncConnection, logins: Sequence[str], applied: Applied
) -> None:
    for login in logins:
        gone = await connection.execute(
            delete(t.agents).where(t.agents.c.agent == login)
        )
        if gone.rowcount:
            applied.removed.append(f"agent {login}")


def _difference(differs: bool | None) -> Difference:
    if differs is None:
        return Difference.NEW
    return Difference.CHANGED if differs else Difference.NONE


async def known_shops(db: Database) -> frozenset[str]:
    """Name the shops the database has."""
    async with db.read() as connection:
        return frozenset((await connection.execute(select(t.shops.c.shop))).scalars())


@dataclass(frozen=True, slots=True)
class _Password:
    text: str
    hashed: str


async def _passwords(
    db: Database, plan: Plan, hasher: PasswordHasher, rotate: bool
) -> dict[str, _Password]:
    """Make passwords before the transaction: hashing takes a while each."""
    async with db.read() as connection:
        rows = await connection.execute(select(t.agents.c.agent))
        known = frozenset() if rotate else frozenset(rows.scalars())
    made: dict[str, _Password] = {}
    for agent in plan.agents:
        if agent.login not in known:
            text = new_password()
            hashed = await asyncio.to_thread(hasher.hash, text)
            made[agent.login] = _Password(text, hashed)
    return made


async def _apply_agent(
    connection: AsyncConnection,
    agent: AgentPlan,
    applied: Applied,
    password: _Password | None,
) -> None:
    a = t.agents.c
    found = await connection.execute(select(t.agents).where(a.agent == agent.login))
    there = found.mappings().one_or_none()
    kept = None if there is None else dict(there)
    row: dict[str, Any] = {
        "name": agent.name,
        "phone_mode": agent.phone_mode,
        "auto_answer": agent.header.value,
        "srtp": agent.srtp,
    }
    if password is not None:
        sip_password = new_sip_password()
        row |= {"password_hash": password.hashed, "sip_password": sip_password}
        applied.credentials.agents[agent.login] = {
            "password": password.text,
            "sip_password": sip_password,
        }
    differs = await put_row(connection, t.agents, {"agent": agent.login}, row, kept)
    differs |= await _replace(
        connection, t.agent_skills, "skill", agent.login, agent.skills
    )
    differs |= await _replace(
        connection, t.agent_shops, "shop", agent.login, agent.shops
    )
    difference = _difference(None if kept is None else differs)
    applied.note(f"agent {agent.login}", difference)


async def _replace(
    connection: AsyncConnection,
    table: Table,
    name: str,
    login: str,
    wanted: Mapping[str, HeldPlan],
) -> bool:
    """Make what an agent holds exactly this."""
    found = await connection.execute(select(table).where(table.c.agent == login))
    new = [{"agent": login, name: key, **wanted[key].model_dump()} for key in wanted]
    there = {row[name]: dict(row) for row in found.mappings()}
    if there == {row[name]: row for row in new}:
        return False
    await connection.execute(delete(table).where(table.c.agent == login))
    await insert_new(connection, table, new)
    return True


async def _count_version(connection: AsyncConnection) -> None:
    v = t.roster_versions
    await insert_new(connection, v, [{"one": 1, "version": 0}])
    await connection.execute(update(v).values(version=v.c.version + 1))
