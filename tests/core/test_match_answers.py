"""What the matcher says of waits, and how it shares agents with dialling."""

import pytest

from callengine.core.ids import AgentId, CallId
from callengine.core.match.blending import Blend, for_orders
from callengine.core.match.callers import WorkItem
from callengine.core.match.matcher import Matcher
from callengine.core.match.policy import Limits, Policy, Reserve
from callengine.core.match.relaxation import Drop, Ladder, Relax
from callengine.core.match.requirement import ANYBODY, least
from callengine.core.match.wait import mean_wait_s, rounded
from tests.support.match_kit import ladder, skills

T = 1_800_000_000.0
TECH = ladder(least("tech"))
TOYS = ladder(least("toys"))


def pool(calls: int = 40, **policy: Reserve) -> Matcher:
    """Two tech and two toys agents, busy, who handled calls of 100 s each."""
    matcher = Matcher(Policy(**policy))  # type: ignore[arg-type]
    for name, skill in (("a", "tech"), ("b", "tech"), ("c", "toys"), ("d", "toys")):
        matcher.log_in(AgentId(name), skills(**{skill: 5}), T)
    for number in range(calls):
        at = T + number * 200.0
        matcher.free(AgentId("a"), at, at)
        item = WorkItem(call=CallId(f"past-{number}"), enqueued_at=at, ladder=TECH)
        matcher.enter(item, at)
        assert matcher.match(at)
        matcher.taken(item.call, at)
        matcher.free(AgentId("a"), at + 100.0, at + 100.0)
        matcher.busy(AgentId("a"), at + 100.0)
    return matcher


def wait(matcher: Matcher, call: str, need: Ladder, at: float) -> None:
    """A caller comes and nobody is free."""
    item = WorkItem(call=CallId(call), enqueued_at=at, ladder=need)
    matcher.enter(item, at)
    assert matcher.match(at) == []


LATER = T + 10_000.0


def test_the_wait_is_told_as_a_range_around_place_times_handling_over_agents() -> None:
    matcher = pool(400)
    at = T + 100_000.0
    for number in range(4):
        wait(matcher, f"call-{number}", TECH, at + number)
    told = matcher.expected_wait(CallId("call-3"), at + 5)
    assert told is not None
    assert (told.ahead, told.agents) == (3.0, 2)
    # Four callers, two agents, and a handling time learned to be nearly 100 s.
    assert told.middle_s == pytest.approx(200.0, rel=0.1)
    assert told.low_s < told.middle_s < told.high_s


def test_callers_for_other_agents_do_not_count() -> None:
    matcher = pool()
    for number in range(5):
        wait(matcher, f"toys-{number}", TOYS, LATER + number)
    wait(matcher, "tech", TECH, LATER + 9)
    told = matcher.expected_wait(CallId("tech"), LATER + 9)
    assert told is not None
    assert told.ahead == 0.0


def test_callers_who_share_some_agents_count_for_their_share() -> None:
    matcher = pool()
    for number in range(4):
        wait(matcher, f"any-{number}", ladder(), LATER + number)
    wait(matcher, "tech", TECH, LATER + 9)
    told = matcher.expected_wait(CallId("tech"), LATER + 9)
    assert told is not None
    assert told.ahead == 2.0


def test_a_relaxed_caller_counts_once() -> None:
    matcher = pool()
    soft = ladder(least("tech"), relaxes=(Relax(after_s=5.0, give_up=Drop("*")),))
    wait(matcher, "relaxed", soft, LATER)
    assert matcher.match(LATER + 6) == []
    wait(matcher, "tech", TECH, LATER + 9)
    told = matcher.expected_wait(CallId("tech"), LATER + 9)
    assert told is not None
    assert told.ahead == 0.5


def test_nothing_is_said_when_data_are_thin_or_nobody_could_come() -> None:
    thin = pool(calls=19)
    wait(thin, "tech", TECH, LATER)
    assert thin.expected_wait(CallId("tech"), LATER) is None
    known = pool()
    wait(known, "piano", ladder(least("piano")), LATER)
    assert known.expected_wait(CallId("piano"), LATER) is None
    assert known.expected_wait(CallId("nobody"), LATER) is None
    wait(known, "tech", TECH, LATER)
    for name in ("a", "b"):
        known.busy(AgentId(name), LATER, away=True)
    assert known.expected_wait(CallId("tech"), LATER) is None


def test_nothing_is_said_to_a_caller_who_has_a_reservation() -> None:
    matcher = pool()
    matcher.free(AgentId("b"), LATER, LATER)
    matcher.enter(WorkItem(call=CallId("c"), enqueued_at=LATER, ladder=TECH), LATER)
    assert matcher.match(LATER)
    assert matcher.expected_wait(CallId("c"), LATER) is None


def test_callers_who_leave_shorten_the_wait() -> None:
    assert mean_wait_s(10, rate=0.1, impatience=0.0) == pytest.approx(100.0)
    assert mean_wait_s(10, rate=0.1, impatience=1 / 120) < 80.0
    assert mean_wait_s(1, rate=0.1, impatience=1e-12) == pytest.approx(10.0)


def test_seconds_are_said_in_steps_that_people_use() -> None:
    said = [rounded(s) for s in (3, 41, 60, 61, 179, 200, 590, 601)]
    assert said == [10, 50, 60, 90, 180, 240, 600, 900]


# --- dialling beside callers -------------------------------------------------------


def blended(free: str = "abcd") -> Matcher:
    """Agents free, and callers known to ask for both skills."""
    matcher = pool(reserve=Reserve(learned=False))
    wait(matcher, "t", TECH, LATER)
    wait(matcher, "y", TOYS, LATER)
    for call in ("t", "y"):
        matcher.leave(CallId(call), LATER)
    for name in free:
        matcher.free(AgentId(name), LATER, LATER)
    assert matcher.match(LATER) == []
    return matcher


def test_dialling_leaves_the_reserve_of_every_skill() -> None:
    matcher = blended()
    state = matcher.state
    assert for_orders(state, ANYBODY, Blend(keep=1.0), LATER) == 2
    assert for_orders(state, ANYBODY, Blend(keep=0.0), LATER) == 4
    assert for_orders(state, ANYBODY, Blend(keep=2.0), LATER) == 0
    assert for_orders(state, least("tech"), Blend(keep=1.0), LATER) == 1


def test_an_agent_with_two_skills_takes_from_both_reserves() -> None:
    matcher = blended(free="ac")
    matcher.log_in(AgentId("e"), skills(tech=5, toys=5), LATER)
    matcher.free(AgentId("e"), LATER, LATER)
    assert matcher.match(LATER) == []
    # One tech and one toys may go; the third would leave a skill without anybody.
    assert for_orders(matcher.state, ANYBODY, Blend(keep=1.0), LATER) in (1, 2)
    assert for_orders(matcher.state, ANYBODY, Blend(keep=2.0), LATER) == 0


def test_dialling_stops_while_callers_wait_whom_these_agents_could_serve() -> None:
    matcher = blended(free="ac")
    wait(matcher, "hard", ladder(least("tech", 9)), LATER)
    blend = Blend(keep=0.0)
    assert for_orders(matcher.state, ANYBODY, blend, LATER) == 2
    matcher.log_in(AgentId("f"), skills(tech=10), LATER)
    assert for_orders(matcher.state, ANYBODY, blend, LATER) == 0
    assert for_orders(matcher.state, least("toys"), blend, LATER) == 1
    never = Blend(keep=0.0, stop_at_waiting=0)
    assert for_orders(matcher.state, ANYBODY, never, LATER) == 2


@pytest.mark.parametrize(
    "make",
    [
        lambda: Policy(bands=(5, 8)),
        lambda: Policy(bands=(11,)),
        lambda: Policy(credit_cap_s=float("nan")),
        lambda: Policy(on_skill_credit_s=-1.0),
        lambda: Policy(candidates_kept=-1),
        lambda: Limits(occupancy_cap=0.0),
        lambda: Limits(occupancy_cap=1.5),
        lambda: Limits(calls_per_hour=0),
        lambda: Limits(window_s=0.0),
        lambda: Reserve(half_life_s=0.0),
        lambda: Reserve(handling_s=float("inf")),
    ],
)
def test_an_absurd_policy_is_refused(make: object) -> None:
    with pytest.raises(ValueError, match=r"not|is 0 to"):
        make()  # type: ignore[operator]
