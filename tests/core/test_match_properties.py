"""
Whatever happens, in whatever order: nobody is lost, nobody is taken twice.

Set CALLENGINE_FACTS=1000000 for the long form of the last test.
"""

import os
from random import Random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
)

from callengine.core.ids import AgentId, CallId
from callengine.core.match.callers import Preferred
from callengine.core.match.policy import (
    AgentKey,
    CallerOrder,
    Limits,
    Policy,
    Reserve,
)
from tests.support.match_kit import CLASSES, LADDERS, Pair

NAMES = ("anna", "boris", "vera", "gleb", "dina")
SECONDS = st.sampled_from([0.0, 0.5, 5.0, 8.0, 15.0, 40.0, 4000.0])

POLICIES = (
    Policy(),
    Policy(bands=(9, 5), agents=(AgentKey.RARE, AgentKey.IDLE), on_skill_credit_s=0.0),
    Policy(callers=CallerOrder.BEST_FIT, idle_step_s=10.0, candidates_kept=0),
    Policy(reserve=Reserve(learned=False), agents=(AgentKey.IDLE,), ask_again=True),
)


class Floor(RuleBasedStateMachine):
    """Agents and callers do as hypothesis likes."""

    @initialize(policy=st.sampled_from(POLICIES))
    def open_doors(self, policy: Policy) -> None:
        self.pair = Pair(policy)
        self.number = 0

    @rule(name=st.sampled_from(NAMES), skill_class=st.sampled_from(CLASSES))
    def log_in(self, name: str, skill_class: tuple[tuple[str, int], ...]) -> None:
        self.pair.log_in(name, skill_class)

    @rule(name=st.sampled_from(NAMES))
    def log_out(self, name: str) -> None:
        self.pair.log_out(name)

    @rule(name=st.sampled_from(NAMES))
    def ready(self, name: str) -> None:
        self.pair.make_free(name)

    @rule(name=st.sampled_from(NAMES))
    def pause(self, name: str) -> None:
        if AgentId(name) not in self.pair.busy_agents():
            self.pair.pause(name)

    @rule(
        need=st.sampled_from(LADDERS),
        credit_s=st.sampled_from([0.0, 60.0, 1e6]),
        waited_s=st.sampled_from([0.0, 0.0, 30.0, 5000.0]),
        wanted=st.sampled_from([None, *NAMES]),
        while_busy=st.booleans(),
    )
    def call(
        self,
        need: object,
        credit_s: float,
        waited_s: float,
        wanted: str | None,
        while_busy: bool,
    ) -> None:
        preferred: tuple[Preferred, ...] = ()
        if wanted is not None:
            one = Preferred(agent=AgentId(wanted), until_s=10.0, while_busy=while_busy)
            preferred = (one,)
        self.number += 1
        self.pair.arrive(
            self.number,
            need,  # type: ignore[arg-type]
            credit_s=credit_s,
            waited_s=waited_s,
            preferred=preferred,
        )

    @precondition(lambda self: self.pair.waiting)
    @rule(data=st.data())
    def hang_up_waiting(self, data: st.DataObject) -> None:
        self.pair.leave(data.draw(st.sampled_from(sorted(self.pair.waiting))))

    @precondition(lambda self: self.pair.waiting)
    @rule(data=st.data(), credit_s=st.sampled_from([0.0, 30.0, 120.0]))
    def change_priority(self, data: st.DataObject, credit_s: float) -> None:
        call = data.draw(st.sampled_from(sorted(self.pair.waiting)))
        self.pair.matcher.set_credit(call, credit_s, self.pair.now)
        self.pair.look()

    @precondition(lambda self: self.pair.offered)
    @rule(data=st.data(), how=st.sampled_from(["answer", "answer", "miss", "leave"]))
    def settle(self, data: st.DataObject, how: str) -> None:
        call = data.draw(st.sampled_from(sorted(self.pair.offered)))
        {
            "answer": self.pair.answer,
            "miss": self.pair.miss,
            "leave": self.pair.leave,
        }[how](call)

    @precondition(lambda self: self.pair.talking)
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        self.pair.hang_up(data.draw(st.sampled_from(sorted(self.pair.talking))))

    @rule(seconds=SECONDS)
    def wait(self, seconds: float) -> None:
        self.pair.wait(seconds)

    @rule(back_s=st.sampled_from([1.0, 100.0, 1e6]))
    def clock_jumps_back(self, back_s: float) -> None:
        self.pair.matcher.match(self.pair.now - back_s)

    def teardown(self) -> None:
        """Everybody who is left is served in the end, once able agents come."""
        if not hasattr(self, "pair"):
            return
        pair = self.pair
        for name in NAMES:
            pair.log_out(name)
        able = tuple((n, 10) for n in ("garden", "ru", "tech", "toys", "uk"))
        pair.log_in("zoe", able)
        pair.offered.clear()
        for call in list(pair.matcher.state.callers):
            if call not in pair.waiting:
                pair.matcher.leave(call, pair.now)
        for _ in range(len(pair.waiting)):
            before = pair.decisions
            pair.make_free("zoe")
            pair.wait(30.0)
            assert pair.decisions == before + 1, "somebody waits and nobody serves"
            pair.answer(next(iter(pair.offered)))
            pair.talking.clear()
        assert not pair.matcher.state.callers


TestFloor = Floor.TestCase
TestFloor.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def act(pair: Pair, chance: Random, number: int) -> None:
    """Do one thing at random."""
    name = chance.choice(NAMES)
    turn = chance.random()
    if turn < 0.30:
        pair.arrive(
            number,
            chance.choice(LADDERS),
            credit_s=chance.choice((0.0, 0.0, 60.0)),
            waited_s=chance.choice((0.0, 0.0, 100.0)),
        )
    elif turn < 0.36:
        pair.log_in(name, chance.choice(CLASSES))
    elif turn < 0.38:
        pair.log_out(name)
    elif turn < 0.50:
        pair.make_free(name)
    elif turn < 0.52 and AgentId(name) not in pair.busy_agents():
        pair.pause(name)
    elif turn < 0.70 and pair.offered:
        call = chance.choice(sorted(pair.offered))
        chance.choice((pair.answer, pair.answer, pair.miss))(call)
    elif turn < 0.85 and pair.talking:
        pair.hang_up(chance.choice(sorted(pair.talking)))
    elif turn < 0.93 and pair.waiting:
        pair.leave(chance.choice(sorted(pair.waiting)))
    else:
        pair.wait(chance.choice((0.1, 1.0, 8.0, 15.0)))


@pytest.mark.timeout(0)
def test_a_long_random_day_breaks_no_promise() -> None:
    facts = int(os.environ.get("CALLENGINE_FACTS", "4000"))
    chance = Random(facts)
    for turn, policy in enumerate(POLICIES):
        pair = Pair(policy)
        for number in range(facts // len(POLICIES)):
            act(pair, chance, number)
            if len(pair.waiting) > 60:
                pair.leave(next(iter(pair.waiting)))
        assert pair.decisions > facts // 100, f"policy {turn} hardly decided"


def test_a_freed_agent_takes_the_caller_who_is_first_in_order() -> None:
    chance = Random(7)
    pair = Pair(Policy(on_skill_credit_s=20.0))
    for name, skill_class in zip(NAMES, CLASSES, strict=True):
        pair.log_in(name, skill_class)
        pair.make_free(name)
    number = checked = 0
    while checked < 300:
        while len(pair.waiting) < 12:
            number += 1
            assert number < 3000, "hardly anybody is served"
            credit_s = chance.choice((0.0, 50.0))
            pair.arrive(number, chance.choice(LADDERS), credit_s=credit_s)
        for call in list(pair.offered):
            pair.answer(call)
        pair.wait(chance.choice((0.5, 5.0)))
        if not pair.talking:
            pair.leave(chance.choice(sorted(pair.waiting)))
            continue
        agent = pair.talking.pop(CallId(chance.choice(sorted(pair.talking))))
        pair.matcher.free(agent, pair.now, pair.now)
        pair.free[agent] = pair.now
        for decision in pair.look():
            assert decision.record.sought == "caller"
            pair.check_order(decision)
            checked += 1
        pair.leave(chance.choice(sorted(pair.waiting)))


def test_limits_make_an_agent_rest_and_come_back() -> None:
    pair = Pair(Policy(limits=Limits(calls_per_hour=2)))
    pair.log_in("anna", CLASSES[0])
    for number in range(2):
        pair.make_free("anna")
        call = pair.arrive(number, LADDERS[0])
        pair.answer(call)
        pair.now += 60.0
        pair.talking.clear()
    pair.matcher.free(AgentId("anna"), pair.now, pair.now)
    third = pair.arrive(3, LADDERS[0])
    assert not pair.matcher.is_free(AgentId("anna"))
    due_at = pair.matcher.next_due()
    assert due_at is not None
    # An hour after the first of the two calls began, not after the last one ended.
    assert due_at - pair.now == pytest.approx(3600.0 - 120.0)
    pair.now = due_at
    [decision] = pair.matcher.match(pair.now)
    assert (decision.call, decision.agent) == (third, "anna")
