"""Figures of a live run: what was tried, who was busy, where time is lost."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from math import sqrt
from typing import Any

from sim.figures import Spread, spread
from sim.livedialer.books import MACHINE, Try, busy_by_agent
from sim.livedialer.evidence import Evidence
from sim.livedialer.phones import Ring, read_talks, talk_spans
from sim.livedialer.spans import Shown, Span, busy_spans, utilisation

IN_TIME_S = 2.0
"""An answered customer must be with an agent within this."""
GAVE_UP_EARLY_S = 28.0
"""The engine lets a phone ring for 30 s; what it ends before that it took back."""
REFUSED = {"busy": "busy", "no_answer": "no_answer"}


def attempts(tries: Sequence[Try], window: Span) -> dict[str, int]:
    """Count attempts begun in a window, and what came of those that ended in it."""
    answered = [t for t in tries if window.holds(t.answered_at)]
    ended = [t for t in tries if t.answered_at is None and window.holds(t.ended_at)]
    outcomes = Counter(REFUSED.get(t.outcome, "failed") for t in ended)
    return {
        "started": sum(window.holds(t.started_at) for t in tries),
        "answered": len(answered),
        "bridged": sum(t.bridged_at is not None for t in answered),
        "machine": sum(t.outcome == MACHINE for t in answered),
        "busy": outcomes["busy"],
        "no_answer": outcomes["no_answer"],
        "failed": outcomes["failed"],
        "hung_up": sum(taken_back(t) for t in ended),
    }


def taken_back(one: Try) -> bool:
    """Whether the engine gave an attempt up before its time."""
    if one.answered_at is not None or one.ended_at is None:
        return False
    # 487 and nothing are what a call has that we cancelled.
    return one.sip_code in (None, 487) and one.ended_at - one.started_at < (
        GAVE_UP_EARLY_S
    )


def waits_s(tries: Iterable[Try]) -> list[float | None]:
    """Say how long each answered customer waited by the books; None: for ever."""
    return [
        None if t.bridged_at is None else t.bridged_at - t.answered_at
        for t in tries
        if t.answered_at is not None
    ]


def nuisance(waits: Sequence[float | None]) -> dict[str, Any]:
    """Count answered customers without an agent in time, with a 95 % margin."""
    late = sum(wait is None or wait > IN_TIME_S for wait in waits)
    low, high = wilson(late, len(waits))
    return {
        "answered": len(waits),
        "late": late,
        "rate": round(late / len(waits), 5) if waits else 0.0,
        "low": round(low, 4),
        "high": round(high, 4),
    }


def wilson(hits: int, trials: int, z: float = 1.96) -> tuple[float, float]:
    """Give the score interval of a share; 0 to 1 without trials."""
    if trials == 0:
        return 0.0, 1.0
    share, square = hits / trials, z * z / trials
    middle = (share + square / 2) / (1 + square)
    half = z * sqrt(share * (1 - share) / trials + square / (4 * trials)) / (1 + square)
    return max(0.0, middle - half), min(1.0, middle + half)


def busy_shares(seen: Evidence) -> dict[str, dict[str, float]]:
    """Say each agent's utilisation as the books, the phones and desktops have it."""
    ends = seen.window.ends
    phones = talk_spans(read_talks(seen.phones), ends)
    for wrap in seen.desks.wraps:
        phones.setdefault(wrap.agent, []).append(wrap.span)
    for login, since in open_wraps(seen).items():
        phones.setdefault(login, []).append(Span(since, ends))
    desktops = {
        login: busy_spans(shown, ends) for login, shown in seen.desks.shown.items()
    }
    by = {
        "books": busy_by_agent(seen.tries, ends),
        "phones": phones,
        "desktops": desktops,
    }
    return {
        source: utilisation(spans, seen.window, seen.agents)
        for source, spans in by.items()
    }


def open_wraps(seen: Evidence) -> dict[str, float]:
    """Tell who was wrapping up when the run ended, and since when."""
    last: dict[str, Shown] = {}
    for login, shown in seen.desks.shown.items():
        before = [one for one in shown if one.since < seen.window.ends]
        if before:
            last[login] = before[-1]
    return {login: one.since for login, one in last.items() if one.state == "wrap_up"}


def time_by_state(seen: Evidence) -> dict[str, float]:
    """Say which share of the window agents spent in each state, by their desktops."""
    spent: dict[str, float] = {}
    for shown in seen.desks.shown.values():
        ends = [one.since for one in shown[1:]] + [seen.window.ends]
        for one, end in zip(shown, ends, strict=False):
            inside = Span(one.since, end).within(seen.window)
            spent[one.state] = spent.get(one.state, 0.0) + inside.length_s
    whole = len(seen.agents) * seen.window.length_s
    return {state: round(s / whole, 4) for state, s in spent.items() if s > 0}


def answer_to_agent_ms(pairs: Iterable[tuple[Try, Ring]], window: Span) -> list[float]:
    """From the customer's 200 to the bridge with the agent, per joined attempt."""
    return [
        (t.bridged_at - ring.answered_at) * 1000.0
        for t, ring in pairs
        if t.bridged_at and ring.answered_at and window.holds(ring.answered_at)
    ]


def paired(tries: Iterable[Try], rings: Iterable[Ring]) -> Iterator[tuple[Try, Ring]]:
    """Bring attempts on the books and rings of phones together, by number in turn."""
    by_number: dict[str, list[Ring]] = {}
    for ring in rings:
        by_number.setdefault(ring.number, []).append(ring)
    for one in tries:
        own = by_number.get(one.number)
        if own:
            yield one, own.pop(0)


def delays_ms(
    seen: Evidence, pairs: Sequence[tuple[Try, Ring]], *, progressive: bool
) -> dict[str, Spread]:
    """
    Sum up every delay that the simulator does not have.

    Args:
        progressive: a free agent is set aside at once, or it is a delay.
    """
    talks = {(t.agent, t.number): t for t in read_talks(seen.phones)}
    hang_ups = [
        (t.cleared_at, talk.left_at)
        for t, _ in pairs
        if (talk := talks.get((t.agent, t.number))) and talk.by_agent
    ]
    found: dict[str, list[tuple[float | None, float | None]]] = {
        "attempt_to_invite": [(ring.rang_at, t.started_at) for t, ring in pairs],
        "answer_to_engine": [(t.answered_at, ring.answered_at) for t, ring in pairs],
        "answer_to_phone": [(t.agent_answered_at, t.answered_at) for t, _ in pairs],
        "phone_to_bridge": [(t.bridged_at, t.agent_answered_at) for t, _ in pairs],
        "refusal_to_engine": [(t.ended_at, ring.refused_at) for t, ring in pairs],
        "hang_up_to_engine": hang_ups,
    }
    delays = {
        name: [
            (later - earlier) * 1000.0
            for later, earlier in of
            if later is not None and earlier is not None
        ]
        for name, of in found.items()
    }
    if progressive:
        delays["free_to_reserved"] = [s * 1e3 for s in free_to_reserved_s(seen.tries)]
    return {name: spread(values) for name, values in delays.items()}


def free_to_reserved_s(tries: Iterable[Try]) -> list[float]:
    """From an agent being free to the next attempt that sets them aside."""
    by_agent: dict[str, list[Try]] = {}
    for one in tries:
        if one.agent and one.reserved_at is not None:
            by_agent.setdefault(one.agent, []).append(one)
    found = []
    for own in by_agent.values():
        own.sort(key=lambda one: one.reserved_at or 0.0)
        for before, after in pairwise(own):
            free_at = before.said_at if before.bridged_at else before.cleared_at
            if free_at is not None and after.reserved_at is not None:
                found.append(after.reserved_at - free_at)
    return found


def rang_out_s(pairs: Iterable[tuple[Try, Ring]]) -> list[float]:
    """How long attempts took that nobody answered and nobody took back."""
    return [
        t.ended_at - t.started_at
        for t, ring in pairs
        if ring.cancelled_at and t.ended_at and not taken_back(t)
    ]


def lowest_and_highest(shares: Mapping[str, float]) -> dict[str, float]:
    """Show how unlike agents were."""
    values = sorted(shares.values()) or [0.0]
    return {"least": round(values[0], 4), "most": round(values[-1], 4)}
