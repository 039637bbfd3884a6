"""Timers the core asks for, by key; each fires once as a `TimerFired` fact."""

import asyncio
from collections.abc import Callable

from callengine.core.facts import TimerFired
from callengine.core.ids import Instant
from callengine.engine.ports import FactSink


class Timers:
    """
    Keyed timers on the running loop.

    Args:
        post: takes the fact.
        clock: the engine's clock; `at` is on it.
    """

    def __init__(self, post: FactSink, clock: Callable[[], Instant]) -> None:
        self._post = post
        self._clock = clock
        self._handles: dict[str, asyncio.TimerHandle] = {}

    def __len__(self) -> int:
        return len(self._handles)

    def set(self, key: str, at: Instant) -> None:
        """Fire at an instant; replaces the timer of this key."""
        self.cancel(key)
        delay_s = max(0.0, at - self._clock())
        loop = asyncio.get_running_loop()
        self._handles[key] = loop.call_later(delay_s, self._fire, key, at)

    def cancel(self, key: str) -> None:
        """Forget a timer; absent is fine."""
        handle = self._handles.pop(key, None)
        if handle is not None:
            handle.cancel()

    def cancel_all(self) -> None:
        """Forget every timer."""
        for key in list(self._handles):
            self.cancel(key)

    def _fire(self, key: str, at: Instant) -> None:
        del self._handles[key]
        # The loop may wake a hair early by the wall clock; the core compares with `at`.
        self._post(TimerFired(at=max(at, self._clock()), key=key))
