"""One step of load: callers at a rate for a while, and what came of them."""

import asyncio
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sim.sipp.run import Sipp, SippSettings
from sim.sipp.stats import Moment
from sim.world.plan import TRUNK_ADDRESS

_FIRST_NUMBER = 79_160_000_000


@dataclass(frozen=True, slots=True)
class Step:
    """What one step of load measured."""

    calls: int
    failed: int
    wall_s: float
    callers: list[Moment]
    agents: list[Moment]
    failures: tuple[tuple[str, int], ...]


class Load:
    """Sends callers to one dialled number after the other; agents answer them all."""

    def __init__(
        self,
        folder: Path,
        target: str,
        agents: Sipp,
        *,
        sounds: Path,
        first_media_port: int,
    ) -> None:
        self._sounds = sounds
        self._first_media_port = first_media_port
        self._folder = folder
        self._target = target
        self._agents = agents
        self._steps = itertools.count(1)
        self._numbers = map(str, itertools.count(_FIRST_NUMBER))

    async def step(
        self,
        dialled: str,
        *,
        rate: float,
        seconds: float,
        port: int,
        scenario: str = "caller_of_the_benchmark",
        drain_s: float = 30.0,
    ) -> Step:
        """Run callers and wait until the last of them is gone."""
        calls = round(rate * seconds)
        settings = SippSettings(
            scenario=scenario,
            folder=self._folder / f"step-{next(self._steps):03d}",
            address=TRUNK_ADDRESS,
            port=port,
            target=self._target,
            numbers=list(self._lines(dialled, calls)),
            calls_per_s=rate,
            calls=calls,
            limit=5_000,
            sounds=self._sounds,
            first_media_port=self._first_media_port,
        )
        seen = len(self._agents.moments())
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with Sipp(settings) as sipp:
            counts = await sipp.finished(within_s=seconds + drain_s)
        return Step(
            calls=calls,
            failed=max(counts.failed, calls - counts.successful),
            wall_s=loop.time() - began,
            callers=sipp.moments(),
            agents=self._agents.moments()[seen:],
            failures=counts.failures,
        )

    def _lines(self, dialled: str, calls: int) -> Iterator[str]:
        for number in itertools.islice(self._numbers, calls):
            yield f"+{number};{TRUNK_ADDRESS};{dialled}"
