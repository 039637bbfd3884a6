"""Endurance: what is leaked and what only fluctuates."""

from typing import Any

import pytest

from sim.soak.health import (
    TaskProcessors,
    Vitals,
    growth_per_hour,
    read_task_processors,
)
from sim.soak.run import Watched, growth, leaked

PRINTED = """\

Processor       Processed   In Queue  Max Depth  Low water High water Low time High time
CCSS_core               0          0          0        450        500        0         0
taskpool/s:two       8123          3         41       2700       3000        0         1

2 taskprocessors

"""
NONE_LEFT = {"channels": 0, "bridges": 0, "processes": 0}


def test_asterisks_queues_are_counted_with_what_waits_in_them() -> None:
    assert read_task_processors(PRINTED) == TaskProcessors(count=2, queued=3)


@pytest.mark.parametrize("text", ["Unable to connect\n", PRINTED.replace("3  ", "- ")])
def test_a_table_that_cannot_be_read_is_not_taken_for_an_idle_one(text: str) -> None:
    with pytest.raises(ValueError, match="not a table"):
        read_task_processors(text)


def test_growth_is_the_slope_per_hour() -> None:
    samples = [(float(at), 100 + at / 360) for at in range(0, 600, 10)]
    assert growth_per_hour(samples) == pytest.approx(10)


def test_two_looks_are_no_growth() -> None:
    assert growth_per_hour([(0, 1), (1, 2)]) is None


def test_what_is_filled_in_the_beginning_is_not_growth() -> None:
    filling = [(float(n), Vitals(10.0 * n, 1)) for n in range(10)]
    steady = [(float(n), Vitals(100.0, 1)) for n in range(10, 40)]
    assert growth(filling + steady) == 0


def watched(**changes: Any) -> Watched:
    seen = Watched(
        engine=[(0, Vitals(100, 40)), (1, Vitals(100, 60)), (2, Vitals(100, 45))],
        asterisk=[(0, Vitals(100, 30)), (2, Vitals(100, 29))],
        before=TaskProcessors(80, 0),
        after=TaskProcessors(81, 0),
    )
    for name, value in changes.items():
        setattr(seen, name, value)
    return seen


def test_only_what_is_more_at_rest_than_before_is_leaked() -> None:
    assert leaked(watched(), NONE_LEFT) == NONE_LEFT | {
        "queued_tasks": 0,
        "task_processors": 1,
        "engine_files": 5,
        "asterisk_files": 0,
    }


def test_work_that_waits_at_rest_is_leaked() -> None:
    seen = watched(after=TaskProcessors(80, 7))
    assert leaked(seen, NONE_LEFT)["queued_tasks"] == 7
