"""
The engine's clock: it looks like Unix time, and never jumps.

Somebody sets the machine's clock by an hour, and no timer may end or stretch. So
instants inside are monotonic, counted from what the wall clock said at the first start
since the machine booted; `ahead_s` is what to add to one for the wall clock of now.
"""

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from callengine.core.facts import ClockSet
from callengine.engine.ports import FactSink

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 1.0

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
STEPPED_S = 0.5
"""Less is read as drift between two looks, not as somebody's setting the clock."""


class SteadyClock:
    """
    Call it for the instant.

    Args:
        kept: where the relation of both clocks is kept, so that instants in the
            journal mean the same after a restart. None: nowhere.
    """

    def __init__(
        self,
        kept: Path | None = None,
        *,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        boot_id: Path = BOOT_ID,
    ) -> None:
        self._wall, self._monotonic = wall, monotonic
        self._offset_s = wall() - monotonic()
        if kept is not None:
            self._offset_s = _kept_offset(kept, _boot(boot_id), self._offset_s)

    def __call__(self) -> float:
        """Tell the instant: Unix time, but for what the wall clock was set by since."""
        return self._monotonic() + self._offset_s

    def ahead_s(self) -> float:
        """Tell how far the wall clock is ahead of us; 0 unless somebody set it."""
        ahead = self._wall() - self()
        return ahead if abs(ahead) >= STEPPED_S else 0.0


async def watch_clock(clock: SteadyClock, post: FactSink) -> None:
    """Say whenever somebody sets the machine's clock; runs until cancelled."""
    said_s = 0.0
    while True:
        ahead_s = clock.ahead_s()
        if abs(ahead_s - said_s) >= STEPPED_S:
            log.warning("the machine's clock was set", ahead_s=round(ahead_s, 1))
            post(ClockSet(at=clock(), ahead_s=ahead_s))
            said_s = ahead_s
        await asyncio.sleep(LOOK_EVERY_S)


def _boot(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def _kept_offset(path: Path, boot: str, offset_s: float) -> float:
    """Read the offset of this boot; keep `offset_s` when there is none."""
    try:
        known = json.loads(path.read_text())
        if boot and known["boot"] == boot:
            return float(known["offset_s"])
    except (OSError, ValueError, KeyError, TypeError):
        pass  # of another boot, broken or not there: begin anew
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(json.dumps({"boot": boot, "offset_s": offset_s}))
    draft.replace(path)
    return offset_s
