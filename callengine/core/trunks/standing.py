"""
How one trunk does: calls now, what it took lately, and whether it is to be asked.

A trunk that fails several times in a row rests; when its rest is over one call, the
probe, is dialled by it. If that comes through the trunk is as any; else it rests twice
as long.
"""

from collections import deque
from dataclasses import dataclass, field

from callengine.core.ids import Instant
from callengine.core.trunks.trunk import Trunk

FAILURES = 5
"""In a row, until a trunk rests."""
REST_S = 10.0
LONGEST_REST_S = 120.0
RECENT = 200
"""Tries that the answer-seizure ratio looks back on."""
KEPT_FAILURES = 10
PROBE_WITHIN_S = 60.0
"""A probe that nobody has told the end of is no longer waited for."""


@dataclass(frozen=True, slots=True)
class Failure:
    """
    A try that the trunk did not carry.

    Attributes:
        code: SIP response, 0 for none.
        said: what happened, in words.
    """

    at: Instant
    code: int
    said: str


@dataclass(slots=True)
class Standing:
    """
    The live state of one trunk.

    Attributes:
        calls: channels on it now, both ways.
        registered: None while nobody has said.
        reachable: it answers when it is asked; None while nobody has said.
        in_a_row: failures since something last came through.
        rests_until: nothing is dialled by it before.
        probe_at: when the probe under way was dialled; None without one.
        tries: dialled since the start; answered, failed: of these.
    """

    trunk: Trunk
    calls: int = 0
    registered: bool | None = None
    registration: str = ""
    reachable: bool | None = None
    in_a_row: int = 0
    rests_until: Instant = 0.0
    rest_s: float = 0.0
    probe_at: Instant | None = None
    tries: int = 0
    answered: int = 0
    failed: int = 0
    arrived: int = 0
    recent: deque[bool] = field(default_factory=lambda: deque(maxlen=RECENT))
    failures: deque[Failure] = field(
        default_factory=lambda: deque(maxlen=KEPT_FAILURES)
    )
    _tokens: float = 1.0
    _tokens_at: Instant = 0.0

    @property
    def ratio(self) -> float | None:
        """The share of recent tries that were answered; None before any ended."""
        return sum(self.recent) / len(self.recent) if self.recent else None

    def room(self, now: Instant) -> int:
        """Say how many calls may be started by it now."""
        if self.away(now):
            return 0
        free = 1_000_000
        if self.trunk.channels is not None:
            free = max(0, self.trunk.channels - self.calls)
        if self.trunk.calls_per_s is not None:
            free = min(free, int(self._filled(now)))
        return min(free, 1) if self.resting else free

    def away(self, now: Instant) -> str:
        """Say why nothing is to be dialled by it; '' when it may be."""
        if self.registered is False:
            said = f" ({self.registration})" if self.registration else ""
            return f"not registered{said}"
        if self.reachable is False:
            return "does not answer"
        if now < self.rests_until:
            return f"failed {self.in_a_row} times in a row, rests"
        if self.probe_at is not None and now < self.probe_at + PROBE_WITHIN_S:
            return f"failed {self.in_a_row} times in a row, a probe is under way"
        return ""

    def full(self, now: Instant) -> str:
        """Say which limit is reached; '' for none."""
        most = self.trunk.channels
        if most is not None and self.calls >= most:
            return f"all {most} channels are taken"
        if self.trunk.calls_per_s is not None and self._filled(now) < 1:
            return f"no more than {self.trunk.calls_per_s:g} calls a second"
        return ""

    @property
    def resting(self) -> bool:
        """Whether it failed so often that the next call is a probe."""
        return self.in_a_row >= FAILURES

    # --- what happens -------------------------------------------------------------

    def dialled(self, now: Instant) -> None:
        """A call is started by it."""
        self.calls += 1
        self.tries += 1
        if self.trunk.calls_per_s is not None:
            self._tokens, self._tokens_at = self._filled(now) - 1.0, now
        if self.resting:
            self.probe_at = now

    def came_in(self) -> None:
        """A call has come by it."""
        self.calls += 1
        self.arrived += 1

    def found(self) -> None:
        """A call was found on it after a restart."""
        self.calls += 1

    def freed(self) -> None:
        """A call on it has ended."""
        self.calls = max(0, self.calls - 1)

    def carried(self) -> None:
        """It brought us to a phone, or to somebody who knows about that phone."""
        self.in_a_row, self.rest_s, self.rests_until = 0, 0.0, 0.0
        self.probe_at = None

    def ended(self, *, answered: bool) -> None:
        """A try that it carried was answered, or was not."""
        self.answered += answered
        self.recent.append(answered)

    def unsure(self) -> None:
        """A try ended without telling anything about it."""
        self.probe_at = None

    def broke(self, now: Instant, code: int, said: str) -> None:
        """A try ended by its fault."""
        self.failed += 1
        self.recent.append(False)
        self.failures.append(Failure(now, code, said))
        self.in_a_row += 1
        self.probe_at = None
        if self.resting:
            self.rest_s = min(LONGEST_REST_S, 2 * self.rest_s or REST_S)
            self.rests_until = now + self.rest_s

    def _filled(self, now: Instant) -> float:
        """Calls that may start now: a second's worth at most, and one at least."""
        per_s = self.trunk.calls_per_s
        assert per_s is not None
        since_s = max(0.0, now - self._tokens_at)
        return min(max(1.0, per_s), self._tokens + since_s * per_s)
