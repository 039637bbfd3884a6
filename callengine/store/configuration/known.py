"""What the database holds already, for a file that builds on it."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import select

from callengine.core.agent import SkillClass, skill_class
from callengine.core.compliance.presets import PRESETS
from callengine.core.compliance.regime import Regime
from callengine.core.ids import Instant
from callengine.core.rulebook.coverage import ShopView
from callengine.engine.ports import RoutingText
from callengine.store import tables as t
from callengine.store.database import Database
from callengine.store.directory import SqlDirectory


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """
    Configuration as it is in force.

    Attributes:
        agents: what everybody holds now, by login.
        skills: everything that anybody was ever given or a product asks for; None
            without any agent.
    """

    shops: Mapping[str, ShopView] = field(default_factory=dict)
    agents: Mapping[str, SkillClass] = field(default_factory=dict)
    skills: frozenset[str] | None = None
    regimes: Mapping[str, Regime] = field(default_factory=lambda: dict(PRESETS))
    rules: RoutingText = field(default_factory=RoutingText)


async def read_known(db: Database, now: Instant) -> Known:
    """Read what is in force at an instant."""
    directory = SqlDirectory(db, lambda: now)
    roster, rules = await directory.roster(), await directory.routing()
    categories: dict[str, set[str]] = defaultdict(set)
    async with db.read() as connection:
        for shop, category in await connection.execute(
            select(t.products.c.shop, t.products.c.category).distinct()
        ):
            categories[shop].add(category)
        given = await connection.execute(select(t.agent_skills.c.skill).distinct())
        skills = frozenset(given.scalars())
    products = {f"product.{c}" for some in categories.values() for c in some}
    return Known(
        shops={
            shop.shop: ShopView(
                shop=shop.shop,
                language=shop.language,
                numbers=shop.numbers,
                categories=tuple(sorted(categories[shop.shop])),
            )
            for shop in roster.shops
        },
        agents={agent.login: skill_class(agent) for agent in roster.agents},
        skills=skills | products if roster.agents else None,
        regimes=roster.regimes,
        rules=rules,
    )
