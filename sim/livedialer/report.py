"""The live run's report: figures beside the twin's, and the checks."""

from collections import Counter
from typing import Any

from sim.checks import Check, at_least, at_most, closing, equal
from sim.figures import Spread, spread
from sim.livedialer import figures as of
from sim.livedialer.books import reserves_before_dialling
from sim.livedialer.evidence import Evidence
from sim.livedialer.phones import double_dials, read_rings, read_talks, waits_s
from sim.livedialer.spans import Span, mean

PROGRESSIVE = "progressive"
POINTS = 0.03
LIMIT = 0.03
JOIN_GOAL_MS = 500.0
MACHINES_GOAL = 0.01
AGREE = 0.01
"""The books, the phones and the desktops may differ by so much."""
UNLIKE = 1
"""A bridge comes some milliseconds after the ACK, so a wait may be on either side."""


def policy_of(seen: Evidence) -> str:
    """Tell from the books how the engine dialled, in the simulator's words."""
    if not seen.tries or reserves_before_dialling(seen.tries):
        return PROGRESSIVE
    return "predictive"


def build_report(
    seen: Evidence, twin: dict[str, Any], *, seed: int, version: str, wall_s: float
) -> dict[str, Any]:
    """Make the report."""
    figures = measure(seen) | simulated(twin)
    checks = make_checks(seen, figures)
    return figures | closing(checks, seed=seed, version=version, wall_s=wall_s)


def simulated(twin: dict[str, Any]) -> dict[str, Any]:
    """Put the twin's figures as the report has them."""
    return {
        "simulated_utilisation": twin["same_people"]["utilisation"],
        "simulated_nuisance_rate": twin["same_people"]["nuisance_rate"],
        "simulated": twin,
    }


def measure(seen: Evidence) -> dict[str, Any]:
    """Work every figure out but the twin's."""
    rings, talks = read_rings(seen.customers), read_talks(seen.phones)
    pairs = list(of.paired(seen.tries, rings))
    shares = of.busy_shares(seen)
    booked = Counter(t.number for t in seen.tries)
    settled = Span(seen.whole.begins, seen.whole.ends - of.IN_TIME_S)
    answered = [t for t in seen.tries if settled.holds(t.answered_at)]
    heard = waits_s((r for r in rings if settled.holds(r.answered_at)), talks)
    progressive = policy_of(seen) == PROGRESSIVE
    by_books = of.nuisance(of.waits_s(answered))
    return {
        "agents": len(seen.agents),
        "measured_s": round(seen.window.length_s, 1),
        "interrupted": seen.window.length_s < seen.wanted_s,
        "warm_up_s": round(seen.window.begins - seen.whole.begins, 1),
        "utilisation": round(mean(shares["books"]), 4),
        "utilisation_by_source": {
            source: round(mean(own), 4) for source, own in shares.items()
        },
        "utilisation_of_agents": of.lowest_and_highest(shares["books"]),
        "time_by_state": of.time_by_state(seen),
        "nuisance_rate": by_books["rate"],
        "nuisance": by_books,
        "nuisance_of_the_day": of_the_day(seen, by_books),
        "nuisance_by_phones": of.nuisance(heard),
        "answer_to_agent_ms": spread(of.answer_to_agent_ms(pairs, seen.window)),
        "answer_to_agent_by_phones_ms": by_phones(heard),
        "attempts": of.attempts(seen.tries, seen.window),
        "double_dials": double_dials(rings, booked),
        "delays_ms": of.delays_ms(seen, pairs, progressive=progressive),
        "rang_out_s": spread(of.rang_out_s(pairs)),
        "cpu": seen.cpu,
        "left_behind": seen.remains.as_json(),
        "mishaps": seen.desks.mishaps[:20],
        "offers_refused": seen.desks.refused,
    }


def of_the_day(seen: Evidence, by_books: dict[str, Any]) -> dict[str, Any]:
    """Count as the law does: the run, and what was dialled earlier in the day."""
    late = by_books["late"] + seen.earlier.nuisances
    answered = by_books["answered"] + seen.earlier.served + seen.earlier.nuisances
    rate = late / answered if answered else 0.0
    return {"answered": answered, "late": late, "rate": round(rate, 5)}


def by_phones(waits: list[float | None]) -> Spread:
    """Sum up how long agents' phones took to answer, of those that did."""
    return spread([wait * 1000.0 for wait in waits if wait is not None])


def make_checks(seen: Evidence, figures: dict[str, Any]) -> list[Check]:
    """Hold the figures against their goals."""
    attempts, nuisance = figures["attempts"], figures["nuisance"]
    shares = figures["utilisation_by_source"].values()
    apart = round(abs(figures["utilisation"] - figures["simulated_utilisation"]), 4)
    machines = attempts["machine"] / max(1, attempts["answered"])
    join_ms = figures["answer_to_agent_ms"]["p95"]
    unlike = abs(figures["nuisance_by_phones"]["late"] - nuisance["late"])
    day = figures["nuisance_of_the_day"]
    chance = (
        f"{LIMIT:g} is within {nuisance['low']:.3f}-{nuisance['high']:.3f}"
        f" or above, by chance in {nuisance['answered']} answers"
    )
    likely = nuisance["low"] <= LIMIT
    return [
        at_least("seconds measured", figures["measured_s"], seen.wanted_s),
        at_most("live and simulated utilisation apart", apart, POINTS),
        at_most("nuisance rate of the day, as the law counts", day["rate"], LIMIT),
        Check("nuisance rate of the run alone", likely, nuisance["rate"], chance),
        at_most("answer to agent, p95 ms", join_ms, JOIN_GOAL_MS),
        at_most("people taken for machines", round(machines, 4), MACHINES_GOAL),
        equal("double dials", figures["double_dials"], 0),
        at_most(
            "books, phones and desktops apart",
            round(max(shares) - min(shares), 4),
            AGREE,
        ),
        at_most("late by the phones and by the books apart", unlike, UNLIKE),
        equal("mishaps of agents", len(seen.desks.mishaps), 0),
        equal("the engine's exit code", seen.engine_code, 0),
        equal("left behind", figures["left_behind"], dict.fromkeys(_LEFT, 0)),
    ]


_LEFT = ("channels", "bridges", "processes")
