"""Every store takes an order once, and refuses what cannot be one."""

from typing import Any

import pytest

from callengine.core.ids import ShopId
from callengine.engine.orders import MAX_ITEMS
from callengine.engine.ports import OrderRefused, TakenAs, UnknownShop
from tests.support.stores import NOON, SVITLO, TEPLO, Bench, item, order


async def test_an_order_is_kept_as_it_was_sent(bench: Bench) -> None:
    lines = (item("phones", 2, "P-1"), item("Kitchen", 1, "K-1"))
    taken = await bench.intake.take(TEPLO, order("T-1", items=lines), NOON)

    assert taken.taken_as is TakenAs.CREATED
    seen = await bench.intake.find(TEPLO, "T-1")
    assert seen == taken.order
    assert seen is not None
    assert (seen.phone, seen.order.stage) == ("+79161234567", "new")
    assert (seen.order.total_minor, seen.order.currency) == (389700, "RUB")
    assert [i.category for i in seen.order.items] == ["phones", "kitchen"]
    assert (seen.received_at, seen.deadline_at) == (NOON, NOON + 900)
    assert seen.order.placed_at == "2026-11-21T10:00:00Z"


async def test_the_same_order_again_is_the_same(bench: Bench) -> None:
    first = await bench.intake.take(TEPLO, order(phone="8 916 123 45 67"), NOON)
    again = await bench.intake.take(TEPLO, order(phone="+79161234567"), NOON + 60)

    assert again.taken_as is TakenAs.SAME
    assert again.order == first.order


async def test_the_same_number_with_other_content_is_a_conflict(bench: Bench) -> None:
    await bench.intake.take(TEPLO, order(), NOON)
    other = await bench.intake.take(TEPLO, order(items=(item(quantity=9),)), NOON + 60)

    assert other.taken_as is TakenAs.CONFLICT
    assert other.order.order.items[0].quantity == 1


async def test_two_shops_may_use_the_same_number(bench: Bench) -> None:
    await bench.intake.take(TEPLO, order(), NOON)
    taken = await bench.intake.take(SVITLO, order(phone="067 123 45 67"), NOON)

    assert taken.taken_as is TakenAs.CREATED
    assert taken.order.phone == "+380671234567"


async def test_another_shops_order_is_not_found(bench: Bench) -> None:
    await bench.intake.take(TEPLO, order(), NOON)

    assert await bench.intake.find(SVITLO, "T-1") is None
    assert await bench.intake.find(TEPLO, "T-2") is None


async def test_an_unknown_shop_is_refused(bench: Bench) -> None:
    with pytest.raises(UnknownShop):
        await bench.intake.take(ShopId("nobody"), order(), NOON)


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"phone": ""}, "customer.phone", "no phone number"),
        ({"phone": "7,92E+10"}, "customer.phone", "spreadsheet"),
        ({"phone": "112"}, "customer.phone", "too few"),
        ({"phone": "+53 5234 5678"}, "customer.phone", "a number of CU"),
        ({"phone": "8 809 123-45-67"}, "customer.phone", "premium-rate"),
        ({"phone": "+1 900 234 5678"}, "customer.phone", "premium-rate"),
        ({"phone": "+44 909 123 4567"}, "customer.phone", "premium-rate"),
        ({"phone": "+979 123 456 789"}, "customer.phone", "premium-rate"),
        ({"phone": "+8816 123 456 789"}, "customer.phone", "satellite"),
        ({"phone": "+44 70 1234 5678"}, "customer.phone", "personal"),
        ({"phone": "8 701 234-56-78"}, "customer.phone", "a number of KZ"),
        ({"number": " "}, "number", "no number"),
        ({"number": "x" * 101}, "number", "longer than 100"),
        ({"name": "И\x00"}, "customer.name", "control characters"),
        ({"name": "\ud800"}, "customer.name", "Unicode"),
        ({"items": ()}, "items", "no items"),
        ({"items": (item(),) * (MAX_ITEMS + 1)}, "items", "more than"),
        ({"items": (item(quantity=0),)}, "items.0.quantity", "not within"),
        ({"currency": "рубль"}, "currency", "longer"),
        ({"currency": "1€€"}, "currency", "three letters"),
        ({"language": "r2"}, "customer.language", "code such as"),
        ({"placed_at": NOON + 2 * 86400}, "placed_at", "future"),
    ],
)
async def test_what_is_no_order_is_refused_with_its_field(
    bench: Bench, changes: dict[str, Any], field: str, says: str
) -> None:
    with pytest.raises(OrderRefused, match=says) as refused:
        await bench.intake.take(TEPLO, order(**changes), NOON)

    assert refused.value.field == field
    assert await bench.archive.orders_by_stage() == {}


async def test_orders_of_one_phone_are_one_customers(bench: Bench) -> None:
    await bench.ordered("T-1", phone="8 916 123-45-67")
    await bench.ordered("T-2", phone="+7 (916) 123 45 67", name="Ира")
    found = await bench.crm.identify(bench.shops[TEPLO], "", "79161234567")

    (customer,) = found.card.customers
    assert customer.name == "Ирина"
    assert {o.number for o in found.card.orders} == {"T-1", "T-2"}


async def test_customers_are_known_by_the_shops_own_id(bench: Bench) -> None:
    await bench.ordered("T-1", external_id="K-7", phone="89161234567")
    await bench.ordered("T-2", external_id="K-7", phone="89169999999")
    found = await bench.crm.identify(bench.shops[TEPLO], "", "89169999999")

    (customer,) = found.card.customers
    assert customer.phones == ("+79161234567", "+79169999999")
    assert len(found.card.orders) == 2


async def test_what_an_order_tells_of_a_customer_is_learnt_once(bench: Bench) -> None:
    await bench.ordered("T-1", name="", region="")
    await bench.ordered("T-2", name="Ирина", region="RU-MOW")
    await bench.ordered("T-3", name="Ирина Петровна", region="ru-spe")
    found = await bench.crm.identify(bench.shops[TEPLO], "", "89161234567")

    (customer,) = found.card.customers
    assert (customer.name, customer.region) == ("Ирина", "ru-mow")


async def test_orders_are_counted_by_shop_and_stage(bench: Bench) -> None:
    await bench.ordered("T-1")
    await bench.ordered("T-2")
    await bench.intake.take(SVITLO, order(phone="0671234567"), NOON)

    assert await bench.archive.orders_by_stage() == {
        TEPLO: {"new": 2},
        SVITLO: {"new": 1},
    }
