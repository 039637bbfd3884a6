"""The demo's report: figures and checks, concluded from the evidence alone."""

from collections import Counter
from typing import Any

from sim.checks import Check, at_least, at_most, closing, equal
from sim.demo import latencies
from sim.demo.callers import WITHHELD
from sim.demo.evidence import Evidence
from sim.demo.orders import TEMPERS
from sim.figures import spread

PER_MINUTE = 30
"""So many calls in and orders out a minute of traffic must bring, at least."""
RING_GOAL_MS = 150
JOIN_GOAL_MS = 500
NUISANCE_SHARE = 0.01
"""
Of answered calls; a third of what the demo's regime allows. A minute of traffic answers
fewer than a hundred, so that there the goal is none at all.
"""


def build_report(
    seen: Evidence, *, seed: int, version: str, wall_s: float
) -> dict[str, Any]:
    """Make the whole report, in the shape that every run prints."""
    figures = {
        "inbound": inbound(seen),
        "outbound": outbound(seen),
        "delivered": delivered(seen),
        "pop_before_ring": pop_before_ring(seen),
        "decisions": decisions(seen),
        "why": why(seen),
        "latency_ms": {
            "arrival_to_ring": spread(latencies.arrival_to_ring_ms(seen)),
            "answer_to_agent": spread(latencies.answer_to_agent_ms(seen)),
            "order_to_first_dial": spread(latencies.order_to_first_dial_ms(seen)),
            "save_to_logistics": spread(latencies.save_to_logistics_ms(seen)),
        },
        "left_behind": seen.remains.as_json(),
        "orders_by_stage": stages(seen),
        "mishaps": seen.agents.mishaps[:20],
    }
    checks = make_checks(seen, figures)
    return figures | closing(checks, seed=seed, version=version, wall_s=wall_s)


def inbound(seen: Evidence) -> dict[str, int]:
    """Count calls in, by how they ended."""
    booked = seen.books.inbound()
    endings = Counter(call.ending for call in booked)
    return {
        "offered": len(seen.offered()),
        "answered": endings["answered"],
        "abandoned": endings["abandoned"],
        "off_skill": sum(bool(c.off_skill and c.agent) for c in booked),
        "fallback": endings["fallback"],
        "other": len(booked)
        - sum(endings[e] for e in ("answered", "abandoned", "fallback")),
        "unaccounted": unaccounted(seen),
    }


def unaccounted(seen: Evidence) -> int:
    """Count calls that callers made and the books do not know."""
    made = Counter("" if who == WITHHELD else who for who in seen.offered())
    booked = Counter(call.number for call in seen.books.inbound())
    return (made - booked).total()


def outbound(seen: Evidence) -> dict[str, int]:
    """Count orders out, by what came of them."""
    attempts = seen.books.attempts
    rang = [m.who for m in seen.customers if m.what == "rang"]
    return {
        "orders": len(seen.orders),
        "dialled": len(seen.dialled_orders()),
        "answered": sum(attempt.answered_at is not None for attempt in attempts),
        "confirmed": len(confirmed(seen)),
        "nuisance": sum(
            a.outcome == "nuisance" and not (a.agent and a.agent == seen.guest)
            for a in attempts
        ),
        "machines": len(machines(seen)),
        "people_taken_for_machines": sum(
            not number.endswith(TEMPERS["machine"][0]) for number in machines(seen)
        ),
        "double_dials": seen.books.redialled(rang) + seen.books.overlapping_attempts(),
        "attempts": len(attempts),
        "forgotten": len(seen.books.forgotten()),
    }


def stages(seen: Evidence) -> dict[str, int]:
    """Count the run's orders by where they stand at its end."""
    return dict(Counter(order.stage for order in seen.books.orders))


def machines(seen: Evidence) -> list[str]:
    """List the numbers that the engine took for answering machines."""
    return [a.number for a in seen.books.attempts if a.outcome == "machine"]


def confirmed(seen: Evidence) -> set[tuple[str, str]]:
    """List (shop, order) that an agent saved as confirmed and the engine took."""
    return {
        (saved.shop, saved.order)
        for saved in seen.saved()
        if saved.disposition == "confirmed" and saved.order
    }


def delivered(seen: Evidence) -> dict[str, int]:
    """Count confirmed orders by which receiver took them, and what was wrong."""
    wanted = confirmed(seen)
    # A person may change an order as well, which tells logistics too.
    changed = {(s.shop, s.order) for s in seen.saved() if s.disposition == "changed"}
    shop = seen.ledger.orders("shop", "order.confirmed")
    logistics = seen.ledger.orders("logistics", "delivery.agreed")
    return {
        "shop": len(wanted & shop),
        "logistics": len(wanted & logistics),
        "missing": len(wanted - shop) + len(wanted - logistics),
        "unasked": len(shop - wanted) + len(logistics - wanted - changed),
        "bad_signatures": seen.ledger.bad_signatures + seen.ledger.malformed,
        "duplicates": seen.ledger.duplicates(),
    }


def pop_before_ring(seen: Evidence) -> dict[str, int]:
    """Count the rings of agents' phones, and those without a card before them."""
    handled = seen.agents.handled
    return {
        "calls": len(handled),
        "violations": sum(not h.popped_before_ring for h in handled),
    }


def decisions(seen: Evidence) -> dict[str, int]:
    """Count what the engine kept of its decisions, and what it kept nothing of."""
    kinds = Counter(decision.kind for decision in seen.books.decisions)
    return {
        "routing": kinds["routing"],
        "pacing": kinds["pacing"],
        "compliance": kinds["compliance"],
        "calls_without_record": len(seen.books.without_record()),
        "attempts_without_verdict": len(seen.books.without_verdict()),
    }


def why(seen: Evidence) -> list[str]:
    """Give the latest decision of each kind, as somebody may ask for it."""
    latest = {d.kind: d for d in seen.books.decisions if d.call}
    return [
        f"{kind}: {d.chosen or 'nobody yet'} for call {d.call}, because {d.reason}"
        for kind, d in sorted(latest.items())
    ]


def make_checks(seen: Evidence, figures: dict[str, Any]) -> list[Check]:
    """Hold the figures against their goals."""
    goal = int(PER_MINUTE * seen.seconds / 60)
    calls, orders = figures["inbound"], figures["outbound"]
    told, times = figures["delivered"], figures["latency_ms"]
    why_kept = figures["decisions"]
    ring_ms = times["arrival_to_ring"]["p95"]
    join_ms = times["answer_to_agent"]["p95"]
    no_skill = len(seen.books.lacking_skill())
    allowed = int(NUISANCE_SHARE * orders["answered"])
    return [
        at_least("calls offered", calls["offered"], goal),
        equal("calls unaccounted for", calls["unaccounted"], 0),
        at_least("calls answered", calls["answered"], 1),
        equal("answered without skill or reason", no_skill, 0),
        at_least("orders dialled", orders["dialled"], goal),
        equal("orders refused", len(seen.refused_orders), 0),
        at_least("orders confirmed", orders["confirmed"], 1),
        at_most("nuisance calls", orders["nuisance"], allowed),
        equal("calls without a record", why_kept["calls_without_record"], 0),
        equal("attempts without verdict", why_kept["attempts_without_verdict"], 0),
        equal("double dials", orders["double_dials"], 0),
        equal("people taken for machines", orders["people_taken_for_machines"], 0),
        equal("orders without end or next instant", orders["forgotten"], 0),
        equal("confirmed orders told to the shop", told["shop"], orders["confirmed"]),
        equal("and to logistics", told["logistics"], orders["confirmed"]),
        equal("messages nobody asked for", told["unasked"], 0),
        equal("bad signatures", told["bad_signatures"], 0),
        equal("duplicate messages", told["duplicates"], 0),
        at_least("phones rung", figures["pop_before_ring"]["calls"], 1),
        equal("rings before the card", figures["pop_before_ring"]["violations"], 0),
        at_most("arrival to ring, p95 ms", ring_ms, RING_GOAL_MS),
        at_most("answer to agent, p95 ms", join_ms, JOIN_GOAL_MS),
        at_least("save to logistics, measured", len(seen.ledger.taken), 1),
        equal("mishaps of agents", len(seen.agents.mishaps), 0),
        equal("gaps in the desktops' versions", seen.agents.gaps, 0),
        equal("left behind", seen.remains.as_json(), dict.fromkeys(_LEFT, 0)),
    ]


_LEFT = ("channels", "bridges", "processes")
