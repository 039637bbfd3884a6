"""
Many runs of one world: over seeds, in parallel processes, with what they amount to.

Results do not depend on how many processes computed them.
"""

import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from math import pi, sqrt, tan
from statistics import NormalDist, fmean, stdev
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

Task = TypeVar("Task")
Result = TypeVar("Result")

Tick = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Interval:
    """
    A mean and how far the truth may be from it.

    Attributes:
        mean: of the samples.
        half_width: of the confidence interval; infinite with one sample.
        samples: how many there were.
    """

    mean: float
    half_width: float
    samples: int

    def __contains__(self, value: float) -> bool:
        return abs(value - self.mean) <= self.half_width

    @property
    def low(self) -> float:
        """The interval's lower end."""
        return self.mean - self.half_width

    @property
    def high(self) -> float:
        """The interval's upper end."""
        return self.mean + self.half_width


def run_all(
    work: Callable[[Task], Result],
    tasks: Sequence[Task],
    *,
    processes: int | None = None,
    label: str = "runs",
) -> list[Result]:
    """
    Do `work(task)` for each task and return the results in the order of the tasks.

    A progress bar is shown while standard error is a terminal.

    Args:
        work: a function of a module (it is sent to other processes).
        tasks: one argument each, e.g. (seed, policy).
        processes: how many at once; None for one per core, 1 for this process.

    Raises:
        Whatever `work` raised first; the runs that had not begun are dropped.
    """
    wanted = min(processes or os.cpu_count() or 1, max(1, len(tasks)))
    with progress(label, len(tasks)) as tick:
        if wanted == 1:
            return [_ticked(work, task, tick) for task in tasks]
        return _parallel(work, tasks, wanted, tick)


@contextmanager
def progress(label: str, total: int) -> Iterator[Tick]:
    """Show a bar on standard error if that is a terminal; yield its step."""
    console = Console(stderr=True)
    if not sys.stderr.isatty():
        yield lambda: None
        return
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console) as bar:
        row = bar.add_task(label, total=total)
        yield lambda: bar.advance(row)


def over_seeds(seed: int, count: int) -> list[int]:
    """Make `count` seeds from one, never the same for neighbouring `seed`s."""
    return [seed * 1_000_003 + index for index in range(count)]


def interval(samples: Sequence[float], *, confidence: float = 0.95) -> Interval:
    """
    Estimate a mean from independent samples (Student's t).

    Raises:
        ValueError: no samples.
    """
    if not samples:
        raise ValueError("no samples to take a mean of")
    count = len(samples)
    if count == 1:
        return Interval(samples[0], float("inf"), 1)
    spread = stdev(samples) / sqrt(count)
    return Interval(fmean(samples), student_t(confidence, count - 1) * spread, count)


def batch_means(
    series: Sequence[float], *, batches: int = 20, confidence: float = 0.95
) -> Interval:
    """
    Estimate a mean from one long, correlated series cut into batches.

    A remainder too short for the batches is left out at the beginning, where a
    world is still warming up.

    Raises:
        ValueError: fewer values than batches.
    """
    size = len(series) // batches
    if batches < 2 or size < 1:
        raise ValueError(f"{len(series)} values do not make {batches} batches")
    skipped = len(series) - size * batches
    means = [
        fmean(series[start : start + size])
        for start in range(skipped, len(series), size)
    ]
    return interval(means, confidence=confidence)


def student_t(confidence: float, freedom: int) -> float:
    """
    Find t with P(|T| <= t) = confidence for `freedom` degrees.

    Exact for 1 and 2 degrees; beyond, the Cornish-Fisher expansion corrects a
    normal quantile (error below 0.5 % from 3 degrees at 95 %).
    """
    upper = 0.5 + confidence / 2
    if freedom == 1:
        return tan(pi * (upper - 0.5))
    if freedom == 2:
        return (2 * upper - 1) * sqrt(2 / (4 * upper * (1 - upper)))
    z = NormalDist().inv_cdf(upper)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92_160,
    )
    shrink, total = 1.0, z
    for term in terms:
        shrink /= freedom
        total += term * shrink
    return total


def _ticked(work: Callable[[Task], Result], task: Task, tick: Tick) -> Result:
    result = work(task)
    tick()
    return result


def _parallel(
    work: Callable[[Task], Result], tasks: Sequence[Task], processes: int, tick: Tick
) -> list[Result]:
    # Spawned, not forked: the parent may have threads (a progress bar has).
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        futures: list[Future[Result]] = [pool.submit(work, task) for task in tasks]
        pending: set[Future[Result]] = set(futures)
        try:
            while pending:
                done, pending = wait(pending, return_when=FIRST_COMPLETED)
                for future in done:
                    future.result()
                    tick()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
        return [future.result() for future in futures]
