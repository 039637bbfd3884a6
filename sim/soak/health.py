"""How a system feels: memory, open files, what Asterisk still has to do."""

import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

_ROW = re.compile(r"^(\S+)\s+(\d+)\s+(\d+)\s+(\d+)(?:\s+\d+){2,}\s*$", re.MULTILINE)
_TOTAL = re.compile(r"^(\d+) taskprocessors", re.MULTILINE)
_MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Vitals:
    """One look at a process and all below it."""

    memory_mb: float
    files: int


@dataclass(frozen=True, slots=True)
class TaskProcessors:
    """Asterisk's queues of work: how many there are, how much waits in them."""

    count: int
    queued: int


def vitals(pid: int) -> Vitals:
    """Add up a process and its children; zeros once it is gone."""
    memory, files = 0, 0
    try:
        top = psutil.Process(pid)
        for process in (top, *top.children(recursive=True)):
            memory += process.memory_info().rss
            files += process.num_fds()
    except psutil.NoSuchProcess:
        return Vitals(0.0, 0)
    return Vitals(memory / _MB, files)


def read_task_processors(text: str) -> TaskProcessors:
    """
    Read what `core show taskprocessors` printed.

    Raises `ValueError` when the rows are not as many as Asterisk says: a table that
    cannot be read must not pass for one without work.
    """
    rows = _ROW.findall(text)
    total = _TOTAL.search(text)
    if total is None or int(total[1]) != len(rows):
        raise ValueError(f"not a table of task processors: {text[:200]!r}")
    return TaskProcessors(len(rows), sum(int(queued) for _, _, queued, _ in rows))


def growth_per_hour(samples: Sequence[tuple[float, float]]) -> float | None:
    """
    Fit a line through (seconds, value) samples; its slope per hour.

    None with fewer than three samples: two points always make a line.
    """
    if len(samples) < 3:
        return None
    seconds, values = zip(*samples, strict=True)
    return statistics.linear_regression(seconds, values).slope * 3600.0
