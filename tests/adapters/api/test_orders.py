"""Orders by HTTP: every status that docs/interfaces.md promises."""

from typing import Any
from urllib.parse import quote

import pytest

URL = "/api/v1/shops/teplo/orders"
OWNER = {"Authorization": "Bearer teplo-key"}


def order(**changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = {
        "number": "T-1001",
        "placed_at": "2026-11-20T09:00:00Z",
        "customer": {"name": "Иван", "phone": "8 (916) 123-45-67"},
        "items": [{"name": "Чайник", "quantity": 2, "price_minor": 129900}],
        "currency": "RUB",
        "delivery": {"method": "courier", "address": "Москва"},
    }
    return {**body, **changes}


async def test_a_new_order_is_created_and_shown(world: Any) -> None:
    response = await world.client.post(URL, json=order(), headers=OWNER)

    assert response.status == 201
    body = await response.json()
    assert (body["number"], body["total_minor"]) == ("T-1001", 259800)
    shown = await world.client.get(f"{URL}/T-1001", headers=OWNER)
    assert shown.status == 200
    assert await shown.json() == body


async def test_the_same_order_again_is_harmless(world: Any) -> None:
    await world.client.post(URL, json=order(), headers=OWNER)

    response = await world.client.post(URL, json=order(), headers=OWNER)

    assert response.status == 200
    assert len(world.books.orders) == 1


async def test_the_same_number_with_other_content_is_a_conflict(world: Any) -> None:
    await world.client.post(URL, json=order(), headers=OWNER)

    response = await world.client.post(URL, json=order(comment="!"), headers=OWNER)

    assert response.status == 409
    assert (await response.json())["error"]["code"] == "conflict"


@pytest.mark.parametrize(
    ("url", "headers", "status", "code"),
    [
        (URL, {}, 401, "no_key"),
        (URL, {"Authorization": "Basic dGVwbG8="}, 401, "no_key"),
        (URL, {"Authorization": "Bearer " + "x" * 300}, 401, "no_key"),
        (URL, {"Authorization": "Bearer nobody"}, 401, "wrong_key"),
        (URL, {"Authorization": "Bearer zatyshok-key"}, 403, "key_of_another_shop"),
        ("/api/v1/shops/nowhere/orders", OWNER, 404, "unknown_shop"),
    ],
)
async def test_only_the_shop_itself_gets_in(
    world: Any, url: str, headers: dict[str, str], status: int, code: str
) -> None:
    response = await world.client.post(url, json=order(), headers=headers)

    assert response.status == status
    assert (await response.json())["error"]["code"] == code
    assert world.books.orders == {}


async def test_malformed_json_is_answered_with_its_position(world: Any) -> None:
    headers = {**OWNER, "Content-Type": "application/json"}
    raw = b'{"number": "T-1",\n "customer": }'

    response = await world.client.post(URL, data=raw, headers=headers)

    assert response.status == 400
    error = (await response.json())["error"]
    assert error["code"] == "malformed_json"
    assert "line 2" in error["message"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (order(customer={"name": "Иван"}), "customer.phone"),
        (order(customer={"phone": "нет"}), "customer.phone"),
        (order(items=[]), "items"),
        (order(items=[{"name": "x", "price_minor": 1.5}]), "items.0.price_minor"),
        (order(items=[{"name": "x", "price_minor": -1}]), "items.0.price_minor"),
        (order(items=[{"name": "x", "quantity": 0}]), "items.0.quantity"),
        (order(items=[{"name": "x", "prise": 1}]), "items.0.prise"),
        (order(number=" "), "number"),
        (order(number="T\u0000"), "number"),
        (order(placed_at="2026-11-20T09:00:00"), "placed_at"),
        (order(placed_at="0001-01-01T00:00:00Z"), "placed_at"),
        (order(currency="rub"), "currency"),
        (order(delivery={"method": "drone"}), "delivery.method"),
        (order(comment="x" * 2001), "comment"),
    ],
)
async def test_a_bad_field_is_named(
    world: Any, body: dict[str, Any], field: str
) -> None:
    response = await world.client.post(URL, json=body, headers=OWNER)

    assert response.status == 422
    assert (await response.json())["error"]["field"] == field
    assert world.books.orders == {}


@pytest.mark.parametrize("raw", [b"[]", b"null", b'"x"', b"7"])
async def test_json_that_is_no_object_is_refused(world: Any, raw: bytes) -> None:
    headers = {**OWNER, "Content-Type": "application/json"}

    response = await world.client.post(URL, data=raw, headers=headers)

    assert response.status == 422


async def test_a_form_of_another_site_is_refused(world: Any) -> None:
    response = await world.client.post(URL, data={"number": "1"}, headers=OWNER)

    assert response.status == 415


async def test_a_body_too_long_is_refused(world: Any) -> None:
    body = order(comment="x" * 300_000)

    response = await world.client.post(URL, json=body, headers=OWNER)

    assert response.status == 413
    assert (await response.json())["error"]["code"] == "too_long"


async def test_any_number_can_be_asked_for(world: Any) -> None:
    for number in ("A/1", "№ 7", "50%", "a?b#c"):
        body = order(number=number)
        assert (await world.client.post(URL, json=body, headers=OWNER)).status == 201

        url = world.client.make_url(URL).joinpath(quote(number, safe=""), encoded=True)
        response = await world.client.session.get(url, headers=OWNER)

        assert response.status == 200, number
        assert (await response.json())["number"] == number


async def test_a_field_of_any_name_makes_no_long_answer(world: Any) -> None:
    response = await world.client.post(
        URL, json=order(**{"x" * 9000: 1}), headers=OWNER
    )

    assert response.status == 422
    assert len(await response.text()) < 1000


async def test_an_unknown_order_is_not_found(world: Any) -> None:
    response = await world.client.get(f"{URL}/none", headers=OWNER)

    assert response.status == 404
    assert (await response.json())["error"]["code"] == "unknown_order"


async def test_what_dialling_asks_for_may_come_with_an_order(world: Any) -> None:
    sent = order(
        consent=True,
        customer={"phone": "89161234567", "zone": "Asia/Vladivostok"},
        delivery={"cut_off_at": "2027-01-16T14:00:00+10:00"},
    )
    response = await world.client.post(URL, json=sent, headers=OWNER)

    assert response.status == 201
    body = await response.json()
    assert (body["consent"], body["held"]) == (True, None)
    assert body["cut_off_at"] == "2027-01-16T04:00:00+00:00"
    (kept,) = world.books.customers.values()
    assert kept.zone == "Asia/Vladivostok"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"consent": "yes"}, "consent"),
        ({"consent": 1}, "consent"),
        ({"customer": {"phone": "89161234567", "zone": "Mars/Base"}}, "customer.zone"),
        ({"delivery": {"cut_off_at": "2027-01-16 14:00"}}, "delivery.cut_off_at"),
        ({"delivery": {"cut_off_at": "2031-01-01T00:00Z"}}, "delivery.cut_off_at"),
    ],
)
async def test_what_dialling_cannot_use_is_refused_by_field(
    world: Any, changes: dict[str, Any], field: str
) -> None:
    response = await world.client.post(URL, json=order(**changes), headers=OWNER)

    assert response.status == 422
    assert (await response.json())["error"]["field"] == field


async def test_an_order_that_waits_says_why(world: Any) -> None:
    await world.client.post(URL, json=order(), headers=OWNER)
    (kept,) = world.books.orders.values()
    kept.held_rule, kept.held_reason = "hours", "02:00 Fri in Asia/Vladivostok"
    shown = await world.client.get(f"{URL}/T-1001", headers=OWNER)

    assert (await shown.json())["held"] == {
        "rule": "hours",
        "reason": "02:00 Fri in Asia/Vladivostok",
    }
