"""What was counted and learned before a restart counts and is known after it."""

from dataclasses import replace

import pytest

from callengine.core import facts as saw
from callengine.core.compliance.regime import DAY_S, NuisanceLimit, WindowKind
from callengine.core.ids import ShopId
from callengine.core.memory import (
    CountedHour,
    FinishedAttempt,
    ShopMemory,
    window_began,
)
from callengine.core.predictive.ledger import Totals
from callengine.core.records import Outcome
from tests.support.pool_kit import REGIMES, SHARED, TEPLO, Play, make_agent, play

NOON = 1_795_255_200.0
"""2026-11-21 10:00 UTC, 13:00 in Moscow."""
HOURS = (
    CountedHour(at=NOON - 7200, served=300, nuisances=6),
    CountedHour(at=NOON - 60, served=40, nuisances=1, machines=3),
)


def attempt(n: int, outcome: Outcome = Outcome.BRIDGED) -> FinishedAttempt:
    """One that was answered after eight seconds, unless it was not."""
    started_at = NOON - 3600 + n
    answered_at = started_at + 8 if outcome is Outcome.BRIDGED else None
    return FinishedAttempt(
        tries=1,
        started_at=started_at,
        rang=True,
        answered_at=answered_at,
        bridged_at=answered_at,
        ended_at=started_at + 308,
        outcome=outcome,
    )


def started(memory: ShopMemory, at: float = NOON) -> Play:
    """A pool that has just been told."""
    p = play(make_agent("anna"))
    p.now = at
    p.see(saw.AttemptsRemembered(at=at, shops=(memory,)))
    return p


def test_the_ledger_goes_on_where_it_was() -> None:
    p = started(ShopMemory(shop=TEPLO, began_at=NOON - DAY_S, counts=HOURS))
    ledger = p.pool.campaigns[TEPLO].pacer.ledger

    assert ledger.totals(NOON) == Totals(340, 7, 3)
    assert ledger.rate(NOON) == pytest.approx(7 / 347)


def test_what_was_remembered_leaves_the_window_in_its_time() -> None:
    rolling = replace(
        SHARED, nuisance=NuisanceLimit(window=WindowKind.ROLLING, length_s=DAY_S)
    )
    p = play(make_agent("anna"))
    regimes = {**REGIMES, SHARED.name: rolling}
    p.pool.roster = replace(p.pool.roster, regimes=regimes)
    memory = ShopMemory(shop=TEPLO, began_at=NOON - 9 * DAY_S, counts=HOURS)
    p.see(saw.AttemptsRemembered(at=NOON, shops=(memory,)))
    ledger = p.pool.campaigns[TEPLO].pacer.ledger

    assert ledger.totals(NOON) == Totals(340, 7, 3)
    assert ledger.totals(NOON + DAY_S - 3600) == Totals(40, 1, 3)
    assert ledger.totals(NOON + DAY_S + 3600) == Totals()


def test_a_day_that_was_remembered_ends_at_midnight() -> None:
    p = started(ShopMemory(shop=TEPLO, began_at=NOON - DAY_S, counts=HOURS))
    ledger = p.pool.campaigns[TEPLO].pacer.ledger
    midnight = window_began(SHARED.nuisance, "Europe/Moscow", 0.0, NOON) + DAY_S

    assert ledger.totals(midnight - 1) == Totals(340, 7, 3)
    assert ledger.totals(midnight) == Totals()


def test_answers_and_talks_are_learned() -> None:
    often = [attempt(n) for n in range(400)]
    seldom = [attempt(n, Outcome.NO_ANSWER) for n in range(400)]
    chances = []
    for attempts in (often, seldom):
        p = started(ShopMemory(shop=TEPLO, began_at=NOON, attempts=attempts))
        estimates = p.pool.campaigns[TEPLO].pacer.estimates
        context = p.pool.campaigns[TEPLO].context(1, NOON)
        chances.append(estimates.answer.chance(context))
    assert chances[0] > 0.8
    assert chances[1] < 0.2


def test_a_shop_that_is_gone_is_not_remembered() -> None:
    p = started(ShopMemory(shop=ShopId("gone"), began_at=NOON, counts=HOURS))
    assert p.pool.campaigns == {}


@pytest.mark.parametrize(
    ("limit", "began_at", "since"),
    [
        (NuisanceLimit(), 0.0, NOON - 13 * 3600),
        (NuisanceLimit(window=WindowKind.ROLLING, length_s=3600), 0.0, NOON - 3600),
        (
            NuisanceLimit(window=WindowKind.SUCCESSIVE, length_s=DAY_S),
            NOON - 2.5 * DAY_S,
            NOON - 0.5 * DAY_S,
        ),
        (
            # A clock that was set back to before the beginning.
            NuisanceLimit(window=WindowKind.SUCCESSIVE, length_s=DAY_S),
            NOON + 50,
            NOON + 50,
        ),
    ],
)
def test_windows_begin_as_the_law_says(
    limit: NuisanceLimit, began_at: float, since: float
) -> None:
    assert window_began(limit, "Europe/Moscow", began_at, NOON) == since


def test_a_day_with_summer_time_has_its_own_length() -> None:
    # Kyiv moves its clocks forward on 29 March 2026 at 3:00.
    noon = 1_774_774_800.0  # 12:00 there
    since = window_began(NuisanceLimit(), "Europe/Kyiv", 0.0, noon)
    assert noon - since == 11 * 3600
