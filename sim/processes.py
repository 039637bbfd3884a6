"""
Child processes that cannot outlive us.

Each runs in a session of its own, so Ctrl-C in the terminal reaches only us and we
end the children in order; the kernel kills them if we die first (`setpriv`).
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil


class ChildFailed(Exception):
    """A child could not start or ended before it should; the text holds its log."""


@dataclass(slots=True)
class Child:
    """One running child process; stop it by `stop()`, never by name."""

    name: str
    process: asyncio.subprocess.Process
    log: Path

    @property
    def pid(self) -> int:
        """Process id of the child."""
        return self.process.pid

    @property
    def running(self) -> bool:
        """Whether it still runs."""
        return self.process.returncode is None

    def tail(self, lines: int = 15) -> str:
        """Read the last lines of its log, for error messages."""
        try:
            text = self.log.read_text(errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-lines:])

    def check(self) -> None:
        """Raise `ChildFailed` if it has ended."""
        if not self.running:
            code = self.process.returncode
            raise ChildFailed(f"{self.name} ended with {code}:\n{self.tail()}")

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal; a child that has ended is no error."""
        if self.running:
            self.process.send_signal(number)

    async def stop(
        self, *, ask: signal.Signals = signal.SIGTERM, grace_s: float = 5.0
    ) -> int:
        """Ask it to end, kill it after `grace_s`, kill what it left; its code."""
        family = _descendants(self.pid) if self.running else []
        self.send_signal(ask)
        try:
            async with asyncio.timeout(grace_s):
                code = await self.process.wait()
        except TimeoutError:
            self.send_signal(signal.SIGKILL)
            code = await self.process.wait()
        for orphan in family:
            if orphan.is_running():
                _kill(orphan)
        return code


def _kill(process: psutil.Process) -> None:
    """Kill a process that may be gone already."""
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def innermost(pid: int) -> int:
    """Find the process that does the work below parents that only watch."""
    process = psutil.Process(pid)
    while children := process.children():
        process = children[0]
    return process.pid


async def start_child(
    argv: Sequence[str],
    *,
    name: str,
    log: Path,
    env: Mapping[str, str] | None = None,
    folder: Path | None = None,
    output: Literal["log", "pipe", "drop"] = "log",
) -> Child:
    """
    Start a child in `folder`; its errors go to `log`, its output where told.

    `env` is added to our own environment. Raises `ChildFailed` when the program is
    missing.
    """
    outputs = {"pipe": asyncio.subprocess.PIPE, "drop": asyncio.subprocess.DEVNULL}
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as sink:
        try:
            process = await asyncio.create_subprocess_exec(
                "setpriv",
                "--pdeathsig",
                "KILL",
                "--",
                *argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=outputs.get(output, sink),
                stderr=sink,
                env={**os.environ, **(env or {})},
                cwd=folder,
                start_new_session=True,
                limit=1 << 20,
            )
        except FileNotFoundError as missing:
            raise ChildFailed(f"{name}: {missing.filename} is missing") from missing
    return Child(name, process, log)


async def run_to_end(
    argv: Sequence[str],
    *,
    name: str,
    log: Path,
    within_s: float,
    env: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> None:
    """Run a child that ends by itself; raise `ChildFailed` unless it ends with 0."""
    child = await start_child(argv, name=name, log=log, env=env, folder=folder)
    try:
        async with asyncio.timeout(within_s):
            await child.process.wait()
    except TimeoutError:
        raise ChildFailed(
            f"{name} did not end within {within_s:g} s:\n{child.tail()}"
        ) from None
    finally:
        if child.running:
            await child.stop(grace_s=2.0)
    if child.process.returncode != 0:
        raise ChildFailed(
            f"{name} ended with {child.process.returncode}:\n{child.tail()}"
        )


@asynccontextmanager
async def running(
    argv: Sequence[str],
    *,
    name: str,
    log: Path,
    env: Mapping[str, str] | None = None,
    grace_s: float = 5.0,
) -> AsyncIterator[Child]:
    """Run a child for the length of a block."""
    child = await start_child(argv, name=name, log=log, env=env)
    try:
        yield child
    finally:
        await child.stop(grace_s=grace_s)
