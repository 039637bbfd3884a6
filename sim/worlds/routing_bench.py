"""
How long one routing decision takes, and how much a waiting call and an agent weigh.

A decision is a fact and the match after it, timed together: an agent becomes free, a
caller comes, a step falls due, a phone is not answered, a caller leaves. Two states:
*busy*, where the whole list waits and every free agent is taken at once, and *quiet*,
where most agents are free and nobody waits. Time is the processor's, so that other
programs on the machine do not count.
"""

import gc
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from time import thread_time
from typing import Any

from callengine.core.ids import AgentId, CallId
from callengine.core.match.callers import WorkItem
from callengine.core.match.matcher import Matcher
from callengine.core.match.relaxation import Drop, Ladder, Lower, Relax, build_ladder
from callengine.core.match.requirement import Expr, both, either, least

LANGUAGES = 4
HANDLING_S = 180.0


@dataclass(slots=True)
class Timings:
    """Seconds of single decisions, by kind of fact."""

    by_kind: dict[str, list[float]] = field(default_factory=dict)

    def time(self, kind: str, act: Callable[[], Any]) -> Any:
        """Do something and keep how long it took."""
        began = thread_time()
        result = act()
        self.by_kind.setdefault(kind, []).append(thread_time() - began)
        return result

    def all_ms(self) -> list[float]:
        """Return every timing in milliseconds, shortest first."""
        return sorted(t * 1000.0 for kind in self.by_kind.values() for t in kind)


def quantile(ordered: list[float], share: float) -> float:
    """Return the value that a share of the values does not exceed."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class RoutingBench:
    """
    One pool of a size, with its virtual clock.

    Args:
        skills: how many there are; the first few are languages.
    """

    def __init__(self, agents: int, waiting: int, skills: int, seed: int) -> None:
        self.agents = agents
        self.waiting = waiting
        self.chance = Random(seed)
        self.languages = [f"lang.{n}" for n in range(min(LANGUAGES, skills - 1))]
        products = max(1, skills - len(self.languages))
        self.products = [f"product.{n}" for n in range(products)]
        self.matcher = Matcher()
        self.now = 1_800_000_000.0
        self.calls = 0
        self.timings = Timings()
        self.talking: list[AgentId] = []
        self.ladders: dict[Expr, Ladder] = {}
        self.bytes_per_agent = 0.0
        self.bytes_per_call = 0.0

    def run(self, decisions: int) -> None:
        """Fill the pool, then time so many facts in the busy and the quiet state."""
        self._fill()
        # What was built stays: the collector need not walk it again and again.
        gc.collect()
        gc.freeze()
        try:
            self._busy_hour(decisions)
            self._quiet_hour(decisions // 4)
        finally:
            gc.unfreeze()

    # --- filling -------------------------------------------------------------------

    def _fill(self) -> None:
        tracemalloc.start()
        empty = tracemalloc.get_traced_memory()[0]
        for n in range(self.agents):
            agent = AgentId(f"agent-{n}")
            self.matcher.log_in(agent, self._skills(), self.now)
            self.talking.append(agent)
        manned = tracemalloc.get_traced_memory()[0]
        self.bytes_per_agent = (manned - empty) / self.agents
        self._warm()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(self.waiting):
            self.now += 300.0 / self.waiting
            self._enter()
            self.matcher.match(self.now)
        filled = tracemalloc.get_traced_memory()[0]
        self.bytes_per_call = (filled - before) / self.waiting
        tracemalloc.stop()

    def _warm(self) -> None:
        """Let callers of every kind come and go, so that their lanes are there."""
        entered = [self._enter() for _ in range(2_000)]
        for after_s in (0.0, 8.0, 15.0):
            self.matcher.match(self.now + after_s)
        self.now += 15.0
        for call in entered:
            self.matcher.leave(call, self.now)

    def _skills(self) -> tuple[tuple[str, int], ...]:
        chance = self.chance
        spoken = chance.sample(self.languages, k=min(2, len(self.languages)))
        known = chance.sample(self.products, k=min(4, len(self.products)))
        names = [*spoken, *known]
        return tuple(sorted((name, chance.randint(3, 10)) for name in names))

    def _ladder(self) -> Ladder:
        chance = self.chance
        language = least(chance.choice(self.languages), 5)
        if chance.random() < 0.2:
            other = least(chance.choice(self.languages), 7)
            language_expr = either(language, other)
        else:
            language_expr = language
        product = least(chance.choice(self.products), chance.choice((2, 4, 6)))
        key = both(language_expr, product)
        ladder = self.ladders.get(key)
        if ladder is None:
            relaxes = (
                Relax(after_s=0.0, give_up=Drop("*"), spare=2.0),
                Relax(after_s=8.0, give_up=Lower("*", 2)),
                Relax(after_s=15.0, give_up=Drop("*")),
            )
            ladder = build_ladder(language_expr, (product,), relaxes)
            self.ladders[key] = ladder
        return ladder

    def _enter(self) -> CallId:
        self.calls += 1
        call = CallId(f"call-{self.calls}")
        credit_s = 60.0 if self.chance.random() < 0.1 else 0.0
        item = WorkItem(
            call=call, enqueued_at=self.now, ladder=self._ladder(), credit_s=credit_s
        )
        self.matcher.enter(item, self.now)
        return call

    # --- the busy state ------------------------------------------------------------

    def _busy_hour(self, decisions: int) -> None:
        """Agents become free at the rate of their calls; arrivals fill the list."""
        for _ in range(decisions):
            self.now += HANDLING_S / self.agents / 2.0
            turn = self.chance.random()
            if self.matcher.state.waiting < self.waiting or turn < 0.45:
                self._arrive("caller")
            elif turn < 0.9:
                self._free()
            elif turn < 0.95:
                self._leave()
            else:
                self._due()

    def _arrive(self, kind: str) -> None:
        self.timings.time(kind, self._match_new)

    def _match_new(self) -> None:
        self._enter()
        self._match()

    def _match(self) -> None:
        for decision in self.matcher.match(self.now):
            if self.chance.random() < 0.03:
                self.matcher.busy(decision.agent, self.now, away=True)
                self.matcher.missed(decision.call, self.now)
            else:
                self.matcher.taken(decision.call, self.now)
            self.talking.append(decision.agent)

    def _free(self) -> None:
        place = self.chance.randrange(len(self.talking))
        self.talking[place], self.talking[-1] = self.talking[-1], self.talking[place]
        agent = self.talking.pop()

        def act() -> None:
            self.matcher.free(agent, self.now, self.now)
            self._match()

        self.timings.time("agent", act)

    def _leave(self) -> None:
        callers = self.matcher.state.callers
        call = next(iter(callers), None)
        if call is not None:
            self.timings.time("left", lambda: self.matcher.leave(call, self.now))

    def _due(self) -> None:
        due_at = self.matcher.next_due()
        if due_at is not None and due_at <= self.now:
            self.timings.time("step", self._match)

    # --- the quiet state -----------------------------------------------------------

    def _quiet_hour(self, decisions: int) -> None:
        """Nobody waits, nine agents of ten are free: a caller chooses among them."""
        for call in list(self.matcher.state.callers):
            self.matcher.leave(call, self.now)
        free = self.talking[: self.agents * 9 // 10]
        self.talking = self.talking[self.agents * 9 // 10 :]
        for agent in free:
            self.now += 0.01
            self.matcher.free(agent, self.now, self.now)
            self.matcher.match(self.now)
        for _ in range(decisions):
            self.now += HANDLING_S / self.agents
            self._arrive("quiet caller")
            while len(self.talking) > self.agents // 10:
                self._free()


def measure(
    agents: int, waiting: int, skills: int, seed: int, decisions: int
) -> dict[str, Any]:
    """Measure one size; times in milliseconds."""
    bench = RoutingBench(agents, waiting, skills, seed)
    bench.run(decisions)
    ordered = bench.timings.all_ms()
    kinds = {
        kind: {
            "count": len(times),
            "p50": round(quantile(sorted(times), 0.5) * 1000, 4),
            "p99": round(quantile(sorted(times), 0.99) * 1000, 4),
        }
        for kind, times in sorted(bench.timings.by_kind.items())
    }
    return {
        "agents": agents,
        "waiting": waiting,
        "decision_ms": {
            "p50": round(quantile(ordered, 0.5), 4),
            "p99": round(quantile(ordered, 0.99), 4),
            "mean": round(sum(ordered) / len(ordered), 4),
            "longest": round(ordered[-1], 3),
        },
        "by_kind": kinds,
        "lanes": len(bench.matcher.state.lanes),
        "classes": len(bench.matcher.state.classes),
        "bytes_per_waiting_call": round(bench.bytes_per_call),
        "bytes_per_agent": round(bench.bytes_per_agent),
    }
