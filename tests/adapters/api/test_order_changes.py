"""Orders replaced, withdrawn, listed and taken by the dozen, by HTTP."""

import io
from typing import Any

import pytest

from callengine.core.ids import AttemptId
from callengine.testing.books import MemoryOrder
from tests.adapters.api.test_orders import OWNER, URL, order

ONE = f"{URL}/T-1001"


async def sent(world: Any, **changes: Any) -> dict[str, Any]:
    """Send the order of T-1001; the answer."""
    response = await world.client.post(URL, json=order(**changes), headers=OWNER)
    assert response.status == 201, await response.text()
    return dict(await response.json())


def kept(world: Any) -> MemoryOrder:
    """The one order of the books."""
    (found,) = world.books.orders.values()
    assert isinstance(found, MemoryOrder)
    return found


# --- money and counts ---


@pytest.mark.parametrize(
    ("item", "minor", "quantity"),
    [
        ({"price_minor": 249000}, 249000, 1),
        ({"price_minor": "249000"}, 249000, 1),
        ({"price": "2490.00"}, 249000, 1),
        ({"price": 2490.5}, 249050, 1),
        ({"price": 2490}, 249000, 1),
        ({"price": "2 490,00 руб."}, 249000, 1),
        ({"price": "2490.00", "price_minor": 249000}, 249000, 1),
        ({"price_minor": 5, "quantity": 12.0}, 5, 12),
        ({"price_minor": 5, "quantity": "12"}, 5, 12),
        ({"price_minor": 5, "quantity": "12 шт."}, 5, 12),
    ],
)
async def test_money_and_counts_are_what_was_written(
    world: Any, item: dict[str, Any], minor: int, quantity: int
) -> None:
    body = await sent(world, items=[{"name": "Чайник", **item}])

    (line,) = body["items"]
    assert (line["price_minor"], line["quantity"]) == (minor, quantity)
    assert body["total_minor"] == minor * quantity


@pytest.mark.parametrize(
    ("item", "field"),
    [
        ({"price_minor": "2490.00"}, "price_minor"),
        ({"price_minor": 2490.0}, "price_minor"),
        ({"price_minor": 2490.5}, "price_minor"),
        ({"price_minor": True}, "price_minor"),
        ({"price_minor": None}, "price_minor"),
        ({"price_minor": "1e5"}, "price_minor"),
        ({"price_minor": "٣"}, "price_minor"),
        ({"price": "1,200"}, "price"),
        ({"price": 24.905}, "price"),
        ({"price": "24.905"}, "price"),
        ({"price": 1e30}, "price"),
        ({"price": "25 $"}, "price"),
        ({"price": -1}, "price"),
        ({"price": True}, "price"),
        ({"price": "2490.00", "price_minor": 2490}, "price"),
        ({"quantity": 1.5}, "quantity"),
        ({"quantity": True}, "quantity"),
        ({"quantity": "2,000"}, "quantity"),
        ({"quantity": None}, "quantity"),
        ({"name": "РРІР°РЅРѕРІ РРІР°РЅ"}, "name"),
        ({"name": "???????"}, "name"),
    ],
)
async def test_what_could_be_two_sums_is_refused_by_its_field(
    world: Any, item: dict[str, Any], field: str
) -> None:
    body = order(items=[{"name": "Чайник", **item}])
    response = await world.client.post(URL, json=body, headers=OWNER)

    assert response.status == 422
    error = (await response.json())["error"]
    assert error["field"] == f"items.0.{field}"
    assert world.books.orders == {}


async def test_two_phones_and_what_stands_beside_them_are_kept(world: Any) -> None:
    phone = "8 916 123-45-67, 8 916 123-45-68 доб. 12 (жена)"
    body = await sent(world, customer={"name": "И", "phone": phone}, comment="Код 5")

    assert body["phone"] == "+79161234567"
    assert body["comment"] == "Код 5\nphone: +79161234568, жена, ext. 12"
    (customer,) = world.books.customers.values()
    assert customer.card.phones == ("+79161234567", "+79161234568")


@pytest.mark.parametrize(
    ("said", "language", "method", "zone"),
    [
        (("русский", "Самовывоз", "МСК+4"), "ru", "pickup", "Etc/GMT-7"),
        (("uk-UA", "Новая Почта", "Europe/Kyiv"), "uk", "post", "Europe/Kyiv"),
        (("", "", ""), "", "", ""),
    ],
)
async def test_words_mean_the_same_as_in_files(
    world: Any, said: tuple[str, str, str], language: str, method: str, zone: str
) -> None:
    await sent(
        world,
        customer={"phone": "89161234567", "language": said[0], "zone": said[2]},
        delivery={"method": said[1]},
    )

    read = kept(world).read.order
    assert (read.language, read.method, read.zone) == (language, method, zone)


# --- one order ---


async def test_putting_creates_replaces_and_repeats(world: Any) -> None:
    other = order(items=[{"name": "Утюг", "price_minor": 100}])
    first = await world.client.put(ONE, json=order(), headers=OWNER)
    second = await world.client.put(ONE, json=other, headers=OWNER)
    third = await world.client.put(ONE, json=other, headers=OWNER)

    assert [r.status for r in (first, second, third)] == [201, 200, 200]
    assert (await second.json())["items"][0]["name"] == "Утюг"
    assert await second.json() == await third.json()


async def test_the_number_of_the_address_counts(world: Any) -> None:
    body = order(number="T-2")
    response = await world.client.put(ONE, json=body, headers=OWNER)

    assert response.status == 422
    assert (await response.json())["error"]["field"] == "number"


@pytest.mark.parametrize(
    ("stage", "code", "waits"),
    [("dialling", "in_call", "60"), ("confirmed", "settled", None)],
)
async def test_what_is_not_replaced_says_why(
    world: Any, stage: str, code: str, waits: str | None
) -> None:
    await sent(world)
    kept(world).stage = stage
    response = await world.client.put(ONE, json=order(comment="x"), headers=OWNER)

    assert response.status == 409
    assert (await response.json())["error"]["code"] == code
    assert response.headers.get("Retry-After") == waits


async def test_deleting_cancels_and_tells_the_engine(world: Any) -> None:
    shown = await sent(world)
    first = await world.client.delete(ONE, headers=OWNER)
    second = await world.client.delete(ONE, headers=OWNER)

    assert [first.status, second.status] == [200, 200]
    body = await first.json()
    assert (body["stage"], body["next_try_at"]) == ("cancelled", None)
    assert body["withdrawn_at"] is not None
    assert await second.json() == body
    assert world.engine.withdrawn == [shown["order"]] * 2


async def test_deleting_in_a_call_is_accepted_for_later(world: Any) -> None:
    await sent(world)
    there = kept(world)
    there.stage, there.attempt = "dialling", AttemptId("a-1")
    response = await world.client.delete(ONE, headers=OWNER)

    assert response.status == 202
    assert (await response.json())["stage"] == "dialling"
    assert world.engine.withdrawn == [there.order]


async def test_what_was_received_is_not_deleted(world: Any) -> None:
    await sent(world)
    kept(world).stage = "received"
    response = await world.client.delete(ONE, headers=OWNER)

    assert response.status == 409
    assert (await response.json())["error"]["code"] == "settled"
    assert world.engine.withdrawn == []


@pytest.mark.parametrize("method", ["put", "delete"])
async def test_another_shop_changes_nothing(world: Any, method: str) -> None:
    await sent(world)
    other = {"Authorization": "Bearer zatyshok-key"}
    call = getattr(world.client, method)
    stranger = await call(ONE, json=order(comment="x"), headers=other)
    nobody = await call(ONE, json=order(comment="x"))

    assert (stranger.status, nobody.status) == (403, 401)
    assert kept(world).read.order.comment == ""


async def test_an_order_that_is_not_there_cannot_be_deleted(world: Any) -> None:
    response = await world.client.delete(ONE, headers=OWNER)

    assert response.status == 404


# --- many ---


async def test_a_batch_answers_for_each_order(world: Any) -> None:
    await sent(world)
    orders = [
        order(),
        order(number="T-2"),
        order(number="T-3", items=[]),
        order(number="T-1001", comment="другое"),
        order(number="T-4", customer={"phone": "нет"}),
        {"number": 5},
    ]
    response = await world.client.post(
        f"{URL}/batch", json={"orders": orders}, headers=OWNER
    )

    assert response.status == 200
    results = (await response.json())["results"]
    assert [(r["number"], r["status"]) for r in results] == [
        ("T-1001", 200),
        ("T-2", 201),
        ("T-3", 422),
        ("T-1001", 409),
        ("T-4", 422),
        ("", 422),
    ]
    fields = [r["error"]["field"] for r in results if r["error"]]
    assert fields == ["items", "number", "customer.phone", "number"]


@pytest.mark.parametrize(
    "body", [{"orders": []}, {"orders": [{}] * 101}, {"orders": ["x"]}, {}, []]
)
async def test_a_batch_has_bounds(world: Any, body: Any) -> None:
    response = await world.client.post(f"{URL}/batch", json=body, headers=OWNER)

    assert response.status == 422


async def test_a_batch_may_be_larger_than_one_order(world: Any) -> None:
    orders = [order(number=f"T-{n}", comment="x" * 2000) for n in range(100)]
    response = await world.client.post(
        f"{URL}/batch", json={"orders": orders}, headers=OWNER
    )
    long = await world.client.post(
        f"{URL}/batch", data=io.BytesIO(b" " * 2_200_000), headers=OWNER | JSON
    )

    assert {r["status"] for r in (await response.json())["results"]} == {201}
    assert long.status == 413


JSON = {"Content-Type": "application/json"}


async def test_a_list_is_paged_and_filtered(world: Any) -> None:
    for n in range(5):
        world.clock[0] += 1
        await sent(world, number=f"T-{n}")
    await world.client.delete(f"{URL}/T-3", headers=OWNER)

    async def page(**query: str) -> dict[str, Any]:
        response = await world.client.get(URL, params=query, headers=OWNER)
        assert response.status == 200, await response.text()
        return dict(await response.json())

    first = await page(limit="2")
    second = await page(limit="2", after=first["next"])
    last = await page(limit="2", after=second["next"])
    numbers = [o["number"] for p in (first, second, last) for o in p["orders"]]
    assert numbers == ["T-4", "T-3", "T-2", "T-1", "T-0"]
    assert last["next"] is None
    cancelled = await page(stage="cancelled,received")
    assert [o["number"] for o in cancelled["orders"]] == ["T-3"]
    assert len((await page(phone="8 916 123-45-67"))["orders"]) == 5
    assert (await page(since="2040-01-01T00:00:00Z"))["orders"] == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "501"}, "limit"),
        ({"limit": "x"}, "limit"),
        ({"stage": "gone"}, "stage"),
        ({"after": "x"}, "after"),
        ({"after": "bmFuIHg"}, "after"),
        ({"since": "2026-11-20"}, "since"),
        ({"phone": "нет"}, "phone"),
        ({"sort": "x"}, "sort"),
    ],
)
async def test_a_question_that_is_none_is_named(
    world: Any, query: dict[str, str], field: str
) -> None:
    response = await world.client.get(URL, params=query, headers=OWNER)

    assert response.status == 422
    assert (await response.json())["error"]["field"] == field


async def test_an_order_may_be_called_batch(world: Any) -> None:
    await sent(world, number="batch")
    response = await world.client.get(f"{URL}/batch", headers=OWNER)

    assert (await response.json())["number"] == "batch"
