"""
How long things took, from the instants that people outside the engine noted.

In a long run numbers come back: a caller calls again, an order is dialled again. What
is paired is therefore of one call, one attempt or one order, never merely of one
number.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sim.demo.evidence import Evidence

CALL_ARRIVES_WITHIN_S = 30.0
"""From a caller's INVITE to its place in the books, at most."""


class Instants:
    """Instants by whose they are, in order."""

    def __init__(self, pairs: Iterable[tuple[str, float]]) -> None:
        by_key: Mapping[str, list[float]] = defaultdict(list)
        for key, at in pairs:
            by_key[key].append(at)
        self._by_key = {key: sorted(times) for key, times in by_key.items()}

    def last(self, key: str, *, since: float, until: float) -> float | None:
        """Give the last instant within a span, both ends included."""
        times: Sequence[float] = self._by_key.get(key, ())
        place = bisect_right(times, until)
        found = times[place - 1] if place else None
        return found if found is not None and found >= since else None

    def first(self, key: str, *, since: float) -> float | None:
        """Give the first instant not before another."""
        return next((at for at in self._by_key.get(key, ()) if at >= since), None)


def arrival_to_ring_ms(seen: Evidence) -> list[float]:
    """
    From the caller's INVITE to the ringing of an agent's phone.

    Only calls that found an agent free: the books say that they never queued.
    Withheld numbers cannot be matched and are left out.
    """
    called = Instants((m.who, m.at) for m in seen.callers if m.what == "called")
    rang = {
        h.call: h.ring_at + seen.unix_minus_monotonic_s
        for h in reversed(seen.agents.handled)
        if h.call
    }
    took = []
    for call in seen.books.inbound():
        if call.queued or call.call not in rang:
            continue
        since = call.enqueued_at - CALL_ARRIVES_WITHIN_S
        at = called.last(call.number, since=since, until=rang[call.call])
        if at is not None:
            took.append((rang[call.call] - at) * 1000.0)
    return took


def answer_to_agent_ms(seen: Evidence) -> list[float]:
    """From the customer's 200 OK to the bridge with the agent, per joined attempt."""
    answered = Instants((m.who, m.at) for m in seen.customers if m.what == "answered")
    took = []
    for attempt in seen.books.attempts:
        is_guests = bool(seen.guest) and attempt.agent == seen.guest
        if attempt.bridged_at is None or is_guests:
            continue
        number = attempt.number.lstrip("+")
        at = answered.last(number, since=attempt.started_at, until=attempt.bridged_at)
        if at is not None:
            took.append((attempt.bridged_at - at) * 1000.0)
    return took


def order_to_first_dial_ms(seen: Evidence) -> list[float]:
    """From the order being sent to the first INVITE at the customer's phone."""
    rang = Instants((m.who, m.at) for m in seen.customers if m.what == "rang")
    first = ((rang.first(o.phone, since=o.sent_at), o.sent_at) for o in seen.orders)
    return [(at - sent_at) * 1000.0 for at, sent_at in first if at is not None]


def save_to_logistics_ms(seen: Evidence) -> list[float]:
    """From the agent's save to the logistics receiver taking the delivery."""
    told = Instants(
        (f"{d.shop} {d.order}", d.at)
        for d in seen.ledger.taken
        if d.side == "logistics" and d.type == "delivery.agreed"
    )
    took = []
    for saved in seen.agents.saved:
        if saved.disposition != "confirmed" or not saved.order:
            continue
        at = told.first(f"{saved.shop} {saved.order}", since=saved.at)
        if at is not None:
            took.append((at - saved.at) * 1000.0)
    return took
