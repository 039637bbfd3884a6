"""Messages of an order in their order, receivers that pause, and how both are seen."""

import json
from typing import Any

import pytest
from sqlalchemy import text

from callengine.core.facts import Disposition
from callengine.core.ids import MessageId, OrderId
from callengine.engine.deliveries import (
    TEST,
    Answer,
    CannotTest,
    DeliveryFilter,
    OutboxMessage,
    Pause,
    ReceiverState,
)
from callengine.store import Store
from callengine.store.configuration import Plan, apply_plan
from tests.support.stores import NOON, PLAN, SVITLO, TEPLO, Bench, delivery, order, said

CONFIRMED, CANCELLED = Disposition.CONFIRMED, Disposition.CANCELLED
GONE = Answer(at=NOON, status=410, text="gone")
OK = Answer(at=NOON, status=200, text='{"ok": true}', took_s=0.012)
STOPPED = Pause(state=ReceiverState.STOPPED, failures=1, probe_at=NOON + 900)


async def changed(bench: Bench, number: str = "T-1", changes: int = 3) -> OrderId:
    """An order whose shop is told of confirmed, cancelled, confirmed..."""
    order_id = await bench.ordered(number)
    for n in range(changes):
        what = CONFIRMED if n % 2 == 0 else CANCELLED
        await bench.ledger.save_disposition(said(what, order_id, call=f"{number}-{n}"))
    return order_id


async def claimed(bench: Bench, at: float = NOON) -> list[OutboxMessage]:
    """What is offered to a worker."""
    return list(await bench.outbox.claim(at, 100, lease_s=30))


def sequence(message: OutboxMessage) -> int:
    """The place in its order that the body tells."""
    number: int = json.loads(message.body)["sequence"]
    return number


async def stop(bench: Bench, message: MessageId, at: float = NOON) -> None:
    """The receiver of a message says 410."""
    await bench.outbox.failed(message, GONE, next_try_at=at, pause=STOPPED)


async def test_a_later_change_waits_for_the_earlier_one(bench: Bench) -> None:
    await changed(bench)
    seen: list[int] = []
    for _ in range(3):
        (message,) = await claimed(bench)
        seen.append(sequence(message))
        assert await claimed(bench) == []
        await bench.outbox.delivered(message.message, OK)
    assert seen == [1, 2, 3]
    assert await claimed(bench, NOON + 10_000) == []


async def test_an_order_that_is_refused_holds_up_no_other(bench: Bench) -> None:
    await changed(bench, "T-1", 1)
    (refused,) = await claimed(bench)
    await bench.outbox.failed(
        refused.message, Answer(at=NOON, status=422), next_try_at=NOON + 3600
    )
    await changed(bench, "T-2", 1)
    (other,) = await claimed(bench)
    assert json.loads(other.body)["data"]["order"]["number"] == "T-2"


async def test_a_refused_change_gives_way_to_a_later_one_within_a_minute(
    bench: Bench,
) -> None:
    order_id = await changed(bench, changes=1)
    (refused,) = await claimed(bench)
    refusal = Answer(at=NOON, status=422, text="what?")
    await bench.outbox.failed(refused.message, refusal, next_try_at=NOON + 36_000)
    await bench.ledger.save_disposition(said(CANCELLED, order_id, call="later"))

    (again,) = await claimed(bench, NOON + 61)
    assert again.message == refused.message
    await bench.outbox.failed(again.message, refusal, next_try_at=NOON + 36_000)

    (later,) = await claimed(bench, NOON + 61)
    assert sequence(later) == 2
    view = await bench.deliveries.shown(refused.message)
    assert view is not None
    assert (view.state, len(view.answers)) == ("replaced", 2)


async def test_a_receiver_that_stops_keeps_everything_and_stops_nobody_else(
    bench: Bench,
) -> None:
    await changed(bench, "T-1", 2)
    (first,) = await claimed(bench)
    await stop(bench, first.message)
    await changed(bench, "T-2", 1)
    delivered = await bench.ordered("T-3")
    await bench.ledger.save_disposition(
        said(CONFIRMED, delivered, delivery=delivery(), call="c-3")
    )

    (to_logistics,) = await claimed(bench, NOON + 100)
    assert to_logistics.receiver == "logistics"
    await bench.outbox.delivered(to_logistics.message, OK)
    (paused,) = (await bench.outbox.backlog()).paused
    assert (paused.shop, paused.receiver, paused.state) == (TEPLO, "shop", "stopped")
    assert paused.reason == "HTTP 410 gone"
    assert paused.probe_at == NOON + 900
    assert (await bench.outbox.backlog()).dead == 0

    assert await bench.deliveries.resume(TEPLO, "shop", NOON + 200) == 4
    seen: list[tuple[str, int]] = []
    while messages := await claimed(bench, NOON + 200):
        for message in messages:
            body = json.loads(message.body)
            seen.append((body["data"]["order"]["number"], body["sequence"]))
            await bench.outbox.delivered(message.message, OK)
    assert sorted(seen) == [("T-1", 1), ("T-1", 2), ("T-2", 1), ("T-3", 1)]
    assert seen.index(("T-1", 1)) < seen.index(("T-1", 2))


async def test_a_probe_is_one_message_at_its_time_and_each_time_another(
    bench: Bench,
) -> None:
    for number in ("T-1", "T-2", "T-3"):
        await changed(bench, number, 1)
    first, *others = await claimed(bench)
    untried = [message.message for message in others]
    await bench.outbox.failed(
        first.message, GONE, next_try_at=NOON, pause=STOPPED, untried=untried
    )
    assert await claimed(bench, NOON + 899) == []

    (probe,) = await claimed(bench, NOON + 900)
    assert probe.message in untried
    assert probe.failures == 1
    assert await claimed(bench, NOON + 901) == []
    await stop(bench, probe.message)
    (second,) = await claimed(bench, NOON + 900)
    assert {first.message, probe.message, second.message} == {first.message, *untried}

    await bench.outbox.delivered(second.message, OK)
    assert {m.message for m in await claimed(bench, NOON + 900)} == {
        first.message,
        probe.message,
    }
    assert (await bench.outbox.backlog()).paused == ()


async def test_a_paused_receiver_without_messages_costs_no_work(bench: Bench) -> None:
    await changed(bench, changes=1)
    (message,) = await claimed(bench)
    await stop(bench, message.message)
    (probe,) = await claimed(bench, NOON + 900)
    await bench.outbox.failed(probe.message, GONE, next_try_at=None, pause=STOPPED)
    assert await claimed(bench, NOON + 900) == []
    # The next message finds the receiver as it is, and is the next probe.
    await changed(bench, "T-2", 1)
    assert await claimed(bench, NOON + 901) == []
    assert len(await claimed(bench, NOON + 1000)) == 1


async def test_a_replay_keeps_id_body_and_sequence(bench: Bench) -> None:
    await changed(bench, changes=2)
    (first,) = await claimed(bench)
    await bench.outbox.delivered(first.message, OK)
    (second,) = await claimed(bench)
    await bench.outbox.delivered(second.message, OK)

    assert await bench.deliveries.replay(first.message, NOON + 50, TEPLO)
    (again,) = await claimed(bench, NOON + 50)
    assert (again.message, again.body, again.tries) == (first.message, first.body, 0)
    await bench.outbox.delivered(again.message, OK)
    view = await bench.deliveries.shown(first.message)
    assert view is not None
    assert [answer.status for answer in view.answers] == [200, 200]


async def test_a_replay_goes_before_the_changes_after_it(bench: Bench) -> None:
    order_id = await changed(bench, changes=1)
    (first,) = await claimed(bench)
    await bench.outbox.delivered(first.message, OK)
    await bench.ledger.save_disposition(said(CANCELLED, order_id, call="later"))
    await bench.deliveries.replay(first.message, NOON)

    seen = []
    while messages := await claimed(bench):
        for message in messages:
            seen.append(sequence(message))
            await bench.outbox.delivered(message.message, OK)
    assert seen == [1, 2]


async def test_a_message_of_another_shop_is_not_there(bench: Bench) -> None:
    await changed(bench, changes=1)
    (message,) = await claimed(bench)

    assert await bench.deliveries.shown(message.message, SVITLO) is None
    assert not await bench.deliveries.replay(message.message, NOON, SVITLO)
    assert await bench.deliveries.shown(MessageId("none")) is None
    listed = await bench.deliveries.listed(DeliveryFilter(shop=SVITLO))
    assert listed == ()


async def test_messages_are_listed_newest_first_and_filtered(bench: Bench) -> None:
    await changed(bench, "T-1", 2)
    await changed(bench, "T-2", 1)
    for message in await claimed(bench):
        await bench.outbox.delivered(message.message, OK)
    listed = bench.deliveries.listed

    everything = await listed(DeliveryFilter(shop=TEPLO))
    assert len(everything) == 3
    assert {view.order for view in everything} == {"T-1", "T-2"}
    of_one = await listed(DeliveryFilter(order="T-1"))
    assert sorted((v.sequence, v.state) for v in of_one) == [
        (1, "delivered"),
        (2, "waiting"),
    ]
    assert [v.order for v in await listed(DeliveryFilter(state="waiting"))] == ["T-1"]
    assert await listed(DeliveryFilter(receiver="logistics")) == ()
    pages, before = [], None
    while page := await listed(DeliveryFilter(limit=1, before=before)):
        pages += page
        before = page[-1].message
    assert pages == list(everything)


async def test_a_message_is_shown_with_body_and_answers(bench: Bench) -> None:
    await changed(bench, changes=1)
    (message,) = await claimed(bench)
    answer = Answer(at=NOON + 1, status=503, text="try later", took_s=1.5)
    pause = Pause(state=ReceiverState.FAILING, failures=1, probe_at=NOON + 5)
    await bench.outbox.failed(
        message.message, answer, next_try_at=NOON + 5, pause=pause
    )
    view = await bench.deliveries.shown(message.message, TEPLO)
    assert view is not None
    assert view.answers == (answer,)
    assert (view.tries, view.error) == (1, "HTTP 503 try later")
    assert json.loads(view.body)["type"] == "order.confirmed"


async def test_a_test_goes_to_a_paused_receiver_and_opens_it(bench: Bench) -> None:
    await changed(bench, changes=1)
    (message,) = await claimed(bench)
    await stop(bench, message.message)

    test = await bench.deliveries.send_test(TEPLO, "shop", NOON + 5)
    with pytest.raises(CannotTest, match="on its way"):
        await bench.deliveries.send_test(TEPLO, "shop", NOON + 5)
    (sent,) = await claimed(bench, NOON + 5)
    assert (sent.message, sent.type) == (test, TEST)
    await bench.outbox.delivered(test, Answer(at=NOON + 6, status=200))

    (kept,) = await claimed(bench, NOON + 6)
    assert kept.message == message.message
    with pytest.raises(CannotTest, match="no receiver"):
        await bench.deliveries.send_test(TEPLO, "courier", NOON)


async def test_receivers_tell_their_state_and_what_is_kept(bench: Bench) -> None:
    await changed(bench, changes=2)
    (message,) = await claimed(bench)
    await stop(bench, message.message)
    views = {v.receiver: v for v in await bench.deliveries.receivers(TEPLO)}
    assert (views["shop"].state, views["shop"].waiting) == ("stopped", 2)
    assert views["shop"].since_at == NOON
    assert (views["logistics"].state, views["logistics"].waiting) == ("open", 0)


async def test_a_receiver_with_enough_to_do_is_left_out(bench: Bench) -> None:
    await changed(bench, changes=1)
    busy = frozenset({(TEPLO, "shop")})
    assert await bench.outbox.claim(NOON, 10, lease_s=30, busy=busy) == ()
    assert len(await bench.outbox.claim(NOON, 10, lease_s=30)) == 1


# --- what only a database can do ---


def plan_with(**receivers: Any) -> Plan:
    """The plan with other receivers of the first shop."""
    raw = PLAN.model_dump(mode="json", exclude_unset=True)
    raw["shops"][0]["receivers"] |= receivers
    raw["agents"] = []
    return Plan.model_validate(raw)


async def test_a_better_address_starts_a_stopped_receiver_anew(store: Store) -> None:
    await apply_plan(store.db, plan_with(), NOON)
    await ordered_and_confirmed(store)
    (message,) = await store.outbox.claim(NOON, 10, lease_s=30)
    await store.outbox.failed(message.message, GONE, next_try_at=NOON, pause=STOPPED)

    await apply_plan(store.db, plan_with(), NOON + 5)
    assert await store.outbox.claim(NOON + 5, 10, lease_s=30) == ()
    await apply_plan(store.db, plan_with(shop_url="https://new.example/"), NOON + 9)
    (again,) = await store.outbox.claim(NOON + 9, 10, lease_s=30)
    assert again.url == "https://new.example/"


async def ordered_and_confirmed(store: Store, number: str = "T-1") -> None:
    """One message to the shop."""
    taken = await store.intake.take(TEPLO, order(number), NOON)
    await store.ledger.save_disposition(
        said(CONFIRMED, taken.order.order.order, call=f"call-{number}")
    )


async def test_what_was_named_late_comes_in_its_order(store: Store) -> None:
    await apply_plan(store.db, plan_with(shop_url=""), NOON)
    taken = await store.intake.take(TEPLO, order("T-1"), NOON)
    for n, what in enumerate((CONFIRMED, CANCELLED)):
        await store.ledger.save_disposition(
            said(what, taken.order.order.order, call=f"c{n}")
        )
    await apply_plan(store.db, plan_with(shop_url="https://shop.example/"), NOON + 5)
    (first,) = await store.outbox.claim(NOON + 5, 10, lease_s=30)
    assert sequence(first) == 1


async def test_what_is_looked_at_does_not_grow_with_what_was_delivered(
    store: Store,
) -> None:
    """Every look of the worker reads an index of what is due, waits or is dead."""
    await apply_plan(store.db, plan_with(), NOON)
    async with store.db.write() as connection:
        await connection.execute(
            text(
                "INSERT INTO outbox (message, shop, order_id, receiver, change,"
                " content_hash, type, body, state, tries, created_at, next_try_at,"
                " error) SELECT 'old-' || n, 'teplo', 'o-' || n, 'shop', 1, '', 't',"
                " '{}', 'delivered', 1, n, NULL, '' FROM (WITH RECURSIVE c(n) AS"
                " (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 5000)"
                " SELECT n FROM c) AS numbers"
            )
        )
    if not store.db.is_sqlite:
        async with store.db.write() as connection:
            await connection.execute(text("ANALYZE outbox"))
    explain = "EXPLAIN QUERY PLAN " if store.db.is_sqlite else "EXPLAIN "
    for look in (
        "SELECT message FROM outbox WHERE next_try_at <= 5"
        " ORDER BY next_try_at, created_at LIMIT 64",
        "SELECT count(*) FROM outbox WHERE state = 'waiting'",
        "SELECT count(*) FROM outbox WHERE state = 'dead' AND type != 'x'",
        "SELECT message FROM outbox WHERE shop = 's' AND receiver = 'shop'"
        " AND state = 'waiting' ORDER BY tries, created_at LIMIT 1",
        "SELECT message FROM outbox WHERE shop = 'teplo'"
        " ORDER BY created_at DESC, message DESC LIMIT 50",
    ):
        async with store.db.read() as connection:
            rows = (await connection.execute(text(explain + look))).all()
        plan = " ".join(str(cell) for row in rows for cell in row)
        assert "ix_outbox_" in plan, plan
