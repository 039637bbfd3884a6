"""The report of a long demo, in which numbers come back and a person took part."""

from dataclasses import replace

import pytest

from sim.agent_log import Handled, Saved
from sim.demo.evidence import SentOrder
from sim.receiver.ledger import Delivery
from sim.sipp.stats import Moment
from sim.world.books import BookedDecision, BookedDisposition, BookedOrder
from tests.sim.test_demo_report import (
    CALLER,
    CUSTOMER,
    attempt,
    broken_checks,
    call,
    good,
    report_of,
)

LATER_S = 2000.0
"""When the list of callers begins anew."""
FORGOTTEN = "orders without end or next instant"


def test_who_calls_again_after_half_an_hour_is_measured_by_each_call() -> None:
    seen = good()
    again_at = 2000.0 + LATER_S
    seen.callers.append(Moment("called", f"{CALLER}0", again_at))
    seen.books.calls.append(call(9, number=f"{CALLER}0", enqueued_at=again_at))
    ring_at = 1000.06 + LATER_S
    seen.agents.handled.append(
        Handled("a01", "", False, ring_at, card_at=ring_at - 0.01, call="c9")
    )
    seen.books.decisions.append(
        BookedDecision("routing", "c9", "a01", "an agent was free", "")
    )
    latency = report_of(seen)["latency_ms"]["arrival_to_ring"]
    assert latency["p50"] == pytest.approx(80)
    assert latency["p99"] == pytest.approx(80)
    assert broken_checks(seen) == set()


def test_a_call_whose_invite_was_not_seen_is_not_paired_with_an_older_one() -> None:
    seen = good(1)
    later = call(0, call="c9", enqueued_at=2000.0 + LATER_S)
    seen.books.calls = [later]
    seen.agents.handled = [Handled("a01", "", False, 1000.06 + LATER_S, call="c9")]
    assert report_of(seen)["latency_ms"]["arrival_to_ring"]["p99"] is None


def test_an_answer_is_of_its_own_attempt() -> None:
    seen = good(1)
    at = 2000.0 + LATER_S
    seen.books.attempts.append(
        attempt(0, call="o9", started_at=at, answered_at=at + 1, bridged_at=at + 1)
    )
    latency = report_of(seen)["latency_ms"]["answer_to_agent"]
    assert latency["p99"] == pytest.approx(50)


def test_an_order_of_a_customer_dialled_before_waits_from_its_own_sending() -> None:
    seen = good(1)
    number, at = f"{CUSTOMER}0", 2000.0 + LATER_S
    seen.orders.append(SentOrder("teplo", "D-9", number, at))
    seen.customers.append(Moment("rang", number, at + 0.2))
    latency = report_of(seen)["latency_ms"]["order_to_first_dial"]
    assert latency["p50"] == pytest.approx(200)
    assert latency["p99"] == pytest.approx(200)


def test_news_of_an_order_settled_twice_is_that_of_each_save() -> None:
    seen = good(1)
    at = 2005.0 + LATER_S
    seen.agents.saved.append(Saved("a01", "o9", "teplo", "D-0", "confirmed", at))
    seen.ledger.taken.append(
        Delivery("teplo", "logistics", "again", "delivery.agreed", "D-0", at + 0.1)
    )
    latency = report_of(seen)["latency_ms"]["save_to_logistics"]
    assert latency["p99"] == pytest.approx(100)


@pytest.mark.parametrize(
    ("order", "is_forgotten"),
    [
        (BookedOrder("D-1", "confirmed", None, ""), False),
        (BookedOrder("D-1", "unreachable", None, ""), False),
        (BookedOrder("D-1", "retry", 3000.0, ""), False),
        (BookedOrder("D-1", "dialling", None, "attempt-1"), False),
        (BookedOrder("D-1", "reached", None, "", "informed"), False),
        (BookedOrder("D-1", "reached", 9000.0, ""), False),
        (BookedOrder("D-1", "reached", None, ""), True),
        (BookedOrder("D-1", "new", None, ""), True),
        (BookedOrder("D-1", "dialling", None, ""), True),
        (BookedOrder("D-1", "retry", None, "", "machine"), True),
        (BookedOrder("D-1", "callback", None, "", "callback"), True),
    ],
)
def test_an_order_must_have_an_end_or_a_next_instant(
    order: BookedOrder, is_forgotten: bool
) -> None:
    seen = good()
    seen.books.orders.append(order)
    assert broken_checks(seen) == ({FORGOTTEN} if is_forgotten else set())
    assert report_of(seen)["orders_by_stage"] == {order.stage: 1}


def test_what_a_person_confirms_is_expected_at_the_receivers() -> None:
    seen = good()
    seen.guest = "a10"
    seen.books.dispositions.append(
        BookedDisposition("o7", "a10", "teplo", "D-7", "confirmed", 2005.0)
    )
    assert broken_checks(seen) == {
        "confirmed orders told to the shop",
        "and to logistics",
    }
    seen.ledger.taken += [
        Delivery("teplo", "shop", "s7", "order.confirmed", "D-7", 2005.1),
        Delivery("teplo", "logistics", "l7", "delivery.agreed", "D-7", 2005.1),
    ]
    assert broken_checks(seen) == set()


def test_how_long_a_person_takes_is_no_measure_of_the_engine() -> None:
    seen = good()
    seen.guest = "a10"
    slow = attempt(0, call="o9", bridged_at=2008.0, agent="a10")
    lost = replace(slow, call="o8", bridged_at=None, outcome="nuisance")
    seen.books.attempts += [slow, lost]
    report = report_of(seen)
    assert report["latency_ms"]["answer_to_agent"]["p99"] == pytest.approx(50)
    assert report["outbound"]["nuisance"] == 0


def test_simulated_agents_save_for_themselves() -> None:
    seen = good()
    seen.books.dispositions.append(
        BookedDisposition("o0", "a01", "teplo", "D-0", "confirmed", 2005.0)
    )
    assert len(seen.saved()) == len(seen.agents.saved)


@pytest.mark.parametrize(("answered", "nuisance"), [(99, 0), (100, 1), (1191, 11)])
def test_nuisance_calls_are_held_to_a_share_that_is_none_in_a_minute(
    answered: int, nuisance: int
) -> None:
    seen = good(1)
    let_go = attempt(0, outcome="nuisance", bridged_at=None)
    seen.books.attempts = [attempt(0, call="o0")] * (answered - nuisance)
    seen.books.attempts += [let_go] * nuisance
    assert "nuisance calls" not in broken_checks(seen)
    seen.books.attempts[0] = let_go
    assert "nuisance calls" in broken_checks(seen)
