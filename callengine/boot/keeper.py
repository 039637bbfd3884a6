"""
The parent of the engine: watches its heartbeat, kills it when it hangs, starts another.

It is small on purpose, has no loop, no thread and no other task. ADR 0019 tells why
it exists and what it takes for a hang.
"""

import ctypes
import os
import select
import signal
import sys
import time
from dataclasses import dataclass
from types import FrameType

import structlog

from callengine.boot.cli import FENCED, INTERRUPTED, WRONG_SETTINGS, WRONG_USE
from callengine.boot.heart import READY, Heart
from callengine.boot.systemd import Notify
from callengine.boot.vital_signs import VitalSigns, read_vital_signs

log = structlog.get_logger(__name__)

TICK_S = 1.0
HUNG_TICKS = 4
"""Seconds without a beat that are a hang; the loop beats twice in each."""
STARVED_TICKS = 12
"""The same for one that would like to run and gets no processor."""
START_TICKS = 120
"""Until the first beat: all modules are read from a slow disk, perhaps."""
STOP_S = 9.0
"""An engine that was asked to end and has not is killed: its supervisor waits 10."""
CALM_S = 60.0
"""Who lived so long is not in a loop of crashes."""
PAUSES_S = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0)
KEPT_CODES = frozenset({0, WRONG_USE, WRONG_SETTINGS, FENCED, INTERRUPTED})
"""Ends that another start would only repeat."""
_PR_SET_PDEATHSIG = 1
_END = signal.SIGTERM
_FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class End:
    """How a child ended; `code` is negative for a signal, as `subprocess` has it."""

    code: int
    lived_s: float


class Patience:
    """
    Counts how long a child has been silent, in our own ticks.

    Whatever slows us slows the count: a machine that slept, or has no processor to
    spare, makes nobody look hung.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._ticks = 0
        self._heard = False
        self._then = read_vital_signs(pid)
        self._now: VitalSigns = self._then

    def renew(self) -> None:
        """A beat came."""
        self._ticks, self._heard = 0, True
        self._then = read_vital_signs(self._pid)

    def over(self) -> bool:
        """Count one more silent tick; whether it hangs by now."""
        self._ticks += 1
        if not self._heard:
            return self._ticks >= START_TICKS
        if self._ticks < HUNG_TICKS:
            return False
        self._now = read_vital_signs(self._pid)
        used_s = self._now.cpu_s - self._then.cpu_s
        starved = self._now.state == "R" and used_s < self._ticks * TICK_S / 2
        if self._now.state == "t":
            return False  # somebody looks into it
        if starved or self._now.state == "D":
            return self._ticks >= STARVED_TICKS
        return True

    def story(self) -> dict[str, object]:
        """Tell what was seen, for the log."""
        used_s = round(self._now.cpu_s - self._then.cpu_s, 2)
        return {
            "silent_s": self._ticks * TICK_S,
            "state": self._now.state,
            "cpu_s": used_s,
        }


def die_with(parent: int) -> None:
    """Have the kernel ask this process to end when its parent is gone."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


class Keeper:
    """
    Forks the engine and keeps one alive until told to end.

    Args:
        notify: where systemd is told.
    """

    def __init__(self, notify: Notify | None = None) -> None:
        self._notify = notify or Notify()
        self._child = 0
        self._pipe = -1
        self._stop_by: float | None = None
        self._was_ready = False
        self._before: dict[int, object] = {}

    def keep(self) -> Heart | int:
        """
        Fork: the child gets the heart it is to beat with, the parent the exit code.

        The parent returns when the engine ended in order, or cannot start at all.
        """
        self._listen()
        crashes = 0
        while True:
            heart = self._start()
            if heart is not None:
                return heart
            end = self._watch()
            code = self._judge(end)
            if code is not None:
                self._notify.say("STOPPING=1")
                self._deafen()
                return code
            crashes = 0 if end.lived_s > CALM_S else crashes + 1
            self._pause(PAUSES_S[min(crashes, len(PAUSES_S) - 1)])

    # --- signals -----------------------------------------------------------------

    def _listen(self) -> None:
        for number in _FORWARDED:
            before = signal.getsignal(number)
            if number == signal.SIGHUP and before is signal.SIG_IGN:
                continue  # nohup
            self._before[number] = before
            signal.signal(number, self._on_signal)

    def _deafen(self) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)  # type: ignore[arg-type]

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        """Pass it on; who asks twice does not want to wait."""
        again = self._stop_by is not None
        if not again:
            self._stop_by = time.monotonic() + STOP_S
            self._notify.say("STOPPING=1", "STATUS=ending")
        self._kill(signal.SIGKILL if again and number == signal.SIGINT else _END)

    def _kill(self, number: int) -> None:
        if self._child:
            os.kill(self._child, number)  # not reaped yet, so the id is its own

    # --- one child ---------------------------------------------------------------

    def _start(self) -> Heart | None:
        self._notify.say("STATUS=starting")
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        os.set_blocking(writing, False)
        parent = os.getpid()
        sys.stdout.flush()  # else the child would write what is left there again
        sys.stderr.flush()
        # Held back, so that one that comes right now reaches the child, too.
        signal.pthread_sigmask(signal.SIG_BLOCK, _FORWARDED)
        try:
            self._child = os.fork()
            if self._child == 0:
                self._deafen()
                os.close(reading)
                die_with(parent)
                return Heart(writing)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _FORWARDED)
        os.close(writing)
        self._pipe = reading
        return None

    def _watch(self) -> End:
        """Read beats until the child ends, and see to it that it does if it hangs."""
        began = time.monotonic()
        patience = Patience(self._child)
        poll = select.poll()
        poll.register(self._pipe, select.POLLIN)
        while True:
            heard = bool(poll.poll(TICK_S * 1000)) and self._hear(patience)
            reaped, status = os.waitpid(self._child, os.WNOHANG)
            if reaped:
                self._child = 0
                os.close(self._pipe)
                lived_s = time.monotonic() - began
                return End(os.waitstatus_to_exitcode(status), lived_s)
            self._notify.say("WATCHDOG=1", *self._more_time())
            if self._stop_by is not None:
                self._hurry(self._stop_by)
            elif not heard and patience.over():
                self._end_hung(patience)

    def _hear(self, patience: "Patience") -> bool:
        """Take the beats that came; False when there were none."""
        try:
            beats = os.read(self._pipe, 4096)
        except BlockingIOError:
            return False
        if not beats:
            time.sleep(0.02)  # the pipe is closed: it is just ending
            return True
        patience.renew()
        if READY in beats:
            self._was_ready = True
            self._notify.say("READY=1", "STATUS=serving")
        return True

    def _more_time(self) -> tuple[str, ...]:
        """Ask systemd to wait for a start that waits for somebody else."""
        return () if self._was_ready else ("EXTEND_TIMEOUT_USEC=30000000",)

    def _hurry(self, stop_by: float) -> None:
        if time.monotonic() > stop_by:
            log.error("engine does not end, killed", after_s=STOP_S)
            self._kill(signal.SIGKILL)

    def _end_hung(self, patience: "Patience") -> None:
        log.error("engine hangs, killed", **patience.story())
        self._notify.say("STATUS=restarting an engine that hung")
        self._kill(signal.SIGUSR1)  # where it hangs, into the log
        time.sleep(0.1)
        self._kill(signal.SIGKILL)
        patience.renew()

    # --- after a child -----------------------------------------------------------

    def _judge(self, end: End) -> int | None:
        """Say our own exit code, None when another child is to be started."""
        if self._stop_by is not None:
            killed = end.code == -signal.SIGKILL
            return 1 if killed else max(0, end.code)
        if end.code in KEPT_CODES or (end.code > 0 and not self._was_ready):
            return end.code
        log.error("engine ended, starting another", code=end.code)
        return None

    def _pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while self._stop_by is None and time.monotonic() < until:
            self._notify.say("WATCHDOG=1")
            time.sleep(0.1)
