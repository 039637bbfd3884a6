"""Every order book offers an order to one attempt at a time, the urgent ones first."""

import pytest

from callengine.core.facts import Disposition, Lead
from callengine.core.ids import CallId
from callengine.core.records import Outcome
from callengine.engine.orders import UNSETTLED_AFTER_S
from tests.support.stores import (
    NOON,
    SVITLO,
    TEPLO,
    Bench,
    attempt_of,
    order,
    said,
)


async def stage_of(bench: Bench, number: str = "T-1") -> str:
    """Where an order stands."""
    view = await bench.intake.find(TEPLO, number)
    assert view is not None
    return view.order.stage


async def only_lead(bench: Bench, at: float = NOON) -> Lead:
    """The one lead that is due."""
    (lead,) = await bench.order_book.due(at, 10)
    return lead


async def test_a_new_order_is_due_at_once_with_all_that_a_call_needs(
    bench: Bench,
) -> None:
    order_id = await bench.ordered("T-1", region="ru-mow")
    lead = await only_lead(bench)

    assert (lead.order, lead.shop, lead.number) == (order_id, TEPLO, "+79161234567")
    assert (lead.tries, lead.due_at, lead.deadline_at) == (0, NOON, NOON + 900)
    assert lead.caller_id == "+74950000101"
    assert lead.requirement.hard == (("lang.ru", 5), ("shop.teplo", 1))
    assert lead.requirement.soft == (("product.phones", 3), ("region.ru-mow", 1))
    card = lead.card
    assert (card.direction, card.identification) == ("outbound", "found")
    assert (card.order, card.number) == (order_id, "+79161234567")
    assert [o.order for o in card.orders] == [order_id]
    assert lead.customer == card.customers[0].customer


async def test_a_claimed_lead_is_not_offered_again(bench: Bench) -> None:
    await bench.ordered("T-1")
    await only_lead(bench)

    assert await bench.order_book.due(NOON + 10_000, 10) == ()


async def test_no_more_than_the_limit_is_claimed(bench: Bench) -> None:
    for n in range(5):
        await bench.ordered(f"T-{n}")

    assert len(await bench.order_book.due(NOON, 2)) == 2
    assert await bench.order_book.due(NOON, 0) == ()
    assert len(await bench.order_book.due(NOON, 10)) == 3


async def test_the_nearest_deadline_that_can_be_met_comes_first(bench: Bench) -> None:
    for number, received_at in (
        ("late", 0),
        ("near", 700),
        ("far", 1200),
        ("later", 9),
    ):
        await bench.intake.take(TEPLO, order(number), NOON + received_at)
    leads = await bench.order_book.due(NOON + 1400, 10)
    numbers = {o.order: o.number for lead in leads for o in lead.card.orders}

    assert [numbers[lead.order] for lead in leads] == ["near", "far", "late", "later"]


async def test_a_released_lead_is_due_again_as_it_was(bench: Bench) -> None:
    await bench.ordered("T-1")
    first = await only_lead(bench)
    await bench.order_book.release([first.attempt])
    second = await only_lead(bench)

    assert second.order == first.order
    assert second.attempt != first.attempt
    assert second.tries == 0


async def test_a_lead_started_and_released_undialled_counts_no_try(
    bench: Bench,
) -> None:
    await bench.ordered("T-1")
    lead = await only_lead(bench)
    assert await bench.ledger.start_attempts([lead], NOON) == ()
    assert await stage_of(bench) == "dialling"
    await bench.order_book.release([lead.attempt])

    again = await only_lead(bench)
    assert again.tries == 0
    view = await bench.intake.find(TEPLO, "T-1")
    assert view is not None
    assert view.attempts == ()


async def test_a_busy_line_is_tried_again_when_the_rule_says(bench: Bench) -> None:
    await bench.ordered("T-1")
    lead = await only_lead(bench)
    await bench.ledger.start_attempts([lead], NOON + 1)
    record = attempt_of(lead, Outcome.BUSY, next_try_at=NOON + 300)
    await bench.ledger.record((), [record], ())

    assert await stage_of(bench) == "retry"
    assert await bench.order_book.due(NOON + 299, 10) == ()
    again = await only_lead(bench, NOON + 300)
    assert (again.tries, again.due_at) == (1, NOON + 300)
    view = await bench.intake.find(TEPLO, "T-1")
    assert view is not None
    (tried,) = view.attempts
    assert (tried.outcome, tried.started_at) == ("busy", NOON + 1)
    assert (view.tries, view.next_try_at) == (1, NOON + 300)


async def test_the_last_try_in_vain_makes_the_order_unreachable_and_tells_the_shop(
    bench: Bench,
) -> None:
    await bench.ordered("T-1")
    lead = await only_lead(bench)
    await bench.ledger.start_attempts([lead], NOON)
    record = attempt_of(lead, Outcome.NO_ANSWER, next_try_at=None)
    await bench.ledger.record((), [record], ())
    await bench.ledger.record((), [record], ())

    assert await stage_of(bench) == "unreachable"
    assert await bench.order_book.due(NOON + 10_000, 10) == ()
    (message,) = await bench.told(NOON + 60)
    assert (message.receiver, message.type) == ("shop", "order.unreachable")


@pytest.mark.parametrize(
    "what", [Disposition.INFORMED, Disposition.COMPLAINT, Disposition.CONFIRMED]
)
async def test_a_conversation_ends_the_dialling(
    bench: Bench, what: Disposition
) -> None:
    order_id = await bench.ordered("T-1")
    lead = await only_lead(bench)
    await bench.ledger.start_attempts([lead], NOON)
    record = attempt_of(lead, Outcome.BRIDGED, bridged_at=NOON + 9)
    await bench.ledger.record((), [record], ())
    assert await stage_of(bench) == "reached"
    assert await bench.told() == []

    await bench.ledger.save_disposition(said(what, order_id))
    assert await bench.order_book.due(NOON + 100_000, 10) == ()


async def test_a_conversation_that_nobody_told_of_is_held_again(bench: Bench) -> None:
    order_id = await bench.ordered("T-1")
    lead = await only_lead(bench)
    await bench.ledger.start_attempts([lead], NOON)
    record = attempt_of(lead, Outcome.BRIDGED, bridged_at=NOON + 9)
    await bench.ledger.record((), [record], ())

    due_at = record.ended_at + UNSETTLED_AFTER_S
    assert await bench.order_book.due(due_at - 1, 10) == ()
    again = await only_lead(bench, due_at)
    assert (again.order, again.tries) == (order_id, 1)


async def test_what_the_agent_says_late_withdraws_the_second_call(
    bench: Bench,
) -> None:
    order_id = await bench.ordered("T-1")
    lead = await only_lead(bench)
    await bench.ledger.start_attempts([lead], NOON)
    record = attempt_of(lead, Outcome.BRIDGED, bridged_at=NOON + 9)
    await bench.ledger.record((), [record], ())
    again = await only_lead(bench, record.ended_at + UNSETTLED_AFTER_S)

    await bench.ledger.save_disposition(said(Disposition.INFORMED, order_id))
    withdrawn = await bench.ledger.start_attempts([again], NOON + 8000)
    assert withdrawn == (again.attempt,)


async def test_a_disposition_before_the_record_stands(bench: Bench) -> None:
    order_id = await bench.ordered("T-1")
    lead = await only_lead(bench)
    await bench.ledger.start_attempts([lead], NOON)
    await bench.ledger.save_disposition(said(Disposition.CALLBACK, order_id))
    await bench.ledger.record((), [attempt_of(lead, Outcome.BRIDGED)], ())

    assert await stage_of(bench) == "callback"
    again = await only_lead(bench, NOON + 3600)
    assert (again.order, again.tries) == (order_id, 1)


async def test_an_order_settled_by_the_customers_own_call_is_not_dialled(
    bench: Bench,
) -> None:
    order_id = await bench.ordered("T-1")
    await bench.ordered("T-2")
    leads = await bench.order_book.due(NOON, 10)
    await bench.ledger.save_disposition(said(Disposition.CANCELLED, order_id))
    withdrawn = await bench.ledger.start_attempts(leads, NOON + 1)

    assert [lead.order for lead in leads if lead.attempt in withdrawn] == [order_id]
    assert await stage_of(bench, "T-1") == "cancelled"
    assert await stage_of(bench, "T-2") == "dialling"


async def test_after_a_crash_claimed_leads_are_due_again(bench: Bench) -> None:
    await bench.ordered("T-1")
    await bench.ordered("T-2")
    await bench.order_book.due(NOON, 10)

    assert await bench.order_book.release_all() == 2
    assert len(await bench.order_book.due(NOON, 10)) == 2


async def test_after_a_crash_what_rang_is_not_rung_again_at_once(bench: Bench) -> None:
    await bench.ordered("T-1")
    lead = await only_lead(bench)
    await bench.ledger.start_attempts([lead], NOON + 5)

    assert await bench.order_book.release_all() == 1
    assert await bench.order_book.due(NOON + 124, 10) == ()
    again = await only_lead(bench, NOON + 125)
    assert again.tries == 1
    view = await bench.intake.find(TEPLO, "T-1")
    assert view is not None
    assert [a.outcome for a in view.attempts] == ["failed"]


async def test_after_a_crash_living_attempts_stay_taken(bench: Bench) -> None:
    await bench.ordered("T-1")
    lead = await only_lead(bench)
    await bench.ledger.start_attempts([lead], NOON)

    assert await bench.order_book.release_all(keep=[lead.attempt]) == 0
    assert await bench.order_book.due(NOON + 10_000, 10) == ()
    await bench.ledger.record((), [attempt_of(lead, Outcome.BRIDGED)], ())
    assert await stage_of(bench) == "reached"


async def test_orders_of_several_shops_are_offered_in_one_line(bench: Bench) -> None:
    await bench.ordered("T-1")
    await bench.intake.take(SVITLO, order("S-1", phone="0671234567"), NOON)
    leads = await bench.order_book.due(NOON, 10)

    assert {(lead.shop, lead.number) for lead in leads} == {
        (TEPLO, "+79161234567"),
        (SVITLO, "+380671234567"),
    }
    assert {lead.requirement.hard[0][0] for lead in leads} == {"lang.ru", "lang.uk"}


async def test_the_record_of_an_attempt_can_be_read_by_its_call(bench: Bench) -> None:
    await bench.ordered("T-1")
    lead = await only_lead(bench)
    await bench.ledger.start_attempts([lead], NOON)
    record = attempt_of(lead, Outcome.REJECTED, next_try_at=NOON + 900)
    await bench.ledger.record((), [record], ())
    history = await bench.archive.why(CallId("call-1"))

    assert history is not None
    assert history.attempts == (record,)
