"""Processor time of processes and everything below them."""

from collections.abc import Iterable, Mapping

import psutil


class CpuMeter:
    """
    Processor time used since the meter was made, per named group of processes.

    A process that ended since then no longer counts, so use it on those that live on.
    """

    def __init__(self, groups: Mapping[str, Iterable[int]]) -> None:
        self._groups = {name: list(pids) for name, pids in groups.items()}
        self._before = self._read()

    def used_ms(self) -> dict[str, float]:
        """Tell the milliseconds of user and system time of each group."""
        now = self._read()
        return {name: (now[name] - self._before[name]) * 1000.0 for name in now}

    def _read(self) -> dict[str, float]:
        return {name: sum(map(_family_s, pids)) for name, pids in self._groups.items()}


def _family_s(pid: int) -> float:
    try:
        top = psutil.Process(pid)
        family = [top, *top.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0.0
    return sum(map(_own_s, family))


def _own_s(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)
