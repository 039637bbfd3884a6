"""
`faults engine-kill`: `kill -9` of the engine while people talk and wait.

Calls already joined must stay up, new calls must ring through the fallback queue, and
the engine, started again, must take over what it left.
"""

from collections.abc import Sequence
from typing import Any

from sim.checks import Check, equal
from sim.faults.fault import Fault, Stage
from sim.faults.seen import Seen


class EngineKill(Fault):
    """Nobody starts the engine again before the fault is lifted."""

    name = "engine-kill"
    about = "kill -9 of the engine, which nobody starts again for a while"
    goes_round_the_engine = True

    async def inject(self, stage: Stage) -> None:
        """Kill it."""
        await stage.world.kill_engine()

    async def lift(self, stage: Stage) -> None:
        """Start it again."""
        async with stage.world.steps.step("Starting the engine again"):
            await stage.world.start_engine()

    def checks(self, seen: Seen, figures: dict[str, Any]) -> Sequence[Check]:
        """Asterisk must have been left alone."""
        return [equal("Asterisk ran on", seen.asterisk_before, seen.asterisk_after)]


FAULT = EngineKill()
