"""Customers and agents of the reference model: who answers when, who talks how long."""

from dataclasses import dataclass
from math import log, sqrt
from random import Random


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """
    A kind of list and team.

    Attributes:
        answered: share of attempts a person answers, after set-up and then a time of
            three phases, never later than `ring_s` after the start.
        no_answer: share that ring until `ring_s`.
        busy: share refused after set-up and an exponential time.
        talk_s: mean of a lognormal talk; `talk_cv` its variation.
        wrap_up_s: mean of a wrap-up of two phases.
        setup_s: from the attempt to the first ring.

    The rest of the attempts fail when set-up ends.
    """

    name: str
    answered: float
    no_answer: float
    busy: float
    talk_s: float
    talk_cv: float
    wrap_up_s: float
    setup_s: float = 3.0
    answer_s: float = 10.0
    busy_s: float = 4.0
    ring_s: float = 30.0


WARM = People(
    name="A",
    answered=0.50,
    no_answer=0.35,
    busy=0.10,
    talk_s=120,
    talk_cv=0.8,
    wrap_up_s=20,
)
COLD = People(
    name="B",
    answered=0.25,
    no_answer=0.50,
    busy=0.15,
    talk_s=150,
    talk_cv=1.0,
    wrap_up_s=30,
)
SCENARIOS = {"A": WARM, "B": COLD}


@dataclass(frozen=True, slots=True)
class Fate:
    """What will come of an attempt: its end's age, whether that is an answer."""

    after_s: float
    answered: bool
    rings: bool


class Chances:
    """Draws people's behaviour from one generator."""

    __slots__ = ("_chance", "_mu", "_sigma", "people")

    def __init__(self, people: People, chance: Random) -> None:
        self._chance = chance
        self.be(people)

    def be(self, people: People) -> None:
        """Draw as other people from now on."""
        self.people = people
        spread = log(1 + people.talk_cv**2)
        self._mu = log(people.talk_s) - spread / 2
        self._sigma = sqrt(spread)

    def fate(self) -> Fate:
        """Draw what comes of one attempt."""
        people, chance = self.people, self._chance
        draw = chance.random()
        if draw < people.answered:
            waits_s = chance.gammavariate(3, people.answer_s / 3)
            after_s = min(people.ring_s, people.setup_s + waits_s)
            return Fate(after_s, answered=True, rings=True)
        draw -= people.answered
        if draw < people.no_answer:
            return Fate(people.ring_s, answered=False, rings=True)
        if draw < people.no_answer + people.busy:
            refused_s = chance.expovariate(1 / people.busy_s)
            return Fate(people.setup_s + refused_s, answered=False, rings=False)
        return Fate(people.setup_s, answered=False, rings=False)

    def talk_s(self) -> float:
        """Draw the length of a talk."""
        return self._chance.lognormvariate(self._mu, self._sigma)

    def wrap_up_s(self) -> float:
        """Draw the length of a wrap-up."""
        mean_s = self.people.wrap_up_s
        return self._chance.gammavariate(2, mean_s / 2) if mean_s > 0 else 0.0
