"""Every archive remembers what the law counts and what dialling has learned."""

from dataclasses import replace
from zoneinfo import ZoneInfo

from callengine.core.compliance.budget import DayCount, day_began_at
from callengine.core.compliance.presets import PRESETS
from callengine.core.compliance.regime import NuisanceLimit, WindowKind
from callengine.core.memory import CountedHour, ShopMemory
from callengine.core.records import Outcome
from callengine.core.roster import Roster
from tests.support.stores import NOON, SVITLO, Bench, attempt_of

HOUR_S, DAY_S = 3600.0, 86_400.0
BRIDGED, NUISANCE, MACHINE = Outcome.BRIDGED, Outcome.NUISANCE, Outcome.MACHINE


async def attempted(
    bench: Bench,
    name: str,
    at: float,
    outcome: Outcome = BRIDGED,
    *,
    wait_s: float = 0.5,
    **changes: object,
) -> None:
    """Record an attempt that was answered at an instant, unless it was not."""
    live = outcome in (BRIDGED, NUISANCE, MACHINE)
    joined = live and outcome is not NUISANCE
    values: dict[str, object] = {
        "attempt": name,
        "started_at": at - 10,
        "answered_at": at if live else None,
        "bridged_at": at + wait_s if joined else None,
        "ended_at": at + 60,
        **changes,
    }
    (lead,) = await bench.order_book.due(NOON, 1)
    await bench.order_book.release([lead.attempt])
    await bench.ledger.record([], [attempt_of(lead, outcome, **values)], [])


async def remembered(bench: Bench, now: float = NOON, **limit: object) -> ShopMemory:
    """What the first shop remembers under such a limit."""
    roster = await bench.directory.roster()
    house = PRESETS["house"]
    law = replace(house.nuisance, **limit)  # type: ignore[arg-type]
    regimes = {**PRESETS, "house": replace(house, nuisance=law)}
    roster = Roster(shops=roster.shops, regimes=regimes)
    (memory,) = await bench.archive.remembered(roster, now)
    return memory


async def test_a_centre_that_never_dialled_remembers_nothing(bench: Bench) -> None:
    roster = await bench.directory.roster()
    assert await bench.archive.remembered(roster, NOON) == ()


async def test_answers_count_by_the_hour_as_the_law_counts_them(bench: Bench) -> None:
    await bench.ordered()
    for n, (ago_s, outcome, wait_s) in enumerate(
        (
            (2 * HOUR_S + 60, BRIDGED, 0.5),
            (2 * HOUR_S + 50, BRIDGED, 2.0),
            (2 * HOUR_S + 40, BRIDGED, 2.1),  # late is as bad as never
            (600, NUISANCE, 0),
            (500, MACHINE, 0.2),
            (400, Outcome.BUSY, 0),
            (300, BRIDGED, 0.1),
        )
    ):
        await attempted(bench, f"a{n}", NOON - ago_s, outcome, wait_s=wait_s)

    assert (await remembered(bench)).counts == (
        CountedHour(at=NOON - 2 * HOUR_S - 60, served=2, nuisances=1),
        CountedHour(at=NOON - 600, served=1, nuisances=1, machines=1),
    )


async def test_a_day_begins_at_the_shops_midnight(bench: Bench) -> None:
    await bench.ordered()
    midnight = NOON - 13 * HOUR_S  # noon of the tests is 13:00 in Moscow
    await attempted(bench, "yesterday", midnight - 1)
    await attempted(bench, "today", midnight)

    (hour,) = (await remembered(bench)).counts
    assert (hour.at, hour.served) == (midnight, 1)


async def test_a_rolling_window_looks_back_from_now(bench: Bench) -> None:
    await bench.ordered()
    await attempted(bench, "old", NOON - DAY_S - 1)
    await attempted(bench, "young", NOON - DAY_S + 1)

    (hour,) = (await remembered(bench, window=WindowKind.ROLLING)).counts
    assert hour.at == NOON - DAY_S + 1


async def test_successive_windows_follow_the_first_attempt(bench: Bench) -> None:
    await bench.ordered()
    await attempted(bench, "first", NOON - 65 * DAY_S)
    await attempted(bench, "second window", NOON - 6 * DAY_S)
    await attempted(bench, "third window", NOON - 4 * DAY_S)
    memory = await remembered(bench, window=WindowKind.SUCCESSIVE, length_s=30 * DAY_S)

    assert memory.began_at == NOON - 65 * DAY_S - 10
    assert [hour.at for hour in memory.counts] == [NOON - 4 * DAY_S]


async def test_the_threshold_is_the_regimes_own(bench: Bench) -> None:
    await bench.ordered()
    await attempted(bench, "slow", NOON - 60, wait_s=2.9)

    (strict,) = (await remembered(bench)).counts
    (patient,) = (await remembered(bench, threshold_s=3.0)).counts
    assert (strict.served, strict.nuisances) == (0, 1)
    assert (patient.served, patient.nuisances) == (1, 0)


async def test_attempts_come_back_oldest_first_with_what_can_be_learned(
    bench: Bench,
) -> None:
    await bench.ordered()
    await attempted(
        bench, "b", NOON - 100, Outcome.BUSY, tries=2, ring_s=0.0, zone="Asia/Omsk"
    )
    await attempted(bench, "a", NOON - 900, wait_s=1.0, trunk="north")
    first, second = (await remembered(bench)).attempts

    assert (first.started_at, first.answered_at) == (NOON - 910, NOON - 900)
    assert (first.talk_s, first.outcome, first.trunk) == (59.0, BRIDGED, "north")
    assert (second.tries, second.rang, second.zone) == (2, False, "Asia/Omsk")
    assert (second.answered_at, second.talk_s) == (None, None)


async def test_each_shop_remembers_its_own(bench: Bench) -> None:
    await bench.ordered()
    await attempted(bench, "theirs", NOON - 60, shop=SVITLO)
    await attempted(bench, "gone", NOON - 60, shop="closed-shop")
    roster = await bench.directory.roster()
    (memory,) = await bench.archive.remembered(roster, NOON)

    assert memory.shop == SVITLO
    assert NuisanceLimit().threshold_s == 2.0
    assert [hour.served for hour in memory.counts] == [1]


async def test_what_a_clock_set_back_left_in_the_future_does_not_count(
    bench: Bench,
) -> None:
    await bench.ordered()
    await attempted(bench, "tomorrow", NOON + 3 * HOUR_S)

    assert (await remembered(bench)).counts == ()


async def test_the_shops_day_so_far_is_remembered_from_its_midnight(
    bench: Bench,
) -> None:
    await bench.ordered()
    midnight = day_began_at(NOON, ZoneInfo("Europe/Moscow"))
    for n, started_at in enumerate((midnight - 1, midnight, NOON - 60)):
        await attempted(bench, f"a{n}", started_at + 10, cost_minor=100 + n)

    memory = await remembered(bench)

    assert memory.today == DayCount(at=NOON, attempts=2, cost_minor=203)


async def test_a_day_without_attempts_is_not_remembered(bench: Bench) -> None:
    await bench.ordered()
    await attempted(bench, "a", NOON - 3 * DAY_S)

    assert (await remembered(bench)).today is None
