"""
A contact centre in virtual time: callers, agents, and a router between them.

The router is the production matcher or a baseline; everything else is the same for
all of them. Every caller's class, patience and service time are drawn in the order of
arrival from one stream, so that routers under one seed serve the very same people.
"""

from bisect import bisect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from math import inf, pi, sin
from typing import Protocol

from sim.worlds.kernel import Event, Kernel

Skills = Mapping[str, int]
Offer = tuple[int, str]
"""A call and the agent who is to take it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallClass:
    """
    Callers who want the same.

    Attributes:
        name: for the results; several classes may want one skill.
        skill: what an agent must hold to be on skill.
        weight: share of the arrivals, against the other classes.
        priority: seconds of credit, or more for a strict router.
    """

    name: str
    skill: str
    weight: float = 1.0
    priority: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Centre:
    """
    A contact centre and its load; times in seconds, arrivals a Poisson stream.

    Attributes:
        agents: skills with levels of each agent.
        load: erlangs on skill, that is arrivals per mean service time.
        off_skill_factor: on the service time with an agent without the skill.
        patience_s: mean of an exponential; infinite for callers who never leave.
        places: callers who may wait; more are turned away.
        swing: the load rises and falls by this share, as a sine of period `swing_s`.
    """

    agents: Mapping[str, Skills]
    classes: Sequence[CallClass]
    load: float
    service_s: float
    off_skill_factor: float = 1.0
    patience_s: float = inf
    places: float = inf
    within_s: float = 20.0
    swing: float = 0.0
    swing_s: float = 14_400.0


class Router(Protocol):
    """Who takes whom. Calls are numbers in the order of arrival."""

    def arrived(self, call: int, kind: CallClass, now: float) -> list[Offer]:
        """A caller came."""

    def freed(self, agent: str, now: float) -> list[Offer]:
        """An agent is done with a call, or came to work."""

    def left(self, call: int, now: float) -> None:
        """A waiting caller lost patience."""

    def due(self, now: float) -> list[Offer]:
        """Do what was asked for by `next_due`."""

    def next_due(self) -> float | None:
        """Say when `due` is to be called."""


MakeRouter = Callable[[Centre], Router]


@dataclass(slots=True)
class ClassTally:
    """What became of the callers of one class."""

    offered: int = 0
    within: int = 0
    waits: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Tally:
    """What became of everybody after the warm-up."""

    offered: int = 0
    blocked: int = 0
    abandoned: int = 0
    off_skill: int = 0
    on_best: int = 0
    waited: int = 0
    asked_s: float = 0.0
    """Service that callers asked for."""
    seconds: float = 0.0
    busy_s: dict[str, float] = field(default_factory=dict)
    by_class: dict[str, ClassTally] = field(default_factory=dict)

    @property
    def answered(self) -> int:
        """Count callers who met an agent."""
        return sum(len(c.waits) for c in self.by_class.values())

    @property
    def waits(self) -> list[float]:
        """All waits of answered callers, shortest first."""
        return sorted(w for c in self.by_class.values() for w in c.waits)

    @property
    def within(self) -> int:
        """Count callers answered within the time."""
        return sum(c.within for c in self.by_class.values())

    def occupancies(self) -> list[float]:
        """Return each agent's share of time busy, in the order of the agents."""
        return [busy / self.seconds for busy in self.busy_s.values()]


@dataclass(slots=True)
class _Caller:
    kind: CallClass
    at: float
    service_s: float
    counted: bool
    leaves: Event | None = None


class RoutingWorld:
    """
    One run of a centre under a router.

    Args:
        watch: called with (call, now) when a caller begins to wait, and with the wait
            when such a caller is answered; for tests of predictions.
    """

    def __init__(self, centre: Centre, make_router: MakeRouter, seed: int) -> None:
        self.kernel = Kernel(seed)
        self.centre = centre
        self.tally = Tally(busy_s=dict.fromkeys(centre.agents, 0.0))
        for kind in centre.classes:
            self.tally.by_class.setdefault(kind.name, ClassTally())
        self.router = make_router(centre)
        self._people = self.kernel.stream("people")
        self._waiting: dict[int, _Caller] = {}
        self._seen = 0
        self._warm_up = 0
        self._calls = 0
        self._began_at = 0.0
        self._closed = False
        self._timer: tuple[float, Event] | None = None
        self._busy_since: dict[str, float] = {}
        self._shares = list(accumulate(kind.weight for kind in centre.classes))
        self.on_wait: Callable[[int, float], None] | None = None
        self.on_answer: Callable[[int, float], None] | None = None

    def run(self, calls: int, *, warm_up: int = 2_000) -> Tally:
        """Let so many callers come after the warm-up; return what became of them."""
        self._warm_up, self._calls = warm_up, warm_up + calls
        for agent in self.centre.agents:
            self._begin(self.router.freed(agent, 0.0))
        self._next_caller()
        while self._seen < self._calls:
            self.kernel.run(self.kernel.now + 600.0)
        return self.tally

    def _close(self) -> None:
        """The last caller came: what agents do from here on does not count."""
        now = self.kernel.now
        for agent, since in self._busy_since.items():
            self.tally.busy_s[agent] += now - max(since, self._began_at)
        self.tally.seconds = now - self._began_at
        self._closed = True

    def _next_caller(self) -> None:
        """Schedule the next arrival; a swinging load is a thinned stream."""
        centre, people = self.centre, self._people
        peak = centre.load * (1.0 + centre.swing) / centre.service_s
        when = self.kernel.now + people.expovariate(peak)
        while centre.swing:
            wave = centre.swing * sin(2.0 * pi * when / centre.swing_s)
            if people.uniform(0.0, 1.0 + centre.swing) <= 1.0 + wave:
                break
            when += people.expovariate(peak)
        self.kernel.at(when, self._arrive)

    def _draw(self) -> tuple[CallClass, float, float]:
        """Draw the next caller: class, service time, patience."""
        people, centre = self._people, self.centre
        point = people.uniform(0.0, self._shares[-1])
        kind = centre.classes[min(bisect(self._shares, point), len(self._shares) - 1)]
        service_s = people.expovariate(1.0 / centre.service_s)
        patience_s = people.expovariate(1.0)
        return kind, service_s, patience_s * centre.patience_s

    def _arrive(self) -> None:
        now = self.kernel.now
        self._seen += 1
        call = self._seen
        kind, service_s, patience_s = self._draw()
        if call == self._warm_up + 1:
            self._began_at = now
            self.tally.busy_s = dict.fromkeys(self.tally.busy_s, 0.0)
        if call < self._calls:
            self._next_caller()
        else:
            self._close()
        counted = call > self._warm_up
        caller = _Caller(kind, now, service_s, counted)
        if counted:
            self.tally.offered += 1
            self.tally.asked_s += service_s
            self.tally.by_class[kind.name].offered += 1
        self._waiting[call] = caller
        self._begin(self.router.arrived(call, kind, now))
        if call not in self._waiting:
            return
        if len(self._waiting) > self.centre.places:
            del self._waiting[call]
            self.router.left(call, now)
            self.tally.blocked += counted
        else:
            self._wait(call, caller, patience_s)

    def _wait(self, call: int, caller: _Caller, patience_s: float) -> None:
        if patience_s < inf:
            caller.leaves = self.kernel.after(patience_s, self._leave, call)
        self.tally.waited += caller.counted
        if self.on_wait is not None:
            self.on_wait(call, self.kernel.now)

    def _leave(self, call: int) -> None:
        caller = self._waiting.pop(call)
        self.router.left(call, self.kernel.now)
        self.tally.abandoned += caller.counted

    def _begin(self, offers: list[Offer]) -> None:
        """Put callers and agents together; then look when the router wants to act."""
        now = self.kernel.now
        for call, agent in offers:
            caller = self._waiting.pop(call)
            self.kernel.cancel(caller.leaves)
            skills = self.centre.agents[agent]
            level = skills.get(caller.kind.skill, 0)
            off_skill = not level
            factor = self.centre.off_skill_factor if off_skill else 1.0
            self._busy_since[agent] = now
            self.kernel.after(caller.service_s * factor, self._free, agent)
            if caller.counted:
                self._count(caller, now - caller.at, off_skill=off_skill)
                self.tally.on_best += level == max(skills.values())
            if self.on_answer is not None:
                self.on_answer(call, now)
        self._set_timer()

    def _count(self, caller: _Caller, wait_s: float, *, off_skill: bool) -> None:
        tally = self.tally.by_class[caller.kind.name]
        tally.waits.append(wait_s)
        tally.within += wait_s <= self.centre.within_s + 1e-9
        self.tally.off_skill += off_skill

    def _free(self, agent: str) -> None:
        now = self.kernel.now
        since = max(self._busy_since.pop(agent), self._began_at)
        if not self._closed:
            self.tally.busy_s[agent] += now - since
        self._begin(self.router.freed(agent, now))

    def _set_timer(self) -> None:
        due_at = self.router.next_due()
        if self._timer is not None:
            if due_at == self._timer[0]:
                return
            self.kernel.cancel(self._timer[1])
            self._timer = None
        if due_at is not None:
            when = max(due_at, self.kernel.now)
            self._timer = (due_at, self.kernel.at(when, self._due))

    def _due(self) -> None:
        self._timer = None
        self._begin(self.router.due(self.kernel.now))
