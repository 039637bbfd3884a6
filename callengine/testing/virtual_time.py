"""An event loop whose clock jumps: an hour of waiting takes no time."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Deadlock(AssertionError):
    """Every task waits, and nothing is ever going to wake one."""


class _NoWaiting(selectors.DefaultSelector):
    """Looks at sockets without waiting, and moves the clock to the next timer."""

    def __init__(self) -> None:
        super().__init__()
        self.time_s = 0.0

    def select(
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        if events:
            return events
        if timeout is None:
            raise Deadlock("every task waits, and no timer is set")
        self.time_s += max(0.0, timeout)
        return []


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """
    A loop for code that waits for timers and for itself, not for the network.

    `time()` starts at 0 and is moved by waiting alone, so runs are repeatable.
    """

    def __init__(self) -> None:
        self._jumping = _NoWaiting()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._jumping.time_s


def run_virtual(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` to its end in virtual time. Raises `Deadlock`."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)
