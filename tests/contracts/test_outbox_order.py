"""Messages keep their order, and a receiver that does not take them loses none."""

import asyncio

import pytest
from aiohttp import web

from callengine.core.ids import ShopId
from callengine.testing.deliveries import MemoryDeliveries
from tests.support.webhooks import running


async def test_gone_stops_the_receiver_keeps_everything_and_resuming_sends_it() -> None:
    async with running() as world:
        world.receivers["shop"].answers.append(web.Response(status=410))
        first = world.commit()
        await world.until(lambda: world.failures(first) == 1)
        kept = [first, *(world.commit() for _ in range(5))]
        world.pass_time(600)
        other = world.commit("logistics")
        await world.until(lambda: world.is_delivered(other))
        assert len(world.receivers["shop"].got) == 1
        (stopped,) = (await world.outbox.backlog()).paused
        assert (stopped.state, stopped.reason) == ("stopped", "HTTP 410 nothing")

        await MemoryDeliveries(world.outbox).resume(
            ShopId("teplo"), "shop", world.clock[0]
        )

        await world.until(lambda: all(world.is_delivered(one) for one in kept))
    ids = [id_ for id_, _, _ in world.receivers["shop"].got]
    assert sorted(ids) == sorted([first, *kept])


async def test_a_stopped_receiver_is_probed_and_opens_by_itself() -> None:
    async with running() as world:
        world.receivers["shop"].answers.append(web.Response(status=410))
        first = world.commit()
        await world.until(lambda: world.failures(first) == 1)
        second = world.commit()

        world.pass_time(1000)

        await world.until(lambda: world.is_delivered(first))
        await world.until(lambda: world.is_delivered(second))


@pytest.mark.parametrize("status", [301, 401, 403, 404, 410, 429, 500])
async def test_while_a_receiver_fails_one_message_at_a_time_is_tried(
    status: int,
) -> None:
    async with running() as world:
        refusals = [web.Response(status=status) for _ in range(2)]
        world.receivers["shop"].answers.extend(refusals)
        first = world.commit()
        await world.until(lambda: world.failures(first) == 1)
        others = [world.commit() for _ in range(20)]
        world.pass_time(1000)
        await world.until(lambda: len(world.receivers["shop"].got) == 2)
        await world.until(lambda: sum(world.failures(m) for m in others) == 1)
        assert all(world.outbox.slots[m].due_at is None for m in others)

        world.pass_time(4000)

        await world.until(lambda: all(map(world.is_delivered, [first, *others])))


async def test_a_message_that_alone_is_refused_does_not_keep_its_receiver_closed() -> (
    None
):
    async with running() as world:
        world.receivers["shop"].answers.append(web.Response(status=404))
        poison = world.commit()
        await world.until(lambda: world.failures(poison) == 1)
        other = world.commit()
        world.pass_time(6)
        await world.until(lambda: world.is_delivered(other))


async def test_changes_of_an_order_arrive_in_their_order_whatever_fails() -> None:
    async with running() as world:
        world.receivers["shop"].answers.extend(
            web.Response(status=status) for status in (503, 500, 429)
        )
        changes = [world.commit(order="T-1") for _ in range(4)]

        def all_delivered() -> bool:
            world.pass_time(10)
            return all(map(world.is_delivered, changes))

        await world.until(all_delivered)
    arrived = [id_ for id_, _, _ in world.receivers["shop"].got]
    assert list(dict.fromkeys(arrived)) == changes


async def test_a_change_waits_while_the_one_before_it_is_being_taken() -> None:
    async with running() as world:
        world.receivers["shop"].hold = asyncio.Event()
        first = world.commit(order="T-1")
        assert await world.arrival() == first
        second, other = world.commit(order="T-1"), world.commit(order="T-2")
        assert await world.arrival() == other
        world.receivers["shop"].hold.set()
        assert await world.arrival() == second


async def test_a_change_replaces_one_before_it_that_the_receiver_refuses() -> None:
    async with running() as world:
        refusals = [web.Response(status=422) for _ in range(2)]
        world.receivers["shop"].answers.extend(refusals)
        refused = world.commit(order="T-1")
        await world.until(lambda: world.failures(refused) == 1)
        later = world.commit(order="T-1")
        for _ in range(3):
            world.pass_time(20)
        await world.until(lambda: world.is_delivered(later))
    assert world.outbox.slots[refused].state == "replaced"
