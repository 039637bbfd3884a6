"""Counts and attempts of the past, for an engine that starts."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Integer, Select, and_, case, cast, func, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from callengine.core.compliance.budget import DayCount, day_began_at
from callengine.core.ids import Instant, ShopId
from callengine.core.memory import (
    MOST_ATTEMPTS,
    CountedHour,
    FinishedAttempt,
    ShopMemory,
    window_began,
)
from callengine.core.records import Outcome
from callengine.core.roster import Roster, Shop
from callengine.store import tables as t

HOUR_S = 3600
BEFORE_S = 3600.0
"""An attempt is answered within so long of its start, for the index's sake."""
ATTEMPTS_IN_ALL = 100_000
SHOPS_AT_ONCE = 100
"""SQLite takes at most 500 arms of a union."""


async def remembered(
    connection: AsyncConnection, roster: Roster, now: Instant
) -> tuple[ShopMemory, ...]:
    """Read what every shop that was ever dialled for remembers."""
    began = await _began(connection)
    shops = [shop for shop in roster.shops if shop.shop in began]
    if not shops:
        return ()
    counts: dict[str, list[CountedHour]] = defaultdict(list)
    today: dict[str, DayCount] = {}
    attempts: dict[str, list[FinishedAttempt]] = {}
    most = min(MOST_ATTEMPTS, max(1, ATTEMPTS_IN_ALL // len(shops)))
    for first in range(0, len(shops), SHOPS_AT_ONCE):
        some = shops[first : first + SHOPS_AT_ONCE]
        since = {
            shop.shop: window_began(
                roster.regime_of(shop).nuisance, shop.zone, began[shop.shop], now
            )
            for shop in some
        }
        await _count(connection, roster, some, since, now, counts)
        attempts |= await _last(connection, some, most)
        today |= await _today(connection, some, now)
    return tuple(
        ShopMemory(
            shop=shop.shop,
            began_at=began[shop.shop],
            counts=tuple(counts[shop.shop]),
            attempts=tuple(attempts.get(shop.shop, ())),
            today=today.get(shop.shop),
        )
        for shop in shops
    )


async def _began(connection: AsyncConnection) -> dict[ShopId, Instant]:
    a = t.attempts.c
    rows = await connection.execute(
        select(a.shop, func.min(a.started_at).label("began_at")).group_by(a.shop)
    )
    return {ShopId(row.shop): row.began_at for row in rows}


async def _count(
    connection: AsyncConnection,
    roster: Roster,
    shops: Sequence[Shop],
    since: Mapping[ShopId, Instant],
    now: Instant,
    counts: dict[str, list[CountedHour]],
) -> None:
    """Count live answers as the ledger does: late is as bad as never."""
    for row in await connection.execute(
        _counted(
            {shop.shop: roster.regime_of(shop).nuisance.threshold_s for shop in shops},
            since,
            now,
            floors=connection.dialect.name == "postgresql",
        )
    ):
        counts[row.shop].append(
            CountedHour(
                at=row.at,
                served=int(row.served),
                nuisances=int(row.nuisances),
                machines=int(row.machines),
            )
        )


def _counted(
    threshold_s: Mapping[ShopId, float],
    since: Mapping[ShopId, Instant],
    now: Instant,
    *,
    floors: bool,
) -> Select[Any]:
    a = t.attempts.c
    within_s = case(*((a.shop == shop, least) for shop, least in threshold_s.items()))
    machine = a.outcome == Outcome.MACHINE.value
    in_time = and_(a.bridged_at.is_not(None), a.bridged_at - a.answered_at <= within_s)
    hours = a.answered_at / HOUR_S
    # SQLite may lack floor(), and PostgreSQL rounds when it casts.
    hour = func.floor(hours) if floors else cast(hours, Integer)
    in_window = or_(
        *(
            and_(
                a.shop == shop,
                a.started_at >= at - BEFORE_S,
                a.answered_at.between(at, now),
            )
            for shop, at in since.items()
        )
    )
    return (
        select(
            a.shop,
            func.min(a.answered_at).label("at"),
            func.sum(case((machine, 1), else_=0)).label("machines"),
            func.sum(case((machine, 0), (in_time, 1), else_=0)).label("served"),
            func.sum(case((machine, 0), (in_time, 0), else_=1)).label("nuisances"),
        )
        .where(in_window, a.ended_at.is_not(None))
        .group_by(a.shop, hour)
        .order_by(a.shop, hour)
    )


async def _today(
    connection: AsyncConnection, shops: Sequence[Shop], now: Instant
) -> dict[str, DayCount]:
    """Count attempts and money of each shop's day so far, running attempts too."""
    a = t.attempts.c
    begun = (
        and_(a.shop == s.shop, a.started_at >= day_began_at(now, ZoneInfo(s.zone)))
        for s in shops
    )
    rows = await connection.execute(
        select(
            a.shop,
            func.count().label("attempts"),
            func.sum(a.cost_minor).label("cost_minor"),
        )
        .where(or_(*begun))
        .group_by(a.shop)
    )
    return {
        row.shop: DayCount(
            at=now, attempts=row.attempts, cost_minor=int(row.cost_minor)
        )
        for row in rows
    }


async def _last(
    connection: AsyncConnection, shops: Sequence[Shop], most: int
) -> dict[str, list[FinishedAttempt]]:
    """Read the last attempts of each shop by one statement, oldest first."""
    found: dict[str, list[FinishedAttempt]] = defaultdict(list)
    arms = [_last_of(shop, most) for shop in shops]
    rows = (await connection.execute(union_all(*arms))).all()
    for row in sorted(rows, key=lambda row: row.started_at):
        found[row.shop].append(
            FinishedAttempt(
                tries=row.tries,
                started_at=row.started_at,
                rang=row.ring_s > 0,
                answered_at=row.answered_at,
                bridged_at=row.bridged_at,
                ended_at=row.ended_at,
                outcome=Outcome(row.outcome),
                trunk=row.trunk,
                zone=row.zone,
            )
        )
    return found


def _last_of(shop: Shop, most: int) -> Select[Any]:
    a = t.attempts.c
    last = (
        select(
            a.shop,
            a.tries,
            a.started_at,
            a.ring_s,
            a.answered_at,
            a.bridged_at,
            a.ended_at,
            a.outcome,
            a.trunk,
            a.zone,
        )
        .where(a.shop == shop.shop, a.ended_at.is_not(None))
        .order_by(a.started_at.desc())
        .limit(most)
    ).subquery()
    return select(last)
