"""
`faults asterisk-kill`: `kill -9` of Asterisk while people talk and wait.

All calls end with it. Whoever calls while it is away is let in by the next INVITE that
their carrier repeats; the engine must come back to the new Asterisk by itself, book the
calls that were cut, and blame no agent.
"""

import os
import signal
from collections.abc import Sequence
from typing import Any

from sim.checks import Check, equal
from sim.faults.fault import Fault, Stage
from sim.faults.seen import Seen


class AsteriskKill(Fault):
    """Somebody starts Asterisk again after a while, as systemd would."""

    name = "asterisk-kill"
    about = "kill -9 of Asterisk, which is started again after a while"
    for_s = 5.0
    recovery_goal_ms = 15_000.0
    cuts_joined = True
    closes_the_door = True

    async def inject(self, stage: Stage) -> None:
        """Kill it."""
        status = await stage.world.pbx.status()
        assert status.pid is not None
        os.kill(status.pid, signal.SIGKILL)

    async def lift(self, stage: Stage) -> None:
        """Start it again."""
        async with stage.world.steps.step("Starting Asterisk again"):
            await stage.world.pbx.down()  # what is left of it
            await stage.world.pbx.up()

    def checks(self, seen: Seen, figures: dict[str, Any]) -> Sequence[Check]:
        """It was really another one."""
        another = seen.asterisk_after not in (None, seen.asterisk_before)
        return [equal("another Asterisk runs", another, True)]


FAULT = AsteriskKill()
