"""A second, slow opinion on the matcher: plain lists, and every promise checked."""

from collections.abc import Iterable

from callengine.core.agent import SkillClass
from callengine.core.ids import AgentId, CallId
from callengine.core.match.callers import Caller, Preferred, Stand, WorkItem
from callengine.core.match.matcher import Matcher
from callengine.core.match.policy import CallerOrder, Policy
from callengine.core.match.records import Decision, Way
from callengine.core.match.relaxation import (
    Drop,
    Ladder,
    Lower,
    Relax,
    Widen,
    build_ladder,
)
from callengine.core.match.requirement import ANYBODY, Expr, either, least

START = 1_800_000_000.0

RELAXING = (
    Relax(after_s=0.0, give_up=Drop("*"), spare=1.0),
    Relax(after_s=8.0, give_up=Lower("*", 3)),
    Relax(after_s=15.0, give_up=Drop("*")),
)


def skills(**levels: int) -> SkillClass:
    """Write a skill class: `skills(lang_ru=5)` is `lang.ru` at 5."""
    return tuple(sorted((name.replace("_", "."), n) for name, n in levels.items()))


def ladder(
    soft: Expr | None = None, *, hard: Expr = ANYBODY, relaxes: Iterable[Relax] = ()
) -> Ladder:
    """Make a ladder of one soft part."""
    return build_ladder(hard, () if soft is None else (soft,), relaxes)


def staffed(policy: Policy | None = None, **agents: SkillClass) -> Matcher:
    """Log agents in and free them a second apart, the first one longest idle."""
    matcher = Matcher(policy)
    for name, held in agents.items():
        matcher.log_in(AgentId(name), held, START)
    for place, name in enumerate(agents):
        matcher.free(AgentId(name), START + place, START + 10)
    assert matcher.match(START + 10) == []
    return matcher


def enter(matcher: Matcher, call: str, need: Ladder, at: float, **more: object) -> None:
    """A caller comes; `more` is of the `WorkItem`."""
    item = WorkItem(call=CallId(call), enqueued_at=at, ladder=need, **more)  # type: ignore[arg-type]
    matcher.enter(item, at)


def pairs(decisions: list[Decision]) -> list[tuple[str, str]]:
    """Write decisions down."""
    return [(d.call, d.agent) for d in decisions]


def busy_then_free(matcher: Matcher, agent: str, at: float) -> list[Decision]:
    """An agent becomes free."""
    matcher.free(AgentId(agent), at, at)
    return matcher.match(at)


LADDERS: tuple[Ladder, ...] = (
    ladder(),
    ladder(least("tech", 5)),
    ladder(least("tech", 8), hard=least("ru", 3), relaxes=RELAXING),
    ladder(least("toys", 2), hard=least("uk"), relaxes=RELAXING),
    ladder(either(least("tech", 9), least("toys", 9)), relaxes=RELAXING),
    ladder(
        least("garden"),
        hard=least("ru"),
        relaxes=(Relax(after_s=10.0, give_up=Widen(least("toys"))),),
    ),
)
"""Needs of very different kinds, one of which nobody of `CLASSES` can serve."""

CLASSES: tuple[SkillClass, ...] = (
    skills(ru=5, tech=9),
    skills(ru=5, tech=5, toys=2),
    skills(uk=4, toys=9),
    skills(ru=2, uk=9),
    (),
)


class Pair:
    """
    A matcher and the list of what must be true of it.

    Facts go in through the methods; after each the matcher decides and every decision
    is held against the promises. What is wrong fails an assertion.
    """

    def __init__(self, policy: Policy | None = None) -> None:
        self.matcher = Matcher(policy)
        self.now = START
        self.agents: dict[AgentId, SkillClass] = {}
        self.free: dict[AgentId, float] = {}
        self.talking: dict[CallId, AgentId] = {}
        self.offered: dict[CallId, AgentId] = {}
        self.waiting: dict[CallId, WorkItem] = {}
        self.ever: set[CallId] = set()
        self.served: set[CallId] = set()
        self.decisions = 0

    # --- facts -----------------------------------------------------------------------

    def log_in(self, name: str, skill_class: SkillClass) -> None:
        """An agent comes, or changes skills."""
        agent = AgentId(name)
        self.matcher.log_in(agent, skill_class, self.now)
        self.agents[agent] = skill_class
        self.look()

    def log_out(self, name: str) -> None:
        """An agent goes; whoever they talk with is somebody else's worry."""
        agent = AgentId(name)
        self.matcher.log_out(agent, self.now)
        self.agents.pop(agent, None)
        self.free.pop(agent, None)
        self.look()

    def make_free(self, name: str) -> None:
        """An agent may take calls."""
        agent = AgentId(name)
        if agent not in self.agents or agent in self.busy_agents():
            return
        self.matcher.free(agent, self.now, self.now)
        self.free.setdefault(agent, self.now)
        self.look()

    def pause(self, name: str) -> None:
        """An agent takes no calls for a while."""
        self.matcher.busy(AgentId(name), self.now, away=True)
        self.free.pop(AgentId(name), None)
        self.look()

    def arrive(
        self,
        number: int,
        need: Ladder,
        *,
        credit_s: float = 0.0,
        waited_s: float = 0.0,
        preferred: tuple[Preferred, ...] = (),
    ) -> CallId:
        """A caller comes, perhaps with a wait from before."""
        call = CallId(f"call-{number}")
        item = WorkItem(
            call=call,
            enqueued_at=self.now - waited_s,
            ladder=need,
            credit_s=credit_s,
            preferred=preferred,
        )
        self.matcher.enter(item, self.now)
        self.ever.add(call)
        self.waiting[call] = item
        self.look()
        return call

    def leave(self, call: CallId) -> None:
        """A caller hangs up, waiting or ringing."""
        self.matcher.leave(call, self.now)
        self.waiting.pop(call, None)
        self.offered.pop(call, None)
        self.served.add(call)
        self.look()

    def answer(self, call: CallId) -> None:
        """The agent answers."""
        self.matcher.taken(call, self.now)
        self.talking[call] = self.offered.pop(call)
        self.look()

    def miss(self, call: CallId) -> None:
        """The agent does not answer, and is paused for it."""
        agent = self.offered.pop(call)
        self.matcher.busy(agent, self.now, away=True)
        self.matcher.missed(call, self.now)
        self.waiting[call] = self.matcher.state.callers[call].item
        self.look()

    def hang_up(self, call: CallId) -> None:
        """A conversation ends; the agent is free again."""
        agent = self.talking.pop(call)
        self.served.add(call)
        if agent in self.agents:
            self.make_free(agent)

    def wait(self, seconds: float) -> None:
        """Time passes, every step in its turn."""
        end = self.now + seconds
        while (due_at := self.matcher.next_due()) is not None and due_at <= end:
            self.now = max(self.now, due_at)
            self.look()
        self.now = max(self.now, end)

    def busy_agents(self) -> set[AgentId]:
        """Agents with a reservation or a conversation."""
        return {*self.offered.values(), *self.talking.values()}

    # --- promises --------------------------------------------------------------------

    def look(self) -> list[Decision]:
        """Match, and check all of it."""
        waited = {call: self._caller(call).place for call in self.waiting}
        decisions = self.matcher.match(self.now)
        for decision in decisions:
            self._check_decision(decision, waited)
        self._check_nobody_waits_in_vain()
        self._check_everybody_is_here()
        return decisions

    def _caller(self, call: CallId) -> Caller:
        return self.matcher.state.callers[call]

    def _check_decision(
        self, decision: Decision, waited: dict[CallId, tuple[float, int, CallId]]
    ) -> None:
        call, agent = decision.call, decision.agent
        assert call in self.waiting, "a call was offered that does not wait"
        assert agent in self.free, "an agent was taken who is not free"
        assert agent not in self.busy_agents(), "an agent has two reservations"
        item = self.waiting.pop(call)
        del self.free[agent]
        self.offered[call] = agent
        self.decisions += 1
        record, caller = decision.record, self._caller(call)
        assert (record.call, record.agent) == (call, agent)
        assert record.at == self.matcher.state.now
        assert caller.stand is Stand.OFFERED
        assert agent not in caller.excluded
        held = dict(self.agents[agent])
        step = item.ladder.steps[record.step]
        assert record.met == step.expr
        if record.way is not Way.PREFERRED:
            assert step.expr.met_by(held), "the agent cannot do it"
        assert item.ladder.steps[-1].expr.met_by(held), "a hard skill is missing"
        assert (record.way is Way.ON_SKILL) == (
            record.step == 0 and record.way is not Way.PREFERRED
        )
        if self.matcher.state.policy.candidates_kept and record.way is Way.ON_SKILL:
            assert record.candidates, "no candidate is named"
        assert waited[call][0] == item.enqueued_at - caller.credit_s, "a place moved"
        assert caller.item.enqueued_at == item.enqueued_at

    def _check_nobody_waits_in_vain(self) -> None:
        """No able agent is free for any caller, but those kept for somebody."""
        for call in self.waiting:
            caller = self._caller(call)
            if caller.stand is Stand.HELD:
                assert caller.held_for is not None
                assert caller.held_for.agent not in self.free
                continue
            steps = caller.item.ladder.steps
            for agent in self.free:
                if agent in caller.excluded:
                    continue
                held = dict(self.agents[agent])
                for step in (steps[0], steps[caller.firm]):
                    assert not step.expr.met_by(held), f"{agent} could take {call}"

    def _check_everybody_is_here(self) -> None:
        here = set(self.matcher.state.callers)
        assert here == {*self.waiting, *self.offered}, "a caller was lost or kept"
        assert len(self.matcher) == len(self.waiting)
        assert not self.served & here, "a caller who is gone is still here"
        assert set(self.matcher.state.staff.members) == set(self.agents)
        free = {a for a in self.agents if self.matcher.is_free(a)}
        assert free == set(self.free)

    def check_order(self, decision: Decision) -> None:
        """The caller an agent took is the first one they could have taken."""
        policy = self.matcher.state.policy
        assert policy.callers is CallerOrder.WAIT
        agent = decision.agent
        held = dict(self.agents[agent])
        taken = self._caller(decision.call)
        best = self._score(taken, held)
        if best is None:
            return
        for call in self.waiting:
            other = self._caller(call)
            if other.stand is Stand.HELD or agent in other.excluded:
                continue
            score = self._score(other, held)
            assert score is None or best <= score, f"{call} was passed over"

    def _score(self, caller: Caller, held: dict[str, int]) -> float | None:
        steps = caller.item.ladder.steps
        if steps[0].expr.met_by(held):
            credit_s = self.matcher.state.policy.on_skill_credit_s
            return caller.place[0] - credit_s
        if steps[caller.firm].expr.met_by(held):
            return caller.place[0]
        return None
