"""Logins, keys and phone accounts, in both databases."""

import asyncio
import time

from callengine.store import Store
from callengine.store.configuration import Credentials, Plan, apply_plan
from tests.support.stores import NOON, PLAN, QUICK_HASHER


async def applied(store: Store, *, rotate: bool = False) -> Credentials:
    """The plan's shops and agents; their credentials."""
    done = await apply_plan(store.db, PLAN, NOON, rotate=rotate, hasher=QUICK_HASHER)
    return done.credentials


async def test_an_agent_logs_in_with_the_password_that_was_made(store: Store) -> None:
    made = await applied(store)
    profile = await store.accounts.log_in("a01", made.agents["a01"]["password"])

    assert profile is not None
    assert (profile.agent, profile.name) == ("a01", "Анна")
    assert profile.skills["shop.teplo"] == 8


async def test_a_wrong_password_or_login_is_refused(store: Store) -> None:
    made = await applied(store)
    right = made.agents["a01"]["password"]

    for login, password in (
        ("a01", "wrong"),
        ("a01", ""),
        ("a02", right),
        ("nobody", right),
        ("", ""),
        ("a01\x00", right),
        ("a01", right + "x" * 1000),
    ):
        assert await store.accounts.log_in(login, password) is None


async def test_an_unknown_login_costs_a_hash_too(store: Store) -> None:
    """Counted in hashes, not in time: the machine may be busy."""
    await applied(store)
    verified: list[str] = []
    hasher = store.accounts._hasher
    original = type(hasher).verify

    class Counting(type(hasher)):  # type: ignore[misc]
        def verify(self, kept: str, password: str) -> bool:
            verified.append(kept)
            return original(self, kept, password)

    store.accounts._hasher = Counting(time_cost=1, memory_cost=8, parallelism=1)
    assert await store.accounts.log_in("nobody", "x") is None
    assert await store.accounts.log_in("a01", "x") is None

    assert len(verified) == 2


async def test_hashing_does_not_hold_up_the_loop(store: Store) -> None:
    await applied(store)
    slow = type(QUICK_HASHER)(time_cost=4, memory_cost=65536, parallelism=1)
    store.accounts._hasher = slow
    store.accounts._nobody = slow.hash("x")
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    ticking = asyncio.create_task(tick())
    began_at = time.perf_counter()
    await store.accounts.log_in("nobody", "x")
    spent_s = time.perf_counter() - began_at
    ticking.cancel()

    assert ticks > 50, f"{ticks} turns of the loop in {spent_s:.2f} s"


async def test_a_shops_key_names_the_shop_and_only_its_hash_is_kept(
    store: Store,
) -> None:
    made = await applied(store)
    key = made.shops["teplo"]["api_key"]

    assert await store.keys.shop_for_key(key) == "teplo"
    assert await store.keys.shop_for_key(key + "x") is None
    assert await store.keys.shop_for_key("") is None
    assert await store.keys.shop_for_key("x" * 10_000) is None
    assert await store.keys.shop_for_key("\ud800") is None
    async with store.db.read() as connection:
        rows = await connection.exec_driver_sql("SELECT * FROM api_keys")
        assert key not in repr(rows.all())


async def test_rotation_ends_the_old_credentials(store: Store) -> None:
    old = await applied(store)
    new = await applied(store, rotate=True)

    assert await store.keys.shop_for_key(old.shops["teplo"]["api_key"]) is None
    assert await store.keys.shop_for_key(new.shops["teplo"]["api_key"]) == "teplo"
    password = old.agents["a01"]["password"]
    assert await store.accounts.log_in("a01", password) is None
    accounts = await store.directory.phone_accounts()
    assert [a.sip_password for a in accounts] == [
        new.agents["a01"]["sip_password"],
        new.agents["a02"]["sip_password"],
    ]


async def test_phone_accounts_hold_what_asterisk_needs(store: Store) -> None:
    made = await applied(store)
    anna, bogdan = await store.directory.phone_accounts()

    assert (anna.login, anna.phone_mode, anna.shops) == (
        "a01",
        "auto_answer",
        ("teplo",),
    )
    assert anna.sip_password == made.agents["a01"]["sip_password"]
    assert bogdan.shops == ("svitlo", "teplo")
    assert (anna.srtp, bogdan.srtp) == (None, False)


async def test_an_agent_removed_can_no_longer_log_in(store: Store) -> None:
    made = await applied(store)
    gone = Plan.model_validate({"removed": {"agents": ["a01"]}})
    await apply_plan(store.db, gone, NOON, hasher=QUICK_HASHER)

    password = made.agents["a01"]["password"]
    assert await store.accounts.log_in("a01", password) is None
    assert [a.login for a in await store.directory.phone_accounts()] == ["a02"]
