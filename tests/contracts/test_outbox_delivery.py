"""The outbox worker against a real HTTP receiver that checks every signature."""

import asyncio
from dataclasses import replace

import pytest
from aiohttp import web

from callengine.engine.ports import StoreDown
from callengine.integrations.lanes import AT_ONCE
from callengine.integrations.outbox import LEASE_S
from callengine.integrations.schedule import RETRY_DELAYS_S
from callengine.testing.deliveries import MemoryDeliveries
from callengine.testing.outbox import MemoryOutbox
from tests.support.webhooks import running


async def test_a_message_is_signed_delivered_and_marked() -> None:
    async with running() as world:
        message = world.commit()

        assert await world.arrival() == message
        await world.until(lambda: world.is_delivered(message))

    [(_, body, headers)] = world.receivers["shop"].got
    assert body.decode() == '{"type":"order.confirmed","data":"Иван"}'
    assert headers["Content-Type"] == "application/json"


async def test_a_retry_has_the_same_id_and_body_but_its_own_timestamp() -> None:
    async with running() as world:
        world.receivers["shop"].answers.append(web.Response(status=503))
        message = world.commit()
        await world.arrival()
        await world.until(lambda: world.failures(message) == 1)

        world.pass_time(4)
        world.pass_time(2)
        await world.arrival()
        await world.until(lambda: world.is_delivered(message))

    first, second = world.receivers["shop"].got
    assert first[:2] == second[:2]
    times = [int(headers["webhook-timestamp"]) for _, _, headers in (first, second)]
    assert times[1] > times[0]


@pytest.mark.parametrize("status", [301, 302, 400, 404, 500])
async def test_only_2xx_is_success(status: int) -> None:
    async with running() as world:
        answer = web.Response(status=status, headers={"Location": "/logistics"})
        world.receivers["shop"].answers.append(answer)
        message = world.commit()

        await world.until(lambda: world.failures(message) == 1)

    slot = world.outbox.slots[message]
    assert slot.delivered_at is None
    assert str(status) in slot.error
    assert slot.due_at is not None
    assert 4.5 <= slot.due_at - world.clock[0] <= 5.5
    assert world.receivers["logistics"].got == []


async def test_the_receivers_retry_after_is_honoured() -> None:
    async with running() as world:
        answer = web.Response(status=429, headers={"Retry-After": "90"})
        world.receivers["shop"].answers.append(answer)
        message = world.commit()

        await world.until(lambda: world.failures(message) == 1)

    due_at = world.outbox.slots[message].due_at
    assert due_at is not None
    assert due_at - world.clock[0] >= 90


async def test_a_dead_receiver_delays_nobody_else() -> None:
    async with running() as world:
        world.receivers["shop"].hold = asyncio.Event()
        for _ in range(200):
            world.commit("shop")
        await world.arrival("shop")

        message = world.commit("logistics")

        assert await world.arrival("logistics") == message
    assert world.receivers["shop"].most_at_once <= AT_ONCE


async def test_everything_arrives_once_the_receiver_is_back() -> None:
    async with running() as world:
        down = [web.Response(status=503) for _ in range(3)]
        world.receivers["shop"].answers.extend(down)
        messages = {world.commit() for _ in range(50)}

        def all_delivered() -> bool:
            world.pass_time(1)
            return all(s.delivered_at is not None for s in world.outbox.slots.values())

        await world.until(all_delivered)

    ids = [id_ for id_, _, headers in world.receivers["shop"].got]
    assert set(ids) == messages
    assert len(ids) == len(messages) + 3


async def test_the_first_failure_is_counted_for_the_alert() -> None:
    async with running() as world:
        world.receivers["shop"].answers.append(web.Response(status=500))
        message = world.commit()
        await world.until(lambda: world.failures(message) == 1)

    labels = {"receiver": "shop", "first": "yes"}
    name = "callengine_webhook_failures_total"
    assert world.registry.get_sample_value(name, labels) == 1


async def test_after_the_last_try_a_message_is_dead_and_can_be_replayed() -> None:
    async with running() as world:
        refusals = [web.Response(status=422) for _ in range(len(RETRY_DELAYS_S) + 1)]
        world.receivers["shop"].answers.extend(refusals)
        message = world.commit()
        for tries in range(1, len(RETRY_DELAYS_S) + 2):
            await world.until(lambda tries=tries: world.failures(message) == tries)
            world.pass_time(30 * 3600)
        assert world.outbox.slots[message].state == "dead"

        await MemoryDeliveries(world.outbox).replay(message, world.clock[0])

        await world.until(lambda: world.is_delivered(message))


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/shop",
        "http://localhost:{port}/shop",
        "http://2130706433:{port}/shop",
        "http://[::ffff:127.0.0.1]:{port}/shop",
        "http://169.254.169.254/latest/meta-data",
        "ftp://example.com/",
        "file:///etc/passwd",
        "http://user:pw@example.com/",
        "nonsense",
    ],
)
async def test_a_private_or_odd_address_is_never_sent_to(url: str) -> None:
    async with running(private_allowed=False) as world:
        port = world.url("shop").split(":")[2].split("/")[0]
        message = world.commit(url=url.format(port=port))

        await world.until(lambda: world.failures(message) == 1)

    assert world.receivers["shop"].got == []
    assert world.outbox.slots[message].delivered_at is None


async def test_a_bad_secret_fails_without_telling_it() -> None:
    async with running() as world:
        message = world.commit()
        slot = world.outbox.slots[message]
        slot.message = replace(slot.message, secret="whsec_#")
        await world.until(lambda: world.failures(message) == 1)

    assert world.outbox.slots[message].error.startswith("BadSecret")
    assert "whsec" not in world.outbox.slots[message].error


async def test_an_outbox_that_is_away_is_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running() as world:
        claim = MemoryOutbox.claim
        asked = asyncio.Event()

        async def away(*args: object, **kwargs: object) -> None:
            asked.set()
            raise ConnectionError("database is away")

        monkeypatch.setattr(MemoryOutbox, "claim", away)
        message = world.commit()
        async with asyncio.timeout(5):
            await asked.wait()
        monkeypatch.setattr(MemoryOutbox, "claim", claim)

        assert await world.arrival() == message


async def test_a_verdict_is_kept_until_the_database_takes_it_and_nothing_is_sent_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running() as world:
        delivered = MemoryOutbox.delivered
        asked = asyncio.Semaphore(0)

        async def away(*_: object) -> None:
            asked.release()
            raise StoreDown("the database is starting up (57P03)")

        monkeypatch.setattr(MemoryOutbox, "delivered", away)
        message = world.commit()
        await world.arrival()
        # The lease ends meanwhile, so that the message is due again.
        world.pass_time(2 * LEASE_S)
        for _ in range(5):
            async with asyncio.timeout(5):
                await asked.acquire()
        monkeypatch.setattr(MemoryOutbox, "delivered", delivered)
        await world.until(lambda: world.is_delivered(message))
        world.pass_time(2 * LEASE_S)

    assert [got[0] for got in world.receivers["shop"].got] == [message]
