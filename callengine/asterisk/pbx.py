"""
An Asterisk of our own: started, watched and stopped.

    async with Pbx(config):  # up, and down again whatever happens
        ...

Tests, demo and the command line use the same class.
"""

import asyncio
import fcntl
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from callengine.asterisk import pbx_process
from callengine.asterisk.pbx_config import PbxConfig, PbxError
from callengine.asterisk.pbx_console import ask, console_prefix, demand_prefix
from callengine.asterisk.pbx_files import places, render
from callengine.asterisk.pbx_find import find_asterisk
from callengine.asterisk.pbx_health import AriProbe, declined, log_tail, needed_modules
from callengine.asterisk.pbx_ports import Port, complaint, is_free
from callengine.asterisk.pbx_process import Running
from callengine.asterisk.provision import (
    RELOAD,
    Provision,
    render_provision,
    write_provision,
)

__all__ = ["Pbx", "PbxConfig", "PbxError", "PbxStatus"]

READY_WITHIN_S = 30.0
LOOK_EVERY_S = 0.05
CONSOLE_WITHIN_S = 15.0
RELOAD_ALL = tuple(dict.fromkeys(RELOAD.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxStatus:
    """What is known of the managed Asterisk now."""

    running: bool
    ready: bool = False
    """ARI answers and every needed module runs."""
    pid: int | None = None
    version: str = ""
    started_at: float | None = None
    missing_modules: tuple[str, ...] = ()


class Pbx:
    """
    The Asterisk of one home folder.

    Not to be shared by threads: unless detached, Asterisk dies with the thread that
    called `up`.
    """

    def __init__(self, config: PbxConfig) -> None:
        """Prepare; nothing is started or written."""
        self.config = config
        self._child: subprocess.Popen[bytes] | None = None

    async def __aenter__(self) -> Self:
        """Start it. Raises `PbxError`."""
        await self.up()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it."""
        await self.down()

    async def up(self, *, detached: bool = False) -> bool:
        """
        Start Asterisk and wait until calls can be made.

        Args:
            detached: Let it outlive this process.

        Returns:
            False when it was up already.

        Raises:
            PbxError: with what to do.
        """
        with self._lock():
            if pbx_process.remembered(self.config) is not None:
                return False
            found = await asyncio.to_thread(find_asterisk, self.config)
            render(self.config, places(self.config, found.root), root=found.root)
            self._check_ports()
            self.config.log_file.unlink(missing_ok=True)
            self._child = pbx_process.spawn(self.config, found, detached=detached)
            running = pbx_process.remember(self.config, found, self._child.pid)
            try:
                await self._ready(running)
            except BaseException:
                await self._stop(running)
                raise
            if detached:
                # It is not ours to wait for any more; Popen would complain.
                self._child.returncode = 0
                self._child = None
        return True

    async def down(self) -> bool:
        """
        Stop Asterisk; return when nothing of it runs.

        Returns:
            False when it was down already.
        """
        with self._lock():
            running = pbx_process.remembered(self.config)
            if running is not None:
                await self._stop(running)
            return running is not None

    async def status(self) -> PbxStatus:
        """Look at it; never raises for an Asterisk that is down or ill."""
        running = pbx_process.remembered(self.config)
        if running is None:
            return PbxStatus(running=False)
        missing: tuple[str, ...] = ()
        async with AriProbe(self.config) as probe:
            ready = await probe.answers()
            try:
                found = await probe.modules() if ready else {}
            except PbxError:  # it ended between the two questions
                ready, found = False, {}
        if ready:
            missing = declined(needed_modules(self.config), found)
        return PbxStatus(
            running=True,
            ready=ready and not missing,
            pid=running.pid,
            version=running.version,
            started_at=running.started_at,
            missing_modules=missing,
        )

    async def console(self, command: str) -> str:
        """
        Run a console command, such as `core show channels`, and return its output.

        Raises:
            PbxError: Asterisk is down or does not answer.
        """
        return await asyncio.to_thread(
            ask, self.config, ("-rx", command), timeout_s=CONSOLE_WITHIN_S
        )

    def console_command(self, arguments: Sequence[str] = ("-r",)) -> list[str]:
        """The command that opens Asterisk's console. Raises `PbxError` when down."""
        return [*demand_prefix(self.config), *arguments]

    async def render(self) -> None:
        """
        Write the configuration files again, to be followed by `reload`.

        Raises:
            PbxError: a file is wrong or cannot be written.
        """
        found = await asyncio.to_thread(find_asterisk, self.config)
        where = places(self.config, found.root)
        await asyncio.to_thread(render, self.config, where, root=found.root)

    async def reload(self, commands: Sequence[str] = RELOAD_ALL) -> None:
        """
        Have Asterisk read files again, without a restart.

        Args:
            commands: Console commands such as `dialplan reload`.

        Raises:
            PbxError: Asterisk is down, or refused a file.
        """
        for command in commands:
            said = await self.console(command)
            if re.search(r"fail|error|no such", said, re.IGNORECASE):
                raise PbxError(
                    f"Asterisk refused `{command}`: {said.strip()}"
                    f" {log_tail(self.config)}"
                )

    async def provision(self, what: Provision) -> tuple[str, ...]:
        """
        Write agents, queues and numbers; have a running Asterisk read what changed.

        Returns:
            The console commands that were needed.

        Raises:
            PbxError: something cannot be written, or Asterisk refused it.
        """
        files = render_provision(what, self.config)
        # An Asterisk of the admin's runs as another user, of the folder's group.
        mode = 0o640 if self.config.provision_dir else 0o600
        commands = write_provision(files, self.config.provisioned, mode=mode)
        if console_prefix(self.config) is not None:
            await self.reload(commands)
        return commands

    async def wait(self) -> None:
        """Return when Asterisk has ended by itself."""
        process = self._running().process()
        while process is not None and process.is_running():
            await asyncio.sleep(1)
            process = process if pbx_process.remembered(self.config) else None

    def _running(self) -> Running:
        running = pbx_process.remembered(self.config)
        if running is None:
            raise PbxError("Asterisk is down. Do: callengine pbx up")
        return running

    async def _ready(self, running: Running) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + READY_WITHIN_S
        async with AriProbe(self.config) as probe:
            while not await probe.answers():
                if running.process() is None:
                    raise PbxError(f"Asterisk ended at once. {log_tail(self.config)}")
                if loop.time() > deadline:
                    raise PbxError(
                        f"ARI does not answer on {self.config.ari_host}:"
                        f"{self.config.ari_port} after {READY_WITHIN_S:.0f} s."
                        f" {log_tail(self.config)}"
                    )
                await asyncio.sleep(LOOK_EVERY_S)
            missing = declined(needed_modules(self.config), await probe.modules())
        if missing:
            raise PbxError(
                f"Asterisk runs without {', '.join(missing)}, which the engine needs."
                f" {log_tail(self.config, missing)}"
            )

    async def _stop(self, running: Running) -> None:
        process = running.process()
        if process is not None:
            await asyncio.to_thread(pbx_process.end, process)
        if self._child is not None:
            await asyncio.to_thread(self._child.wait)
        self._child = None
        pbx_process.forget(self.config)

    def _check_ports(self) -> None:
        config = self.config
        needed = [
            Port("ari.port", config.ari_host, config.ari_port),
            Port("ami.port", config.ami_host, config.ami_port),
            Port("sip.port", config.sip_host, config.sip_port, udp=True),
        ]
        if "tls" in config.transports:
            needed.append(Port("sip.tls_port", config.sip_host, config.tls_port))
        taken = [complaint(port) for port in needed if not is_free(port)]
        if taken:
            raise PbxError("\n".join(taken))

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Two commands at once would start two Asterisks in one home."""
        path: Path = self.config.home / "run" / "lock"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("w") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                yield
        except BlockingIOError as error:
            raise PbxError(
                f"Another command is starting or stopping the Asterisk of"
                f" {self.config.home}; wait for it."
            ) from error
        except PermissionError as error:
            raise PbxError(f"{self.config.home} belongs to another user.") from error
