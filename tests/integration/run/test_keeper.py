"""The parent of the engine, with real processes: hangs, crashes, signals, ends."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from callengine.boot.keeper import HUNG_TICKS, STOP_S, TICK_S
from sim.waiting import until

SCRIPT = Path(__file__).with_name("kept.py")
NOTICED_S = HUNG_TICKS * TICK_S + 1.0
"""A hang is over within five seconds."""
PATIENCE_S = 60.0
"""Of the test itself, on a machine with other things to do."""


class Kept:
    """One parent, its children, and what both said."""

    def __init__(self, folder: Path, *deeds: str, env: dict[str, str]) -> None:
        self.folder = folder
        self.log = folder / "log"
        with self.log.open("wb") as sink:
            self.parent = subprocess.Popen(
                [sys.executable, str(SCRIPT), str(folder), *deeds],
                stderr=sink,
                env={**os.environ, "PYTHONPATH": os.getcwd(), **env},
            )

    def children(self) -> list[int]:
        """List the children so far, by process id."""
        path = self.folder / "starts"
        return list(map(int, path.read_text().split())) if path.exists() else []

    async def started(self, number: int) -> int:
        """Wait for a start; its process id."""

        async def there() -> bool:
            return len(self.children()) >= number

        assert await until(there, every_s=0.05, within_s=PATIENCE_S), self.said()
        return self.children()[number - 1]

    async def ended(self) -> int:
        """Wait for the parent's end; its exit code."""
        return await asyncio.to_thread(self.parent.wait, PATIENCE_S)

    def said(self) -> str:
        return self.log.read_text(errors="replace")


class Place:
    """Starts parents in a folder, and ends by their ids what is left of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kept: list[Kept] = []

    def keep(self, *deeds: str, **env: str) -> Kept:
        self.kept.append(Kept(self.folder, *deeds, env=env))
        return self.kept[-1]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    for kept in place.kept:
        kept.parent.kill()
        kept.parent.wait()
        for pid in kept.children():
            if psutil.pid_exists(pid):
                os.kill(pid, signal.SIGKILL)


async def test_a_stopped_engine_is_killed_and_another_started(place: Place) -> None:
    kept = place.keep("serve")
    first = await kept.started(1)
    await asyncio.sleep(1.0)  # it beats
    os.kill(first, signal.SIGSTOP)
    at = time.monotonic()
    second = await kept.started(2)
    assert time.monotonic() - at > HUNG_TICKS * TICK_S - 2 * TICK_S
    assert not psutil.pid_exists(first)
    assert psutil.pid_exists(second)
    assert '"state": "T"' in kept.said()


async def test_an_endless_loop_is_killed_and_the_log_says_where(place: Place) -> None:
    kept = place.keep("loop", "serve")
    first = await kept.started(1)
    await kept.started(2)
    assert not psutil.pid_exists(first)
    assert "engine hangs, killed" in kept.said()
    assert "never_returns" in kept.said()


async def test_a_crash_after_being_ready_is_followed_by_a_start(place: Place) -> None:
    kept = place.keep("crash", "late", "serve")
    await kept.started(3)
    assert kept.parent.poll() is None


async def test_an_engine_that_cannot_start_ends_the_parent_with_its_code(
    place: Place,
) -> None:
    kept = place.keep("fail")
    assert await kept.ended() == 1
    assert len(kept.children()) == 1


async def test_sigterm_is_passed_on_and_an_end_in_order_is_zero(place: Place) -> None:
    kept = place.keep("serve")
    child = await kept.started(1)
    await asyncio.sleep(0.5)
    kept.parent.terminate()
    assert await kept.ended() == 0
    assert not psutil.pid_exists(child)


@pytest.mark.parametrize("deed", ["deaf", "ignore"])
async def test_an_engine_that_does_not_end_is_killed_in_time(
    place: Place, deed: str
) -> None:
    kept = place.keep(deed)
    child = await kept.started(1)
    await asyncio.sleep(0.5)
    kept.parent.terminate()
    assert await kept.ended() == 1
    assert not psutil.pid_exists(child)
    assert f'"after_s": {STOP_S}' in kept.said()


async def test_sigterm_ends_one_that_hangs_too(place: Place) -> None:
    kept = place.keep("serve")
    child = await kept.started(1)
    os.kill(child, signal.SIGSTOP)
    kept.parent.terminate()
    assert await kept.ended() == 1
    assert not psutil.pid_exists(child)


async def test_a_killed_parent_takes_the_engine_with_it_in_order(place: Place) -> None:
    kept = place.keep("serve")
    child = await kept.started(1)
    await asyncio.sleep(0.5)
    kept.parent.kill()

    async def gone() -> bool:
        try:
            # Where nobody reaps orphans it stays as a zombie.
            return psutil.Process(child).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    assert await until(gone, every_s=0.05, within_s=PATIENCE_S)
    assert len(kept.children()) == 1


async def test_a_stopped_parent_stops_nobody(place: Place) -> None:
    kept = place.keep("serve")
    child = await kept.started(1)
    kept.parent.send_signal(signal.SIGSTOP)
    await asyncio.sleep(NOTICED_S)
    kept.parent.send_signal(signal.SIGCONT)
    await asyncio.sleep(1.0)
    assert kept.children() == [child]
    assert psutil.pid_exists(child)


async def test_systemd_is_told_of_ready_watchdog_and_end(
    place: Place, tmp_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(tmp_path / "notify"))
        notify.settimeout(PATIENCE_S)
        kept = place.keep("serve", NOTIFY_SOCKET=str(tmp_path / "notify"))
        told = ""
        while "READY=1" not in told or "WATCHDOG=1" not in told.split("READY=1")[1]:
            told += notify.recv(4096).decode() + "\n"
        kept.parent.terminate()
        while "STOPPING=1" not in told:
            told += notify.recv(4096).decode() + "\n"
    assert "STATUS=serving" in told
    assert await kept.ended() == 0
