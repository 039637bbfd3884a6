"""A world is decided by its seed; runs add up the same however they are computed."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.worlds.kernel import Kernel
from sim.worlds.runs import (
    batch_means,
    interval,
    over_seeds,
    run_all,
    student_t,
)


@given(delays=st.lists(st.floats(0, 100), max_size=30))
def test_events_come_in_order_of_time_and_then_of_scheduling(
    delays: list[float],
) -> None:
    world = Kernel(1)
    seen: list[tuple[float, int]] = []
    for index, delay_s in enumerate(delays):
        world.after(delay_s, lambda i: seen.append((world.now, i)), index)
    world.run(until=100)
    assert seen == sorted((d, i) for i, d in enumerate(delays))
    assert world.performed == len(delays)
    assert world.now == 100


def test_a_cancelled_event_does_not_happen_and_a_performed_one_is_left_alone() -> None:
    world = Kernel(1)
    seen: list[str] = []
    kept = world.after(1, seen.append, "kept")
    world.cancel(world.after(2, seen.append, "cancelled"))
    world.cancel(None)
    assert len(world) == 1
    world.run(until=1.5)
    world.cancel(kept)
    world.run(until=3)
    assert seen == ["kept"]


def test_the_past_and_no_number_at_all_are_refused() -> None:
    world = Kernel(1, start=10)
    for when in (9.9, float("nan")):
        with pytest.raises(ValueError, match="before"):
            world.at(when, print)


def test_streams_of_one_seed_are_the_same_again_and_differ_by_name() -> None:
    first, again = Kernel(7).stream("talk"), Kernel(7).stream("talk")
    other = Kernel(7).stream("wrap_up")
    drawn = [first.random() for _ in range(5)]
    assert drawn == [again.random() for _ in range(5)]
    assert drawn != [other.random() for _ in range(5)]


def squared(number: int) -> int:
    """Stand for a world in another process."""
    if number < 0:
        raise ValueError("a world that fails")
    return number * number


def test_results_keep_the_order_of_their_tasks_in_one_process_or_two() -> None:
    tasks = over_seeds(0, 6)
    alone = run_all(squared, tasks, processes=1)
    assert alone == run_all(squared, tasks, processes=2) == [t * t for t in tasks]
    assert run_all(squared, []) == []


def test_a_run_that_fails_ends_the_others_with_its_error() -> None:
    with pytest.raises(ValueError, match="a world that fails"):
        run_all(squared, [1, -1, 2], processes=2)


@pytest.mark.parametrize(
    ("freedom", "t"), [(1, 12.706), (2, 4.303), (3, 3.182), (9, 2.262), (99, 1.984)]
)
def test_students_t_is_the_handbooks(freedom: int, t: float) -> None:
    assert student_t(0.95, freedom) == pytest.approx(t, rel=0.005)


def test_an_interval_needs_two_samples_to_say_anything() -> None:
    assert interval([3.0]).half_width == inf
    with pytest.raises(ValueError, match="no samples"):
        interval([])
    found = interval([1.0, 2.0, 3.0])
    assert found.mean == 2
    assert found.low == pytest.approx(2 - 4.303 / 3**0.5, rel=0.001)
    assert found.high == pytest.approx(2 + 4.303 / 3**0.5, rel=0.001)


def test_batches_of_a_correlated_series_are_wider_than_its_values_taken_alone() -> None:
    world = Kernel(3)
    value, series = 0.0, []
    for _ in range(4000):
        value = 0.95 * value + world.chance.gauss(0, 1)
        series.append(value)
    assert batch_means(series).half_width > 3 * interval(series).half_width
    with pytest.raises(ValueError, match="do not make"):
        batch_means([1.0], batches=2)
