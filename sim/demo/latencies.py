"""How long things took, from the instants that people outside the engine noted."""

from collections.abc import Iterable

from sim.demo.evidence import Evidence


def arrival_to_ring_ms(seen: Evidence) -> list[float]:
    """
    From the caller's INVITE to the ringing of an agent's phone.

    Only calls that found an agent free: the books say that they never queued.
    Withheld numbers cannot be matched and are left out.
    """
    called = _first((m.who, m.at) for m in seen.callers if m.what == "called")
    rang = _first(
        (h.call, h.ring_at + seen.unix_minus_monotonic_s)
        for h in seen.agents.handled
        if h.call
    )
    return [
        (rang[call.call] - called[call.number]) * 1000.0
        for call in seen.books.inbound()
        if not call.queued and call.call in rang and call.number in called
    ]


def answer_to_agent_ms(seen: Evidence) -> list[float]:
    """From the customer's 200 OK to the bridge with the agent, per joined attempt."""
    answered: dict[str, list[float]] = {}
    for m in seen.customers:
        if m.what == "answered":
            answered.setdefault(m.who, []).append(m.at)
    took = []
    for attempt in seen.books.attempts:
        if attempt.bridged_at is None:
            continue
        before = [
            at
            for at in answered.get(attempt.number.lstrip("+"), ())
            if at <= attempt.bridged_at
        ]
        if before:
            took.append((attempt.bridged_at - max(before)) * 1000.0)
    return took


def order_to_first_dial_ms(seen: Evidence) -> list[float]:
    """From the order being sent to the first INVITE at the customer's phone."""
    rang = _first((m.who, m.at) for m in seen.customers if m.what == "rang")
    return [
        (rang[order.phone] - order.sent_at) * 1000.0
        for order in seen.orders
        if order.phone in rang
    ]


def save_to_logistics_ms(seen: Evidence) -> list[float]:
    """From the agent's save to the logistics receiver taking the delivery."""
    took = []
    for saved in seen.agents.saved:
        if saved.disposition != "confirmed" or not saved.order:
            continue
        at = seen.ledger.first_at("logistics", "delivery.agreed", saved.order)
        if at is not None:
            took.append((at - saved.at) * 1000.0)
    return took


def _first(pairs: Iterable[tuple[str, float]]) -> dict[str, float]:
    found: dict[str, float] = {}
    for key, at in pairs:
        found[key] = min(at, found.get(key, at))
    return found
