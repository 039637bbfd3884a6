"""Saying what a run is doing, so that nobody wonders whether it hangs."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

Say = Callable[[str], None]


class Steps:
    """Names the steps of a run, some of them at once, and tells how long each took."""

    def __init__(
        self, say: Say, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._say = say
        self._clock = clock

    @asynccontextmanager
    async def step(self, what: str) -> AsyncIterator[None]:
        """Announce a step, and say how long it took when it is done."""
        self._say(f"{what} ...")
        began = self._clock()
        yield
        self._say(f"{what}: {self._clock() - began:.1f} s")
