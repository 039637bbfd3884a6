"""`callengine outbox` as an operator calls it."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from callengine.core.facts import Disposition
from callengine.core.ids import ShopId
from callengine.engine.deliveries import Answer, Pause, ReceiverState
from callengine.engine.ports import NewItem, NewOrder
from callengine.store import Database, Store
from tests.support.commands import Run
from tests.support.stores import ids, said

TEPLO = ShopId("teplo")
NOW = 1_795_255_200.0


@pytest.fixture
def told(
    ready: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Callable[[Store], Awaitable[None]]], None]:
    """Do something with the store of the commands; its shop has receivers."""

    def work(does: Callable[[Store], Awaitable[None]]) -> None:
        async def run() -> None:
            db = Database.open(f"sqlite+aiosqlite:///{tmp_path}/var/callengine.db")
            async with db.write() as connection:
                await connection.exec_driver_sql(
                    "UPDATE shops SET shop_url = 'https://shop.example/in',"
                    " delivery_required = false"
                )
            await does(Store.over(db, clock=time.time, new_id=ids()))
            await db.close()

        asyncio.run(run())

    return work


async def stopped(store: Store) -> None:
    """An order confirmed and cancelled, to a receiver that said 410."""
    item = NewItem(sku="K", name="Чайник", category="", quantity=1, price_minor=1)
    order = NewOrder(number="T-7", phone="89161234567", items=(item,))
    taken = await store.intake.take(TEPLO, order, NOW)
    for what in (Disposition.CONFIRMED, Disposition.CANCELLED):
        await store.ledger.save_disposition(
            said(what, taken.order.order.order, call=what.value)
        )
    (message,) = await store.outbox.claim(NOW, 10, lease_s=30)
    pause = Pause(state=ReceiverState.STOPPED, failures=1, probe_at=NOW + 900)
    gone = Answer(at=NOW, status=410, text="gone\x1b[2J")
    await store.outbox.failed(message.message, gone, next_try_at=NOW, pause=pause)


def test_messages_are_listed_and_the_stopped_receiver_is_named(
    ready: Run, told: Callable[..., None]
) -> None:
    told(stopped)
    listed = ready("outbox", "list", "--shop", "teplo", "--json")
    found = json.loads(listed.out)
    kinds = sorted((m["sequence"], m["type"], m["held"]) for m in found["messages"])
    assert kinds == [(1, "order.confirmed", True), (2, "order.cancelled", True)]
    (paused,) = found["paused"]
    assert (paused["state"], paused["waiting"]) == ("stopped", 2)

    for_people = ready("outbox", "list")
    assert for_people.code == 0
    assert "teplo shop is stopped since 2026-11-21T10:00:00Z" in for_people.err
    assert "2 messages are kept" in for_people.err
    assert "\x1b" not in for_people.out + for_people.err
    assert ready("outbox", "receivers").code == 1


def test_one_message_is_shown_with_its_answers(
    ready: Run, told: Callable[..., None]
) -> None:
    told(stopped)
    listed = json.loads(ready("outbox", "list", "--order", "T-7", "--json").out)
    first = next(m for m in listed["messages"] if m["sequence"] == 1)
    shown = json.loads(ready("outbox", "show", first["message"], "--json").out)
    assert shown["body"]["data"]["order"]["number"] == "T-7"
    assert [(a["status"], a["text"][:4]) for a in shown["answers"]] == [(410, "gone")]
    assert "HTTP 410" in ready("outbox", "show", first["message"]).out


def test_resuming_makes_everything_due_and_replay_sends_again(
    ready: Run, told: Callable[..., None]
) -> None:
    told(stopped)
    resumed = ready("outbox", "resume", "teplo", "shop")
    assert (resumed.code, resumed.out) == (
        0,
        "teplo shop is open; 2 messages are sent now\n",
    )
    assert ready("outbox", "receivers").code == 0

    sent: list[str] = []

    async def deliver(store: Store) -> None:
        while claimed := await store.outbox.claim(time.time() + 1, 10, lease_s=30):
            for one in claimed:
                sent.append(one.message)
                answer = Answer(at=time.time(), status=200)
                await store.outbox.delivered(one.message, answer)

    told(deliver)
    assert len(sent) == 2
    assert ready("outbox", "replay", sent[0]).code == 0
    assert ready("outbox", "replay", "nothing").code == 1
    listed = json.loads(ready("outbox", "list", "--state", "waiting", "--json").out)
    assert [m["message"] for m in listed["messages"]] == [sent[0]]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("list", "--state", "lost"), 2, "state is one of waiting"),
        (("list", "--receiver", "courier"), 2, "receiver is one of shop, logistics"),
        (("show", "nothing"), 1, "there is no message 'nothing'"),
        (("resume", "nobody", "shop"), 1, "there is no shop 'nobody'"),
        (("test", "teplo", "logistics"), 1, "has named no receiver"),
    ],
)
def test_a_mistake_is_told_with_what_to_write(
    ready: Run, arguments: tuple[str, ...], code: int, words: str
) -> None:
    said = ready("outbox", *arguments)
    assert said.code == code
    assert words in said.err


def test_a_test_message_is_sent(ready: Run, told: Callable[..., None]) -> None:
    told(stopped)
    said = ready("outbox", "test", "teplo", "shop")
    assert said.code == 0
    assert "is sent" in said.out
    assert "on its way" in ready("outbox", "test", "teplo", "shop").err
