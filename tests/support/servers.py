"""
Redis, PostgreSQL and Asterisk for tests: real, on free ports, in folders of their own.

Each ends with its `with` block, and with the test process if that is killed.
"""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from callengine.asterisk.pbx import Pbx, PbxConfig, PbxError
from sim.world.postgres import drop_root, is_ready, postgres_program
from tests.support.ports import free_port

READY_WITHIN_S = 20.0
END_WITHIN_S = 10.0
ATTEMPTS = 3
"""A free port may be lost to another process before the server takes it."""
RTP_PORTS = 400


@dataclass(frozen=True, slots=True)
class RedisServer:
    """An empty Redis; 16 databases, of which `url` names number 0."""

    port: int
    process: "subprocess.Popen[bytes]"

    @property
    def url(self) -> str:
        """For `redis.asyncio.from_url`."""
        return self.database(0)

    def database(self, number: int) -> str:
        """The URL of another of its databases, 0 to 15."""
        return f"redis://127.0.0.1:{self.port}/{number}"


@dataclass(slots=True)
class PostgresServer:
    """A PostgreSQL without durability, for user `callengine`, no password."""

    port: int
    process: "subprocess.Popen[bytes]"
    command: Sequence[str] = ()

    def restart(self, how: str = "fast", *, down_s: float = 0.0) -> None:
        """End it (`fast`, or `immediate`: as if it had crashed) and start it again."""
        stop = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}[how]
        _end(self.process, stop)
        time.sleep(down_s)  # the outage itself
        self.process = _spawn(self.command, subprocess.DEVNULL)
        if not _wait_until_ready(self.process, self.port, _postgres_answers):
            raise RuntimeError("PostgreSQL did not start again")

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let it hang, as on a dead disk: connected, and silent."""
        processes = [self.process.pid, *_children(self.process.pid)]
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in processes:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGCONT)

    def database(self, name: str = "callengine", driver: str = "asyncpg") -> str:
        """The URL of a database, for SQLAlchemy."""
        return f"postgresql+{driver}://callengine@127.0.0.1:{self.port}/{name}"

    @property
    def url(self) -> str:
        """The database `callengine`, made empty when the server started."""
        return self.database()

    def create_database(self, name: str, template: str = "template1") -> str:
        """Make another database, empty or a copy of one, and return its URL."""
        address = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "callengine"]
        command = [postgres_program("createdb"), *address, "-T", template, name]
        subprocess.run(command, check=True, capture_output=True, timeout=30)
        return self.database(name)


@contextmanager
def run_redis() -> Iterator[RedisServer]:
    """Run a Redis that keeps nothing."""
    with _folder("redis") as folder:

        def command(port: int) -> list[str]:
            options = ["--bind", "127.0.0.1", "--port", str(port)]
            options += ["--save", "", "--appendonly", "no", "--dir", str(folder)]
            return [_program("redis-server"), *options]

        with _server(command, folder, signal.SIGTERM, _redis_answers) as started:
            yield RedisServer(*started)


@contextmanager
def run_postgres(*settings: str) -> Iterator[PostgresServer]:
    """Run a PostgreSQL; as another user when the tests run as root, as it demands."""
    with _folder("postgres") as folder:
        data = folder / "data"
        wrapper = ["setpriv", *drop_root(folder)]
        make = [postgres_program("initdb"), "-D", str(data), "-U", "callengine"]
        make += ["-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        subprocess.run(
            [*wrapper, *make], check=True, capture_output=True, timeout=60, cwd=folder
        )

        def command(port: int) -> list[str]:
            options = ["-D", str(data), "-h", "127.0.0.1", "-p", str(port), "-k", ""]
            for setting in ("fsync=off", *(settings or ("synchronous_commit=off",))):
                options += ["-c", setting]
            return [postgres_program("postgres"), *options]

        stop = signal.SIGINT  # "fast shutdown"
        with _server(command, folder, stop, _postgres_answers, wrapper) as started:
            port, process = started
            wrapper = [*wrapper, "--pdeathsig", stop.name[3:]]
            server = PostgresServer(port, process, [*wrapper, *command(port)])
            server.create_database("callengine")
            try:
                yield server
            finally:
                _end(server.process, stop)


def pbx_config(home: Path, **changes: Any) -> PbxConfig:
    """A configuration on free ports; `changes` are fields of `PbxConfig`."""
    first_rtp = min(free_port(udp=True), 65535 - RTP_PORTS) & ~1  # RTP takes even ones
    values: dict[str, Any] = {
        "home": home,
        "ari_password": "ari-password-of-a-test",
        "ami_password": "ami-password-of-a-test",
        "ari_port": free_port(),
        "ami_port": free_port(),
        "agi_port": free_port(),
        "sip_port": free_port(udp=True),
        "rtp_first_port": first_rtp,
        "rtp_last_port": first_rtp + RTP_PORTS,
        "trunk_contact": f"sip:127.0.0.2:{free_port(udp=True, host='127.0.0.2')}",
        "ring_s": 5,
        "wrap_up_s": 0,
        "max_wait_s": 30,
    }
    return PbxConfig(**{**values, **changes})


@contextmanager
def run_pbx(**changes: Any) -> Iterator[Pbx]:
    """
    Run an Asterisk on free ports.

    Must be called from the main thread: Asterisk dies with the thread that made it.
    """
    with _folder("pbx") as folder:
        pbx = _start_pbx(folder, changes)
        try:
            yield pbx
        finally:
            asyncio.run(pbx.down())


def _start_pbx(folder: Path, changes: dict[str, Any]) -> Pbx:
    attempt = 1
    while True:
        pbx = Pbx(pbx_config(folder / "home", **changes))
        try:
            asyncio.run(pbx.up())
        except PbxError as error:
            if "taken" not in str(error) or attempt == ATTEMPTS:
                raise
            attempt += 1
        else:
            return pbx


@contextmanager
def _folder(name: str) -> Iterator[Path]:
    # Not pytest's: PostgreSQL runs as a user who may not enter that.
    folder = Path(tempfile.mkdtemp(prefix=f"callengine-{name}-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _server(
    command: Callable[[int], Sequence[str]],
    folder: Path,
    stop: signal.Signals,
    answers: Callable[[int], bool],
    wrapper: Sequence[str] = ("setpriv",),
) -> "Iterator[tuple[int, subprocess.Popen[bytes]]]":
    port, process = _start(
        command, folder, [*wrapper, "--pdeathsig", stop.name[3:]], answers
    )
    try:
        yield port, process
    finally:
        _end(process, stop)


def _start(
    command: Callable[[int], Sequence[str]],
    folder: Path,
    wrapper: Sequence[str],
    answers: Callable[[int], bool],
) -> "tuple[int, subprocess.Popen[bytes]]":
    """Start on one free port after another; the wrapper makes it end with us."""
    log = folder / "server.log"
    for _attempt in range(ATTEMPTS):
        port = free_port()
        with log.open("wb") as output:
            process = _spawn([*wrapper, *command(port)], output, folder)
        if _wait_until_ready(process, port, answers):
            return port, process
    raise RuntimeError(f"{command(0)[0]} did not start:\n{log.read_text()}")


def _spawn(
    command: Sequence[str], output: Any, folder: Path = Path("/")
) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _wait_until_ready(
    process: "subprocess.Popen[bytes]", port: int, answers: Callable[[int], bool]
) -> bool:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline and process.poll() is None:
        if answers(port):
            return process.poll() is None
        time.sleep(0.02)
    _end(process, signal.SIGKILL)
    return False


def _end(process: "subprocess.Popen[bytes]", stop: signal.Signals) -> None:
    if process.poll() is None:
        process.send_signal(stop)
    try:
        process.wait(END_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(END_WITHIN_S)


def _children(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[1]) == parent:
                found.append(int(stat.parent.name))
    return found


def _redis_answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def _postgres_answers(port: int) -> bool:
    return is_ready("127.0.0.1", port)


def _program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if found is None:
        raise RuntimeError(f"{name} is missing. Do: make setup")
    return found
