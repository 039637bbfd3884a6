"""
What the same shop has dialled earlier in the day, so that the run need not begin new.

A campaign's first hundred answers leave little room for a nuisance call, so a short run
that begins with nothing shows hardly more than progressive dialling. The engine reads
the morning from its database when it starts; the twin is told the very same.
"""

from collections.abc import Sequence
from itertools import islice
from typing import Any

from sqlalchemy import insert

from callengine.core.ids import ShopId
from callengine.core.memory import CountedHour, FinishedAttempt, ShopMemory
from callengine.core.predictive.ledger import Totals
from callengine.core.records import Outcome
from callengine.store import Database
from callengine.store import tables as t
from sim.livedialer.fates import fates, services
from sim.worlds.dialer_people import Fate, People

BEGAN_BEFORE_S = 3 * 3600.0
ENDED_BEFORE_S = 900.0
JOINED_AFTER_S = 0.02
GIVEN_UP_AFTER_S = 2.0
SPENT = 0.028
"""Share of the morning's answers that met nobody: what a pacer that aims at three in
a hundred has spent; after a morning without any it would rightly spend more."""
OTHER_PEOPLE = 7_919
"""Added to the seed: those of the morning are not those of the run."""


def morning(
    people: People, seed: int, count: int, *, now: float
) -> tuple[FinishedAttempt, ...]:
    """Make attempts of the hours before `now`, oldest first."""
    drawn = fates(people, seed + OTHER_PEOPLE)
    talks = services(people, seed + OTHER_PEOPLE)
    every_s = (BEGAN_BEFORE_S - ENDED_BEFORE_S) / max(1, count)
    made: list[FinishedAttempt] = []
    answers = nuisances = 0
    for n, fate in enumerate(islice(drawn, count)):
        started_at = now - BEGAN_BEFORE_S + n * every_s
        answers += fate.answered
        if fate.answered and nuisances < int(SPENT * answers):
            nuisances += 1
            made.append(_nobody(fate, started_at))
        else:
            talk_s = next(talks).talk_s if fate.answered else 0.0
            made.append(_attempt(fate, started_at, talk_s))
    return tuple(made)


def _nobody(fate: Fate, started_at: float) -> FinishedAttempt:
    answered_at = started_at + fate.after_s
    return FinishedAttempt(
        tries=1,
        started_at=started_at,
        rang=True,
        answered_at=answered_at,
        bridged_at=None,
        ended_at=answered_at + GIVEN_UP_AFTER_S,
        outcome=Outcome.NUISANCE,
    )


def _attempt(fate: Fate, started_at: float, talk_s: float) -> FinishedAttempt:
    over_at = started_at + fate.after_s
    joined_at = over_at + JOINED_AFTER_S if fate.answered else None
    unanswered = Outcome.NO_ANSWER if fate.rings else Outcome.BUSY
    return FinishedAttempt(
        tries=1,
        started_at=started_at,
        rang=fate.rings,
        answered_at=over_at if fate.answered else None,
        bridged_at=joined_at,
        ended_at=over_at if joined_at is None else joined_at + talk_s,
        outcome=Outcome.BRIDGED if fate.answered else unanswered,
    )


def counted(attempts: Sequence[FinishedAttempt]) -> Totals:
    """Count answers that met an agent, and those that did not."""
    answered = [a for a in attempts if a.answered_at is not None]
    served = sum(a.bridged_at is not None for a in answered)
    return Totals(served=served, nuisances=len(answered) - served)


def memory_of(shop: str, attempts: Sequence[FinishedAttempt]) -> ShopMemory:
    """Sum attempts up as the engine does when it starts."""
    counts = counted(attempts)
    return ShopMemory(
        shop=ShopId(shop),
        began_at=attempts[0].started_at,
        counts=[
            CountedHour(
                at=attempts[0].started_at,
                served=counts.served,
                nuisances=counts.nuisances,
            )
        ],
        attempts=attempts,
    )


async def write(url: str, shop: str, attempts: Sequence[FinishedAttempt]) -> None:
    """Put attempts into a database that no engine uses yet."""
    if not attempts:
        return
    database = Database.open(url)
    try:
        async with database.write() as connection:
            rows = [_row(shop, n, attempt) for n, attempt in enumerate(attempts)]
            await connection.execute(insert(t.attempts), rows)
    finally:
        await database.close()


def _row(shop: str, n: int, attempt: FinishedAttempt) -> dict[str, Any]:
    over_at = attempt.answered_at or attempt.ended_at
    return {
        "attempt": f"morning-{n}",
        "shop": shop,
        "order_id": f"morning-{n}",
        "call": f"morning-{n}",
        "number": f"+7000{n:07d}",
        "tries": attempt.tries,
        "started_at": attempt.started_at,
        "answered_at": attempt.answered_at,
        "bridged_at": attempt.bridged_at,
        "ended_at": attempt.ended_at,
        "outcome": attempt.outcome.value,
        "cause": 16,
        "ring_s": over_at - attempt.started_at if attempt.rang else 0.0,
        "rule": "earlier today",
    }
