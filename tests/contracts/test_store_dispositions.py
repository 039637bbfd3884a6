"""Every ledger commits a disposition with all that follows, once, or refuses it."""

import json
from typing import Any

import pytest

from callengine.core.facts import Disposition
from callengine.core.ids import CallId, OrderId
from callengine.core.records import Outcome
from callengine.engine.deliveries import OutboxMessage
from callengine.engine.ports import DispositionRefused
from tests.support.stores import (
    NOON,
    SVITLO,
    TEPLO,
    Bench,
    attempt_of,
    call_record,
    delivery,
    order,
    said,
)

CONFIRMED, CANCELLED = Disposition.CONFIRMED, Disposition.CANCELLED


def kinds(messages: list[OutboxMessage]) -> list[str]:
    """What was told."""
    return [message.type for message in messages]


def data_of(message: OutboxMessage) -> dict[str, Any]:
    """The `data` of a message's body."""
    body = json.loads(message.body)
    assert body["type"] == message.type
    data = body["data"]
    assert isinstance(data, dict)
    return data


async def test_a_confirmation_with_delivery_is_told_to_both_receivers(
    bench: Bench,
) -> None:
    order_id = await bench.ordered("T-1", comment="домофон 7")
    await bench.ledger.save_disposition(
        said(CONFIRMED, order_id, delivery=delivery(), note="до обеда")
    )
    view = await bench.intake.find(TEPLO, "T-1")
    logistics, shop = await bench.told()

    assert view is not None
    assert (view.order.stage, view.disposition, view.note) == (
        "confirmed",
        "confirmed",
        "до обеда",
    )
    assert view.order.delivery is not None
    assert (view.order.delivery.date, view.order.delivery.status) == (
        "2026-11-22",
        "agreed",
    )
    assert (logistics.type, shop.type) == ("delivery.agreed", "order.confirmed")
    assert (logistics.receiver, shop.receiver) == ("logistics", "shop")
    assert logistics.url.startswith("https://logistics")
    assert shop.secret.startswith("whsec_")
    data = data_of(shop)
    assert (data["shop"], data["disposition"], data["agent"], data["note"]) == (
        "teplo",
        "confirmed",
        "a01",
        "до обеда",
    )
    assert data["order"]["number"] == "T-1"
    assert data["order"]["total_minor"] == 129900
    assert data["order"]["customer"] == {"name": "Ирина", "phone": "+79161234567"}
    assert data["order"]["comment"] == "домофон 7"
    assert data["delivery"]["address"] == "Лесная, 7"
    assert data_of(logistics)["delivery"] == data["delivery"]
    assert json.loads(shop.body)["timestamp"] == "2026-11-21T10:00:00Z"


async def test_the_same_disposition_twice_is_told_once(bench: Bench) -> None:
    order_id = await bench.ordered("T-1")
    once = said(CONFIRMED, order_id, delivery=delivery())
    await bench.ledger.save_disposition(once)
    await bench.ledger.save_disposition(once)

    assert kinds(await bench.told()) == ["delivery.agreed", "order.confirmed"]
    await bench.ledger.save_disposition(once)
    assert await bench.told(NOON + 60) == []


async def test_a_change_is_told_once_to_whom_it_concerns(bench: Bench) -> None:
    order_id = await bench.ordered("T-1")
    await bench.ledger.save_disposition(said(CONFIRMED, order_id, delivery=delivery()))
    await bench.told()
    await bench.ledger.save_disposition(
        said(CONFIRMED, order_id, delivery=delivery(), note="код 12")
    )
    assert kinds(await bench.told()) == ["order.confirmed"]

    await bench.ledger.save_disposition(
        said(CONFIRMED, order_id, delivery=delivery(date="2026-11-23"), note="код 12")
    )
    assert kinds(await bench.told()) == ["delivery.agreed", "order.confirmed"]


async def test_going_back_to_what_was_is_a_change_too(bench: Bench) -> None:
    order_id = await bench.ordered("T-1")
    confirmed = said(CONFIRMED, order_id, delivery=delivery())
    await bench.ledger.save_disposition(confirmed)
    await bench.told()
    await bench.ledger.save_disposition(said(CANCELLED, order_id))
    assert kinds(await bench.told()) == ["delivery.cancelled", "order.cancelled"]

    await bench.ledger.save_disposition(confirmed)
    assert kinds(await bench.told()) == ["delivery.agreed", "order.confirmed"]
    view = await bench.intake.find(TEPLO, "T-1")
    assert view is not None
    assert view.order.stage == "confirmed"


async def test_a_cancelled_delivery_is_not_agreed_by_a_bare_confirmation(
    bench: Bench,
) -> None:
    order_id = await bench.ordered("T-1")
    await bench.ledger.save_disposition(said(CONFIRMED, order_id, delivery=delivery()))
    await bench.ledger.save_disposition(said(CANCELLED, order_id))
    await bench.told()
    await bench.ledger.save_disposition(said(CONFIRMED, order_id))

    assert kinds(await bench.told()) == ["order.confirmed"]


async def test_a_wrong_number_makes_the_order_unreachable(bench: Bench) -> None:
    order_id = await bench.ordered("T-1")
    await bench.ledger.save_disposition(said(Disposition.WRONG_NUMBER, order_id))

    assert kinds(await bench.told()) == ["order.unreachable"]
    assert await bench.order_book.due(NOON + 10_000, 10) == ()


@pytest.mark.parametrize(
    ("disposition", "stage", "due_after_s"),
    [
        (Disposition.CALLBACK, "callback", 3600),
        (Disposition.MACHINE, "retry", 4 * 3600),
        (Disposition.INFORMED, "new", 0),
        (Disposition.COMPLAINT, "new", 0),
    ],
)
async def test_what_settles_nothing_leaves_the_order_to_be_dialled(
    bench: Bench, disposition: Disposition, stage: str, due_after_s: int
) -> None:
    order_id = await bench.ordered("T-1")
    await bench.ledger.save_disposition(said(disposition, order_id))
    view = await bench.intake.find(TEPLO, "T-1")

    assert view is not None
    assert (view.order.stage, view.disposition) == (stage, disposition.value)
    assert await bench.told() == []
    if due_after_s:
        assert await bench.order_book.due(NOON + due_after_s - 1, 10) == ()
    assert len(await bench.order_book.due(NOON + due_after_s, 10)) == 1


async def test_a_machine_heard_in_the_evening_is_dialled_in_the_morning(
    bench: Bench,
) -> None:
    order_id = await bench.ordered("T-1")
    evening = NOON + 6 * 3600  # 19:00 in Moscow
    await bench.ledger.save_disposition(said(Disposition.MACHINE, order_id, at=evening))
    view = await bench.intake.find(TEPLO, "T-1")

    assert view is not None
    assert view.next_try_at == NOON + 20 * 3600


async def test_a_machine_at_the_last_attempt_makes_the_order_unreachable(
    bench: Bench,
) -> None:
    order_id = await bench.ordered("T-1")
    for n in range(8):
        (lead,) = await bench.order_book.due(NOON, 1)
        await bench.ledger.start_attempts([lead], NOON)
        if n < 7:
            failed = attempt_of(lead, Outcome.BUSY, next_try_at=NOON)
            await bench.ledger.record([], [failed], [])
    await bench.ledger.save_disposition(said(Disposition.MACHINE, order_id))

    assert kinds(await bench.told()) == ["order.unreachable"]
    assert await bench.order_book.due(NOON + 100 * 86_400, 10) == ()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"method": "pigeon"}, "Choose the delivery method"),
        ({"address": "  "}, "Fill in the delivery address"),
        ({"address": "x" * 501}, "Shorten the address"),
        ({"date": "2026-11-20"}, "has passed"),
        ({"date": "22.11.2026"}, "Choose the delivery date"),
        ({"date": ""}, "Choose the delivery date"),
        ({"date": "2028-01-01"}, "within a year"),
        ({"time_from": "14:00", "time_to": "10:00"}, "end later"),
        ({"time_from": "10:00", "time_to": "10:00"}, "end later"),
        ({"time_from": "10:00", "time_to": ""}, "or neither"),
        ({"time_from": "25:00", "time_to": "26:00"}, "two times"),
    ],
)
async def test_a_delivery_that_cannot_be_made_is_refused_and_nothing_changes(
    bench: Bench, changes: dict[str, str], says: str
) -> None:
    order_id = await bench.ordered("T-1")
    with pytest.raises(DispositionRefused, match=says):
        await bench.ledger.save_disposition(
            said(CONFIRMED, order_id, delivery=delivery(**changes))
        )
    view = await bench.intake.find(TEPLO, "T-1")

    assert view is not None
    assert (view.order.stage, view.disposition, view.order.delivery) == (
        "new",
        "",
        None,
    )
    assert await bench.told() == []
    assert await bench.archive.why(CallId("call-1")) is None


async def test_today_is_the_day_in_the_shops_zone(bench: Bench) -> None:
    order_id = await bench.ordered("T-1")
    late = NOON + 11.5 * 3600  # 21:30 UTC, half past midnight in Moscow
    with pytest.raises(DispositionRefused, match="2026-11-22 or later"):
        await bench.ledger.save_disposition(
            said(CONFIRMED, order_id, delivery=delivery(date="2026-11-21"), at=late)
        )
    await bench.ledger.save_disposition(
        said(CONFIRMED, order_id, delivery=delivery(date="2026-11-22"), at=late)
    )


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"order": OrderId("nothing")}, "no such order"),
        ({"order": None}, "Choose the order"),
        ({"shop": SVITLO}, "no such order"),
        ({"note": "x" * 2001}, "Shorten the note"),
        ({"disposition": CANCELLED, "delivery": delivery()}, "remove the delivery"),
    ],
)
async def test_a_contradiction_is_refused(
    bench: Bench, changes: dict[str, Any], says: str
) -> None:
    order_id = await bench.ordered("T-1")
    saved = said(**{"disposition": CONFIRMED, "order_id": order_id} | _renamed(changes))
    with pytest.raises(DispositionRefused, match=says):
        await bench.ledger.save_disposition(saved)


def _renamed(changes: dict[str, Any]) -> dict[str, Any]:
    return {"order_id" if k == "order" else k: v for k, v in changes.items()}


async def test_a_call_without_an_order_may_be_informed(bench: Bench) -> None:
    saved = said(Disposition.INFORMED, None, note="спросила про часы работы")
    await bench.ledger.save_disposition(saved)
    history = await bench.archive.why(CallId("call-1"))

    assert history is not None
    assert history.disposition == saved
    assert await bench.told() == []


async def test_another_shops_order_is_untouched(bench: Bench) -> None:
    await bench.ordered("T-1")
    taken = await bench.intake.take(SVITLO, order("T-1", phone="0671234567"), NOON)
    await bench.ledger.save_disposition(
        said(CANCELLED, taken.order.order.order, shop=SVITLO)
    )
    mine = await bench.intake.find(TEPLO, "T-1")

    assert mine is not None
    assert mine.order.stage == "new"


async def test_the_second_disposition_of_a_call_replaces_the_first(
    bench: Bench,
) -> None:
    order_id = await bench.ordered("T-1")
    await bench.ledger.save_disposition(said(Disposition.CALLBACK, order_id))
    final = said(CONFIRMED, order_id, delivery=delivery(), at=NOON + 30)
    await bench.ledger.save_disposition(final)
    await bench.ledger.record([call_record("call-1")], (), ())
    history = await bench.archive.why(CallId("call-1"))

    assert history is not None
    assert history.disposition == final
    assert await bench.order_book.due(NOON + 10_000, 10) == ()
