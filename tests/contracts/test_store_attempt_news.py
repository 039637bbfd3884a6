"""Receivers that ask for it are told of attempts, once and in their order."""

import json
from typing import Any

from callengine.core.facts import Disposition, Lead
from callengine.core.records import Outcome
from tests.support.stores import NOON, Bench, attempt_of, said


async def dialled(bench: Bench, number: str = "T-1") -> Lead:
    """An order whose customer is being dialled."""
    await bench.ordered(number)
    (lead,) = await bench.order_book.due(NOON, 10)
    assert await bench.ledger.start_attempts([lead], NOON + 1) == ()
    return lead


async def told(bench: Bench, at: float = NOON + 100) -> list[dict[str, Any]]:
    """The bodies of what was sent, by their sequence."""
    bodies = [json.loads(message.body) for message in await bench.told(at)]
    return sorted(bodies, key=lambda body: body["sequence"])


async def test_who_does_not_ask_is_told_nothing_of_attempts(bench: Bench) -> None:
    lead = await dialled(bench)
    again = NOON + 1800
    record = attempt_of(lead, Outcome.NO_ANSWER, next_try_at=again)
    await bench.ledger.record((), (record,), ())
    assert await told(bench) == []


async def test_dialled_and_its_end_are_told_once_and_in_order(bench: Bench) -> None:
    await bench.ask_for_attempts()
    lead = await dialled(bench)
    record = attempt_of(lead, Outcome.NO_ANSWER, next_try_at=NOON + 1800)
    for _ in range(2):
        await bench.ledger.record((), (record,), ())

    began, ended = await told(bench)
    assert [began["type"], ended["type"]] == ["attempt.dialled", "attempt.no_answer"]
    assert [began["sequence"], ended["sequence"]] == [1, 2]
    assert began["data"]["order"]["number"] == "T-1"
    assert began["data"]["attempt"]["try"] == 1
    assert began["data"]["attempt"]["phone"] == "+79161234567"
    assert ended["data"]["attempt"]["id"] == lead.attempt
    assert ended["data"]["attempt"]["ring_s"] == 3.5
    assert ended["data"]["attempt"]["next_try_at"].startswith("2026-11-21T10:30:00")


async def test_the_last_attempt_is_told_before_the_order_is_unreachable(
    bench: Bench,
) -> None:
    await bench.ask_for_attempts()
    lead = await dialled(bench)
    await bench.ledger.record((), (attempt_of(lead, Outcome.BUSY),), ())
    types = [body["type"] for body in await told(bench)]
    assert types == ["attempt.dialled", "attempt.busy", "order.unreachable"]


async def test_a_call_back_that_was_agreed_is_told_with_its_time(bench: Bench) -> None:
    await bench.ask_for_attempts()
    order_id = await bench.ordered()
    await bench.ledger.save_disposition(said(Disposition.CALLBACK, order_id))
    (body,) = await told(bench)
    assert body["type"] == "order.callback"
    assert body["data"]["order"]["stage"] == "callback"
    assert body["data"]["next_try_at"].startswith("2026-11-21T11:00:00")


async def test_a_confirmation_after_attempts_is_told_once(bench: Bench) -> None:
    await bench.ask_for_attempts()
    lead = await dialled(bench)
    saved = said(Disposition.CONFIRMED, lead.order)
    await bench.ledger.save_disposition(saved)
    await bench.ledger.record((), (attempt_of(lead, Outcome.BRIDGED),), ())
    await bench.ledger.save_disposition(saved)
    types = [body["type"] for body in await told(bench)]
    assert types == ["attempt.dialled", "order.confirmed", "attempt.bridged"]


async def test_a_confirmation_after_a_call_back_is_told_again(bench: Bench) -> None:
    await bench.ask_for_attempts()
    order_id = await bench.ordered()
    for what in (Disposition.CONFIRMED, Disposition.CALLBACK, Disposition.CONFIRMED):
        await bench.ledger.save_disposition(said(what, order_id))
    types = [body["type"] for body in await told(bench)]
    assert types == ["order.confirmed", "order.callback", "order.confirmed"]


async def test_an_attempt_that_the_engine_did_not_outlive_ends_for_the_shop_too(
    bench: Bench,
) -> None:
    await bench.ask_for_attempts()
    await dialled(bench)
    await bench.order_book.release_all()
    began, ended = await told(bench)
    assert [began["type"], ended["type"]] == ["attempt.dialled", "attempt.failed"]
    assert ended["data"]["attempt"]["why"] == "the engine ended during the attempt"
    assert ended["data"]["attempt"]["next_try_at"] is not None
