"""Agents asked again, waited for, spared, resting; clocks that jump."""

import math

import pytest

from callengine.core.ids import AgentId, CallId
from callengine.core.match.callers import Preferred, WorkItem
from callengine.core.match.matcher import Matcher
from callengine.core.match.policy import Limits, Policy, Reserve
from callengine.core.match.records import Way
from callengine.core.match.relaxation import Drop, Lower, Relax
from callengine.core.match.requirement import least
from tests.support.match_kit import (
    START as T,
)
from tests.support.match_kit import (
    busy_then_free,
    enter,
    ladder,
    pairs,
    skills,
    staffed,
)

TECH = ladder(least("tech", 5))
RELAXED = ladder(
    least("tech", 5),
    hard=least("ru", 3),
    relaxes=(
        Relax(after_s=8.0, give_up=Lower("tech", 2)),
        Relax(after_s=15.0, give_up=Drop("tech")),
    ),
)


# --- agents who do not answer, agents preferred ------------------------------------


def test_an_agent_who_did_not_answer_is_not_asked_again_for_that_call() -> None:
    matcher = staffed(anna=skills(tech=9), boris=skills(tech=8))
    enter(matcher, "c", TECH, T + 20)
    [first] = matcher.match(T + 20)
    matcher.missed(CallId("c"), T + 35)
    matcher.free(first.agent, T + 35, T + 35)
    [second] = matcher.match(T + 35)
    assert (first.agent, second.agent) == ("anna", "boris")
    assert second.record.excluded == (("anna", "did not answer"),)
    assert second.record.waited_s == 15.0


@pytest.mark.parametrize("ask_again", [True, False])
def test_the_only_able_agent_is_asked_again_if_the_policy_says_so(
    ask_again: bool,
) -> None:
    matcher = staffed(Policy(ask_again=ask_again), anna=skills(tech=9))
    enter(matcher, "c", TECH, T + 20)
    matcher.match(T + 20)
    matcher.missed(CallId("c"), T + 35)
    matcher.free(AgentId("anna"), T + 36, T + 36)
    assert pairs(matcher.match(T + 36)) == ([("c", "anna")] if ask_again else [])
    matcher.log_in(AgentId("boris"), skills(tech=9), T + 37)
    matcher.free(AgentId("boris"), T + 37, T + 37)
    assert pairs(matcher.match(T + 37)) == ([] if ask_again else [("c", "boris")])


def test_when_only_an_excluded_agent_is_left_the_next_step_comes_at_once() -> None:
    team = {
        "anna": skills(ru=5, tech=9),
        "boris": skills(ru=5, tech=9),
        "vera": skills(ru=5),
    }
    matcher = staffed(**team)
    matcher.busy(AgentId("boris"), T + 11)
    enter(matcher, "c", RELAXED, T + 20)
    assert pairs(matcher.match(T + 20)) == [("c", "anna")]
    matcher.missed(CallId("c"), T + 21)
    assert matcher.match(T + 21) == []
    matcher.log_out(AgentId("boris"), T + 22)
    assert pairs(matcher.match(T + 22)) == [("c", "vera")]


def test_the_preferred_agent_comes_first_even_off_skill() -> None:
    need = ladder(least("tech"), relaxes=(Relax(after_s=60.0, give_up=Drop("*")),))
    matcher = staffed(anna=skills(tech=9), boris=skills(toys=1))
    known = Preferred(agent=AgentId("boris"), until_s=10.0, why="responsible")
    enter(matcher, "c", need, T + 20, preferred=(known,))
    [decision] = matcher.match(T + 20)
    assert (decision.agent, decision.record.way) == ("boris", Way.PREFERRED)


def test_what_a_preferred_agent_does_without_is_on_record() -> None:
    matcher = staffed(anna=skills(ru=5), boris=skills(ru=5, tech=5))
    known = Preferred(agent=AgentId("anna"), until_s=10, why="last_agent")
    need = ladder(
        least("tech", 3),
        hard=least("ru"),
        relaxes=(Relax(after_s=15, give_up=Drop("*")),),
    )
    enter(matcher, "c", need, T + 20, preferred=(known,))
    [decision] = matcher.match(T + 20)
    record = decision.record
    assert decision.agent == "anna"
    assert record.off_skill
    assert str(record.met) == "ru>=1"
    assert record.relaxed == "tech>=3 dropped: the preferred agent does without"
    assert record.reason.endswith(record.relaxed)


def test_a_preferred_agent_without_a_hard_skill_is_not_taken() -> None:
    matcher = staffed(anna=skills(tech=9, ru=5), boris=skills(tech=9))
    known = Preferred(agent=AgentId("boris"), until_s=10.0)
    enter(matcher, "c", RELAXED, T + 20, preferred=(known,))
    assert pairs(matcher.match(T + 20)) == [("c", "anna")]


def test_a_caller_is_kept_for_a_preferred_agent_who_is_free_in_time() -> None:
    matcher = staffed(anna=skills(tech=9), boris=skills(tech=9))
    matcher.busy(AgentId("boris"), T + 11, until=T + 26)
    known = Preferred(agent=AgentId("boris"), until_s=10.0)
    enter(matcher, "c", TECH, T + 20, preferred=(known,))
    assert matcher.match(T + 20) == []
    assert matcher.next_due() == T + 30
    assert matcher.explain(CallId("c"), T + 21) == [
        ("anna", "the caller is kept for boris"),
        ("boris", "the caller is kept for boris"),
    ]
    assert pairs(busy_then_free(matcher, "boris", T + 26)) == [("c", "boris")]


@pytest.mark.parametrize(
    ("until", "away", "while_busy", "kept"),
    [
        (T + 31, False, False, False),
        (None, False, False, False),
        (None, False, True, True),
        (T + 25, True, False, False),
        (None, True, True, False),
    ],
)
def test_nobody_is_kept_for_an_agent_who_will_not_come_in_time(
    until: float | None, away: bool, while_busy: bool, kept: bool
) -> None:
    matcher = staffed(anna=skills(tech=9), boris=skills(tech=9))
    matcher.busy(AgentId("boris"), T + 11, until=until, away=away)
    known = Preferred(agent=AgentId("boris"), until_s=10.0, while_busy=while_busy)
    enter(matcher, "c", TECH, T + 20, preferred=(known,))
    assert (matcher.match(T + 20) == []) == kept


def test_a_kept_caller_goes_on_after_the_time_and_when_the_agent_goes() -> None:
    for what in ("time", "pause", "log out"):
        matcher = staffed(anna=skills(tech=9), boris=skills(tech=9))
        matcher.busy(AgentId("boris"), T + 11, until=T + 28)
        known = Preferred(agent=AgentId("boris"), until_s=10.0)
        enter(matcher, "c", TECH, T + 20, preferred=(known,))
        assert matcher.match(T + 20) == []
        if what == "pause":
            matcher.busy(AgentId("boris"), T + 22, away=True)
        elif what == "log out":
            matcher.log_out(AgentId("boris"), T + 22)
        at = T + 30 if what == "time" else T + 22
        assert pairs(matcher.match(at)) == [("c", "anna")]


# --- agents to spare ---------------------------------------------------------------

SPARE = (
    Relax(after_s=0.0, give_up=Drop("*"), spare=1.0),
    Relax(after_s=15.0, give_up=Drop("*")),
)


def test_an_agent_to_spare_helps_out_at_once_and_the_last_one_stays() -> None:
    policy = Policy(reserve=Reserve(learned=False))
    team = {"anna": skills(toys=5), "boris": skills(toys=5), "vera": skills(tech=5)}
    matcher = staffed(policy, **team)
    need, own = ladder(least("tech"), relaxes=SPARE), ladder(least("toys", 6))
    enter(matcher, "toys", own, T + 11)
    matcher.leave(CallId("toys"), T + 12)
    matcher.busy(AgentId("vera"), T + 13)
    enter(matcher, "a", need, T + 20)
    [first] = matcher.match(T + 20)
    assert (first.agent, first.record.way) == ("anna", Way.SPARE)
    assert first.record.margin == 1.0
    assert first.record.reason.endswith("tech>=1 dropped: an agent was to spare")
    enter(matcher, "b", need, T + 21)
    assert matcher.match(T + 21) == []
    told = dict(matcher.explain(CallId("b"), T + 22) or [])
    assert told["boris"] == "lacks tech>=1; kept free for their own callers"
    assert pairs(matcher.match(T + 36)) == [("b", "boris")]


def test_an_agent_who_becomes_free_and_spare_takes_a_caller_from_elsewhere() -> None:
    policy = Policy(reserve=Reserve(learned=False))
    team = {"anna": skills(toys=5), "boris": skills(toys=5), "vera": skills(tech=5)}
    matcher = staffed(policy, **team)
    enter(matcher, "toys", ladder(least("toys", 6)), T + 11)
    matcher.leave(CallId("toys"), T + 12)
    for name in team:
        matcher.busy(AgentId(name), T + 13)
    enter(matcher, "c", ladder(least("tech"), relaxes=SPARE), T + 20)
    assert matcher.match(T + 20) == []
    assert busy_then_free(matcher, "boris", T + 22) == []
    # Now two are free; the one who is idle longer helps out.
    assert pairs(busy_then_free(matcher, "anna", T + 24)) == [("c", "boris")]


# --- limits, clocks, empty rosters -------------------------------------------------


def test_an_agent_over_the_occupancy_cap_rests_until_under_it() -> None:
    cap = Policy(limits=Limits(occupancy_cap=0.5, window_s=600.0))
    matcher = Matcher(cap)
    matcher.log_in(AgentId("anna"), skills(tech=9), T)
    matcher.free(AgentId("anna"), T, T)
    enter(matcher, "a", TECH, T)
    matcher.match(T)
    matcher.taken(CallId("a"), T)
    matcher.free(AgentId("anna"), T + 600, T + 600)
    enter(matcher, "b", TECH, T + 600)
    assert matcher.match(T + 600) == []
    busy_share = 1 - math.exp(-1)
    due_at = T + 600 + 600 * math.log(busy_share / 0.5)
    assert matcher.next_due() == pytest.approx(due_at, abs=0.001)
    assert pairs(matcher.match(due_at + 1e-6)) == [("b", "anna")]


def test_a_clock_that_jumps_back_changes_nothing() -> None:
    matcher = staffed(anna=skills(tech=8))
    matcher.busy(AgentId("anna"), T + 11)
    enter(matcher, "a", TECH, T + 20)
    matcher.match(T + 20)
    enter(matcher, "b", TECH, T - 5_000)
    matcher.free(AgentId("anna"), T - 9_000, T - 9_000)
    [decision] = matcher.match(T - 9_000)
    assert decision.record.at == T + 20
    # `b` came by an older date, and a place is a date.
    assert decision.call == "b"


def test_a_clock_that_jumps_ahead_takes_every_step_once() -> None:
    matcher = staffed(anna=skills(ru=5), boris=skills(ru=5, tech=9))
    matcher.busy(AgentId("boris"), T + 11)
    enter(matcher, "c", RELAXED, T + 20)
    assert matcher.match(T + 20) == []
    assert pairs(matcher.match(T + 10 * 365 * 86_400)) == [("c", "anna")]


@pytest.mark.parametrize("now", [math.nan, math.inf, -math.inf])
def test_an_instant_that_is_no_number_is_refused(now: float) -> None:
    matcher = Matcher()
    with pytest.raises(ValueError, match="finite"):
        matcher.match(now)
    with pytest.raises(ValueError, match="finite"):
        WorkItem(call=CallId("c"), enqueued_at=now, ladder=TECH)


def test_an_empty_roster_keeps_callers_and_loses_none() -> None:
    matcher = Matcher()
    enter(matcher, "c", RELAXED, T)
    assert matcher.match(T + 1_000) == []
    assert len(matcher) == 1
    assert matcher.explain(CallId("c"), T) == []
    assert matcher.explain(CallId("x"), T) is None


def test_a_call_that_waits_already_is_refused() -> None:
    matcher = Matcher()
    enter(matcher, "c", TECH, T)
    with pytest.raises(ValueError, match="waits already"):
        enter(matcher, "c", TECH, T)


def test_facts_about_strangers_are_harmless() -> None:
    matcher = staffed(anna=skills(tech=5))
    matcher.leave(CallId("x"), T + 11)
    matcher.taken(CallId("x"), T + 11)
    matcher.busy(AgentId("x"), T + 11)
    matcher.log_out(AgentId("x"), T + 11)
    with pytest.raises(KeyError):
        matcher.free(AgentId("x"), T + 11, T + 11)


def test_new_skills_of_a_free_agent_are_used_at_once() -> None:
    matcher = staffed(anna=skills(tech=4))
    enter(matcher, "c", TECH, T + 20)
    assert matcher.match(T + 20) == []
    matcher.log_in(AgentId("anna"), skills(tech=5), T + 21)
    assert pairs(matcher.match(T + 21)) == [("c", "anna")]


def test_callers_can_move_to_another_matcher_with_clock_and_place() -> None:
    matcher = staffed(anna=skills(ru=5), boris=skills(ru=5, tech=9))
    matcher.busy(AgentId("boris"), T + 11)
    enter(matcher, "c", RELAXED, T + 20)
    matcher.match(T + 20)
    [item] = matcher.items(T + 30)
    assert (item.enqueued_at, item.clock_s) == (T + 20, 10.0)
    second = staffed(anna=skills(ru=5), boris=skills(ru=5, tech=9))
    second.busy(AgentId("boris"), T + 11)
    second.enter(item, T + 31)
    assert second.match(T + 31) == []
    assert pairs(second.match(T + 36)) == [("c", "anna")]


def test_a_decision_record_is_plain_json_values() -> None:
    matcher = staffed(anna=skills(ru=5, tech=9))
    enter(matcher, "c", RELAXED, T + 20, credit_s=30.0)
    [decision] = matcher.match(T + 22)
    detail = decision.record.detail()
    assert detail["needed"] == "ru>=3 and tech>=5"
    assert (detail["waited_s"], detail["score_s"], detail["free"]) == (2.0, 32.0, 1)
    assert decision.record.reason == "an agent was free"
