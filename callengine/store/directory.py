"""The roster: shops, agents and their phones, as configured."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from callengine.core.ids import AgentId, Instant, ShopId
from callengine.core.match.skills import Held, next_change, skills_at
from callengine.core.phones import AutoAnswer
from callengine.engine.ports import (
    AgentProfile,
    PhoneAccount,
    Roster,
    RoutingText,
    Shop,
)
from callengine.store import tables as t
from callengine.store.database import Database
from callengine.store.regimes import read_regimes
from callengine.store.rows import shop_of


class SqlDirectory:
    """Configuration in the database: `Directory` and `PhoneAccounts`."""

    def __init__(self, db: Database, clock: Callable[[], Instant]) -> None:
        self._db = db
        self._clock = clock

    async def roster(self) -> Roster:
        """Read every shop and agent, with the skills that are held now."""
        now = self._clock()
        async with self._db.read() as connection:
            # The version first: a change in between shows as a newer one later.
            version = await _version(connection)
            sheets = await read_sheets(connection)
            return Roster(
                shops=await _shops(connection),
                agents=await _agents(connection, sheets, now),
                version=version,
                changes_at=sheets.next_change(now),
                regimes=await read_regimes(connection),
            )

    async def roster_version(self) -> int:
        """A cheap number that grows with each change of the roster."""
        async with self._db.read() as connection:
            return await _version(connection)

    async def routing(self) -> RoutingText:
        """Read the routing rules in force."""
        async with self._db.read() as connection:
            return await routing_text(connection)

    async def phone_accounts(self) -> tuple[PhoneAccount, ...]:
        """Read every account, by login."""
        async with self._db.read() as connection:
            sheets = await read_sheets(connection)
            rows = await connection.execute(select(t.agents).order_by(t.agents.c.agent))
            return tuple(
                PhoneAccount(
                    agent=AgentId(row.agent),
                    login=row.agent,
                    name=row.name,
                    sip_password=row.sip_password,
                    phone_mode=row.phone_mode,
                    srtp=row.srtp,
                    shops=sheets.shops_at(row.agent, self._clock()),
                )
                for row in rows
            )


async def agent_profile(
    connection: AsyncConnection, agent: str, now: Instant
) -> AgentProfile | None:
    """Read one agent; None when unknown."""
    sheets = await read_sheets(connection, agent)
    found = await _agents(connection, sheets, now, agent)
    return found[0] if found else None


async def _version(connection: AsyncConnection) -> int:
    found = await connection.execute(select(t.roster_versions.c.version))
    return found.scalar_one_or_none() or 0


async def _shops(connection: AsyncConnection) -> tuple[Shop, ...]:
    numbers: dict[str, list[str]] = defaultdict(list)
    for row in await connection.execute(
        select(t.dialled_numbers).order_by(t.dialled_numbers.c.number)
    ):
        numbers[row.shop].append(row.number)
    rows = await connection.execute(select(t.shops).order_by(t.shops.c.shop))
    return tuple(shop_of(row, numbers[row.shop]) for row in rows)


@dataclass(slots=True)
class Sheets:
    """What each agent was certified for, valid or not."""

    skills: dict[str, dict[str, Held]]
    certificates: dict[str, dict[str, Held]]
    """By shop, in their order."""

    def held_at(self, agent: str, now: Instant) -> dict[str, int]:
        """Skills and certificates that an agent holds, with levels."""
        shops = {f"shop.{s}": held for s, held in self.certificates[agent].items()}
        return dict(skills_at({**self.skills[agent], **shops}, now))

    def shops_at(self, agent: str, now: Instant) -> tuple[ShopId, ...]:
        """Shops whose certificate an agent holds."""
        held = self.certificates[agent].items()
        return tuple(ShopId(shop) for shop, skill in held if skill.valid_at(now))

    def next_change(self, now: Instant) -> Instant | None:
        """Say when the first certificate of anybody begins or ends."""
        of_all = (*self.skills.values(), *self.certificates.values())
        dates = (next_change(sheet, now) for sheet in of_all)
        return min((date for date in dates if date is not None), default=None)


async def read_sheets(connection: AsyncConnection, only: str | None = None) -> Sheets:
    """Read what was certified, of everybody or of one agent."""
    found = Sheets(defaultdict(dict), defaultdict(dict))
    for table, sheets in (
        (t.agent_skills, found.skills),
        (t.agent_shops, found.certificates),
    ):
        name = table.c[1]
        statement = select(table).order_by(name)
        if only is not None:
            statement = statement.where(table.c.agent == only)
        for row in (await connection.execute(statement)).mappings():
            sheets[row["agent"]][row[name.name]] = Held(
                level=row["level"],
                certified_at=row["certified_at"],
                expires_at=row["expires_at"],
            )
    return found


async def routing_text(connection: AsyncConnection) -> RoutingText:
    """Read the rule text with the highest version."""
    rules = t.routing_rules.c
    found = await connection.execute(
        select(rules.text, rules.version).order_by(rules.version.desc()).limit(1)
    )
    row = found.one_or_none()
    if row is None:
        return RoutingText()
    return RoutingText(text=row.text, version=row.version)


async def _agents(
    connection: AsyncConnection, sheets: Sheets, now: Instant, only: str | None = None
) -> tuple[AgentProfile, ...]:
    statement = select(t.agents).order_by(t.agents.c.agent)
    if only is not None:
        statement = statement.where(t.agents.c.agent == only)
    rows = await connection.execute(statement)
    return tuple(
        AgentProfile(
            agent=AgentId(row.agent),
            login=row.agent,
            name=row.name,
            endpoint=f"PJSIP/{row.agent}",
            phone_mode=row.phone_mode,
            auto_answer=AutoAnswer(row.auto_answer),
            srtp=row.srtp,
            skills=sheets.held_at(row.agent, now),
            shops=sheets.shops_at(row.agent, now),
        )
        for row in rows
    )
