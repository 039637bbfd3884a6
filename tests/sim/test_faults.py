"""The bench of faults: what is concluded from everybody's account."""

import pytest

from sim.agent_log import Handled, Paused
from sim.faults.fault import Fault
from sim.faults.figures import conclude, cut_off, make_checks
from sim.faults.registry import fault_names, find_fault
from sim.faults.seen import Seen, broken_phones, waiting_numbers
from sim.phones.baresip import PhoneCall
from sim.sipp.stats import Moment
from sim.world.books import BookedCall, Books

NONE = {"channels": 0, "bridges": 0, "processes": 0}


class Hiccup(Fault):
    name = "hiccup"


def seen_around(*callers: Moment, joined: list[PhoneCall] | None = None) -> Seen:
    """Make an outage from 100 to 110 whose engine is ready again at 112."""
    return Seen(
        0.0,
        injected_at=100.0,
        lifted_at=110.0,
        ready=[(50.0, True), (101.0, False), (112.0, True)],
        joined=joined or [],
        callers=list(callers),
    )


def call_up(caller: str, *, closed_at: float | None = None) -> PhoneCall:
    call = PhoneCall("id", caller, False, 90.0)
    call.established_at, call.closed_at = 95.0, closed_at
    call.ended_by_far_side = closed_at is not None
    return call


def handled(caller: str, *, ring_at: float, call: str = "") -> Handled:
    return Handled(
        "anna", caller, False, ring_at, call=call, established_at=ring_at + 1
    )


def booked(number: str) -> BookedCall:
    return BookedCall(
        call="c",
        direction="inbound",
        number=number,
        agent="anna",
        requirement="",
        ending="answered",
        off_skill="",
        enqueued_at=101.0,
        answered_at=101.0,
        bridged_at=103.0,
        queued=False,
    )


def figures_of(seen: Seen, books: Books | None = None) -> dict[str, object]:
    return conclude(Hiccup(), seen, books or Books(), excused=frozenset())


@pytest.mark.parametrize("name", fault_names())
def test_every_fault_on_the_list_can_be_found_and_says_what_it_is(name: str) -> None:
    assert find_fault(name).about


def test_a_name_that_is_no_fault_is_refused() -> None:
    with pytest.raises(KeyError):
        find_fault("seen")


def test_recovery_counts_from_the_end_of_a_fault() -> None:
    assert figures_of(seen_around())["recovery_ms"] == 2000.0


def test_recovery_of_what_heals_itself_counts_from_the_beginning() -> None:
    fault = Hiccup()
    fault.heals_itself = True
    figures = conclude(fault, seen_around(), Books(), excused=frozenset())
    assert figures["recovery_ms"] == 12_000.0


def test_an_engine_that_is_not_ready_at_the_end_has_not_recovered() -> None:
    seen = seen_around()
    seen.ready.append((113.0, False))
    figures = figures_of(seen)
    assert figures["recovery_ms"] is None
    checks = make_checks(Hiccup(), seen, figures | {"left_behind": NONE})
    (check,) = [c for c in checks if c.name == "until ready again, ms"]
    assert not check.ok


def test_readyz_that_is_late_long_after_is_no_part_of_the_recovery() -> None:
    seen = seen_around()
    seen.ready += [(130.0, False), (131.0, True)]
    assert figures_of(seen)["recovery_ms"] == 2000.0


def test_a_fault_that_the_engine_never_minded_costs_no_time() -> None:
    seen = seen_around()
    seen.ready = [(50.0, True)]
    assert figures_of(seen)["recovery_ms"] == 0.0


def test_a_joined_call_that_ends_by_itself_in_the_fault_is_lost() -> None:
    calls = [call_up("+71", closed_at=105.0), call_up("+72"), call_up("+73")]
    assert cut_off(seen_around(joined=calls), 112.0) == calls[:1]


def test_a_caller_who_hung_up_is_not_lost() -> None:
    seen = seen_around(
        Moment("left", "+71", 105.0), joined=[call_up("+71", closed_at=105.0)]
    )
    assert cut_off(seen, 112.0) == []


def test_who_calls_in_the_fault_and_reaches_nobody_is_unanswered() -> None:
    seen = seen_around(
        Moment("called", "+71", 101.0),
        Moment("called", "+72", 102.0),
        Moment("called", "+73", 103.0),
        Moment("left", "+73", 105.0),
        Moment("called", "+74", 99.0),
    )
    seen.handled = [handled("+72", ring_at=104.0)]
    figures = figures_of(seen)
    assert figures["new_callers"] == 3
    assert figures["new_callers_unanswered"] == 1
    assert figures["fallback_answered"] == 1
    assert figures["new_caller_to_ring_ms"] == {
        "p50": 2000.0,
        "p95": 2000.0,
        "p99": 2000.0,
    }


def test_who_never_reached_a_dead_asterisk_is_not_held_against_it() -> None:
    fault = Hiccup()
    fault.closes_the_door = True
    seen = seen_around(
        Moment("called", "+71", 101.0),
        Moment("called", "+72", 101.0),
        Moment("answered", "+72", 101.5),
    )
    figures = conclude(fault, seen, Books(), excused=frozenset())
    assert figures["new_callers_unanswered"] == 1


def test_a_call_that_was_answered_and_not_booked_is_a_lost_record() -> None:
    seen = seen_around(
        Moment("answered", "+71", 101.0),
        Moment("answered", "+71", 104.0),
        Moment("answered", "anonymous", 104.0),
    )
    assert figures_of(seen, Books(calls=[booked("+71")]))["records_lost"] == 2


def test_agents_paused_before_the_fault_or_rightly_do_not_count() -> None:
    seen = seen_around()
    seen.pauses = [
        Paused("anna", "rona", 99.0),
        Paused("boris", "unreachable", 101.0),
        Paused("clara", "rona", 130.0),
    ]
    figures = conclude(Hiccup(), seen, Books(), excused=frozenset({"boris"}))
    assert figures["free_agents_paused"] == 1


def test_only_who_is_inside_and_on_no_phone_waits() -> None:
    callers = [
        Moment("called", "+71", 90.0),
        Moment("called", "+72", 90.0),
        Moment("left", "+72", 95.0),
        Moment("called", "+73", 90.0),
        Moment("called", "+74", 99.5),
        Moment("called", "anonymous", 90.0),
    ]
    on_phone = [handled("+73", ring_at=95.0)]
    assert waiting_numbers(callers, on_phone, before=99.0) == ["+71"]


def test_an_agent_whose_own_phone_broke_is_told_from_one_whose_page_did() -> None:
    seen = seen_around()
    seen.mishaps = ["anna: phone: the control port closed", "boris: desktop: login"]
    assert broken_phones(seen) == {"anna"}
