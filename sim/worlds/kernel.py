"""
The heart of a virtual world: a heap of events, a clock, one seeded generator.

A world schedules callables; `run` performs them in order of time, and of scheduling
where times are equal, so that a seed decides everything that happens.
"""

from collections.abc import Callable
from heapq import heappop, heappush
from random import Random
from typing import Any, TypeAlias

Event: TypeAlias = list[Any]
"""What `at` returns: a ticket for `cancel`; its contents are the kernel's own."""

_ACT = 2


class Kernel:
    """
    Events of a world in virtual time.

    Args:
        seed: of `chance`, the only source of randomness a world may use.
        start: the first instant, in seconds.

    Attributes:
        now: the current instant.
        chance: the generator; derived ones come from `stream`.
        performed: events performed so far.
    """

    __slots__ = ("_heap", "_order", "chance", "now", "performed", "seed")

    def __init__(self, seed: int, *, start: float = 0.0) -> None:
        self.seed = seed
        self.now = start
        self.chance = Random(seed)
        self.performed = 0
        self._heap: list[Event] = []
        self._order = 0

    def stream(self, name: str) -> Random:
        """Make a generator of its own for one purpose (common random numbers)."""
        return Random(f"{self.seed}/{name}")

    def at(self, when: float, act: Callable[..., object], *args: Any) -> Event:
        """
        Schedule `act(*args)`.

        Raises:
            ValueError: `when` is in the past or not a number.
        """
        if not when >= self.now:
            raise ValueError(f"{when} is before the world's {self.now}")
        self._order += 1
        event: Event = [when, self._order, act, args]
        heappush(self._heap, event)
        return event

    def after(self, delay_s: float, act: Callable[..., object], *args: Any) -> Event:
        """Schedule `act(*args)` in `delay_s` seconds, 0 or more."""
        if not delay_s >= 0:
            raise ValueError(f"{delay_s} seconds are before the world's now")
        self._order += 1
        event: Event = [self.now + delay_s, self._order, act, args]
        heappush(self._heap, event)
        return event

    def cancel(self, event: Event | None) -> None:
        """Take an event back; one that was performed, or None, is fine."""
        if event is not None:
            event[_ACT] = None

    def run(self, until: float) -> None:
        """Perform every event up to and including `until`, then be there."""
        heap = self._heap
        while heap and heap[0][0] <= until:
            when, _, act, args = event = heappop(heap)
            if act is None:
                continue
            self.now = when
            self.performed += 1
            event[_ACT] = None
            act(*args)
        if until > self.now:
            self.now = until

    def __len__(self) -> int:
        """Count events that are still to come."""
        return sum(event[_ACT] is not None for event in self._heap)
