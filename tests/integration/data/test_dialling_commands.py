"""`callengine dnc` and `callengine why ORDER` as an admin calls them."""

import asyncio
import time
from pathlib import Path

import pytest

from callengine.core.effects import PutLeadOff
from callengine.core.ids import ShopId
from callengine.core.records import DecisionRecord
from callengine.engine.ports import NewItem, NewOrder
from callengine.store import Database, Store
from tests.support.commands import Run
from tests.support.stores import ids

TEPLO = ShopId("teplo")


@pytest.fixture
def waiting(ready: Run, tmp_path: Path) -> str:
    """An order that was put off; its id."""

    async def work() -> str:
        db = Database.open(f"sqlite+aiosqlite:///{tmp_path}/var/callengine.db")
        store = Store.over(db, clock=time.time, new_id=ids())
        item = NewItem(sku="K", name="Чайник", category="", quantity=1, price_minor=1)
        order = NewOrder(number="T-7", phone="89161234567", items=(item,))
        await store.intake.take(TEPLO, order, 1_795_255_200.0)
        (lead,) = await store.order_book.due(1_795_255_200.0, 1)
        verdict = PutLeadOff(
            attempt=lead.attempt,
            order=lead.order,
            shop=lead.shop,
            at=1_795_300_000.0,
            rule="hours",
            reason="02:00 Fri in Asia/Vladivostok",
        )
        await store.ledger.put_off([verdict], 1_795_255_200.0)
        kept = DecisionRecord(
            at=1_795_255_200.0,
            kind="compliance",
            call=None,
            order=lead.order,
            chosen="later",
            reason=verdict.reason,
            detail={"rule": "hours", "again_at": verdict.at},
        )
        await store.ledger.record([], [], [kept])
        await db.close()
        return str(lead.order)

    return asyncio.run(work())


def test_why_tells_why_an_order_waits(ready: Run, waiting: str) -> None:
    said = ready("why", waiting, "--zone", "Europe/Moscow")

    assert said.code == 0
    assert "order T-7 of shop teplo: new" in said.out
    assert "2026-11-22 01:26:40" in said.out
    assert "02:00 Fri in Asia/Vladivostok" in said.out


def test_why_of_nothing_says_where_else_to_look(ready: Run) -> None:
    said = ready("why", "nothing")

    assert said.code == 1
    assert "Nothing is on record of 'nothing'" in said.err


def test_numbers_are_listed_however_they_are_written(ready: Run) -> None:
    added = ready("dnc", "add", "teplo", "8 (916) 123-45-67", "+74232123456")
    assert added.code == 0
    assert "+79161234567 is not called for teplo" in added.out

    listed = ready("dnc", "list", "teplo")
    assert [line.split()[0] for line in listed.out.splitlines()] == [
        "+74232123456",
        "+79161234567",
    ]
    assert ready("dnc", "remove", "teplo", "89161234567").code == 0
    numbers = ready("dnc", "list", "teplo", "--json").json()["numbers"]
    assert [entry["number"] for entry in numbers] == ["+74232123456"]


def test_a_number_that_was_not_on_the_list_is_told(ready: Run) -> None:
    said = ready("dnc", "remove", "teplo", "89161234567")

    assert said.code == 1
    assert "89161234567 was not on the list" in said.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("add", "teplo", "12"), "2 digits are too few"),
        (("add", "nobody", "89161234567"), "there is no shop 'nobody'"),
        (("list", "nobody"), "there is no shop 'nobody'"),
    ],
)
def test_what_cannot_be_done_is_explained(
    ready: Run, arguments: tuple[str, ...], says: str
) -> None:
    said = ready("dnc", *arguments)

    assert said.code == 1
    assert says in said.err


def test_a_list_needs_a_database(run: Run) -> None:
    said = run("dnc", "list", "teplo")

    assert said.code == 1
    assert "run `callengine migrate`" in said.err


@pytest.mark.parametrize("asked", [("T-7",), ("teplo/T-7",), ("teplo", "T-7")])
def test_why_finds_an_order_by_the_shops_number(
    ready: Run, waiting: str, asked: tuple[str, ...]
) -> None:
    said = ready("why", *asked)
    assert said.code == 0
    assert "order T-7 of shop teplo" in said.out
    assert waiting in said.out


def test_why_of_a_number_that_two_shops_have_names_both(
    ready: Run, waiting: str, tmp_path: Path
) -> None:
    async def same_number_elsewhere() -> None:
        db = Database.open(f"sqlite+aiosqlite:///{tmp_path}/var/callengine.db")
        store = Store.over(db, clock=time.time, new_id=lambda: "other-1")
        item = NewItem(sku="K", name="Чайник", category="", quantity=1, price_minor=1)
        order = NewOrder(number="T-7", phone="0501234567", items=(item,))
        await store.intake.take(ShopId("svitlo"), order, time.time())
        await db.close()

    asyncio.run(same_number_elsewhere())
    said = ready("why", "T-7")
    assert said.code == 1
    assert "teplo/T-7" in said.err
    assert "svitlo/T-7" in said.err
    assert waiting in ready("why", "teplo/T-7").out


def test_why_of_an_unknown_number_says_so(ready: Run, waiting: str) -> None:
    assert ready("why", "svitlo/T-7").code == 1
    assert "Nothing is on record" in ready("why", "teplo", "T-8").err
