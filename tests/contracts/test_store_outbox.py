"""Every outbox offers a message to one worker at a time until there is a verdict."""

import asyncio

from callengine.core.facts import Disposition
from callengine.core.ids import MessageId
from callengine.engine.deliveries import Answer
from callengine.store import Store
from callengine.store.configuration import Plan, apply_plan
from tests.support.stores import NOON, QUICK_HASHER, TEPLO, Bench, delivery, order, said

TAKEN = Answer(at=NOON + 1, status=204)
REFUSED = Answer(at=NOON + 1, status=422, text="no such order")


async def confirmed(bench: Bench, number: str = "T-1") -> None:
    """An order confirmed with a delivery: two messages."""
    order_id = await bench.ordered(number)
    await bench.ledger.save_disposition(
        said(Disposition.CONFIRMED, order_id, delivery=delivery())
    )


async def test_a_claimed_message_is_nobody_elses_until_its_lease_ends(
    bench: Bench,
) -> None:
    await confirmed(bench)
    first = await bench.outbox.claim(NOON, 10, lease_s=30)

    assert len(first) == 2
    assert {m.tries for m in first} == {0}
    assert await bench.outbox.claim(NOON + 29, 10, lease_s=30) == ()
    again = await bench.outbox.claim(NOON + 30, 10, lease_s=30)
    assert {m.message for m in again} == {m.message for m in first}
    assert {m.body for m in again} == {m.body for m in first}


async def test_no_more_than_the_limit_is_claimed(bench: Bench) -> None:
    await confirmed(bench)

    assert len(await bench.outbox.claim(NOON, 1, lease_s=30)) == 1
    assert len(await bench.outbox.claim(NOON, 5, lease_s=30)) == 1


async def test_a_failed_message_comes_again_when_it_was_said(bench: Bench) -> None:
    await confirmed(bench)
    one, _ = await bench.outbox.claim(NOON, 10, lease_s=600)
    await bench.outbox.failed(one.message, REFUSED, next_try_at=NOON + 5)

    assert await bench.outbox.claim(NOON + 4, 10, lease_s=30) == ()
    (again,) = await bench.outbox.claim(NOON + 5, 10, lease_s=30)
    assert (again.message, again.tries) == (one.message, 1)


async def test_a_dead_message_rests_until_it_is_replayed(bench: Bench) -> None:
    await confirmed(bench)
    one, other = await bench.outbox.claim(NOON, 10, lease_s=60)
    await bench.outbox.delivered(other.message, TAKEN)
    await bench.outbox.failed(one.message, REFUSED, next_try_at=None)
    assert await bench.outbox.claim(NOON + 10_000, 10, lease_s=30) == ()

    assert await bench.deliveries.replay(one.message, NOON + 10_000)
    (again,) = await bench.outbox.claim(NOON + 10_000, 10, lease_s=30)
    assert (again.message, again.tries) == (one.message, 0)
    assert not await bench.deliveries.replay(MessageId("nothing"), NOON)


async def test_the_backlog_is_counted(bench: Bench) -> None:
    await confirmed(bench, "T-1")
    await confirmed(bench, "T-2")
    one, two, three, _ = await bench.outbox.claim(NOON, 10, lease_s=60)
    await bench.outbox.delivered(one.message, TAKEN)
    await bench.outbox.failed(two.message, REFUSED, next_try_at=NOON + 9)
    await bench.outbox.failed(three.message, REFUSED, next_try_at=None)
    backlog = await bench.outbox.backlog()

    assert (backlog.waiting, backlog.failing) == (2, 1)
    assert backlog.dead == 1
    assert backlog.oldest_at == NOON


async def test_a_waiting_worker_wakes_when_a_message_is_committed(
    bench: Bench,
) -> None:
    await bench.outbox.wait(0)
    async with asyncio.timeout(10):
        waiting = asyncio.create_task(bench.outbox.wait(60))
        await confirmed(bench)
        await waiting


# --- what only a database can do ---


async def test_a_late_failure_does_not_undo_a_delivery(store: Store) -> None:
    await apply_plan(store.db, _plan("https://shop.example/"), NOON)
    await _cancelled(store)
    (message,) = await store.outbox.claim(NOON, 10, lease_s=30)
    await store.outbox.delivered(message.message, TAKEN)
    await store.outbox.failed(message.message, REFUSED, next_try_at=NOON + 2)

    assert await store.outbox.claim(NOON + 10_000, 10, lease_s=30) == ()
    view = await store.deliveries.shown(message.message)
    assert view is not None
    assert (view.state, view.error) == ("delivered", "")


async def test_two_workers_at_once_share_the_messages(store: Store) -> None:
    await apply_plan(store.db, _plan("https://shop.example/"), NOON)
    for n in range(20):
        await _cancelled(store, n)
    taken = await asyncio.gather(
        *(store.outbox.claim(NOON, 7, lease_s=30) for _ in range(4))
    )
    names = [m.message for messages in taken for m in messages]

    assert len(names) == len(set(names)) == 20


async def test_messages_wait_for_a_receiver_to_be_named(store: Store) -> None:
    await apply_plan(store.db, _plan(""), NOON, hasher=QUICK_HASHER)
    await _cancelled(store)
    assert await store.outbox.claim(NOON, 10, lease_s=30) == ()

    await apply_plan(store.db, _plan("https://shop.example/in"), NOON + 60)
    (message,) = await store.outbox.claim(NOON + 60, 10, lease_s=30)
    assert message.url == "https://shop.example/in"
    assert message.secret.startswith("whsec_")


def _plan(url: str) -> Plan:
    shop = {
        "slug": "teplo",
        "name": "Тепло",
        "language": "ru",
        "region": "RU",
        "currency": "RUB",
        "zone": "Europe/Moscow",
        "receivers": {"shop_url": url},
    }
    return Plan.model_validate({"shops": [shop]})


async def _cancelled(store: Store, n: int = 1) -> None:
    taken = await store.intake.take(TEPLO, order(f"T-{n}"), NOON)
    await store.ledger.save_disposition(
        said(Disposition.CANCELLED, taken.order.order.order, call=f"call-{n}")
    )
