"""Saying what a run is doing, so that nobody wonders whether it hangs."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

Say = Callable[[str], None]


class Steps:
    """Numbers the steps of a run and tells how long each took."""

    def __init__(
        self, say: Say, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._say = say
        self._clock = clock
        self._began = clock()

    @asynccontextmanager
    async def step(self, what: str) -> AsyncIterator[None]:
        """Announce a step; say how long it took if that was more than a second."""
        self._say(f"{what} ...")
        began = self._clock()
        yield
        took_s = self._clock() - began
        if took_s > 1.0:
            self._say(f"{what}: done in {took_s:.1f} s")
