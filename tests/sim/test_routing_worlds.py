"""The simulated centre agrees with theory, with itself, and with other routers."""

from dataclasses import replace
from math import inf

import pytest

from callengine.core.match.relaxation import Drop, Relax
from sim.theory import birth_and_death, erlang_c_wait_s, mmck
from sim.worlds.baselines_routing import ByAppQueue, ByCallcenter, ByStrict
from sim.worlds.routing import CallClass, Centre, MakeRouter, RoutingWorld, Tally
from sim.worlds.routing_centres import one_pool, shop, spread_skills, wallace_whitt
from sim.worlds.routing_matcher import PLAIN, ByMatcher, Relaxing
from sim.worlds.routing_runs import Study, Task, figures_of, study
from sim.worlds.routing_studies import FIFO
from sim.worlds.runs import over_seeds

FIRST_COME = ByMatcher(Relaxing(), FIFO)
KEYS = ("blocked", "abandoned", "mean_wait_s", "occupancy")


def small(centre: Centre, make_router: MakeRouter = FIRST_COME) -> Study:
    """Run a centre over ten seeds."""
    tasks = [
        Task("row", centre, make_router, seed, calls=2_500, warm_up=500)
        for seed in over_seeds(3, 20)
    ]
    return study(tasks, processes=1)


def run(centre: Centre, make_router: MakeRouter, seed: int = 5) -> Tally:
    """Run a centre once."""
    return RoutingWorld(centre, make_router, seed).run(2_000, warm_up=200)


def test_waits_without_abandonment_are_those_of_erlang_c() -> None:
    found = small(one_pool(5, 0.7)).get("row", "mean_wait_s")
    theory_s = erlang_c_wait_s(5, 3.5, 180.0)
    assert found.mean == pytest.approx(theory_s, abs=1.5 * found.half_width)
    assert found.half_width < 0.2 * found.mean


def test_blocked_calls_with_few_places_are_those_of_theory() -> None:
    centre = replace(one_pool(4, 1.0), places=2)
    found = small(centre)
    theory = mmck(4, 6, 4.0 / 180.0, 180.0)
    for key, value in (
        ("blocked", theory.blocked),
        ("mean_wait_s", theory.mean_wait_s),
    ):
        measured = found.get("row", key)
        # Three standard errors: a true value is outside once in several hundred.
        assert measured.mean == pytest.approx(value, abs=1.5 * measured.half_width)
        assert measured.half_width < 0.06 * value


def test_abandonment_is_that_of_theory() -> None:
    centre = replace(one_pool(4, 1.1), patience_s=120.0)
    found = small(centre)
    theory = birth_and_death(
        agents=4,
        arrivals_per_s=4.4 / 180.0,
        service_s=180.0,
        patience_s=120.0,
        places=None,
    )
    for key, value in (("abandoned", theory.left), ("occupancy", theory.occupancy)):
        measured = found.get("row", key)
        assert measured.mean == pytest.approx(value, abs=1.5 * measured.half_width)
        assert measured.half_width < 0.1 * value


def test_a_seed_decides_everything() -> None:
    centre = shop(1)
    one, two, other = (run(centre, FIRST_COME, seed) for seed in (5, 5, 6))
    assert one == two
    assert one != other


def test_routers_under_one_seed_serve_the_very_same_callers() -> None:
    met: list[list[tuple[str, float, float]]] = []
    for maker in (FIRST_COME, ByAppQueue(15.0), ByCallcenter(5.0, True)):
        world = RoutingWorld(shop(2), maker, 9)
        people: list[tuple[str, float, float]] = []
        draw = world._draw

        def noting(people: list = people, draw=draw):  # type: ignore[no-untyped-def,type-arg]
            kind, service_s, patience_s = draw()
            people.append((kind.name, service_s, patience_s))
            return kind, service_s, patience_s

        world._draw = noting  # type: ignore[method-assign]
        world.run(500, warm_up=100)
        met.append(people)
    assert met[0] == met[1] == met[2]


def test_the_matcher_and_a_plain_list_agree_call_by_call() -> None:
    centre = replace(one_pool(6, 1.05, vip_share=0.3), patience_s=90.0)
    assert run(centre, FIRST_COME) == run(centre, ByStrict())
    priorities = replace(
        centre,
        classes=[replace(c, priority=1e6 * (c.name == "vip")) for c in centre.classes],
    )
    strict = replace(FIFO, credit_cap_s=1e7)
    ours = run(priorities, ByMatcher(Relaxing(), strict))
    assert ours == run(priorities, ByStrict())


def test_a_relaxing_matcher_and_tiers_that_open_agree_call_by_call() -> None:
    relaxes = (Relax(after_s=12.0, give_up=Drop("*")),)
    # Two groups of one agent: which of several off-skill agents helps cannot differ.
    agents = spread_skills(2, 1, 1, prefix="product.")
    centre = Centre(
        agents=agents,
        classes=[CallClass(name=s, skill=s) for s in ("product.0", "product.1")],
        load=1.6,
        service_s=180.0,
        off_skill_factor=1.25,
        patience_s=120.0,
    )
    ours = run(centre, ByMatcher(Relaxing(relaxes), FIFO))
    theirs = run(centre, ByCallcenter(12.0, True))
    assert figures_of(ours, 20.0) == pytest.approx(figures_of(theirs, 20.0))
    assert ours.off_skill > 100


def test_off_skill_service_takes_longer_and_is_counted() -> None:
    agents = {"only": {"product.1": 9}}
    centre = Centre(
        agents=agents,
        classes=[CallClass(name="c", skill="product.0")],
        load=0.1,
        service_s=100.0,
        off_skill_factor=1.5,
    )
    relaxes = (Relax(after_s=0.0, give_up=Drop("*")),)
    tally = run(centre, ByMatcher(Relaxing(relaxes), PLAIN))
    assert tally.off_skill == tally.answered > 0
    assert sum(tally.occupancies()) == pytest.approx(0.15, rel=0.1)


def test_a_swinging_load_swings_around_the_same_mean() -> None:
    level = run(one_pool(20, 0.5), FIRST_COME)
    centre = replace(one_pool(20, 0.5, swing=0.5), swing_s=600.0)
    swinging = run(centre, FIRST_COME)
    assert swinging.seconds == pytest.approx(level.seconds, rel=0.1)


def test_app_queue_serves_the_lowest_penalty_first_and_others_after_a_time() -> None:
    centre = shop(2)
    tally = run(centre, ByAppQueue())
    assert tally.off_skill == 0
    assert tally.on_best > 0.55 * tally.answered
    helped = run(centre, ByAppQueue(15.0))
    assert 0 < helped.off_skill < 0.3 * helped.answered


def test_tiers_of_mod_callcenter_open_one_after_the_other() -> None:
    quick = run(shop(2), ByCallcenter(5.0, everybody=True))
    slow = run(shop(2), ByCallcenter(60.0, everybody=True))
    assert quick.on_best < slow.on_best
    assert quick.waited == pytest.approx(slow.waited, rel=0.5)


def test_the_centres_are_those_of_the_studies() -> None:
    centre = wallace_whitt(2)
    assert len(centre.agents) == 90
    assert all(sorted(s.values()) == [9, 10] for s in centre.agents.values())
    held = [skill for skills in centre.agents.values() for skill in skills]
    assert {held.count(f"type.{n}") for n in range(6)} == {30}
    surge = shop(1, surge=True)
    assert [round(c.weight, 2) for c in surge.classes] == [0.4, 0.2, 0.2, 0.2]
    assert one_pool(3, 0.5).patience_s == inf


def test_a_control_takes_out_the_chance_in_the_load() -> None:
    runs = [{"load": 10.0 + n, "wait": 5.0 + 2.0 * n} for n in range(-6, 7)]
    found = Study({"row": [dict(r) for r in runs]}).controlled("row", "wait", 10.0)
    assert found.mean == pytest.approx(5.0)
    assert found.half_width == pytest.approx(0.0, abs=1e-9)
    shifted = Study({"row": [dict(r) for r in runs[3:]]})
    assert shifted.controlled("row", "wait", 10.0).mean == pytest.approx(5.0)


def test_paired_runs_tell_small_differences() -> None:
    one = [{"x": 100.0 * n + 1.0} for n in range(8)]
    two = [{"x": 100.0 * n} for n in range(8)]
    gain = Study({"one": one, "two": two}).difference("one", "two", "x")
    assert (gain.mean, gain.half_width) == (1.0, 0.0)
