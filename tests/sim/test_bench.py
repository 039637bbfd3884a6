"""The benchmark's arithmetic."""

from typing import Any

import pytest

from sim.bench.climb import Climb
from sim.bench.measures import SETTLED_S, Waiting, free_to_ring_ms, setup_ms
from sim.bench.report import APP_QUEUE, ENGINE, StepFigures, build_report
from sim.bench.roster import FEW, GROUPS, MANY, provision, shops_toml
from sim.sipp.stats import Moment


def climb_to_the_end(limit: float, first: float = 20, stride: float = 20) -> float:
    climb = Climb(first=first, stride=stride)
    for _ in range(100):
        if climb.over:
            return climb.best
        climb.tell(calls=1000, failed=0 if climb.rate <= limit else 5)
    raise AssertionError("the climb does not end")


@pytest.mark.parametrize(("limit", "best"), [(90, 80), (20, 20), (10, 0)])
def test_a_climb_ends_at_the_highest_rate_carried(limit: float, best: float) -> None:
    assert climb_to_the_end(limit) == best


def test_one_hiccup_is_not_a_limit_and_two_are() -> None:
    climb = Climb(first=20, stride=20)
    climb.tell(calls=1000, failed=100)
    assert (climb.rate, climb.over) == (20, False)
    climb.tell(calls=1000, failed=0)
    assert (climb.rate, climb.best) == (40, 20)
    climb.tell(calls=1000, failed=1)  # one in a thousand is not less than that
    climb.tell(calls=1000, failed=1)
    assert climb.over
    with pytest.raises(ValueError, match="over"):
        climb.tell(calls=1000, failed=0)


def test_a_step_without_calls_carries_nothing() -> None:
    climb = Climb(first=20, stride=20)
    climb.tell(calls=0, failed=0)
    assert climb.best == 0


def called(who: str, at: float) -> Moment:
    return Moment("called", who, at)


def rang(agent: str, at: float, caller: str) -> Moment:
    return Moment("rang", agent, at, caller)


def test_setup_is_from_the_callers_invite_to_the_first_ring_anywhere() -> None:
    callers = [called("+1", 10.0), called("+2", 11.0), called("+3", 12.0)]
    agents = [rang("a", 10.05, "+1"), rang("b", 10.5, "+1"), rang("a", 11.2, "+2")]
    assert setup_ms(callers, agents) == pytest.approx([50, 200])


def queue_of(count: int, *, since: float) -> list[Moment]:
    return [called(f"+{n}", since) for n in range(count)]


def test_a_freed_agents_next_ring_counts_while_callers_wait() -> None:
    callers = queue_of(5, since=1.0)
    agents = [
        rang("a", 1.2, "+0"),
        Moment("left", "a", 3.0, "+0"),
        rang("b", 3.5, "+1"),
        rang("a", 3.02, "+2"),
        rang("a", 9.0, "+3"),
    ]
    assert free_to_ring_ms(callers, agents) == pytest.approx([20])


def test_a_freed_agent_whom_nobody_waits_for_does_not_count() -> None:
    callers = queue_of(3, since=1.0)
    agents = [
        rang("a", 1.2, "+0"),
        Moment("left", "a", 3.0, "+0"),
        rang("a", 30.0, "+1"),
    ]
    assert free_to_ring_ms(callers, agents) == []


def test_callers_wait_from_when_they_settled_until_they_are_rung() -> None:
    waiting = Waiting(queue_of(2, since=1.0), [rang("a", 2.0, "+0")])
    settled = 1.0 + SETTLED_S
    assert [waiting.at(t) for t in (1.0, settled + 0.01, 2.01, 50.0)] == [0, 2, 1, 1]


def step(system: str, rate: float, **changes: Any) -> StepFigures:
    values: dict[str, Any] = {
        "system": system,
        "rate": rate,
        "calls": 100,
        "failed": 0,
        "carried": True,
        "setup_ms": (10.0, 20.0),
        "cpu_ms": {"asterisk": 1000.0, "engine": 500.0, "sipp_agents": 9000.0},
    }
    return StepFigures(**{**values, **changes})


def report_of(steps: list[StepFigures], **best: float) -> dict[str, Any]:
    return build_report(
        steps,
        {ENGINE: best["engine"], APP_QUEUE: best["app_queue"]},
        {ENGINE: [10.0, 40.0], APP_QUEUE: [500.0]},
        seed=1,
        version="0",
        wall_s=1,
    )


def test_both_are_compared_at_the_highest_rate_that_both_carried() -> None:
    asterisk_alone = {"asterisk": 2000.0, "engine": 0.0}
    steps = [
        step(ENGINE, 20),
        step(APP_QUEUE, 20, cpu_ms=asterisk_alone),
        step(ENGINE, 40, carried=False),
        step(APP_QUEUE, 40, cpu_ms=asterisk_alone),
    ]
    report = report_of(steps, engine=20, app_queue=40)
    assert report["compared_at_cps"] == 20
    assert report["engine"]["cpu_ms_per_call"] == 15
    assert report["cps_ratio"] == 0.5
    assert report["cpu_ratio"] == 0.75
    assert report["engine"]["free_to_ring_ms"] == {"p50": 10.0, "p99": 40.0}
    assert report["ok"] is False


def test_an_engine_as_good_as_its_peer_passes() -> None:
    steps = [step(ENGINE, 20), step(APP_QUEUE, 20)]
    assert report_of(steps, engine=20, app_queue=20)["ok"] is True


def test_with_nothing_carried_the_report_says_so_and_fails() -> None:
    report = report_of([step(ENGINE, 20, carried=False)], engine=0, app_queue=0)
    assert report["cps_ratio"] is None
    assert report["ok"] is False


def test_engine_and_asterisk_are_given_the_same_roster() -> None:
    made = provision(GROUPS, "127.0.0.1:5090")
    logins = {account.login for account in made.accounts}
    assert len(logins) == MANY.agents + FEW.agents
    assert made.contacts.keys() == logins
    text = shops_toml()
    assert all(f'login = "{login}"' in text for login in logins)
    assert {queue.name: len(queue.members) for queue in made.queues} == {
        MANY.queue: MANY.agents,
        FEW.queue: FEW.agents,
    }
