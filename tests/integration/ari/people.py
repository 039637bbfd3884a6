"""People on SIPp: customers who are called, callers who call."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from callengine.asterisk.pbx import Pbx
from sim.sipp.run import SippSettings
from sim.sipp.sounds import make_sounds
from tests.support.ports import free_port

READY_WITHIN_S = 10.0
_SILENCE = b"\xd5" * 8000 * 3
"""Three seconds, in A-law."""


@contextmanager
def customers(pbx: Pbx, folder: Path) -> Iterator[None]:
    """Have somebody at every number beyond the trunk; the last digit says who."""
    host, port = pbx.config.trunk_contact.removeprefix("sip:").split(":")
    settings = SippSettings(
        scenario="customers_answer_by_last_digit",
        folder=folder / "customers",
        address=host,
        port=int(port),
        first_media_port=_media_port(),
        sounds=_sounds(folder / "sounds"),
    )
    with _running(settings):
        yield


@contextmanager
def phone(scenario: str, folder: Path, *, port: int) -> Iterator[Path]:
    """Have a phone at a fixed address; yields where its log lines go."""
    settings = SippSettings(
        scenario=scenario,
        folder=folder / f"phone-{port}",
        address="127.0.0.1",
        port=port,
        first_media_port=_media_port(),
    )
    with _running(settings):
        yield settings.log


@contextmanager
def caller(
    pbx: Pbx, folder: Path, *, dialled: str, number: str, stays_s: float | None
) -> Iterator[None]:
    """Have one caller dial in, who hangs up after `stays_s`, if ever."""
    address = pbx.config.trunk_address
    leaves = "caller_hangs_up_after_a_while"
    stays = "caller_waits_for_the_agent_to_end"
    settings = SippSettings(
        scenario=stays if stays_s is None else leaves,
        folder=folder / f"caller-{time.monotonic_ns()}",
        address=address,
        port=free_port(udp=True, host=address),
        first_media_port=_media_port(),
        target=f"{pbx.config.sip_host}:{pbx.config.sip_port}",
        numbers=[f"{number};{address};{dialled}"],
        calls=1,
        sounds=_sounds(folder / "sounds"),
        pause_ms=0 if stays_s is None else round(stays_s * 1000),
    )
    with _running(settings):
        yield


@contextmanager
def _running(settings: SippSettings) -> Iterator[None]:
    folder = settings.folder
    folder.mkdir(parents=True)
    if settings.numbers:
        (folder / "numbers.csv").write_text(
            "\n".join(["SEQUENTIAL", *settings.numbers, ""])
        )
    process = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", *_scenario(settings)],
        cwd=settings.sounds or folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until_started(process, folder)
        yield
    finally:
        process.kill()
        process.wait()


def _scenario(settings: SippSettings) -> list[str]:
    """Take a scenario of ours, where there is one, else the simulator's."""
    argv = settings.argv()
    own = Path(__file__).with_name(f"{settings.scenario}.xml")
    if own.exists():
        argv[argv.index("-sf") + 1] = str(own)
    return argv


def _wait_until_started(process: "subprocess.Popen[bytes]", folder: Path) -> None:
    # SIPp writes its statistics once it has bound its port.
    stat, deadline = folder / "stat.csv", time.monotonic() + READY_WITHIN_S
    while not (stat.exists() and stat.stat().st_size):
        if process.poll() is not None or time.monotonic() > deadline:
            errors = folder / "errors.log"
            raise RuntimeError(errors.read_text() if errors.exists() else "no SIPp")
        time.sleep(0.02)


def _sounds(folder: Path) -> Path:
    """Speech that ends in sent silence, as phones do: no packets are no silence."""
    hello = make_sounds(folder).folder / "hello.alaw"
    hello.write_bytes(hello.read_bytes() + _SILENCE)
    return folder


def _media_port() -> int:
    return min(free_port(udp=True), 60_000)
