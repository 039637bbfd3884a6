"""
The figures that every fault is measured by.

- `bridged_lost`: joined calls that ended though neither side had hung up.
- `waiting_lost`: callers who waited as it began, stayed, and got nobody.
- `new_callers_unanswered`: the same of those who called while it lasted.
- `recovery_ms`: until `/readyz` says ready for good; from the end of the fault, or from
  its beginning where the engine is to heal itself.
- `fallback_answered`: calls that agents took without the engine.
- `free_agents_paused`: times that the engine paused an agent from the fault on.
- `records_lost`: calls of callers that are not in the engine's books.
- `messages_doubled`: messages that a receiver took and was sent again.
"""

from collections import Counter
from typing import Any

from sim.checks import Check, at_least, at_most, equal
from sim.demo.callers import WITHHELD
from sim.faults.fault import Fault
from sim.faults.seen import Seen, as_rows
from sim.figures import spread
from sim.phones.baresip import PhoneCall
from sim.world.books import Books

ABOUT_NOW_S = 5.0
"""Whatever ends so soon after the recovery may have been ended by it."""


def conclude(
    fault: Fault, seen: Seen, books: Books, *, excused: frozenset[str]
) -> dict[str, Any]:
    """Make the figures that all faults share."""
    over_at = seen.well_at(seen.lifted_at) or seen.lifted_at
    recovery_s = _recovery_s(fault, seen)
    rang = [m.who for m in seen.customers if m.what == "rang"]
    paused = [p for p in seen.pauses if p.at > seen.injected_at]
    return {
        "fault": fault.name,
        "bridged": len(seen.joined),
        "bridged_lost": len(cut_off(seen, over_at)),
        "waiting": len(seen.waiting),
        "waiting_lost": len(_unserved(seen, books, set(seen.waiting))),
        "recovery_ms": None if recovery_s is None else round(recovery_s * 1000, 1),
        "outage_ms": round((over_at - seen.injected_at) * 1000, 1),
        "double_dials": books.redialled(rang) + books.overlapping_attempts(),
        "free_agents_paused": sum(p.login not in excused for p in paused),
        "records_lost": records_lost(seen, books),
        "messages_doubled": seen.ledger.duplicates(),
        "offered": sum(m.what == "called" for m in seen.callers),
        "ready": as_rows(seen.ready, seen.injected_at),
        "agents_at_the_end": seen.at_the_end,
        "mishaps": seen.mishaps[-20:],
    } | _callers(fault, seen, books, over_at)


def _callers(fault: Fault, seen: Seen, books: Books, over_at: float) -> dict[str, Any]:
    """Make the figures of who called during the fault, and who was answered after."""
    new = _new_callers(seen, until=over_at)
    outside = [
        h
        for h in seen.handled
        if not h.call
        and h.established_at is not None
        and seen.injected_at < h.ring_at < over_at + 1.0
    ]
    after = [h for h in seen.handled if h.call and h.ring_at > over_at]
    let_in = _let_in(fault, seen, new)
    return {
        "fallback_answered": len(outside),
        "new_callers": len(new),
        "new_callers_unanswered": len(_unserved(seen, books, let_in)),
        "new_caller_to_ring_ms": spread(_waits_ms(seen, new)),
        "answered_after": sum(h.established_at is not None for h in after),
    }


def _recovery_s(fault: Fault, seen: Seen) -> float | None:
    since = seen.injected_at if fault.heals_itself else seen.lifted_at
    well_at = seen.well_at(since)
    return None if well_at is None else well_at - since


def cut_off(seen: Seen, over_at: float) -> list[PhoneCall]:
    """
    List joined calls that ended from the fault on, and nobody had hung up.

    Of those who were joined while it lasted only callers count: customers who were
    dialled may well end their call soon.
    """
    left = {m.who for m in seen.callers if m.what == "left"}
    called = {m.who for m in seen.callers if m.what == "called"}
    watched = seen.joined + [
        call
        for call in seen.calls
        if call.established_at is not None
        and seen.injected_at < call.established_at < over_at
        and call.caller in called
    ]
    return [
        call
        for call in {id(call): call for call in watched}.values()
        if call.ended_by_far_side
        and call.closed_at is not None
        and seen.injected_at < call.closed_at < over_at + ABOUT_NOW_S
        and call.caller not in left
        and not (call.caller not in called and is_machine(call.caller))
    ]


def is_machine(number: str) -> bool:
    """Say whether a called number is answered by a machine, whom the engine lets go."""
    return number.endswith("8")


def _new_callers(seen: Seen, *, until: float) -> dict[str, float]:
    """Find who called while the fault lasted, and when (Unix time)."""
    return {
        m.who: m.at
        for m in seen.callers
        if m.what == "called"
        and m.who.startswith("+")
        and seen.unix(seen.injected_at) <= m.at < seen.unix(until)
    }


def _let_in(fault: Fault, seen: Seen, new: dict[str, float]) -> set[str]:
    if not fault.closes_the_door:
        return set(new)
    taken = {m.who for m in seen.callers if m.what == "answered"}
    return taken.intersection(new)


def _unserved(seen: Seen, books: Books, who: set[str]) -> set[str]:
    served = {h.caller for h in seen.handled if h.established_at is not None}
    served |= {c.number for c in books.inbound() if c.bridged_at is not None}
    # A caller who gave up while waiting was not lost by us.
    gave_up = {m.who for m in seen.callers if m.what == "left"}
    return who - served - gave_up


def _waits_ms(seen: Seen, new: dict[str, float]) -> list[float]:
    """Tell how long each new caller waited until an agent's phone rang."""
    first: dict[str, float] = {}
    for handled in sorted(seen.handled, key=lambda h: h.ring_at):
        first.setdefault(handled.caller, seen.unix(handled.ring_at))
    return [(first[who] - at) * 1000 for who, at in new.items() if who in first]


def records_lost(seen: Seen, books: Books) -> int:
    """Count calls that Asterisk answered and that are not in the books."""
    made = Counter(
        "" if m.who == WITHHELD else m.who for m in seen.callers if m.what == "answered"
    )
    return (made - Counter(call.number for call in books.inbound())).total()


def make_checks(fault: Fault, seen: Seen, figures: dict[str, Any]) -> list[Check]:
    """Hold the shared figures against their goals."""
    none = {"channels": 0, "bridges": 0, "processes": 0}
    fallback = at_least(
        "answered through the fallback queue", figures["fallback_answered"], 1
    )
    goal = fault.recovery_goal_ms
    return [
        at_least("calls joined at the fault", figures["bridged"], 1),
        *(
            []
            if fault.cuts_joined
            else [equal("joined calls lost", figures["bridged_lost"], 0)]
        ),
        *(
            []
            if fault.cuts_joined
            else [equal("waiting callers lost", figures["waiting_lost"], 0)]
        ),
        at_least("new callers during the fault", figures["new_callers"], 1),
        equal("new callers unanswered", figures["new_callers_unanswered"], 0),
        *([fallback] if fault.goes_round_the_engine else []),
        at_most("until ready again, ms", figures["recovery_ms"], goal),
        at_least("answered by the engine afterwards", figures["answered_after"], 1),
        equal("free agents paused", figures["free_agents_paused"], 0),
        equal("double dials", figures["double_dials"], 0),
        equal("messages doubled", figures["messages_doubled"], 0),
        equal("calls missing in the books", figures["records_lost"], 0),
        equal("left behind", figures["left_behind"], none),
    ]
