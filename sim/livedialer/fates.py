"""
What will happen to whom, drawn before anybody is called.

The draws are those of the dialler's virtual world with the same seed, in the same
order: the n-th attempt meets the n-th fate, the n-th talk has the n-th length.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from sim.worlds.dialer_people import Chances, Fate, People
from sim.worlds.kernel import Kernel

LATEST_ANSWER_S = 29.5
"""An answer in the very moment we give up would be a matter of luck."""
GREETINGS = 3


@dataclass(frozen=True, slots=True)
class Service:
    """How long an agent will talk and wrap up, in seconds."""

    talk_s: float
    wrap_up_s: float


def fates(people: People, seed: int) -> Iterator[Fate]:
    """Draw what comes of the first attempt, the second, and so on for ever."""
    chances = Chances(people, Kernel(seed).stream("customers"))
    while True:
        yield chances.fate()


def services(people: People, seed: int) -> Iterator[Service]:
    """Draw what the first answered customer costs an agent, the second, and so on."""
    chances = Chances(people, Kernel(seed).stream("agents"))
    while True:
        yield Service(chances.talk_s(), chances.wrap_up_s())


def customer_lines(drawn: Iterator[Fate], people: People, count: int) -> list[str]:
    """
    Write fates for `customers_meet_their_fates`: `n;fate;wait in ms;greeting`.

    The wait begins when the network's set-up of `people.setup_s` is over.
    """
    return [
        f"{n};{word_of(fate, people)};{wait_ms(fate, people)};{n % GREETINGS}"
        for n, fate in enumerate(islice(drawn, count))
    ]


def agent_lines(drawn: Sequence[Service]) -> list[str]:
    """Write talks for `agents_talk_as_long_as_told`: `n;talk in ms`."""
    return [f"{n};{round(one.talk_s * 1000)}" for n, one in enumerate(drawn)]


def word_of(fate: Fate, people: People) -> str:
    """Say what a customer does, in the scenario's words."""
    if fate.answered:
        return "answers"
    if fate.rings:
        return "nobody"
    return "busy" if fate.after_s > people.setup_s else "fails"


def wait_ms(fate: Fate, people: People) -> int:
    """Say how long after set-up the fate is fulfilled."""
    latest_s = LATEST_ANSWER_S if fate.answered else people.ring_s
    return round((min(fate.after_s, latest_s) - people.setup_s) * 1000)
