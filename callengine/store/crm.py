"""Who is calling: the customer base, searched while the phone rings."""

from collections import defaultdict
from collections.abc import Callable

from sqlalchemy import ColumnElement, Table, and_, or_, select

from callengine.core.cards import Card
from callengine.core.ids import Instant
from callengine.core.numbers import MAX_TEXT, CallerKind, read_caller
from callengine.core.requirements import DEFAULT_LEVELS
from callengine.engine.identification import identified
from callengine.engine.ports import Identification, Shop
from callengine.store import tables as t
from callengine.store.database import Database
from callengine.store.profile import Profile, profile_by_number

LANGUAGES_FOR_S = 5.0
"""How long the list of spoken languages is believed."""


class SpokenLanguages:
    """Which languages the agents of each shop speak, re-read every few seconds."""

    def __init__(self, db: Database, clock: Callable[[], Instant]) -> None:
        self._db = db
        self._clock = clock
        self._read_at: Instant | None = None
        self._languages: dict[str, frozenset[str]] = {}

    async def of(self, shop: str) -> frozenset[str]:
        """Name the languages that somebody speaks well enough."""
        now = self._clock()
        if self._read_at is None or not 0 <= now - self._read_at < LANGUAGES_FOR_S:
            self._read_at = now
            self._languages = await self._read(now)
        return self._languages.get(shop, frozenset())

    async def _read(self, now: Instant) -> dict[str, frozenset[str]]:
        s, a = t.agent_skills.c, t.agent_shops.c
        statement = (
            select(a.shop, s.skill)
            .join_from(t.agent_shops, t.agent_skills, a.agent == s.agent)
            .where(
                s.skill.like("lang.%"),
                s.level >= DEFAULT_LEVELS.language,
                _valid(t.agent_skills, now),
                _valid(t.agent_shops, now),
            )
            .distinct()
        )
        spoken: dict[str, set[str]] = defaultdict(set)
        async with self._db.read() as connection:
            for row in await connection.execute(statement):
                spoken[row.shop].add(row.skill.removeprefix("lang."))
        return {shop: frozenset(names) for shop, names in spoken.items()}


def _valid(table: Table, now: Instant) -> ColumnElement[bool]:
    """Skills or certificates that are held at an instant."""
    earned, ends = table.c.certified_at, table.c.expires_at
    return and_(or_(earned.is_(None), earned <= now), or_(ends.is_(None), ends > now))


class SqlCrm:
    """`Crm` on the database: one statement per call that arrives."""

    def __init__(self, db: Database, languages: SpokenLanguages) -> None:
        self._db = db
        self._languages = languages

    async def identify(
        self, shop: Shop, dialled_number: str, caller_number: str | None
    ) -> Identification:
        """Find the caller by number; see `Crm`."""
        caller = read_caller(caller_number, shop.region)
        found = Profile()
        if caller.e164 is not None:
            found = await profile_by_number(self._db, shop.shop, caller.e164)
        withheld = caller.kind is CallerKind.WITHHELD
        card = Card(
            shop=shop.shop,
            shop_name=shop.name,
            direction="inbound",
            number=None
            if withheld
            else caller.e164 or (caller_number or "")[:MAX_TEXT],
            dialled_number=dialled_number,
            customers=found.customers,
            orders=found.orders,
            contacts=found.contacts,
            greeting=shop.greeting,
        )
        return identified(
            card,
            shop,
            withheld=withheld,
            spoken=await self._languages.of(shop.shop),
            talks=found.talks,
        )
