"""Regimes are applied with shops, and every part of the engine reads the same."""

import pytest
from sqlalchemy import update

from callengine.core.compliance.budget import DiallingLimits
from callengine.core.compliance.presets import PRESETS, STRICT
from callengine.core.facts import Lead
from callengine.store import Store
from callengine.store import tables as t
from callengine.store.configuration import BadConfiguration, Plan, apply_plan
from tests.support.stores import NOON, TEPLO, order

OURS = {"base": "ukraine", "consent": False, "unknown_zone": "Europe/Kyiv"}


def plan_of(
    regimes: dict[str, dict[str, object]] | None = None, **shop: object
) -> Plan:
    """A plan of one shop."""
    values = {
        "slug": "teplo",
        "name": "Тепло",
        "language": "ru",
        "region": "RU",
        "currency": "RUB",
        "zone": "Europe/Moscow",
        "numbers": ["84950000101"],
    }
    return Plan.model_validate({"shops": [values | shop], "regimes": regimes or {}})


async def only_lead(store: Store, **changes: object) -> Lead:
    """The lead of a new order."""
    await store.intake.take(TEPLO, order(**changes), NOON)
    (lead,) = await store.order_book.due(NOON, 10)
    return lead


async def test_a_regime_is_applied_once_and_named_when_it_changes(store: Store) -> None:
    first = await apply_plan(store.db, plan_of({"ours": OURS}, regime="ours"), NOON)
    again = await apply_plan(store.db, plan_of({"ours": OURS}, regime="ours"), NOON)
    stricter = plan_of({"ours": {"base": "strict"}}, regime="ours")
    changed = await apply_plan(store.db, stricter, NOON)

    assert first.created == ["regime ours", "shop teplo"]
    assert (again.created, again.changed, again.unchanged) == ([], [], 2)
    assert changed.changed == ["regime ours"]


async def test_the_roster_has_the_presets_and_the_shops_own(store: Store) -> None:
    await apply_plan(
        store.db,
        plan_of({"ours": OURS}, regime="ours", nuisance_message="sound:a/sorry"),
        NOON,
    )
    roster = await store.directory.roster()
    ours = roster.regime_of(roster.shops[0])

    assert set(roster.regimes) == {*PRESETS, "ours"}
    assert (ours.name, ours.consent) == ("ours", False)
    assert ours.hours == PRESETS["ukraine"].hours
    assert roster.shops[0].nuisance_message == "sound:a/sorry"


async def test_a_zone_that_nobody_knows_is_the_regimes_guess(store: Store) -> None:
    await apply_plan(store.db, plan_of({"ours": OURS}, regime="ours"), NOON)

    assert (await only_lead(store, phone="+79161234567")).zone == "Europe/Kyiv"


async def test_a_regime_looks_back_as_far_as_it_locks(store: Store) -> None:
    long = {"base": "house", "lock_out_h": 24 * 60}
    await apply_plan(store.db, plan_of({"long": long}, regime="long"), NOON)
    lead = await only_lead(store)
    await store.ledger.start_attempts([lead], NOON - 50 * 86_400)
    await store.order_book.release_all()
    (again,) = await store.order_book.due(NOON, 10)

    assert [attempt.at for attempt in again.past] == [NOON - 50 * 86_400]


async def test_advertising_is_refused_where_it_must_be_dialled_by_hand(
    store: Store,
) -> None:
    own = {"ours": {"base": "house"}}
    await apply_plan(store.db, plan_of(own, regime="ours", advertising=True), NOON)
    by_hand = Plan.model_validate(
        {"regimes": {"ours": {"base": "house", "advertising_by_hand": True}}}
    )

    with pytest.raises(BadConfiguration, match="but shop teplo is dialled"):
        await apply_plan(store.db, by_hand, NOON)
    roster = await store.directory.roster()
    assert not roster.regimes["ours"].advertising_by_hand
    assert (await only_lead(store)).advertising


async def test_where_orders_are_called_is_applied_with_the_shop(store: Store) -> None:
    await apply_plan(store.db, plan_of(), NOON)
    before = (await store.directory.roster()).shops[0].dialling
    said = {
        "countries": ["RU", "KZ"],
        "attempts_per_day": 0,
        "money_per_day_minor": 500_000,
        "prices_minor": {"RU": 150, "*": 2500},
    }
    outcome = await apply_plan(store.db, plan_of(dialling=said), NOON)
    again = await apply_plan(store.db, plan_of(dialling=said), NOON)
    after = (await store.directory.roster()).shops[0].dialling

    assert before == DiallingLimits()
    assert after == DiallingLimits(**said | {"countries": ("RU", "KZ")})
    assert (outcome.changed, again.changed) == (["shop teplo"], [])
    await only_lead(store, phone="+7 701 234 56 78")


async def test_a_regime_that_cannot_be_read_is_the_strictest(store: Store) -> None:
    await apply_plan(store.db, plan_of({"ours": OURS}, regime="ours"), NOON)
    async with store.db.write() as connection:
        await connection.execute(
            update(t.regimes).values(data='{"nuisance": {"limit": 7}}')
        )

    assert (await store.directory.roster()).regimes["ours"] == STRICT
