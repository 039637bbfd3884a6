"""The receivers of outgoing webhooks, over real HTTP."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aiohttp
import pytest
from standardwebhooks.webhooks import Webhook

from sim.receiver.app import Receiver

SECRET = "whsec_c2VjcmV0LW9mLXRoZS1zaG9wLWZvci10ZXN0cw=="
NEWS = {"type": "order.confirmed", "sequence": 1, "data": {"order": {"number": "T-1"}}}


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver({("teplo", "shop"): SECRET}) as running:
        yield running


async def send(
    receiver: Receiver,
    message_id: str,
    *,
    secret: str = SECRET,
    shop: str = "teplo",
    body: str | None = None,
) -> int:
    text = json.dumps(NEWS) if body is None else body
    at = datetime.now(UTC)
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, at, text),
    }
    async with (
        aiohttp.ClientSession() as http,
        http.post(receiver.url(shop, "shop"), data=text, headers=headers) as response,
    ):
        return response.status


async def test_a_signed_message_is_taken_and_told_by_order(receiver: Receiver) -> None:
    assert await send(receiver, "m1") == 200
    assert receiver.ledger.orders("shop", "order.confirmed") == {("teplo", "T-1")}
    assert receiver.ledger.first_at("shop", "order.confirmed", "T-1") is not None


async def test_a_wrong_signature_is_counted_and_refused(receiver: Receiver) -> None:
    other = "whsec_" + "b3RoZXItc2VjcmV0LW90aGVyLXNlY3JldA=="
    assert await send(receiver, "m1", secret=other) == 401
    assert receiver.ledger.bad_signatures == 1
    assert receiver.ledger.taken == []


async def test_the_same_message_twice_is_a_duplicate(receiver: Receiver) -> None:
    await send(receiver, "m1")
    await send(receiver, "m1")
    assert receiver.ledger.duplicates() == 1


async def test_the_same_news_under_another_id_is_a_duplicate_too(
    receiver: Receiver,
) -> None:
    await send(receiver, "m1")
    await send(receiver, "m2")
    assert receiver.ledger.duplicates() == 1


async def test_a_message_again_after_a_refusal_is_no_duplicate(
    receiver: Receiver,
) -> None:
    receiver.refuse_next = 1
    assert await send(receiver, "m1") == 503
    assert await send(receiver, "m1") == 200
    assert receiver.ledger.duplicates() == 0
    assert receiver.ledger.refused_on_purpose == 1


async def test_an_unknown_shop_is_told_so(receiver: Receiver) -> None:
    assert await send(receiver, "m1", shop="nobody") == 404


@pytest.mark.parametrize("body", ["{", "[]", '{"type": 1, "data": {"order": {}}}'])
async def test_a_signed_message_without_news_is_malformed(
    receiver: Receiver, body: str
) -> None:
    assert await send(receiver, "m1", body=body) == 422
    assert receiver.ledger.malformed == 1


async def test_the_control_refuses_what_is_out_of_bounds(receiver: Receiver) -> None:
    url = f"http://127.0.0.1:{receiver.port}/control"
    async with aiohttp.ClientSession() as http:
        for asked, status in [
            ({"refuse": 1}, 200),
            ({"refuse": -1}, 422),
            ({"refuse": 1, "status": 200}, 422),
            ({}, 400),
        ]:
            async with http.post(url, json=asked) as response:
                assert response.status == status
    assert receiver.refuse_next == 1


async def test_messages_out_of_their_order_are_counted(receiver: Receiver) -> None:
    for n, sequence in enumerate((1, 3, 2, 3)):
        body = json.dumps({**NEWS, "sequence": sequence})
        assert await send(receiver, f"m{n}", body=body) == 200
    assert receiver.ledger.out_of_order() == 1


async def test_a_closed_side_answers_as_it_was_told(receiver: Receiver) -> None:
    receiver.closed = {("teplo", "shop"): 410}
    assert await send(receiver, "m1") == 410
    assert receiver.ledger.taken == []
