"""
How loaded one agent is, and until when they rest under the limits.

The share of time busy is an exponential average: it rises towards 1 while busy and
falls towards 0 while idle, with the window of the limits as its time constant.
"""

import math
from collections import deque

from callengine.core.ids import Instant
from callengine.core.match.policy import Limits

HOUR_S = 3600.0


class Workload:
    """One agent's recent load. Instants must not fall."""

    __slots__ = ("_at", "_busy", "_limits", "_share", "_starts")

    def __init__(self, limits: Limits, now: Instant) -> None:
        self._limits = limits
        self._at = now
        self._busy = False
        self._share = 0.0
        self._starts: deque[Instant] = deque(maxlen=limits.calls_per_hour or 1)

    def started(self, now: Instant) -> None:
        """Note that a call was given to the agent."""
        self._advance(now)
        self._busy = True
        self._starts.append(now)

    def ended(self, now: Instant) -> None:
        """Note that the agent is done with it."""
        self._advance(now)
        self._busy = False

    def occupancy(self, now: Instant) -> float:
        """Return the share of recent time spent busy."""
        self._advance(now)
        return self._share

    def rests_until(self, now: Instant) -> Instant | None:
        """Say until when the agent must rest, None when they need not."""
        self._advance(now)
        until = now
        cap = self._limits.occupancy_cap
        if cap is not None and self._share > cap:
            until = now + self._limits.window_s * math.log(self._share / cap)
        most = self._limits.calls_per_hour
        if most is not None and len(self._starts) == most:
            until = max(until, self._starts[0] + HOUR_S)
        return until if until > now else None

    def _advance(self, now: Instant) -> None:
        elapsed = now - self._at
        if elapsed <= 0:
            return
        kept = math.exp(-elapsed / self._limits.window_s)
        goal = 1.0 if self._busy else 0.0
        self._share = goal + (self._share - goal) * kept
        self._at = now
