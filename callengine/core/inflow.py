"""How many calls come in, as a rate that fades: the recent count most."""

from math import exp

from callengine.core.ids import Instant

_MEMORY_S = 900.0


class Inflow:
    """Arrivals of a pool."""

    __slots__ = ("_at", "_rate")

    def __init__(self) -> None:
        self._rate = 0.0
        self._at: Instant = 0.0

    def arrived(self, now: Instant) -> None:
        """Count one arrival."""
        self._rate = self.per_s(now) + 1 / _MEMORY_S
        self._at = max(self._at, now)

    def per_s(self, now: Instant) -> float:
        """Return arrivals per second, averaged over about a quarter of an hour."""
        return self._rate * exp(-max(0.0, now - self._at) / _MEMORY_S)
