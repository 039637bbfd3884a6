"""What a run left behind: nothing, or it is named."""

import time
from dataclasses import dataclass, field

import psutil


@dataclass(slots=True)
class Remains:
    """Names of what still lived when all should have been over."""

    channels: list[str] = field(default_factory=list)
    bridges: list[str] = field(default_factory=list)
    processes: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, int]:
        """Count them, as reports print it."""
        return {
            "channels": len(self.channels),
            "bridges": len(self.bridges),
            "processes": len(self.processes),
        }


class Family:
    """Every process that ever was below us, seen by looking from time to time."""

    def __init__(self) -> None:
        self._seen: dict[tuple[int, float], psutil.Process] = {}
        self._looked_at = 0.0

    def look(self, *, every_s: float = 0.0) -> None:
        """Remember everybody below us now; reading /proc is not free, so not often."""
        if time.monotonic() < self._looked_at + every_s:
            return
        self._looked_at = time.monotonic()
        for process in psutil.Process().children(recursive=True):
            try:
                self._seen[process.pid, process.create_time()] = process
            except psutil.NoSuchProcess:
                continue

    def alive(self) -> list[str]:
        """Name those that still run, whoever their parent is now."""
        names = []
        for process in self._seen.values():
            try:
                if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                    names.append(f"{process.name()} ({process.pid})")
            except psutil.NoSuchProcess:
                continue
        return names
