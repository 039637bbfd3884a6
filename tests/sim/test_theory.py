"""The oracle agrees with published figures, with closed forms and with a world."""

from math import inf, isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import theory
from sim.worlds.kernel import Kernel
from sim.worlds.runs import interval

# Erlang B at 3 % blocking: offered load (the table of any traffic handbook).
AT_THREE_PERCENT = [(1, 0.031), (3, 0.715), (5, 1.875), (10, 5.529), (50, 41.933)]


@pytest.mark.parametrize(("agents", "load"), AT_THREE_PERCENT)
def test_erlang_b_matches_the_published_loads(agents: int, load: float) -> None:
    assert theory.load_for_blocking(agents, 0.03) == pytest.approx(load, abs=0.001)


def test_erlang_c_matches_the_closed_form_of_one_and_two_agents() -> None:
    assert theory.erlang_c(1, 0.7) == pytest.approx(0.7)
    assert theory.erlang_c(2, 1.5) == pytest.approx(1.5**2 / (1.5 + 2))
    assert theory.erlang_c(3, 3.0) == 1.0
    assert theory.erlang_c_wait_s(3, 3.0, 60) == inf
    assert theory.erlang_c_within(3, 3.0, 60, 20) == 0.0


def test_a_line_of_120_places_and_90_agents_blocks_a_fifth_of_a_percent() -> None:
    line = theory.mmck(90, 120, 82.5 / 600, 600)
    assert line.blocked == pytest.approx(0.0020, abs=0.0002)
    assert line.mean_wait_s == pytest.approx(19.3, abs=0.3)


@given(agents=st.integers(1, 200), load=st.floats(0.01, 300))
def test_a_line_without_places_to_wait_is_erlang_b(agents: int, load: float) -> None:
    line = theory.mmck(agents, agents, load / 60, 60)
    assert isclose(line.blocked, theory.erlang_b(agents, load), abs_tol=1e-12)
    assert line.mean_queue == 0


@given(agents=st.integers(1, 100), share=st.floats(0.01, 0.98))
def test_endless_patience_is_erlang_c(agents: int, share: float) -> None:
    load = agents * share
    line = theory.birth_and_death(agents, load / 120, 120, patience_s=inf, places=None)
    assert isclose(
        line.waits, theory.erlang_c(agents, load), rel_tol=1e-6, abs_tol=1e-9
    )
    wait_s = theory.erlang_c_wait_s(agents, load, 120)
    assert isclose(line.mean_wait_s, wait_s, rel_tol=1e-5, abs_tol=1e-9)
    assert line.left == 0


@given(
    agents=st.integers(1, 300),
    load=st.floats(0.1, 600),
    patience_s=st.floats(1, 3600),
)
def test_who_enters_is_served_or_leaves(
    agents: int, load: float, patience_s: float
) -> None:
    line = theory.erlang_a(agents, load / 100, 100, patience_s)
    served_per_s = line.occupancy * agents / 100
    assert isclose(served_per_s, load / 100 * (1 - line.left), rel_tol=1e-6)


def test_absurd_questions_are_refused() -> None:
    with pytest.raises(ValueError, match="grows for ever"):
        theory.birth_and_death(2, 1, 10, patience_s=inf, places=None)
    with pytest.raises(ValueError, match="do not seat"):
        theory.mmck(5, 4, 1, 1)
    with pytest.raises(ValueError, match="make no sense"):
        theory.erlang_b(-1, 1)
    with pytest.raises(ValueError, match="outside"):
        theory.agents_needed(3, 100, share=1.0, within_s=20)
    with pytest.raises(ValueError, match="outside"):
        theory.load_for_blocking(3, 0)


def test_the_fewest_agents_for_eighty_percent_in_twenty_seconds() -> None:
    agents = theory.agents_needed(10, 180, share=0.8, within_s=20)
    assert theory.erlang_c_within(agents, 10, 180, 20) >= 0.8
    assert theory.erlang_c_within(agents - 1, 10, 180, 20) < 0.8


def _erlang_a_by_simulation(seed: int) -> tuple[float, float]:
    """Six agents, 100 s of service, 60 s of patience: (left, mean wait)."""
    world = Kernel(seed)
    chance = world.chance
    waiting: dict[int, object] = {}
    figures = {"offered": 0, "left": 0, "waited_s": 0.0, "busy": 0}
    since: dict[int, float] = {}

    def arrive() -> None:
        world.after(chance.expovariate(1 / 18), arrive)
        caller = int(figures["offered"])
        figures["offered"] += 1
        if figures["busy"] < 6:
            serve()
            return
        since[caller] = world.now
        waiting[caller] = world.after(chance.expovariate(1 / 60), leave, caller)

    def serve() -> None:
        figures["busy"] += 1
        world.after(chance.expovariate(1 / 100), done)

    def leave(caller: int) -> None:
        del waiting[caller]
        figures["left"] += 1
        figures["waited_s"] += world.now - since.pop(caller)

    def done() -> None:
        figures["busy"] -= 1
        if waiting:
            caller, patience = next(iter(waiting.items()))
            del waiting[caller]
            world.cancel(patience)  # type: ignore[arg-type]
            figures["waited_s"] += world.now - since.pop(caller)
            serve()

    arrive()
    world.run(until=100_000)
    offered = figures["offered"]
    return figures["left"] / offered, figures["waited_s"] / offered


def test_a_simulated_line_agrees_with_erlang_a_within_its_own_interval() -> None:
    runs = [_erlang_a_by_simulation(seed) for seed in range(8)]
    line = theory.erlang_a(6, 1 / 18, 100, 60)
    assert line.left in interval([left for left, _ in runs], confidence=0.999)
    assert line.mean_wait_s in interval([wait for _, wait in runs], confidence=0.999)
