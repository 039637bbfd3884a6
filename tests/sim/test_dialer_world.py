"""The dialler's world agrees with closed forms and published figures, and adds up."""

from dataclasses import replace

import pytest

from sim.worlds.baselines_dialer import (
    Baseline,
    Clairvoyant,
    FixedRatio,
    Issabel,
    LookAhead,
    Progressive,
    ViciAdapt,
)
from sim.worlds.dialer import HOUR_S, DialerWorld, Policy, Tally
from sim.worlds.dialer_pacer import Predictive
from sim.worlds.dialer_people import COLD, SCENARIOS, WARM, Chances, People
from sim.worlds.dialer_reference import REFERENCE
from sim.worlds.dialer_truth import true_curves
from sim.worlds.kernel import Kernel


def live(
    policy: Policy, *, people: People = WARM, agents: int = 10, hours: float = 20
) -> Tally:
    """Run one world."""
    return DialerWorld(people, agents, policy, seed=7).run(hours * HOUR_S)


@pytest.mark.parametrize("people", [WARM, COLD], ids=lambda p: p.name)
def test_progressive_is_the_closed_form(people: People) -> None:
    """Idle per call is the time to an answer and all the failures before it."""
    work = Chances(people, Kernel(5).chance)
    fates = [work.fate() for _ in range(40_000)]
    answers = [f.after_s for f in fates if f.answered]
    failures = [f.after_s for f in fates if not f.answered]
    idle_s = (sum(answers) + sum(failures)) / len(answers)
    busy_s = people.talk_s + people.wrap_up_s
    tally = live(Progressive(), people=people, hours=60)
    assert tally.utilisation == pytest.approx(busy_s / (busy_s + idle_s), abs=0.008)
    assert tally.nuisances == 0


@pytest.mark.parametrize("people", [WARM, COLD], ids=lambda p: p.name)
def test_people_do_what_their_curves_say(people: People) -> None:
    talk, wrap_up, by, still = true_curves(people)
    work = Chances(people, Kernel(6).chance)
    count = 20_000
    fates = [work.fate() for _ in range(count)]
    answers = [f.after_s for f in fates if f.answered]
    others = [f.after_s for f in fates if not f.answered]
    talks = [work.talk_s() for _ in range(count)]
    wraps = [work.wrap_up_s() for _ in range(count)]
    assert len(answers) / count == pytest.approx(people.answered, abs=0.01)
    assert sum(talks) / count == pytest.approx(people.talk_s, rel=0.03)
    for s in (2, 8, 14, 25):
        assert sum(a <= s for a in answers) / len(answers) == pytest.approx(
            by[s], abs=0.015
        )
        assert sum(o > s for o in others) / len(others) == pytest.approx(
            still[s], abs=0.015
        )
    for s in (20, 100, 300):
        assert sum(t > s for t in talks) / count == pytest.approx(talk[s], abs=0.015)
        assert sum(w > s for w in wraps) / count == pytest.approx(wrap_up[s], abs=0.015)


@pytest.mark.parametrize(
    "policy",
    [
        Progressive,
        lambda: FixedRatio(2.0),
        lambda: Issabel(overcommit=True),
        lambda: Predictive(hang_up_after_s=15.0),
    ],
    ids=["progressive", "ratio", "issabel", "predictive"],
)
def test_every_attempt_and_every_second_is_accounted_for(policy: type) -> None:
    world = DialerWorld(WARM, 6, policy(), seed=3)
    tally = world.run(4 * HOUR_S)
    assert tally.answered == tally.served + tally.nuisances + len(world.held)
    assert tally.logged_in_s == pytest.approx(6 * 4 * HOUR_S)
    assert 0 < tally.talk_s < tally.busy_s < tally.logged_in_s
    unanswered = tally.attempts - tally.answered - len(world.lines) - tally.hung_up
    assert 0.4 * tally.attempts < unanswered + tally.hung_up < 0.6 * tally.attempts


def test_the_same_seed_is_the_same_day_and_another_is_not() -> None:
    def run(seed: int) -> Tally:
        return DialerWorld(WARM, 5, Predictive(), seed=seed).run(2 * HOUR_S)

    assert run(1) == run(1)
    assert run(1) != run(2)


@pytest.mark.parametrize("scenario", ["A", "B"])
def test_vicidial_is_where_the_table_has_it(scenario: str) -> None:
    people = SCENARIOS[scenario]
    reference = REFERENCE[scenario, 20]
    yes = live(ViciAdapt(available_only=True), people=people, agents=20, hours=45)
    no = live(ViciAdapt(available_only=False), people=people, agents=20, hours=45)
    assert yes.utilisation == pytest.approx(reference.vici_y, abs=0.012)
    assert no.utilisation == pytest.approx(reference.vici_n, abs=0.012)
    assert yes.nuisance_rate == pytest.approx(0.03, abs=0.004)
    assert no.nuisance_rate == pytest.approx(0.031, abs=0.004)


def test_a_fixed_ratio_is_where_the_table_has_it() -> None:
    tally = live(FixedRatio(2.0), agents=10, hours=50)
    assert tally.utilisation == pytest.approx(0.894, abs=0.008)
    assert tally.nuisance_rate == pytest.approx(0.114, abs=0.012)


def test_the_look_ahead_is_where_the_table_has_it() -> None:
    tally = live(LookAhead(WARM, target=0.03), agents=10, hours=50)
    assert tally.utilisation == pytest.approx(0.863, abs=0.01)
    assert tally.nuisance_rate == pytest.approx(0.03, abs=0.004)


def test_who_knows_every_fate_keeps_agents_busy_and_annoys_nobody() -> None:
    tally = live(Clairvoyant(), agents=10, hours=10)
    assert tally.utilisation > 0.97
    assert tally.nuisances == 0


def test_an_answered_customer_waits_two_seconds_and_no_more() -> None:
    class Two(Baseline):
        """Two attempts for one agent, once."""

        def look(self, world: DialerWorld) -> None:
            """Start at the very beginning."""
            if world.now == 0:
                world.start(2)

    sure = replace(WARM, answered=1.0, no_answer=0.0, busy=0.0)
    tally = live(Two(), people=sure, agents=1, hours=0.1)
    assert (tally.attempts, tally.served, tally.nuisances) == (2, 1, 1)


def test_hanging_up_ends_an_attempt_before_its_fate() -> None:
    class Impatient(Baseline):
        """Hang up on everybody after a second."""

        tick_s = 1.0

        def look(self, world: DialerWorld) -> None:
            """Take all back and start one."""
            for line in list(world.lines):
                world.hang_up(line)
            world.start(1)

    tally = live(Impatient(), agents=1, hours=0.1)
    assert tally.answered == 0
    assert tally.hung_up == tally.attempts - 1
