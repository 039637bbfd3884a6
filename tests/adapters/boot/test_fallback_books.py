"""Calls of the fallback queues become records: once, whatever fails in between."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from callengine.boot.fallback_books import FallbackBooks
from callengine.core.ids import CustomerId
from callengine.core.records import CallRecord
from callengine.core.roster import Shop
from callengine.engine.ports import StoreDown
from tests.support.pool_kit import NUMBER, make_agent, play

CALL = "n1-1795955000.12"
LINES = [
    f"1795955001|{CALL}|teplo|NONE|CALLENGINE|{NUMBER}|TIMEOUT|allowed",
    f"1795955001|{CALL}|teplo|NONE|ENTERQUEUE||+79160000001|1",
    f"1795955009|{CALL}|teplo|PJSIP/anna|CONNECT|8|n1-1795955002.13|3",
    f"1795955069|{CALL}|teplo|PJSIP/anna|COMPLETECALLER|8|60|1",
]


class Books:
    """What was committed, by id; a database that may be away."""

    def __init__(self) -> None:
        self.kept: dict[str, CallRecord] = {}
        self.commits = 0
        self.down = False

    async def record(self, calls: Sequence[CallRecord]) -> None:
        if self.down:
            raise StoreDown("away")
        self.commits += 1
        self.kept |= {call.call: call for call in calls}

    async def who_is(self, shop: Shop, dialled: str, number: str | None) -> CustomerId:
        return CustomerId(f"customer of {number}")


@pytest.fixture
def books() -> Books:
    return Books()


def follower(folder: Path, books: Books) -> FallbackBooks:
    room = play(make_agent("anna"))
    return FallbackBooks(
        folder / "queue_log",
        folder / "mark.json",
        pool=lambda: room.pool,
        who_is=books.who_is,
        record=books.record,
    )


def write(folder: Path, lines: Sequence[str]) -> None:
    with (folder / "queue_log").open("a") as file:
        file.writelines(f"{line}\n" for line in lines)


async def test_an_answered_call_is_in_the_history_of_its_customer(
    tmp_path: Path, books: Books
) -> None:
    first = follower(tmp_path, books)
    await first.look()
    write(tmp_path, LINES)
    await first.look()
    (call,) = books.kept.values()
    assert (call.number, call.dialled_number, call.agent) == (
        "+79160000001",
        NUMBER,
        "anna",
    )
    assert call.shop is not None
    assert call.customer == "customer of +79160000001"
    assert (call.ending, call.direction) == ("fallback", "inbound")
    assert (call.enqueued_at, call.bridged_at, call.ended_at) == (
        1795955001.0,
        1795955009.0,
        1795955069.0,
    )
    assert call.events[0][1:] == ("fallback", "TIMEOUT")


async def test_a_database_that_is_away_is_waited_for_and_booked_once(
    tmp_path: Path, books: Books
) -> None:
    first = follower(tmp_path, books)
    await first.look()
    write(tmp_path, LINES)
    books.down = True
    for _ in range(3):
        with pytest.raises(StoreDown):
            await first.look()
    books.down = False
    await first.look()
    await first.look()
    assert (len(books.kept), books.commits) == (1, 1)


async def test_a_restart_before_the_commit_books_it_too(
    tmp_path: Path, books: Books
) -> None:
    first = follower(tmp_path, books)
    await first.look()
    write(tmp_path, LINES)
    books.down = True
    with pytest.raises(StoreDown):
        await first.look()
    books.down = False
    await follower(tmp_path, books).look()
    assert len(books.kept) == 1


async def test_a_caller_who_hides_is_not_told_and_a_stranger_is_no_agent(
    tmp_path: Path, books: Books
) -> None:
    first = follower(tmp_path, books)
    await first.look()
    hidden = [line.replace("allowed", "prohib_passed_screen") for line in LINES]
    write(tmp_path, [line.replace("PJSIP/anna", "PJSIP/eve") for line in hidden])
    await first.look()
    (call,) = books.kept.values()
    assert (call.number, call.customer, call.agent) == (None, None, None)
    assert call.bridged_at is not None


async def test_a_number_that_is_no_shops_any_more_is_booked_without_one(
    tmp_path: Path, books: Books
) -> None:
    first = follower(tmp_path, books)
    await first.look()
    write(tmp_path, [line.replace(NUMBER, "+70000000000") for line in LINES])
    await first.look()
    (call,) = books.kept.values()
    assert (call.shop, call.customer) == (None, None)
