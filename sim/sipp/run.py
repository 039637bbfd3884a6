"""Running SIPp: one process per role, ended by its id, measured by its own files."""

import asyncio
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from sim.processes import Child, ChildFailed, start_child
from sim.sipp.stats import Counts, Moment, parse_counts, read_moments
from sim.waiting import until

SCENARIOS = Path(__file__).parent / "scenarios"


@dataclass(frozen=True, slots=True, kw_only=True)
class SippSettings:
    """
    One SIPp process.

    Attributes:
        scenario: file name in `scenarios/` without its suffix.
        target: `HOST:PORT` it calls; None for those who are called.
        address, port: where it sits.
        first_media_port: where its RTP ports begin.
        numbers: lines of the numbers file, used in order: `caller;host;dialled` for
            callers; who are called take what their scenario says.
        calls_per_s, calls: rate and total of callers; 0 calls means no end.
        limit: most calls at one time.
        pause_ms: length of the scenario's pause, where it has one.
        sounds: folder with what people say.
        measured: write each call's instants (cheap; off for nothing but speed).
    """

    scenario: str
    folder: Path
    address: str
    port: int
    target: str | None = None
    first_media_port: int = 0
    numbers: Sequence[str] = ()
    calls_per_s: float = 1.0
    calls: int = 0
    limit: int = 1000
    pause_ms: int = 0
    sounds: Path | None = None
    measured: bool = True

    def argv(self) -> list[str]:
        """Make the command line; the numbers file must have been written."""
        where = ["-i", self.address, "-mi", self.address, "-p", str(self.port)]
        argv = ["sipp", "-sf", str(SCENARIOS / f"{self.scenario}.xml"), *where]
        argv += ["-nostdin", "-aa", "-trace_stat", "-fd", "1"]
        argv += ["-stf", str(self.folder / "stat.csv")]
        argv += ["-trace_err", "-error_file", str(self.folder / "errors.log")]
        argv += ["-max_log_size", "2000000"]
        if self.measured:
            argv += ["-trace_logs", "-log_file", str(self.log)]
        if self.first_media_port:
            argv += ["-mp", str(self.first_media_port)]
        if self.pause_ms:
            argv += ["-d", str(self.pause_ms)]
        if self.numbers or self.target is not None:
            argv += ["-inf", str(self.folder / "numbers.csv")]
        if self.target is not None:
            argv += [self.target, *self._rate()]
        return argv

    def _rate(self) -> list[str]:
        # SIPp takes whole calls per period of whole milliseconds.
        if self.calls_per_s < 10:
            argv = ["-r", "1", "-rp", str(round(1000 / self.calls_per_s))]
        else:
            argv = ["-r", str(round(self.calls_per_s * 10)), "-rp", "10000"]
        if self.calls:
            argv += ["-m", str(self.calls)]
        # SIPp's own limit follows from the rate and is below one for slow callers.
        return [*argv, "-l", str(self.limit)]

    @property
    def log(self) -> Path:
        """Where the scenario's log lines go."""
        return self.folder / "moments.log"


class Sipp:
    """A running SIPp; an async context manager that ends it by its id."""

    def __init__(self, settings: SippSettings) -> None:
        self.settings = settings
        self._child: Child | None = None
        self._closing = False

    async def __aenter__(self) -> "Sipp":
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start it. Raises `ChildFailed` when it ends at once (a taken port)."""
        folder = self.settings.folder
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("stat.csv", "moments.log", "errors.log"):
            (folder / name).unlink(missing_ok=True)
        if self.settings.numbers:
            lines = ["SEQUENTIAL", *self.settings.numbers, ""]
            (folder / "numbers.csv").write_text("\n".join(lines))
        self._child = await start_child(
            self.settings.argv(),
            name=f"sipp {self.settings.scenario}",
            log=folder / "sipp.log",
            folder=self.settings.sounds,
            output="drop",
        )
        await self._started()

    async def _started(self) -> None:
        assert self._child is not None

        async def bound() -> bool:
            self.check()
            return not self.running or _holds(self.pid, self.settings.port)

        if not await until(bound, every_s=0.02, within_s=10.0):
            self._raise()

    def check(self) -> None:
        """Raise `ChildFailed` if it ended for another reason than its last call."""
        if self._child is None or self._child.running or self._closing:
            return
        # 0: every call went well; 1: some failed.
        if self._child.process.returncode not in (0, 1) or not self.has_counted():
            self._raise()

    def has_counted(self) -> bool:
        """Whether it came so far as to make a call, if it makes any."""
        return self.counts().created > 0 or self.settings.target is None

    def _raise(self) -> None:
        assert self._child is not None
        errors = self.settings.folder / "errors.log"
        said = errors.read_text(errors="replace")[-800:] if errors.exists() else ""
        raise ChildFailed(
            f"{self._child.name} ended with {self._child.process.returncode}:\n"
            f"{self._child.tail()}\n{said}"
        )

    @property
    def pid(self) -> int:
        """Process id of SIPp."""
        if self._child is None:
            raise ChildFailed(f"sipp {self.settings.scenario} is not running")
        return self._child.pid

    @property
    def running(self) -> bool:
        """Whether it still runs."""
        return self._child is not None and self._child.running

    def counts(self) -> Counts:
        """Read its totals; they are at most a second old."""
        try:
            text = (self.settings.folder / "stat.csv").read_text(errors="replace")
        except FileNotFoundError:
            return Counts()
        return parse_counts(text)

    def moments(self) -> list[Moment]:
        """Read what its calls logged so far."""
        return read_moments(self.settings.log)

    async def finished(self, *, within_s: float) -> Counts:
        """Wait until all its calls are over. Raises `TimeoutError`."""
        assert self._child is not None
        async with asyncio.timeout(within_s):
            await self._child.process.wait()
        self.check()
        return self.counts()

    async def no_new_calls(self) -> None:
        """Stop starting calls; it ends by itself when the running ones are over."""
        self._closing = True
        if self._child is not None:
            self._child.send_signal(signal.SIGUSR1)

    async def stop(self) -> None:
        """End it; its calls are cut off without a word."""
        if self._child is not None:
            await self._child.stop(grace_s=2.0)


def _holds(pid: int, port: int) -> bool:
    """Whether a process has bound a UDP port."""
    try:
        sockets = psutil.Process(pid).net_connections(kind="udp")
    except psutil.NoSuchProcess:
        return False
    return any(sock.laddr and sock.laddr.port == port for sock in sockets)
