"""Many classes and many lanes: short cuts must not change who is chosen."""

from random import Random

import pytest

from callengine.core.ids import AgentId, CallId
from callengine.core.match import classes, lanes
from callengine.core.match.callers import Preferred, WorkItem
from callengine.core.match.choosing import SHORTLIST
from callengine.core.match.ordered import Ordered
from callengine.core.match.policy import AgentKey, Limits, Policy
from callengine.core.match.relaxation import Drop, Ladder, Relax
from callengine.core.match.requirement import ANYBODY, Not, either, expr_of, least
from callengine.core.skills import Requirement
from tests.support.match_kit import (
    LADDERS,
    RELAXING,
    START,
    Pair,
    busy_then_free,
    enter,
    ladder,
    pairs,
    skills,
    staffed,
)

T = START
MANY = 90
NAMES = ("tech", "toys", "ru", "uk")


def own_class(chance: Random, number: int) -> tuple[tuple[str, int], ...]:
    """Make a skill class that nobody else has."""
    held = {name: chance.randint(1, 10) for name in chance.sample(NAMES, 3)}
    return tuple(sorted({**held, f"only.{number}": 5}.items()))


@pytest.mark.parametrize(
    "policy",
    [
        Policy(),
        Policy(bands=(), agents=(AgentKey.SPARE, AgentKey.RARE, AgentKey.IDLE)),
        Policy(bands=(), agents=(AgentKey.IDLE,), candidates_kept=50),
    ],
    ids=["default", "compare all", "idle"],
)
def test_a_pool_of_many_classes_keeps_every_promise(policy: Policy) -> None:
    assert MANY > SHORTLIST
    chance = Random(11)
    pair = Pair(policy)
    for number in range(MANY):
        pair.log_in(f"agent-{number}", own_class(chance, number))
        pair.now += 0.25
        pair.make_free(f"agent-{number}")
    for number in range(500):
        turn = chance.random()
        if turn < 0.6:
            pair.arrive(number, chance.choice(LADDERS))
        elif turn < 0.8 and pair.offered:
            call = chance.choice(sorted(pair.offered))
            chance.choice((pair.answer, pair.miss))(call)
        elif turn < 0.9 and pair.talking:
            pair.hang_up(chance.choice(sorted(pair.talking)))
        else:
            pair.wait(chance.choice((1.0, 9.0)))
    assert pair.decisions > 100


def test_among_many_free_agents_the_longest_idle_able_one_is_taken() -> None:
    team = {f"a{n}": skills(tech=8, **{f"own{n}": 1}) for n in range(MANY)}
    matcher = staffed(Policy(bands=(), agents=(AgentKey.IDLE,)), **team)
    matcher.busy(AgentId("a0"), T + 200)
    for number in range(3):
        enter(matcher, f"c{number}", ladder(least("tech", 8)), T + 201)
    taken = pairs(matcher.match(T + 201))
    assert taken == [("c0", "a1"), ("c1", "a2"), ("c2", "a3")]


def test_an_excluded_agent_is_passed_over_among_many() -> None:
    team = {f"a{n}": skills(tech=8, **{f"own{n}": 1}) for n in range(MANY)}
    matcher = staffed(Policy(bands=(), agents=(AgentKey.IDLE,)), **team)
    without = frozenset(AgentId(f"a{n}") for n in range(MANY - 1))
    enter(matcher, "c", ladder(least("tech", 8)), T + 201, excluded=without)
    [decision] = matcher.match(T + 201)
    assert decision.agent == f"a{MANY - 1}"
    assert [c.agent for c in decision.record.candidates] == [f"a{MANY - 1}"]
    nobody = frozenset(AgentId(f"a{n}") for n in range(MANY))
    assert matcher.choose_free(least("tech", 8), excluded=nobody) is None
    assert matcher.choose_free(least("tech", 8)) == "a0"


def test_very_many_lanes_are_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "_LANES", 6)
    chance = Random(3)
    pair = Pair()
    pair.log_in("anna", skills(ru=9, tech=9))
    pair.log_in("boris", skills(uk=9, toys=9))
    for number in range(300):
        level = chance.randint(1, 10)
        skill = chance.choice(("tech", "toys"))
        pair.arrive(number, ladder(least(skill, level), relaxes=RELAXING))
        pair.wait(3.0)
        name = chance.choice(("anna", "boris"))
        for call in list(pair.offered):
            pair.answer(call)
        for call, agent in list(pair.talking.items()):
            if agent == name:
                pair.hang_up(call)
        pair.make_free(name)
        if len(pair.waiting) > 3:
            pair.leave(next(iter(pair.waiting)))
    assert pair.decisions > 50
    assert len(pair.matcher.state.lanes) <= 16


def test_full_memories_are_emptied_and_give_the_same_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(classes, "_LIMIT", 2)
    matcher = staffed(anna=skills(tech=5), boris=skills(tech=9))
    for level in (1, 3, 5, 6, 9, 10, 1):
        expected = sum(held >= level for held in (5, 9))
        assert matcher.count_free(least("tech", level)) == expected
        found = matcher.state.classes.meeting_at(least("tech", 1), level)
        assert found.bit_count() == expected
    assert len(matcher.state.classes) == 2
    assert matcher.state.classes.at_least("anything", 0).bit_count() == 2
    assert matcher.count_free(ANYBODY) == matcher.free_agents == 2


def test_an_entry_that_is_not_in_a_list_cannot_be_taken_out() -> None:
    entries: Ordered[tuple[int, int]] = Ordered()
    entries.add((2, 0))
    entries.add((1, 0))
    assert list(entries) == [(1, 0), (2, 0)]
    with pytest.raises(KeyError):
        entries.remove((1, 5))


# --- answers of the door -----------------------------------------------------------


def test_the_door_answers_what_the_engine_asks() -> None:
    matcher = staffed(anna=skills(tech=5))
    enter(matcher, "a", ladder(least("tech", 5), relaxes=RELAXING), T + 20)
    [decision] = matcher.match(T + 20)
    assert CallId("a") in matcher
    assert (len(matcher), list(matcher.waiting())) == (0, [])
    told = matcher.explain(CallId("a"), T + 20)
    assert told == [("anna", "has a reservation for it")]
    matcher.missed(CallId("a"), T + 25)
    matcher.missed(CallId("a"), T + 25)
    assert matcher.match(T + 25) == []
    assert matcher.next_due() == T + 33
    told = matcher.explain(CallId("a"), T + 25)
    assert told == [("anna", "did not answer this call")]
    assert [c.call for c in matcher.waiting()] == [decision.call]
    assert matcher.served_by_anyone(least("tech", 5))
    assert not matcher.served_by_anyone(least("tech", 6))
    assert not matcher.is_free(AgentId("nobody"))
    matcher.taken(CallId("a"), T + 26)
    assert len(matcher) == 0


def test_it_says_who_will_be_able_later_and_who_rests() -> None:
    limits = Limits(calls_per_hour=1)
    matcher = staffed(Policy(limits=limits), anna=skills(toys=3), boris=skills(tech=9))
    soft = ladder(
        either(least("tech", 9), Not(least("toys"))),
        relaxes=(Relax(after_s=60.0, give_up=Drop("*")),),
    )
    enter(matcher, "first", soft, T + 20)
    assert pairs(matcher.match(T + 20)) == [("first", "boris")]
    matcher.taken(CallId("first"), T + 20)
    matcher.free(AgentId("boris"), T + 30, T + 30)
    enter(matcher, "c", soft, T + 31)
    assert matcher.match(T + 31) == []
    told = dict(matcher.explain(CallId("c"), T + 31) or [])
    assert told == {
        "anna": "lacks (tech>=9 or not toys>=1); able after 60 s of waiting",
        "boris": "rests under the limits",
    }
    matcher.free(AgentId("boris"), T + 32, T + 32)
    assert not matcher.is_free(AgentId("boris"))


def test_a_resting_agent_with_new_skills_still_rests() -> None:
    matcher = staffed(Policy(limits=Limits(calls_per_hour=1)), boris=skills(tech=9))
    enter(matcher, "first", ladder(), T + 20)
    matcher.match(T + 20)
    matcher.taken(CallId("first"), T + 20)
    matcher.free(AgentId("boris"), T + 30, T + 30)
    matcher.log_in(AgentId("boris"), skills(tech=8), T + 31)
    assert matcher.next_due() == T + 20 + 3600
    enter(matcher, "c", ladder(), T + 40)
    assert matcher.match(T + 40) == []
    assert pairs(matcher.match(T + 20 + 3600)) == [("c", "boris")]


def test_a_free_agent_can_be_idle_since_another_instant() -> None:
    matcher = staffed(anna=skills(tech=9), boris=skills(tech=9))
    matcher.free(AgentId("boris"), T - 100, T + 12)
    matcher.free(AgentId("boris"), T - 100, T + 12)
    enter(matcher, "c", ladder(), T + 20)
    [decision] = matcher.match(T + 20)
    assert (decision.agent, decision.record.idle_s) == ("boris", 120.0)


def test_the_record_of_a_preferred_agent_says_so() -> None:
    matcher = staffed(anna=skills(tech=9))
    known = (Preferred(agent=AgentId("anna"), until_s=5.0, why="last_agent"),)
    enter(matcher, "c", ladder(), T + 20, preferred=known)
    [decision] = matcher.match(T + 20)
    assert decision.record.reason == "an agent was free: preferred for this customer"
    assert decision.record.detail()["way"] == "preferred"


def test_a_stranger_is_preferred_in_vain() -> None:
    matcher = staffed(anna=skills(tech=9))
    known = (
        Preferred(agent=AgentId("nobody"), until_s=5.0),
        Preferred(agent=AgentId("anna"), until_s=5.0),
    )
    barred = frozenset({AgentId("anna")})
    enter(matcher, "c", ladder(), T + 20, preferred=known, excluded=barred)
    assert matcher.match(T + 20) == []


def test_plain_requirements_are_expressions_too() -> None:
    matcher = staffed(anna=skills(ru=5, tech=3))
    needed = Requirement(hard=(("ru", 5),), soft=(("tech", 3),))
    assert matcher.count_free(expr_of(needed)) == 1
    assert str(expr_of(needed)) == "ru>=5 and tech>=3"


def test_a_wait_of_less_than_nothing_is_refused() -> None:
    empty: Ladder = ladder()
    with pytest.raises(ValueError, match="no caller waited"):
        WorkItem(call=CallId("c"), enqueued_at=T, ladder=empty, clock_s=-1.0)


def test_a_free_agent_passes_over_callers_who_excluded_them() -> None:
    matcher = staffed(Policy(), anna=skills(tech=9))
    matcher.busy(AgentId("anna"), T + 11)
    barred = frozenset({AgentId("anna")})
    enter(matcher, "a", ladder(least("tech")), T + 20, excluded=barred)
    enter(matcher, "b", ladder(least("tech")), T + 21)
    enter(matcher, "d", ladder(least("tech", 2)), T + 22, excluded=barred)
    assert pairs(busy_then_free(matcher, "anna", T + 30)) == [("b", "anna")]
