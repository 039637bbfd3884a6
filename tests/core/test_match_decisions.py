"""Which agent, which caller, and what gives way: the rules one by one."""

import math

import pytest

from callengine.core.ids import AgentId, CallId
from callengine.core.match.callers import WorkItem
from callengine.core.match.policy import AgentKey, Policy, Reserve
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


# --- which agent -------------------------------------------------------------------


def test_the_better_level_band_comes_before_the_longer_idle() -> None:
    matcher = staffed(anna=skills(tech=5), boris=skills(tech=9))
    enter(matcher, "c", TECH, T + 20)
    [decision] = matcher.match(T + 20)
    assert decision.agent == "boris"
    assert [(c.agent, c.band) for c in decision.record.candidates] == [
        ("boris", 0),
        ("anna", 1),
    ]


def test_within_a_band_the_longest_idle_comes_first() -> None:
    matcher = staffed(anna=skills(tech=8), boris=skills(tech=10))
    enter(matcher, "c", TECH, T + 20)
    [decision] = matcher.match(T + 20)
    assert decision.agent == "anna"
    assert decision.record.idle_s == 20.0


def test_the_rare_skill_is_kept_free_if_the_policy_says_so() -> None:
    rare_first = Policy(bands=(), agents=(AgentKey.RARE, AgentKey.IDLE))
    team = {
        "anna": skills(tech=8, piano=3),
        "boris": skills(tech=8, toys=3),
        "vera": skills(toys=3),
    }
    matcher = staffed(rare_first, **team)
    enter(matcher, "c", TECH, T + 20)
    assert pairs(matcher.match(T + 20)) == [("c", "boris")]


def test_the_skill_that_free_agents_cover_best_is_given_away() -> None:
    spare = Policy(
        bands=(),
        agents=(AgentKey.SPARE, AgentKey.IDLE),
        reserve=Reserve(learned=False),
    )
    team = {
        "anna": skills(tech=8, piano=3),
        "boris": skills(tech=8, toys=3),
        "vera": skills(toys=3),
    }
    matcher = staffed(spare, **team)
    for name in ("piano", "toys"):
        enter(matcher, name, ladder(least(name, 9)), T + 11)
        matcher.leave(CallId(name), T + 12)
    enter(matcher, "c", TECH, T + 20)
    assert pairs(matcher.match(T + 20)) == [("c", "boris")]


def test_a_skill_nobody_asks_for_holds_nobody_back() -> None:
    spare = Policy(
        bands=(),
        agents=(AgentKey.SPARE, AgentKey.IDLE),
        reserve=Reserve(learned=False),
    )
    team = {
        "anna": skills(tech=8, piano=3),
        "boris": skills(tech=8, toys=3),
        "vera": skills(toys=3),
    }
    matcher = staffed(spare, **team)
    enter(matcher, "toys", ladder(least("toys", 9)), T + 11)
    matcher.leave(CallId("toys"), T + 12)
    enter(matcher, "c", TECH, T + 20)
    assert pairs(matcher.match(T + 20)) == [("c", "anna")]


def test_equal_idle_steps_let_the_next_key_decide() -> None:
    policy = Policy(bands=(), agents=(AgentKey.IDLE, AgentKey.RARE), idle_step_s=60.0)
    matcher = staffed(policy, anna=skills(tech=8, piano=3), boris=skills(tech=8))
    enter(matcher, "c", TECH, T + 20)
    assert pairs(matcher.match(T + 20)) == [("c", "boris")]


def test_an_agent_without_the_skill_is_never_taken() -> None:
    matcher = staffed(anna=skills(tech=4))
    enter(matcher, "c", TECH, T + 20)
    assert matcher.match(T + 10_000) == []
    assert matcher.explain(CallId("c"), T + 30) == [("anna", "lacks tech>=5 (has 4)")]


# --- which caller ------------------------------------------------------------------


def test_the_longest_waiting_caller_is_first_and_credit_counts_as_waiting() -> None:
    matcher = staffed(Policy(credit_cap_s=60.0), anna=skills(tech=8))
    matcher.busy(AgentId("anna"), T + 11)
    enter(matcher, "old", TECH, T + 20)
    enter(matcher, "vip", TECH, T + 70, credit_s=1e9)
    enter(matcher, "new", TECH, T + 80)
    order = [pairs(busy_then_free(matcher, "anna", T + n))[0][0] for n in (90, 95, 99)]
    # The cap makes a million seconds sixty: ten more than the head start of `old`.
    assert order == ["vip", "old", "new"]


def test_credit_is_worth_no_more_than_the_cap() -> None:
    matcher = staffed(Policy(credit_cap_s=40.0), anna=skills(tech=8))
    matcher.busy(AgentId("anna"), T + 11)
    enter(matcher, "old", TECH, T + 20)
    enter(matcher, "vip", TECH, T + 70, credit_s=1e9)
    assert pairs(busy_then_free(matcher, "anna", T + 90)) == [("old", "anna")]


def test_of_callers_who_come_together_the_older_one_is_first() -> None:
    matcher = staffed(anna=skills(tech=8))
    enter(matcher, "new", TECH, T + 20)
    old = WorkItem(call=CallId("old"), enqueued_at=T + 1, ladder=TECH)
    matcher.enter(old, T + 20)
    assert pairs(matcher.match(T + 20)) == [("old", "anna")]


def test_a_credit_within_the_age_difference_does_not_jump_the_line() -> None:
    matcher = staffed(anna=skills(tech=8))
    matcher.busy(AgentId("anna"), T + 11)
    enter(matcher, "old", TECH, T + 20)
    enter(matcher, "vip", TECH, T + 90, credit_s=60.0)
    assert pairs(busy_then_free(matcher, "anna", T + 95)) == [("old", "anna")]


def test_a_callers_own_agent_serves_on_skill_callers_first_within_the_credit() -> None:
    relaxed = ladder(least("toys"), relaxes=(Relax(after_s=5.0, give_up=Drop("*")),))
    for credit_s, first in ((30.0, "own"), (10.0, "other")):
        matcher = staffed(Policy(on_skill_credit_s=credit_s), anna=skills(tech=8))
        matcher.busy(AgentId("anna"), T + 11)
        enter(matcher, "other", relaxed, T + 20)
        enter(matcher, "own", TECH, T + 40)
        [decision] = busy_then_free(matcher, "anna", T + 50)
        assert decision.call == first


def test_the_record_names_the_callers_passed_over() -> None:
    matcher = staffed(anna=skills(tech=8))
    matcher.busy(AgentId("anna"), T + 11)
    enter(matcher, "a", TECH, T + 20)
    enter(matcher, "b", ladder(), T + 30)
    [decision] = busy_then_free(matcher, "anna", T + 40)
    assert decision.record.sought == "caller"
    assert [r.call for r in decision.record.rivals] == ["b"]
    assert decision.record.detail()["rivals"][0]["waited_s"] == 10.0


def test_priority_can_change_while_waiting() -> None:
    matcher = staffed(anna=skills(tech=8))
    matcher.busy(AgentId("anna"), T + 11)
    enter(matcher, "a", TECH, T + 20)
    enter(matcher, "b", TECH, T + 30)
    matcher.set_credit(CallId("b"), 60.0, T + 31)
    assert pairs(busy_then_free(matcher, "anna", T + 40)) == [("b", "anna")]
    with pytest.raises(ValueError, match="finite"):
        matcher.set_credit(CallId("a"), math.nan, T + 41)


def test_a_callback_that_comes_again_has_its_old_place() -> None:
    matcher = staffed(anna=skills(tech=8))
    matcher.busy(AgentId("anna"), T + 11)
    enter(matcher, "a", TECH, T + 20)
    back = WorkItem(call=CallId("back"), enqueued_at=T + 5, ladder=TECH)
    matcher.enter(back, T + 60)
    assert pairs(busy_then_free(matcher, "anna", T + 70)) == [("back", "anna")]


# --- relaxation --------------------------------------------------------------------


def test_a_lower_level_will_do_after_the_first_step_and_none_after_the_second() -> None:
    matcher = staffed(
        anna=skills(ru=5, tech=9), boris=skills(ru=5, tech=3), vera=skills(ru=5)
    )
    matcher.busy(AgentId("anna"), T + 11)
    enter(matcher, "a", RELAXED, T + 20)
    enter(matcher, "b", RELAXED, T + 21)
    assert matcher.match(T + 21) == []
    assert matcher.next_due() == T + 28
    [first] = matcher.match(T + 28)
    assert (first.call, first.agent, first.record.way) == ("a", "boris", Way.RELAXED)
    assert first.record.relaxed == "tech>=5 lowered to tech>=3: waited 8 s"
    [second] = matcher.match(T + 36)
    assert pairs([second]) == [("b", "vera")]
    assert second.record.off_skill


def test_a_hard_skill_is_never_relaxed() -> None:
    matcher = staffed(anna=skills(tech=9), boris=skills(ru=2, tech=9))
    enter(matcher, "c", RELAXED, T + 20)
    assert matcher.match(T + 100_000) == []


def test_a_step_nobody_logged_in_can_serve_is_skipped_at_once() -> None:
    matcher = staffed(anna=skills(ru=5))
    enter(matcher, "c", RELAXED, T + 20)
    [decision] = matcher.match(T + 20)
    assert decision.record.step == 2
    assert decision.record.relaxed.endswith("no agent logged in meets more")


def test_a_paused_agent_who_could_serve_keeps_the_step_from_being_skipped() -> None:
    matcher = staffed(anna=skills(ru=5), boris=skills(ru=5, tech=9))
    matcher.busy(AgentId("boris"), T + 11, away=True)
    enter(matcher, "c", RELAXED, T + 20)
    assert matcher.match(T + 20) == []
    matcher.log_out(AgentId("boris"), T + 22)
    assert pairs(matcher.match(T + 22)) == [("c", "anna")]


def test_a_caller_nobody_can_serve_is_served_by_the_first_able_one_who_logs_in() -> (
    None
):
    matcher = staffed(anna=skills(uk=5))
    enter(matcher, "c", RELAXED, T + 20)
    assert matcher.match(T + 60) == []
    matcher.log_in(AgentId("boris"), skills(ru=4), T + 70)
    matcher.free(AgentId("boris"), T + 70, T + 70)
    assert pairs(matcher.match(T + 70)) == [("c", "boris")]


def test_the_clock_of_relaxation_stands_while_a_reservation_is_out() -> None:
    matcher = staffed(anna=skills(ru=5, tech=9), boris=skills(ru=5))
    enter(matcher, "c", RELAXED, T + 20)
    assert pairs(matcher.match(T + 20)) == [("c", "anna")]
    matcher.busy(AgentId("anna"), T + 35, away=True)
    matcher.missed(CallId("c"), T + 35, exclude=False)
    assert matcher.match(T + 35) == []
    assert matcher.match(T + 49.9) == []
    assert pairs(matcher.match(T + 50.0)) == [("c", "boris")]
