"""The live dialler's pure parts: fates, spans, phones, books, figures, checks."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from statistics import fmean
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from callengine.core.predictive.ledger import Totals
from sim.livedialer import books
from sim.livedialer import figures as of
from sim.livedialer.board import Board
from sim.livedialer.books import Try, reserves_before_dialling
from sim.livedialer.desks import DeskLog, Wrap
from sim.livedialer.evidence import Evidence
from sim.livedialer.fates import (
    LATEST_ANSWER_S,
    agent_lines,
    customer_lines,
    fates,
    services,
    wait_ms,
    word_of,
)
from sim.livedialer.phones import double_dials, read_rings, read_talks, waits_s
from sim.livedialer.report import build_report, policy_of
from sim.livedialer.run import LiveOptions
from sim.livedialer.spans import Shown, Span, busy_spans, mean, utilisation
from sim.livedialer.world import batches, noon_zone, orders
from sim.sipp.stats import Moment
from sim.worlds.baselines_dialer import Progressive
from sim.worlds.dialer import DialerWorld
from sim.worlds.dialer_people import WARM, Fate

MANY = 20_000


def test_fates_are_those_of_the_virtual_world_with_the_same_seed() -> None:
    world = DialerWorld(WARM, 0, Progressive(), seed=7)
    drawn = list(islice(fates(WARM, 7), 50))
    assert drawn == [world.fates.fate() for _ in range(50)]


def test_talks_and_wrap_ups_are_those_of_the_virtual_world() -> None:
    world = DialerWorld(WARM, 0, Progressive(), seed=7)
    drawn = list(islice(services(WARM, 7), 20))
    assert [(one.talk_s, one.wrap_up_s) for one in drawn] == [
        (world.work.talk_s(), world.work.wrap_up_s()) for _ in range(20)
    ]


def test_people_answer_and_talk_as_the_scenario_says() -> None:
    drawn = list(islice(fates(WARM, 1), MANY))
    words = [word_of(fate, WARM) for fate in drawn]
    shares = {word: words.count(word) / MANY for word in set(words)}
    assert shares == pytest.approx(
        {"answers": 0.50, "nobody": 0.35, "busy": 0.10, "fails": 0.05}, abs=0.012
    )
    served = list(islice(services(WARM, 1), MANY))
    assert fmean(one.talk_s for one in served) == pytest.approx(120, rel=0.03)
    assert fmean(one.wrap_up_s for one in served) == pytest.approx(20, rel=0.03)


def test_nobody_answers_in_the_moment_we_give_up() -> None:
    late = Fate(after_s=30.0, answered=True, rings=True)
    assert wait_ms(late, WARM) == (LATEST_ANSWER_S - 3) * 1000
    assert wait_ms(Fate(3.0, answered=False, rings=False), WARM) == 0


def test_the_lines_for_the_phones_are_numbered_and_in_milliseconds() -> None:
    ends = [(10.5, True, True), (30.0, False, True), (4.25, False, False)]
    drawn = [Fate(*one) for one in [*ends, (3.0, False, False)]]
    assert customer_lines(iter(drawn), WARM, 4) == [
        "0;answers;7500;0",
        "1;nobody;27000;1",
        "2;busy;1250;2",
        "3;fails;0;0",
    ]
    first = next(services(WARM, 1))
    assert agent_lines([first]) == [f"0;{round(first.talk_s * 1000)}"]


@pytest.mark.parametrize("hour", range(24))
def test_the_shop_lies_where_it_is_noon(hour: int) -> None:
    now = datetime(2026, 11, 21, hour, 30, tzinfo=UTC)
    there = now.astimezone(ZoneInfo(noon_zone(now.timestamp())))
    assert there.hour == 12


def test_every_order_is_of_another_customer() -> None:
    made = list(orders(450))
    assert len({order.phone for order in made}) == 450
    assert [len(batch) for batch in batches(iter(made))] == [200, 200, 50]


def test_more_fates_are_drawn_than_can_be_dialled() -> None:
    assert LiveOptions(orders=10, agents=20, minutes=10).enough >= 20 * 690 / 4
    assert LiveOptions(orders=9000, agents=2, minutes=1).enough == 9000


def test_a_span_is_cut_to_its_window() -> None:
    window = Span(10, 20)
    assert Span(5, 12).within(window).length_s == 2
    assert Span(18, 30).within(window).length_s == 2
    assert Span(0, 5).within(window).length_s == 0
    assert Span(25, 30).within(window).length_s == 0
    assert window.holds(10)
    assert not window.holds(20)
    assert not window.holds(None)


def test_an_idle_agent_counts_and_an_empty_window_is_no_error() -> None:
    spans = {"a": [Span(0, 5), Span(8, 20)]}
    shares = utilisation(spans, Span(0, 10), ["a", "b"])
    assert shares == pytest.approx({"a": 0.7, "b": 0.0})
    assert mean(shares) == pytest.approx(0.35)
    assert utilisation(spans, Span(5, 5), ["a"]) == {"a": 0.0}


def test_what_desktops_showed_is_talk_and_wrap_up_to_the_end() -> None:
    shown = [
        Shown(0, "ready"),
        Shown(4, "reserved"),
        Shown(6, "talking"),
        Shown(9, "wrap_up"),
    ]
    assert busy_spans(shown, 11) == [Span(6, 9), Span(9, 11)]


def customers_log() -> list[Moment]:
    """Three calls that met the fates 0 to 2, and a line of a call that was lost."""
    return [
        Moment("rang", "79430000001", 0.0, "0"),
        Moment("rang", "79430000002", 1.0, "1"),
        Moment("answered", "79430000001", 5.0, "0"),
        Moment("refused", "79430000002", 6.0, "1"),
        Moment("rang", "79430000002", 7.0, "2"),
        Moment("ended", "79430000001", 65.0, "0"),
        Moment("cancelled", "79430000002", 37.0, "2"),
        Moment("answered", "79430000009", 40.0, "9"),  # its ring was never logged
    ]


def test_calls_of_one_customer_are_told_apart_by_their_fates() -> None:
    first, second, third = read_rings(customers_log())
    assert (first.answered_at, first.ended_at) == (5.0, 65.0)
    assert (second.refused_at, second.cancelled_at) == (6.0, None)
    assert (third.refused_at, third.cancelled_at) == (None, 37.0)


def test_a_wait_is_from_the_answer_to_the_agents_ack() -> None:
    talks = read_talks(
        [
            Moment("joined", "live001", 5.25, "79430000001"),
            Moment("left", "live001", 65.0, "79430000001"),
        ]
    )
    assert talks[0].by_agent
    assert waits_s(read_rings(customers_log()), talks) == [pytest.approx(0.25)]
    assert waits_s(read_rings(customers_log()), []) == [None]


def test_an_agent_who_came_when_the_customer_was_gone_is_nobody() -> None:
    talks = read_talks([Moment("joined", "live001", 66.0, "79430000001")])
    assert waits_s(read_rings(customers_log()), talks) == [None]


def test_double_dials_are_rings_without_a_booking_and_rings_at_one_time() -> None:
    rings = read_rings(customers_log())
    booked = {"79430000001": 1, "79430000002": 2}
    assert double_dials(rings, booked) == 0
    assert double_dials(rings, booked | {"79430000002": 1}) == 1
    rings[1].refused_at = 7.5  # the second call came at 7
    assert double_dials(rings, booked) == 1


def test_a_phone_that_still_rings_is_being_dialled() -> None:
    moments = [
        Moment("rang", "79430000001", 0.0, "0"),
        Moment("rang", "79430000001", 100.0, "1"),
    ]
    assert double_dials(read_rings(moments), {"79430000001": 2}) == 1


def tried(number: str = "79430000001", **changes: Any) -> Try:
    """An attempt that was answered at 5 and talked with `a` until 60."""
    values: dict[str, Any] = {
        "number": number,
        "agent": "a",
        "outcome": "bridged",
        "started_at": -0.05,
        "reserved_at": 5.0,
        "answered_at": 5.01,
        "agent_answered_at": 5.1,
        "bridged_at": 5.2,
        "cleared_at": 60.0,
        "said_at": 80.0,
        "ended_at": 60.1,
        "sip_code": None,
    }
    return Try(**values | changes)


def unanswered(outcome: str, **changes: Any) -> Try:
    """An attempt that nobody answered."""
    nothing: dict[str, Any] = dict.fromkeys(
        ("reserved_at", "answered_at", "agent_answered_at", "bridged_at", "said_at")
    )
    return tried(**nothing | {"outcome": outcome, "agent": ""} | changes)


def test_an_agent_is_busy_until_the_form_is_saved() -> None:
    assert tried().busy(until=100) == Span(5.2, 80.0)
    assert tried(said_at=None).busy(until=100) == Span(5.2, 100)
    assert tried(said_at=None, outcome="machine").busy(until=100) == Span(5.2, 60.0)
    assert unanswered("busy").busy(until=100) is None


def test_attempts_are_counted_by_what_came_of_them_in_the_window() -> None:
    tries = [
        tried(started_at=1),
        tried(started_at=1, outcome="machine"),
        tried(started_at=1, outcome="nuisance", bridged_at=None),
        unanswered("busy", started_at=1, ended_at=8, sip_code=486),
        unanswered("no_answer", started_at=1, ended_at=31, sip_code=487),
        unanswered("no_answer", started_at=1, ended_at=17, sip_code=487),
        unanswered("congested", started_at=1, ended_at=4, sip_code=503),
        unanswered("busy", started_at=90, ended_at=101),
        unanswered("busy", started_at=101, ended_at=102),
    ]
    assert of.attempts(tries, Span(0, 100)) == {
        "started": 8,
        "answered": 3,
        "bridged": 2,
        "machine": 1,
        "busy": 1,
        "no_answer": 2,
        "failed": 1,
        "hung_up": 1,
    }


def test_a_customer_without_an_agent_in_two_seconds_is_a_nuisance() -> None:
    found = of.nuisance([0.1] * 97 + [2.5, None, 2.0])
    assert (found["answered"], found["late"], found["rate"]) == (100, 2, 0.02)
    assert 0 < found["low"] < 0.02 < found["high"] < 0.08
    assert of.nuisance([])["rate"] == 0.0


def test_the_margin_of_a_share_is_the_score_interval() -> None:
    assert list(of.wilson(2, 80)) == pytest.approx([0.0069, 0.0866], abs=1e-3)
    assert of.wilson(0, 0) == (0.0, 1.0)


def test_progressive_is_seen_by_agents_set_aside_before_answers() -> None:
    ahead = [unanswered("busy", reserved_at=0.0), tried()]
    assert reserves_before_dialling(ahead)
    assert not reserves_before_dialling([unanswered("busy"), tried()])
    assert policy_of(evidence(ahead)) == "progressive"
    assert policy_of(evidence([unanswered("busy")])) == "predictive"
    assert policy_of(evidence([])) == "progressive"


def evidence(tries: list[Try]) -> Evidence:
    """A hundred seconds of one agent as everybody saw them."""
    return Evidence(
        agents=["a"],
        whole=Span(0, 110),
        window=Span(0, 100),
        customers=customers_log(),
        phones=[
            Moment("joined", "a", 5.21, "79430000001"),
            Moment("left", "a", 59.99, "79430000001"),
        ],
        desks=DeskLog(
            shown={
                "a": [
                    Shown(-5, "ready"),
                    Shown(5.0, "reserved"),
                    Shown(5.2, "talking"),
                    Shown(60.0, "wrap_up"),
                    Shown(80.0, "ready"),
                ]
            },
            wraps=[Wrap("a", "c", "79430000001", Span(60.01, 80.0))],
        ),
        tries=tries,
        cpu={"engine": 0.1},
    )


def whole_evidence() -> Evidence:
    return evidence(
        [
            tried(),
            unanswered("busy", number="79430000002", ended_at=6.0, started_at=0.9),
            unanswered("no_answer", number="79430000002", ended_at=37, started_at=6.9),
        ]
    )


def twin(share: float) -> dict[str, Any]:
    own = dict.fromkeys(("utilisation", "nuisance_rate", "least", "most"), share)
    return {"policy": "predictive", "same_people": own, "other_people": own}


def test_a_good_run_holds_every_check() -> None:
    report = build_report(whole_evidence(), twin(0.76), seed=1, version="v", wall_s=1.0)
    assert report["ok"], report["checks"]
    assert report["utilisation"] == pytest.approx(0.748)
    assert report["answer_to_agent_ms"]["p95"] == pytest.approx(200)
    assert report["nuisance"]["answered"] == 1
    assert report["delays_ms"]["hang_up_to_engine"]["p50"] == pytest.approx(10)
    assert report["rang_out_s"]["p50"] == pytest.approx(30.1)
    Board().show(report)  # whatever the report holds can be shown


def failing(seen: Evidence, share: float = 0.748) -> set[str]:
    report = build_report(seen, twin(share), seed=1, version="v", wall_s=1.0)
    assert report["ok"] is not any(not check["ok"] for check in report["checks"])
    return {check["name"] for check in report["checks"] if not check["ok"]}


def test_each_promise_can_be_broken() -> None:
    assert failing(whole_evidence()) == set()
    assert failing(whole_evidence(), 0.80) == {"live and simulated utilisation apart"}
    late = whole_evidence()
    late.tries[0] = tried(bridged_at=7.5)
    apart = "books, phones and desktops apart"
    of_day = "nuisance rate of the day, as the law counts"
    alone = "nuisance rate of the run alone"
    assert failing(late) == {of_day, alone, "answer to agent, p95 ms", apart}
    late.earlier = Totals(served=100)
    assert failing(late) == {alone, "answer to agent, p95 ms", apart}
    machine = whole_evidence()
    machine.tries[0] = tried(outcome="machine", said_at=None, cleared_at=80.0)
    assert failing(machine) == {"people taken for machines"}
    short = whole_evidence()
    short.wanted_s = 600
    assert failing(short) == {"seconds measured"}
    twice = whole_evidence()
    del twice.tries[2]
    assert failing(twice) == {"double dials"}
    broken = whole_evidence()
    broken.desks.mishaps.append("a: the desktop was closed")
    broken.remains.channels.append("PJSIP/trunk-1")
    broken.engine_code = -9
    lost = {"mishaps of agents", "the engine's exit code", "left behind"}
    assert failing(broken) == lost


def test_a_run_interrupted_before_anything_happened_has_a_report() -> None:
    seen = Evidence(agents=["a"], whole=Span(5, 5), window=Span(5, 5))
    report = build_report(seen, twin(0.0), seed=1, version="v", wall_s=1.0)
    assert not report["ok"]  # nothing was measured, so nothing is promised
    assert report["attempts"]["started"] == 0


def test_books_are_read_with_what_happened_when(tmp_path: Path) -> None:
    path = tmp_path / "books.db"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(
            """
            CREATE TABLE attempts (attempt, call, number, outcome, started_at,
                answered_at, bridged_at, ended_at, sip_code);
            CREATE TABLE calls (call, agent);
            CREATE TABLE events (call, name, at, detail);
            CREATE TABLE dispositions (call, at);
            INSERT INTO attempts VALUES
                ('1', 'c1', '+7943', 'bridged', 10, 15, 15.2, 60, NULL),
                ('2', 'c2', '+7944', 'busy', 11, NULL, NULL, 16, 486),
                ('0', 'c0', '+7945', 'busy', 1, NULL, NULL, 2, 486);
            INSERT INTO calls VALUES ('c1', 'a'), ('c2', NULL);
            INSERT INTO events VALUES ('c1', 'reserved', 15.0, 'a'),
                ('c1', 'agent_answered', 15.1, 'a'), ('c1', 'cleared', 59.9, ''),
                ('c2', 'reserved', 11.0, 'b'), ('c2', 'cleared', 15.9, '');
            INSERT INTO dispositions VALUES ('c1', 80);
            """
        )
    assert books.under_way(path) == 0
    talked, refused = books.read_tries(path, since=5)
    assert (talked.number, talked.agent, talked.said_at) == ("7943", "a", 80)
    assert (talked.reserved_at, talked.agent_answered_at) == (15.0, 15.1)
    assert (refused.agent, refused.cleared_at, refused.sip_code) == ("b", 15.9, 486)
