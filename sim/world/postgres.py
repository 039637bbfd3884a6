"""
A PostgreSQL of the run's own, which may be restarted while people talk.

It listens on one port of 127.0.0.1 and wants a password; its socket, which wants none,
is in a folder that nobody else may enter.
"""

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

import psutil

from sim.processes import Child, ChildFailed, run_to_end, start_child
from sim.waiting import until

USER = "callengine"
READY_WITHIN_S = 20.0
END_WITHIN_S = 10.0
FAST = signal.SIGINT
"""Ends every connection, then the server; nothing is lost."""
IMMEDIATE = signal.SIGQUIT
"""As after a crash: the next start repairs from the log."""
_ACCESS = """\
local all all trust
host all all 127.0.0.1/32 scram-sha-256
"""


class OwnPostgres:
    """
    One server with one database; `start` it, `restart` it, `stop` it for good.

    Attributes:
        home: folder of data and socket; not in the run's own folder, since the server
            runs as another user where we are root.
        log: what the server says.
    """

    def __init__(self, *, port: int, password: str, log: Path) -> None:
        self.port = port
        self._password = password
        self._log = log
        self._child: Child | None = None
        self._home: Path | None = None

    @property
    def home(self) -> Path:
        """Where data and socket are. The folder is made when first asked for."""
        if self._home is None:
            self._home = Path(tempfile.mkdtemp(prefix="callengine-postgres-"))
        return self._home

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.home / "data"

    @property
    def pid(self) -> int | None:
        """The server's process, None when it is down."""
        child = self._child
        return child.pid if child is not None and child.running else None

    async def start(self, template: Path | None = None) -> None:
        """
        Start it with an empty database, or with a data directory of an earlier run.

        Raises `ChildFailed`.
        """
        drop_root(self.home)
        if template is None:
            await self._make()
        else:
            await copy_data(template, self.data)
        await self._serve()
        if template is None:
            await self._ask(f"CREATE DATABASE {USER}")
        await self._ask(f"ALTER ROLE {USER} PASSWORD '{self._password}'")

    async def restart(self, how: signal.Signals = FAST) -> None:
        """Stop and start it; whoever is connected is cut off. Raises `ChildFailed`."""
        await self._end(how)
        await self._serve()

    async def down(self, how: signal.Signals = FAST) -> None:
        """Stop it and leave it down; `up` starts it again."""
        await self._end(how)

    async def up(self) -> None:
        """Start it on the data it had. Raises `ChildFailed`."""
        await self._serve()

    async def ask(self, *statements: str) -> None:
        """Run statements as its administrator, who may write whatever it forbids."""
        for statement in statements:
            await self._ask(statement)

    async def keep(self, template: Path) -> None:
        """Copy its data to `template` while it is down for a moment."""
        await self._end(FAST)
        await copy_data(self.data, template)
        await self._serve()

    async def stop(self) -> None:
        """End it, whoever started it last, and remove its data."""
        if self._home is None:
            return
        await self._end(FAST)
        await asyncio.to_thread(self._end_stranger)
        await asyncio.to_thread(shutil.rmtree, self._home, ignore_errors=True)

    async def _make(self) -> None:
        options = ["-D", str(self.data), "-U", USER, "-A", "trust", "-E", "UTF8"]
        options += ["--locale=C.UTF-8", "--no-sync", "--wal-segsize=4"]
        await self._run("initdb", *options)
        (self.data / "pg_hba.conf").write_text(_ACCESS)

    async def _serve(self) -> None:
        options = ["-D", str(self.data), "-h", "127.0.0.1", "-p", str(self.port)]
        # A crash of the machine may lose the run's data, one of the server may not.
        options += ["-k", str(self.home), "-c", "fsync=off", "-c", "max_wal_size=256MB"]
        wrapper = ["setpriv", *drop_root(self.home), "--pdeathsig", "QUIT"]
        self._child = await start_child(
            [*wrapper, postgres_program("postgres"), *options],
            name="postgresql",
            log=self._log,
            folder=self.home,
        )
        child = self._child

        async def answers() -> bool:
            child.check()
            return await asyncio.to_thread(is_ready, self.home, self.port)

        if not await until(answers, every_s=0.03, within_s=READY_WITHIN_S):
            raise ChildFailed(f"postgresql does not answer:\n{child.tail()}")

    async def _ask(self, statement: str) -> None:
        where = ["-h", str(self.home), "-p", str(self.port), "-U", USER]
        await self._run("psql", *where, "-qX", "-d", "postgres", "-c", statement)

    async def _run(self, program: str, *options: str) -> None:
        await run_to_end(
            ["setpriv", *drop_root(self.home), postgres_program(program), *options],
            name=program,
            log=self._log.with_name(f"{program}.log"),
            within_s=60,
            env={"PGOPTIONS": "-c default_transaction_read_only=off"},
            folder=self.home,
        )

    async def _end(self, how: signal.Signals) -> None:
        if self._child is not None:
            await self._child.stop(ask=how, grace_s=END_WITHIN_S)

    def _end_stranger(self) -> None:
        """Somebody may have restarted it by hand (`pg_ctl restart`)."""
        with suppress(OSError, ValueError, IndexError, psutil.Error):
            line = (self.data / "postmaster.pid").read_text().splitlines()[0]
            server = psutil.Process(int(line))
            server.send_signal(FAST)
            server.wait(END_WITHIN_S)


def is_ready(host: str | Path, port: int) -> bool:
    """Whether a server takes connections at an address, or in a socket's folder."""
    command = [postgres_program("pg_isready"), "-q", "-h", str(host), "-p", str(port)]
    return subprocess.run(command, check=False, timeout=10).returncode == 0


async def copy_data(source: Path, target: Path) -> None:
    """Copy a data directory with its owner. Raises `ChildFailed`."""
    command = ["cp", "-a", "--reflink=auto", str(source), str(target)]
    log = target.with_name(f"{target.name}.copy.log")
    await run_to_end(command, name="copy of the database", log=log, within_s=60)
    log.unlink(missing_ok=True)


def drop_root(folder: Path) -> list[str]:
    """
    Options of setpriv for PostgreSQL's programs, which refuse to run as root.

    `folder` is given to the user that they run as.
    """
    if os.geteuid() != 0:
        return []
    names = {entry.pw_name for entry in pwd.getpwall()}
    user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


def postgres_program(name: str) -> str:
    """Find a program of the newest PostgreSQL here. Raises `ChildFailed`."""
    found = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"),
        key=lambda path: [int(part) for part in path.parts[4].split(".")],
    )
    where = str(found[-1]) if found else shutil.which(name)
    if where is None:
        raise ChildFailed(f"{name} is missing. Do: apt-get install postgresql")
    return where
