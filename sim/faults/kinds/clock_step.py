"""
`faults clock-step`: somebody sets the clock an hour on, two hours back, a day on.

The engine's process sees those clocks (libfaketime); Asterisk and people go by the
machine's. No call may end and no timer stretch: agents who wrap up come back in time,
callers who wait are served, nobody is called at a wrong hour.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sim.checks import Check, equal
from sim.faults.fault import Fault, Stage
from sim.faults.seen import Seen
from sim.world.plan import Plan
from sim.world.shops import ShopsFile
from sim.world.steps import Say
from sim.world.world import World, WorldFailed

STEPS_S = (3600, -3600, 86_400)
"""Where the clock is after each step, beside the true time."""
HERE = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")


class ClockStep(Fault):
    """Each step holds for a third of the time; then the clock is right again."""

    name = "clock-step"
    about = "the engine's clock is set an hour on, an hour back, a day on"
    for_s = 18.0

    def make_world(self, plan: Plan, shops: ShopsFile, say: Say) -> World:
        """Let the engine read its clock through a library that reads a file."""
        if not HERE.exists():
            raise WorldFailed("Missing: faketime. Do: apt install faketime.")
        world = World(plan, shops, say)
        world.since += min(STEPS_S)  # what is booked then is dated by that clock
        # Not in the run's folder, which is emptied first.
        self._file = plan.folder.with_name(f"{plan.folder.name}.clock")
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._set(0)
        world.engine_env |= {
            "LD_PRELOAD": str(HERE),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }
        return world

    def _set(self, beside_s: int) -> None:
        draft = self._file.with_name(f"{self._file.name}.new")
        draft.write_text(f"{beside_s:+d}\n")
        draft.replace(self._file)

    async def inject(self, stage: Stage) -> None:
        """Step, and let others follow."""
        self._set(STEPS_S[0])
        self._more = asyncio.create_task(self._step_on())

    async def _step_on(self) -> None:
        for beside_s in STEPS_S[1:]:
            await asyncio.sleep(self.for_s / len(STEPS_S))
            self._set(beside_s)

    async def lift(self, stage: Stage) -> None:
        """Set it right."""
        self._more.cancel()
        self._set(0)
        log = stage.world.plan.folder / "engine-1.log"
        text = await asyncio.to_thread(log.read_text)
        stage.notes["steps_seen"] = text.count("the machine's clock was set")

    def checks(self, seen: Seen, figures: dict[str, Any]) -> Sequence[Check]:
        """The engine must have seen the steps, else nothing was tried."""
        return [
            equal("steps the engine saw", figures["steps_seen"], len(STEPS_S)),
            equal("callers sent round the engine", figures["fallback_answered"], 0),
            equal("Asterisk ran on", seen.asterisk_before, seen.asterisk_after),
        ]


FAULT = ClockStep()
