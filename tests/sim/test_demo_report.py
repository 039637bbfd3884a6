"""The demo's report, concluded from evidence."""

from dataclasses import replace
from typing import Any

import pytest

from sim.agent_log import AgentLog, Handled, Saved
from sim.demo.evidence import Evidence, SentOrder
from sim.demo.report import build_report
from sim.receiver.ledger import Delivery, ReceivedLedger
from sim.sipp.stats import Moment
from sim.world.books import BookedAttempt, BookedCall, BookedDecision, Books
from sim.world.remains import Remains

OFFSET_S = 1000.0
CALLER, CUSTOMER = "+79430000001", "79435000010"
NEWS = {"shop": "order.confirmed", "logistics": "delivery.agreed"}


def call(n: int, **changes: Any) -> BookedCall:
    booked = BookedCall(
        call=f"c{n}",
        direction="inbound",
        number=f"{CALLER}{n}",
        agent="a01",
        requirement="lang.ru>=5 and shop.teplo>=1",
        ending="answered",
        off_skill="",
        enqueued_at=2000.0,
        answered_at=2000.5,
        bridged_at=2000.6,
        queued=False,
    )
    return replace(booked, **changes)


def attempt(n: int, **changes: Any) -> BookedAttempt:
    booked = BookedAttempt(
        order=f"D-{n}",
        call=f"o{n}",
        number=f"+{CUSTOMER}{n}",
        outcome="bridged",
        started_at=2000.1,
        answered_at=2001.0,
        bridged_at=2001.05,
        ended_at=2004.0,
    )
    return replace(booked, **changes)


def good(count: int = 3) -> Evidence:
    """A run of six seconds in which everything went well."""
    seen = Evidence(seconds=6, unix_minus_monotonic_s=OFFSET_S)
    skills = {"a01": {"lang.ru": 10, "shop.teplo": 5}}
    seen.books = Books(skills=skills)
    for n in range(count):
        number = f"{CUSTOMER}{n}"
        seen.callers.append(Moment("called", f"{CALLER}{n}", 2000.0))
        seen.books.calls.append(call(n))
        seen.agents.handled.append(
            Handled("a01", "", False, 1000.08, card_at=1000.07, call=f"c{n}")
        )
        seen.orders.append(SentOrder("teplo", f"D-{n}", number, 2000.0))
        seen.customers.append(Moment("rang", number, 2000.2))
        seen.customers.append(Moment("answered", number, 2001.0))
        seen.books.attempts.append(attempt(n))
        seen.books.decisions += [
            BookedDecision("routing", f"c{n}", "a01", "an agent was free", ""),
            BookedDecision("pacing", f"o{n}", "", "agents are expected", "allowed"),
        ]
        seen.agents.saved.append(
            Saved("a01", f"o{n}", "teplo", f"D-{n}", "confirmed", 2005.0)
        )
        for side, type_ in (
            ("shop", "order.confirmed"),
            ("logistics", "delivery.agreed"),
        ):
            seen.ledger.taken.append(
                Delivery("teplo", side, f"{side}{n}", type_, f"D-{n}", 2005.1)
            )
    return seen


def report_of(seen: Evidence) -> dict[str, Any]:
    return build_report(seen, seed=1, version="0", wall_s=1.0)


def broken_checks(seen: Evidence) -> set[str]:
    return {check["name"] for check in report_of(seen)["checks"] if not check["ok"]}


def test_a_good_run_passes_every_check() -> None:
    report = report_of(good())
    assert broken_checks(good()) == set()
    assert report["ok"] is True


def test_the_keys_that_machines_rely_on_are_there() -> None:
    report = report_of(good())
    assert {"ok", "checks", "seed", "version", "wall_s"} <= report.keys()
    wanted = {
        "inbound": {"offered", "answered", "abandoned", "off_skill", "fallback"},
        "outbound": {
            *("orders", "dialled", "answered", "confirmed"),
            *("nuisance", "double_dials"),
        },
        "delivered": {"shop", "logistics", "bad_signatures", "duplicates"},
        "pop_before_ring": {"calls", "violations"},
        "left_behind": {"channels", "bridges", "processes"},
        "latency_ms": {
            *("arrival_to_ring", "answer_to_agent"),
            *("order_to_first_dial", "save_to_logistics"),
        },
    }
    for group, keys in wanted.items():
        assert keys <= report[group].keys()
    for spread in report["latency_ms"].values():
        assert spread.keys() == {"p50", "p95", "p99"}


def test_latencies_are_measured_from_the_outside() -> None:
    latency = report_of(good())["latency_ms"]
    assert latency["arrival_to_ring"]["p95"] == pytest.approx(80)
    assert latency["answer_to_agent"]["p95"] == pytest.approx(50)
    assert latency["order_to_first_dial"]["p50"] == pytest.approx(200)
    assert latency["save_to_logistics"]["p50"] == pytest.approx(100)


def test_a_call_that_queued_says_nothing_about_ringing_at_once() -> None:
    seen = good()
    seen.books.calls = [replace(c, queued=True) for c in seen.books.calls]
    assert report_of(seen)["latency_ms"]["arrival_to_ring"]["p95"] is None
    assert "arrival to ring, p95 ms" in broken_checks(seen)


def test_a_call_the_books_do_not_know_is_unaccounted_for() -> None:
    seen = good()
    seen.callers.append(Moment("called", "+79430000099", 2000.0))
    assert broken_checks(seen) == {"calls unaccounted for"}


def test_withheld_numbers_are_accounted_for_by_count() -> None:
    seen = good()
    seen.callers.append(Moment("called", "anonymous", 2000.0))
    assert broken_checks(seen) == {"calls unaccounted for"}
    seen.books.calls.append(call(7, number="", agent=""))
    assert broken_checks(seen) == set()


def test_an_agent_without_the_skill_needs_a_reason() -> None:
    seen = good()
    seen.books.calls[0] = call(0, requirement="lang.uk>=5")
    assert broken_checks(seen) == {"answered without skill or reason"}
    seen.books.calls[0] = call(0, requirement="lang.uk>=5", off_skill="waited 5 s")
    assert broken_checks(seen) == set()
    assert report_of(seen)["inbound"]["off_skill"] == 1


def test_a_ring_without_a_card_before_it_is_a_violation() -> None:
    seen = good()
    seen.agents.handled[0].card_at = 1000.09
    seen.agents.handled[1].card_at = None
    assert report_of(seen)["pop_before_ring"] == {"calls": 3, "violations": 2}


def test_a_second_ring_without_an_attempt_is_a_double_dial() -> None:
    seen = good()
    seen.customers.append(Moment("rang", f"{CUSTOMER}0", 2003.0))
    assert broken_checks(seen) == {"double dials"}


def test_two_attempts_of_one_order_at_one_time_are_a_double_dial() -> None:
    seen = good()
    seen.customers.append(Moment("rang", f"{CUSTOMER}0", 2003.0))
    seen.books.attempts.append(attempt(0, started_at=2003.0))
    assert broken_checks(seen) == {"double dials"}
    seen.books.attempts[-1] = attempt(0, started_at=2004.5)
    assert broken_checks(seen) == set()


@pytest.mark.parametrize("side", ["shop", "logistics"])
def test_news_that_did_not_arrive_is_missed(side: str) -> None:
    seen = good()
    seen.ledger.taken = [
        d for d in seen.ledger.taken if (d.side, d.order) != (side, "D-1")
    ]
    name = "confirmed orders told to the shop" if side == "shop" else "and to logistics"
    assert broken_checks(seen) == {name}


def test_news_that_came_twice_or_unasked_is_told() -> None:
    seen = good()
    seen.ledger.taken.append(seen.ledger.taken[0])
    assert broken_checks(seen) == {"duplicate messages"}
    seen = good()
    seen.agents.saved[0] = replace(seen.agents.saved[0], disposition="callback")
    assert broken_checks(seen) == {"messages nobody asked for"}


def test_what_is_left_behind_fails_the_run() -> None:
    seen = good()
    seen.remains = Remains(processes=["sipp (1)"])
    assert broken_checks(seen) == {"left behind"}


def test_too_few_calls_fail_the_run() -> None:
    assert {"calls offered", "orders dialled"} <= broken_checks(good(count=2))


def test_mishaps_and_gaps_are_told() -> None:
    seen = good()
    seen.agents.mishaps.append("a01: phone: gone")
    seen.agents.gaps = 1
    names = {"mishaps of agents", "gaps in the desktops' versions"}
    assert broken_checks(seen) == names


def test_nothing_at_all_fails_and_does_not_crash() -> None:
    seen = Evidence(seconds=60, unix_minus_monotonic_s=0)
    seen.agents, seen.ledger = AgentLog(), ReceivedLedger()
    assert report_of(seen)["ok"] is False


def test_an_agent_whom_no_decision_named_is_found() -> None:
    seen = good()
    del seen.books.decisions[0]
    assert broken_checks(seen) == {"calls without a record"}


def test_an_attempt_without_a_verdict_is_found() -> None:
    seen = good()
    seen.books.decisions[1] = replace(seen.books.decisions[1], verdict="hours")
    assert broken_checks(seen) == {"attempts without verdict"}


def test_the_latest_decision_of_each_kind_is_told() -> None:
    told = report_of(good())["why"]
    assert told == [
        "pacing: nobody yet for call o2, because agents are expected",
        "routing: a01 for call c2, because an agent was free",
    ]
