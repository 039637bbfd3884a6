"""`callengine secrets`: one secret at a time, the old one good for a while."""

import asyncio
import json
import tomllib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from callengine.core.ids import ShopId
from callengine.store import Database, Store
from tests.support.commands import Run
from tests.support.stores import ids


@pytest.fixture
def ask(ready: Run, tmp_path: Path) -> Callable[..., Any]:
    """Ask the store of the commands, at a time."""

    def work(does: Callable[[Store], Awaitable[Any]], later_s: float = 0.0) -> Any:
        async def run() -> Any:
            import time

            db = Database.open(f"sqlite+aiosqlite:///{tmp_path}/var/callengine.db")
            store = Store.over(db, clock=lambda: time.time() + later_s, new_id=ids())
            found = await does(store)
            await db.close()
            return found

        return asyncio.run(run())

    return work


def rotated(run: Run, *arguments: str) -> dict[str, Any]:
    """What a rotation says."""
    said = run("secrets", "rotate", *arguments, "--json")
    assert said.code == 0, said.err
    told: dict[str, Any] = json.loads(said.out)
    return told


def test_every_secret_is_named_and_none_is_shown(ready: Run) -> None:
    said = ready("secrets", "list", "--json")
    names = {one["name"] for one in json.loads(said.out)["secrets"]}
    assert {"ari_password", "ami_password", "admin_token", "session_key"} <= names
    assert {"teplo/api_key", "teplo/shop_secret", "a01/sip_password"} <= names
    kept = tomllib.loads(Path("var/secrets.toml").read_text())
    assert not any(value in said.out for value in kept.values())
    assert "whsec_" not in ready("secrets", "list").out


def test_a_shops_old_key_is_good_until_the_overlap_ends(
    ready: Run, ask: Callable[..., Any]
) -> None:
    old = json.loads(Path("secrets.json").read_text())["shops"]["teplo"]["api_key"]
    new = rotated(ready, "teplo/api_key", "--overlap", "2h")["value"]

    def owners(later_s: float) -> list[str | None]:
        async def both(store: Store) -> list[str | None]:
            return [await store.keys.shop_for_key(key) for key in (new, old)]

        found: list[str | None] = ask(both, later_s)
        return found

    assert owners(0) == ["teplo", "teplo"]
    assert owners(2 * 3600 + 5) == ["teplo", None]


def test_a_key_that_leaked_is_void_at_once(ready: Run, ask: Callable[..., Any]) -> None:
    old = json.loads(Path("secrets.json").read_text())["shops"]["teplo"]["api_key"]
    assert rotated(ready, "teplo/api_key", "--overlap", "0")["old_until"] is None
    assert ask(lambda store: store.keys.shop_for_key(old)) is None


def test_messages_carry_both_signatures_during_the_overlap(
    ready: Run, ask: Callable[..., Any]
) -> None:
    old = json.loads(Path("secrets.json").read_text())["shops"]["teplo"]["shop_secret"]
    new = rotated(ready, "teplo/shop_secret")["value"]

    async def claimed(store: Store) -> tuple[str, str]:
        import time

        async with store.db.write() as connection:
            await connection.exec_driver_sql("UPDATE shops SET shop_url = 'https://x/'")
        await store.deliveries.send_test(ShopId("teplo"), "shop", time.time())
        (message,) = await store.outbox.claim(time.time() + 1, 5, lease_s=1)
        (later,) = await store.outbox.claim(time.time() + 2 * 86_400, 5, lease_s=1)
        return f"{message.secret} {message.old_secret}", f"{later.old_secret}"

    assert ask(claimed) == (f"{new} {old}", "")


def test_a_secret_that_the_file_changes_overlaps_too(
    ready: Run, ask: Callable[..., Any], tmp_path: Path
) -> None:
    from tests.support.commands import DEMO

    text = DEMO.read_text(encoding="utf-8")
    assert "[shops.receivers]" in text
    old = json.loads(Path("secrets.json").read_text())["shops"]["teplo"]["shop_secret"]
    own = "whsec_" + "b" * 43 + "="
    file = tmp_path / "own.toml"
    file.write_text(
        text.replace(
            "[shops.receivers]", f'[shops.receivers]\nshop_secret = "{own}"', 1
        ),
        encoding="utf-8",
    )
    assert ready("apply", str(file)).code == 0

    async def both(store: Store) -> tuple[str, str]:
        async with store.db.read() as connection:
            rows = await connection.exec_driver_sql(
                "SELECT shop_secret, shop_secret_old FROM shops"
                " WHERE shop_secret_old != ''"
            )
            row = rows.one()
            return row[0], row[1]

    assert ask(both) == (own, old)


def test_an_agents_password_changes_at_once(
    ready: Run, ask: Callable[..., Any]
) -> None:
    old = json.loads(Path("secrets.json").read_text())["agents"]["a01"]["password"]
    new = rotated(ready, "a01/password")["value"]

    async def both(store: Store) -> list[bool]:
        found = [await store.accounts.log_in("a01", word) for word in (new, old)]
        return [one is not None for one in found]

    assert ask(both) == [True, False]


def test_who_changed_what_is_in_the_security_log(ready: Run) -> None:
    value = rotated(ready, "teplo/api_key")["value"]
    text = Path("var/security.log").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    applied, changed = lines
    assert applied["event"] == "applied"
    assert "teplo" in applied["created"]
    assert (changed["event"], changed["name"]) == ("secret rotated", "teplo/api_key")
    assert changed["person"]
    assert value not in text
    assert Path("var/security.log").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("rotate", "no_such"), 2, "there is no secret 'no_such'"),
        (("rotate", "nobody/api_key"), 1, "there is no shop 'nobody'"),
        (("rotate", "nobody/password"), 1, "there is no agent 'nobody'"),
        (("rotate", "teplo/nothing"), 2, "there is no secret"),
        (("rotate", "admin_token", "--overlap", "soon"), 2, "30m, 24h or 7d"),
        (("rotate", "admin_token", "--overlap", "24"), 2, "30m, 24h or 7d"),
        (("rotate", "admin_token", "--overlap", "9999999d"), 2, "30m, 24h or 7d"),
        (("rotate", "admin_token", "--overlap", "²h"), 2, "30m, 24h or 7d"),
    ],
)
def test_a_mistake_changes_nothing_and_is_told(
    ready: Run, arguments: tuple[str, ...], code: int, words: str
) -> None:
    before = (
        Path("var/secrets.toml").read_text()
        if Path("var/secrets.toml").exists()
        else ""
    )
    said = ready("secrets", *arguments)
    assert (said.code, words in said.err) == (code, True), said.err
    if before:
        assert Path("var/secrets.toml").read_text() == before
