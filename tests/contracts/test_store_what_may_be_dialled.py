"""Every store tells dialling what a verdict needs, and keeps what came of it."""

import json

import pytest

from callengine.core.compliance.verdict import PastAttempt
from callengine.core.effects import PutLeadOff
from callengine.core.facts import Disposition, Lead
from callengine.core.ids import CallId, ShopId
from callengine.core.numbers import BadNumber
from callengine.core.records import DecisionRecord, Outcome
from callengine.engine.orders import FAILED_RETRY_S
from callengine.engine.ports import OrderRefused, UnknownShop
from tests.support.stores import (
    NOON,
    SVITLO,
    TEPLO,
    Bench,
    attempt_of,
    item,
    order,
    said,
)

DAY_S = 86_400.0
HOURS = "02:00 Fri in Asia/Vladivostok; hours are 09:00-21:00"


async def only_lead(bench: Bench, at: float = NOON) -> Lead:
    """The one lead that is due."""
    (lead,) = await bench.order_book.due(at, 10)
    return lead


def put_off(lead: Lead, at: float | None, **changes: str) -> PutLeadOff:
    """The effect that follows from a verdict."""
    said_why = {"reason": HOURS, "rule": "hours", **changes}
    return PutLeadOff(
        attempt=lead.attempt, order=lead.order, shop=lead.shop, at=at, **said_why
    )


async def test_a_lead_says_what_a_verdict_needs(bench: Bench) -> None:
    await bench.ordered(
        zone="Asia/Vladivostok",
        consent=True,
        cut_off_at=NOON + 3600,
        placed_at=NOON - 60,
        items=(item(quantity=2),),
    )
    lead = await only_lead(bench)

    assert (lead.zone, lead.consent, lead.dnc) == ("Asia/Vladivostok", True, False)
    assert (lead.placed_at, lead.cut_off_at) == (NOON - 60, NOON + 3600)
    assert lead.value == pytest.approx(2598.0)
    assert (lead.past, lead.advertising) == ((), False)


async def test_a_zone_is_the_customers_else_the_numbers_else_the_shops(
    bench: Bench,
) -> None:
    await bench.ordered("mobile", phone="+79161234567")
    await bench.ordered("vladivostok", phone="+74232123456")
    leads = await bench.order_book.due(NOON, 10)
    zones = {lead.card.orders[0].number: lead.zone for lead in leads}
    assert zones == {"mobile": "Europe/Moscow", "vladivostok": "Asia/Vladivostok"}


async def test_a_zone_once_said_is_remembered_until_another_is(bench: Bench) -> None:
    found = []
    for number, zone in (("1", "Asia/Omsk"), ("2", ""), ("3", "Europe/Samara")):
        await bench.ordered(number, zone=zone)
        found.append((await only_lead(bench)).zone)
    assert found == ["Asia/Omsk", "Asia/Omsk", "Europe/Samara"]


@pytest.mark.parametrize(
    "changes",
    [
        {"zone": "Europe/Nowhere"},
        {"zone": "../../etc/passwd"},
        {"zone": "E" * 65},
        {"cut_off_at": NOON + 90 * DAY_S},
        {"cut_off_at": -1.0},
        {"cut_off_at": float("nan")},
    ],
)
async def test_absurd_zones_and_cut_offs_are_refused(
    bench: Bench, changes: dict[str, object]
) -> None:
    with pytest.raises(OrderRefused):
        await bench.ordered(**changes)


async def test_attempts_on_the_number_are_told_whatever_the_order(
    bench: Bench,
) -> None:
    await bench.ordered("T-1")
    lead = await only_lead(bench)
    await bench.ledger.start_attempts([lead], NOON)
    record = attempt_of(lead, Outcome.BUSY, started_at=NOON, next_try_at=NOON + 300)
    await bench.ledger.record([], [record], [])
    await bench.ordered("T-2")
    again, other = await bench.order_book.due(NOON + 400, 10)

    busy = (PastAttempt(at=NOON, outcome=Outcome.BUSY),)
    assert (again.past, other.past) == (busy, busy)
    assert {again.tries, other.tries} == {0, 1}


async def test_attempts_of_another_shop_and_of_long_ago_are_not_told(
    bench: Bench,
) -> None:
    await bench.ordered("T-1")
    lead = await only_lead(bench)
    for n, changes in enumerate(
        ({"started_at": NOON - 30 * DAY_S}, {"started_at": NOON, "shop": SVITLO})
    ):
        record = attempt_of(lead, Outcome.BUSY, attempt=f"old-{n}", **changes)
        await bench.ledger.record([], [record], [])
    await bench.order_book.release([lead.attempt])

    assert (await only_lead(bench)).past == ()


async def test_an_attempt_under_way_is_not_the_past(bench: Bench) -> None:
    await bench.ordered("T-1")
    await bench.ledger.start_attempts([await only_lead(bench)], NOON)
    await bench.ordered("T-2")

    assert (await only_lead(bench)).past == ()


async def test_the_next_courier_comes_after_deadlines_and_before_the_late(
    bench: Bench,
) -> None:
    for number, received_at, cut_off_at in (
        ("late", 0, None),
        ("missed", 10, NOON + 1300),
        ("later courier", 5, NOON + 9000),
        ("courier", 20, NOON + 4000),
        ("in time", 1300, None),
    ):
        await bench.intake.take(
            TEPLO, order(number, cut_off_at=cut_off_at), NOON + received_at
        )
    leads = await bench.order_book.due(NOON + 1400, 10)
    numbers = {o.order: o.number for lead in leads for o in lead.card.orders}
    assert [numbers[lead.order] for lead in leads] == [
        "in time",
        "courier",
        "later courier",
        "late",
        "missed",
    ]


async def test_an_order_put_off_is_due_again_then_and_says_why(bench: Bench) -> None:
    await bench.ordered("T-1")
    await bench.ledger.put_off([put_off(await only_lead(bench), NOON + 600)], NOON)

    assert await bench.order_book.due(NOON + 599, 10) == ()
    view = await bench.intake.find(TEPLO, "T-1")
    assert view is not None
    assert (view.order.stage, view.tries, view.next_try_at) == ("new", 0, NOON + 600)
    assert (view.held_rule, view.held_reason) == ("hours", HOURS)

    lead = await only_lead(bench, NOON + 600)
    await bench.ledger.start_attempts([lead], NOON + 600)
    view = await bench.intake.find(TEPLO, "T-1")
    assert view is not None
    assert (view.held_rule, view.held_reason) == ("", "")
    assert await bench.told() == []


async def test_an_order_that_may_never_be_dialled_is_unreachable_and_told(
    bench: Bench,
) -> None:
    await bench.ordered("T-1")
    lead = await only_lead(bench)
    never = put_off(lead, None, rule="dnc", reason="the number asked not to be called")
    await bench.ledger.put_off([never], NOON + 5)
    await bench.ledger.put_off([never], NOON + 5)

    view = await bench.intake.find(TEPLO, "T-1")
    assert view is not None
    assert (view.order.stage, view.next_try_at) == ("unreachable", None)
    assert view.held_rule == "dnc"
    (message,) = await bench.told(NOON + 5)
    assert message.type == "order.unreachable"
    told = json.loads(message.body)["data"]
    assert told["note"] == "the number asked not to be called"
    assert await bench.order_book.due(NOON + 30 * DAY_S, 10) == ()


async def test_a_verdict_that_comes_after_the_order_was_settled_changes_nothing(
    bench: Bench,
) -> None:
    order_id = await bench.ordered("T-1")
    lead = await only_lead(bench)
    await bench.ledger.save_disposition(said(Disposition.CANCELLED, order_id))
    await bench.ledger.put_off([put_off(lead, NOON + 600)], NOON)

    view = await bench.intake.find(TEPLO, "T-1")
    assert view is not None
    assert (view.order.stage, view.next_try_at) == ("cancelled", None)


async def test_why_an_order_waits_is_found_by_its_id_and_by_its_attempts(
    bench: Bench,
) -> None:
    order_id = await bench.ordered("T-1")
    lead = await only_lead(bench)
    verdict = DecisionRecord(
        at=NOON,
        kind="compliance",
        call=None,
        order=order_id,
        chosen="later",
        reason=HOURS,
        detail={"rule": "hours", "attempt": lead.attempt, "shop": TEPLO},
    )
    dialled = attempt_of(lead, Outcome.BUSY, fault="customer", zone="Asia/Omsk")
    await bench.ledger.record([], [dialled], [verdict, verdict])

    history = await bench.archive.why_order(order_id)
    assert history is not None
    assert history.decisions == (verdict,)
    assert history.attempts == (dialled,)
    assert (history.shop, history.number) == (TEPLO, "T-1")
    assert await bench.archive.why_order(lead.attempt) == history
    assert await bench.archive.why(CallId("")) is None
    assert await bench.archive.why_order("nothing") is None
    assert await bench.archive.why_order("x" * 1000) is None


async def test_a_number_on_the_list_is_one_however_it_is_written(bench: Bench) -> None:
    dnc = bench.do_not_call
    assert await dnc.add(TEPLO, "8 (916) 123-45-67", NOON, "asked by mail")
    assert await dnc.add(TEPLO, "+7 916 123 45 67", NOON + 9) == "+79161234567"

    (entry,) = await dnc.listed(TEPLO)
    assert (entry.number, entry.added_at) == ("+79161234567", NOON)
    assert entry.note == "asked by mail"
    await bench.ordered("T-1")
    assert (await only_lead(bench)).dnc
    assert await dnc.remove(TEPLO, "89161234567")
    assert not await dnc.remove(TEPLO, "89161234567")
    assert await dnc.listed(TEPLO) == ()


async def test_the_list_is_each_shops_own(bench: Bench) -> None:
    await bench.do_not_call.add(SVITLO, "+79161234567", NOON)
    await bench.ordered("T-1")

    assert not (await only_lead(bench)).dnc
    assert await bench.do_not_call.listed(TEPLO) == ()


async def test_a_claimed_lead_whose_number_is_listed_is_not_dialled(
    bench: Bench,
) -> None:
    await bench.ordered("T-1")
    stale = await only_lead(bench)
    await bench.do_not_call.add(TEPLO, "+79161234567", NOON)

    assert await bench.ledger.start_attempts([stale], NOON) == (stale.attempt,)
    assert (await only_lead(bench)).dnc


async def test_a_number_that_rings_already_keeps_its_attempt(bench: Bench) -> None:
    await bench.ordered("T-1")
    lead = await only_lead(bench)
    await bench.ledger.start_attempts([lead], NOON)
    await bench.do_not_call.add(TEPLO, "+79161234567", NOON)
    busy = attempt_of(lead, Outcome.BUSY, next_try_at=NOON + FAILED_RETRY_S)
    await bench.ledger.record([], [busy], [])

    assert (await only_lead(bench, NOON + FAILED_RETRY_S)).dnc


async def test_lists_of_nobody_and_numbers_that_are_none_are_refused(
    bench: Bench,
) -> None:
    with pytest.raises(BadNumber):
        await bench.do_not_call.add(TEPLO, "12", NOON)
    for work in (
        bench.do_not_call.add(ShopId("nobody"), "+79161234567", NOON),
        bench.do_not_call.remove(ShopId("nobody"), "+79161234567"),
        bench.do_not_call.listed(ShopId("nobody")),
    ):
        with pytest.raises(UnknownShop):
            await work
