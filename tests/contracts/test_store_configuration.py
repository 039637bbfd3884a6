"""Applying a file: everything in it, once, and nothing it does not name."""

import json
from pathlib import Path

import pytest

from callengine.store import Store
from callengine.store.configuration import (
    BadConfiguration,
    Credentials,
    Plan,
    apply_plan,
    read_plan,
    warnings_of,
)
from sim.shops.generate import load_demo
from tests.support.stores import NOON, QUICK_HASHER, TEPLO

DEMO = Path(__file__).parents[2] / "sim" / "shops" / "demo.toml"


def plan_of(**shop: object) -> Plan:
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
    return Plan.model_validate({"shops": [values | shop]})


async def test_the_sample_shops_are_applied_once(store: Store) -> None:
    plan = read_plan(DEMO, environ={})
    first = await apply_plan(store.db, plan, NOON, hasher=QUICK_HASHER)
    before = await store.directory.roster()
    again = await apply_plan(store.db, plan, NOON + 60, hasher=QUICK_HASHER)

    assert len(first.created) == 14
    assert len(first.credentials.agents) == 10
    assert set(first.credentials.shops["teplo"]) == {
        "api_key",
        "shop_secret",
        "logistics_secret",
    }
    assert (again.created, again.changed, again.unchanged) == ([], [], 14)
    assert not again.credentials
    assert await store.directory.roster() == before
    assert len(before.agents) == 10
    assert {shop.language for shop in before.shops} == {"ru", "uk"}


async def test_a_change_is_named_and_the_roster_grows_a_version(store: Store) -> None:
    await apply_plan(store.db, plan_of(), NOON)
    version = await store.directory.roster_version()
    done = await apply_plan(
        store.db, plan_of(name="Теплее", numbers=["84950000102"]), NOON
    )
    roster = await store.directory.roster()

    assert done.changed == ["shop teplo"]
    assert roster.version == version + 1
    assert roster.shops[0].name == "Теплее"
    assert roster.shops[0].numbers == ("+74950000102",)
    assert roster.shops[0].caller_id == "+74950000102"


async def test_numbers_may_move_between_shops_of_a_file_but_are_not_stolen(
    store: Store,
) -> None:
    other = {
        "slug": "zima",
        "name": "Зима",
        "language": "ru",
        "region": "RU",
        "currency": "RUB",
        "zone": "Asia/Omsk",
    }
    first = plan_of().shops[0].model_dump()
    await apply_plan(store.db, plan_of(), NOON)
    thief = Plan.model_validate({"shops": [other | {"numbers": ["84950000101"]}]})
    with pytest.raises(BadConfiguration, match="is of shop teplo already"):
        await apply_plan(store.db, thief, NOON)

    moved = Plan.model_validate(
        {
            "shops": [
                other | {"numbers": ["84950000101"]},
                first | {"numbers": ["84950000103"], "caller_id": ""},
            ]
        }
    )
    await apply_plan(store.db, moved, NOON)
    numbers = {s.shop: s.numbers for s in (await store.directory.roster()).shops}
    assert numbers == {"zima": ("+74950000101",), "teplo": ("+74950000103",)}


async def test_a_plan_that_fails_changes_nothing(store: Store) -> None:
    await apply_plan(store.db, plan_of(), NOON)
    before = await store.directory.roster()
    bad = Plan.model_validate(
        {
            "shops": [
                plan_of(name="Другое").shops[0].model_dump(),
                plan_of(slug="zima", numbers=["84950000101"]).shops[0].model_dump(),
            ]
        }
    )
    with pytest.raises(BadConfiguration):
        await apply_plan(store.db, bad, NOON)

    assert await store.directory.roster() == before


async def test_sample_customers_load_once_and_are_found(store: Store) -> None:
    plan = read_plan(DEMO, environ={})
    await apply_plan(store.db, plan, NOON, hasher=QUICK_HASHER)
    made = await load_demo(store.db, now=NOON, customers=60)
    again = await load_demo(store.db, now=NOON, customers=60)

    assert (made, again) == (120, 0)
    assert await store.order_book.due(NOON + 10_000, 10) == ()
    shop = next(s for s in (await store.directory.roster()).shops if s.shop == TEPLO)
    async with store.db.read() as connection:
        rows = await connection.exec_driver_sql(
            "SELECT raw FROM customer_phones WHERE shop = 'teplo'"
        )
        spellings = [row[0] for row in rows]
    assert len(spellings) >= 60
    verdicts = {
        (await store.crm.identify(shop, "", spelling)).card.identification
        for spelling in spellings
    }
    assert verdicts <= {"found", "several"}


def test_the_sample_shops_can_all_be_served() -> None:
    plan = read_plan(
        DEMO,
        environ={
            f"{shop}_{side}_URL": "http://127.0.0.1:9/"
            for shop in ("TEPLO", "SVITLO")
            for side in ("SHOP", "LOGISTICS")
        },
    )

    assert warnings_of(plan) == ()


def test_secrets_are_merged_into_a_file_only_the_owner_can_read(
    tmp_path: Path,
) -> None:
    file = tmp_path / "made" / "secrets.json"
    Credentials(agents={"a01": {"password": "one", "sip_password": "s"}}).merge_into(
        file
    )
    Credentials(
        agents={"a02": {"password": "two"}}, shops={"teplo": {"api_key": "k"}}
    ).merge_into(file)

    assert json.loads(file.read_text()) == {
        "agents": {
            "a01": {"password": "one", "sip_password": "s"},
            "a02": {"password": "two"},
        },
        "shops": {"teplo": {"api_key": "k"}},
    }
    assert file.stat().st_mode & 0o777 == 0o600
    assert [f.name for f in file.parent.iterdir()] == ["secrets.json"]


def test_secrets_never_overwrite_another_file(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("not secrets")
    with pytest.raises(ValueError, match="choose another file"):
        Credentials(agents={"a01": {"password": "x"}}).merge_into(file)

    assert file.read_text() == "not secrets"
