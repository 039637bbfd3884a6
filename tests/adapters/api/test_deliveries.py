"""A shop looks at its own deliveries, sends again, and tries its receivers."""

from typing import Any

import pytest

from callengine.core.ids import MessageId, ShopId
from callengine.engine.deliveries import Answer, OutboxMessage, Pause, ReceiverState

URL = "/api/v1/shops/teplo"
OWNER = {"Authorization": "Bearer teplo-key"}
OTHER = {"Authorization": "Bearer zatyshok-key"}


def tell(world: Any, number: str, change: str = "1") -> MessageId:
    """A message to the shop about an order."""
    message = MessageId(f"{number}-{change}")
    world.books.outbox.commit(
        OutboxMessage(
            message=message,
            shop=ShopId("teplo"),
            receiver="shop",
            type="order.confirmed",
            url="https://shop.example/",
            secret="whsec_x",
            body=b'{"type": "order.confirmed", "sequence": 1, "data": {}}',
            tries=0,
            created_at=world.clock[0],
        ),
        number,
        number,
    )
    return message


async def get(world: Any, path: str, headers: dict[str, str] = OWNER) -> Any:
    """An answer's body."""
    response = await world.client.get(f"{URL}{path}", headers=headers)
    assert response.status == 200, await response.text()
    return await response.json()


async def stop(world: Any, message: MessageId) -> None:
    """The receiver says 410."""
    now = world.clock[0]
    pause = Pause(state=ReceiverState.STOPPED, failures=1, probe_at=now + 900)
    gone = Answer(at=now, status=410, text="gone", took_s=0.1)
    await world.books.outbox.failed(message, gone, next_try_at=now, pause=pause)


async def test_deliveries_are_listed_in_pages_and_filtered(world: Any) -> None:
    for n in range(5):
        tell(world, f"T-{n}")
    page = await get(world, "/deliveries?limit=3")
    rest = await get(world, f"/deliveries?limit=3&before={page['next']}")
    numbers = [d["order"] for d in page["deliveries"] + rest["deliveries"]]
    assert sorted(numbers) == [f"T-{n}" for n in range(5)]
    assert rest["next"] is None
    one = await get(world, "/deliveries?order=T-3&state=waiting&receiver=shop")
    assert [d["order"] for d in one["deliveries"]] == ["T-3"]


async def test_a_delivery_is_shown_with_the_receivers_answer(world: Any) -> None:
    message = tell(world, "T-1")
    await stop(world, message)
    shown = await get(world, f"/deliveries/{message}")
    assert shown["body"]["type"] == "order.confirmed"
    assert shown["held"]
    (answer,) = shown["answers"]
    assert (answer["status"], answer["text"], answer["took_s"]) == (410, "gone", 0.1)
    receivers = (await get(world, "/receivers"))["receivers"]
    receiver = next(one for one in receivers if one["receiver"] == "shop")
    assert (receiver["state"], receiver["reason"]) == ("stopped", "HTTP 410 gone")
    assert receiver["waiting"] == 1


async def test_resume_replay_and_test_do_what_they_say(world: Any) -> None:
    message = tell(world, "T-1")
    await stop(world, message)
    post = world.client.post
    resumed = await post(f"{URL}/receivers/shop/resume", headers=OWNER)
    assert await resumed.json() == {"waiting": 1}
    await world.books.outbox.delivered(message, Answer(at=world.clock[0], status=200))
    again = await post(f"{URL}/deliveries/{message}/replay", headers=OWNER)
    assert again.status == 200
    assert world.books.outbox.slots[message].state == "waiting"
    sent = await post(f"{URL}/receivers/shop/test", headers=OWNER)
    assert sent.status == 202
    test = (await sent.json())["message"]
    assert (await get(world, f"/deliveries/{test}"))["type"] == "webhook.test"
    second = await post(f"{URL}/receivers/shop/test", headers=OWNER)
    assert second.status == 409


async def test_another_shop_sees_and_moves_nothing(world: Any) -> None:
    message = tell(world, "T-1")
    theirs = f"/api/v1/shops/zatyshok/deliveries/{message}"
    assert (await world.client.get(theirs, headers=OTHER)).status == 404
    assert (await world.client.post(f"{theirs}/replay", headers=OTHER)).status == 404
    for path in ("/deliveries", f"/deliveries/{message}", "/receivers"):
        assert (await world.client.get(f"{URL}{path}", headers=OTHER)).status == 403
        assert (await world.client.get(f"{URL}{path}")).status == 401
    resume = await world.client.post(f"{URL}/receivers/shop/resume", headers=OTHER)
    assert resume.status == 403


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/deliveries?state=lost", 422),
        ("/deliveries?receiver=courier", 422),
        ("/deliveries?limit=0", 422),
        ("/deliveries?limit=²", 422),
        (f"/deliveries?limit={'9' * 5000}", 422),
        ("/deliveries?limit=201", 422),
        ("/deliveries/none", 404),
    ],
)
async def test_what_makes_no_sense_is_refused(
    world: Any, path: str, status: int
) -> None:
    response = await world.client.get(f"{URL}{path}", headers=OWNER)
    assert response.status == status


async def test_an_unknown_receiver_is_told(world: Any) -> None:
    for what in ("test", "resume"):
        url = f"{URL}/receivers/courier/{what}"
        assert (await world.client.post(url, headers=OWNER)).status == 404
