"""
What could not be done, kept for a person to look at.

An unexpected failure never ends the engine. What it failed on is logged, kept here,
and counted, so that somebody is told.
"""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from callengine.core.ids import Instant

log = structlog.get_logger(__name__)

KEPT = 50
LONGEST = 4000


class MishapKeeper(Protocol):
    """Where what was set mishaps outlives the process; never waits, never raises."""

    def keep(self, entry: dict[str, Any]) -> None:
        """Keep one entry: plain JSON values."""


@dataclass(slots=True)
class NoKeeper:
    """Keeps nothing: for tests and simulations."""

    def keep(self, entry: dict[str, Any]) -> None:
        """Forget it."""


class Mishaps:
    """
    Failures, counted by what failed.

    Args:
        keeper: where the things themselves go.

    Attributes:
        counts: by part: `fact`, `effect`, `record`, `task`...
        last: the newest failures without personal data, newest last.
    """

    def __init__(self, keeper: MishapKeeper, clock: Callable[[], Instant]) -> None:
        self._keeper = keeper
        self._clock = clock
        self.counts: Counter[str] = Counter()
        self.last: deque[dict[str, Any]] = deque(maxlen=KEPT)

    def put(
        self, part: str, name: str, error: BaseException, thing: object, **ids: Any
    ) -> None:
        """
        Set something mishaps, log it and count it.

        Args:
            part: of the engine that failed on it.
            name: of the kind of thing: a fact's or an effect's type.
            thing: what it was; may hold personal data.
            ids: of calls, channels, orders: no personal data.
        """
        self.counts[part] += 1
        kind = type(error).__name__
        entry = {"at": self._clock(), "part": part, "name": name, "error": kind, **ids}
        self.last.append(entry)
        log.error(
            "mishap",
            part=part,
            name=name,
            error=kind,
            pii_thing=repr(thing)[:LONGEST],
            exc_info=error,
            **ids,
        )
        text = f"{kind}: {error}"[:LONGEST]
        self._keeper.keep(entry | {"text": text, "thing": repr(thing)[:LONGEST]})

    @property
    def total(self) -> int:
        """Count everything set mishaps since the start."""
        return self.counts.total()
