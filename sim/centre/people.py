"""
People's chances: what one caller, one order, one agent's day will be like.

Everybody has a generator of their own, made from the run's seed and their name, so
that the same people come whatever the rules are: variants differ by rules alone.
"""

from dataclasses import dataclass
from math import log, sqrt
from random import Random

from sim.centre.model import Calls, Orders

_REDIALS = 3


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls in, and what they will do; seconds."""

    language: str
    product: str
    patience_s: tuple[float, ...]
    """Of the first call and of each one after giving up."""
    again_s: tuple[float, ...]
    """Until the next call after giving up, one for each time they would."""
    talk_s: float
    wrap_up_s: float


@dataclass(frozen=True, slots=True)
class Reached:
    """What comes of one attempt to reach a customer; seconds after the first ring."""

    kind: str
    """answered, machine, no_answer, busy or failed."""
    after_s: float
    talk_s: float
    wrap_up_s: float


def person(seed: int, name: str) -> Random:
    """Make somebody's own generator."""
    return Random(f"{seed}/{name}")


def caller(chance: Random, calls: Calls, language: str) -> Caller:
    """Draw a caller."""
    redials = 0
    while redials < _REDIALS and chance.random() < calls.redial:
        redials += 1
    return Caller(
        language=picked(chance, calls.languages) or language,
        product=picked(chance, calls.products),
        patience_s=tuple(
            chance.expovariate(1 / calls.patience_s) for _ in range(redials + 1)
        ),
        again_s=tuple(
            chance.expovariate(1 / calls.redial_after_s) for _ in range(redials)
        ),
        talk_s=lognormal(chance, calls.talk_s, calls.talk_cv),
        wrap_up_s=wrap_up(chance, calls.wrap_up_s),
    )


def reached(chance: Random, orders: Orders) -> Reached:
    """Draw what comes of one attempt."""
    draw = chance.random()
    kind, after_s = "failed", 0.0
    if draw < orders.answered:
        kind = "answered"
        after_s = chance.gammavariate(3, orders.answer_s / 3)
    elif (draw := draw - orders.answered) < orders.machine:
        kind, after_s = "machine", chance.gammavariate(3, orders.answer_s / 3)
    elif (draw := draw - orders.machine) < orders.no_answer:
        kind = "no_answer"
    elif draw - orders.no_answer < orders.busy:
        kind, after_s = "busy", chance.expovariate(1 / orders.busy_s)
    return Reached(
        kind,
        after_s,
        lognormal(chance, orders.talk_s, orders.talk_cv),
        wrap_up(chance, orders.wrap_up_s),
    )


def picked(chance: Random, shares: dict[str, float]) -> str:
    """Draw a name by shares; '' for what they leave."""
    draw = chance.random()
    for name, share in shares.items():
        if draw < share:
            return name
        draw -= share
    return ""


def lognormal(chance: Random, mean: float, variation: float) -> float:
    """Draw a lognormal length by its mean and coefficient of variation."""
    spread = log(1 + variation**2)
    return chance.lognormvariate(log(mean) - spread / 2, sqrt(spread))


def wrap_up(chance: Random, mean: float) -> float:
    """Draw a wrap-up of two phases; 0 for none."""
    return chance.gammavariate(2, mean / 2) if mean > 0 else 0.0
