"""
The heartbeat of the event loop, written into a pipe that the parent reads.

It is beaten by the very loop that handles events: while it comes, that loop turns.
"""

import asyncio
import os
import signal

BEAT_S = 0.5
BEAT = b"."
READY = b"R"


class Heart:
    """
    Beats into a pipe's writing end, from `start` until the process ends.

    `late_s` is how much later than due the latest beat came, `latest_s` the worst:
    the time that one callback kept everybody else waiting.
    """

    def __init__(self, descriptor: int | None = None) -> None:
        self._descriptor = descriptor
        self._loop: asyncio.AbstractEventLoop | None = None
        self._due_at = 0.0
        self.late_s = 0.0
        self.latest_s = 0.0

    def start(self) -> None:
        """Beat from now on, on the running loop."""
        self._loop = asyncio.get_running_loop()
        self._due_at = self._loop.time()
        self._beat()

    def ready(self) -> None:
        """Say that calls are taken from now on."""
        self._write(READY)

    def _beat(self) -> None:
        assert self._loop is not None
        now = self._loop.time()
        self.late_s = max(0.0, now - self._due_at)
        self.latest_s = max(self.latest_s, self.late_s)
        self._write(BEAT)
        self._due_at = now + BEAT_S
        self._loop.call_at(self._due_at, self._beat)

    def _write(self, what: bytes) -> None:
        if self._descriptor is None:
            return
        try:
            os.write(self._descriptor, what)
        except BlockingIOError:
            return  # a parent that does not read is stopped, not gone
        except BrokenPipeError:
            # The parent is gone and nobody watches: end in order, so that whoever
            # starts engines here can start one that is watched.
            self._descriptor = None
            os.kill(os.getpid(), signal.SIGTERM)
