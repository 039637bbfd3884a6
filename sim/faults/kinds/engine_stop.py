"""
`faults engine-stop`: the engine hangs (SIGSTOP) while people talk and wait.

It keeps its sockets, so Asterisk goes on giving it calls. Nobody lifts this fault: the
engine's parent must notice the hang and start another.
"""

import os
import signal
from collections.abc import Sequence
from typing import Any

import psutil

from sim.checks import Check, equal
from sim.faults.fault import Fault, Stage
from sim.faults.seen import Seen
from sim.processes import innermost


class EngineStop(Fault):
    """The process that turns the loop is stopped, not its parent."""

    name = "engine-stop"
    about = "SIGSTOP of the engine: it hangs with its sockets open"
    heals_itself = True
    recovery_goal_ms = 10_000.0
    goes_round_the_engine = True

    async def inject(self, stage: Stage) -> None:
        """Stop the innermost process of the engine."""
        assert stage.world.engine is not None
        self._pid = innermost(stage.world.engine.pid)
        os.kill(self._pid, signal.SIGSTOP)

    async def lift(self, stage: Stage) -> None:
        """Wake it, should it still be there: what it does then counts too."""
        stage.notes["killed_by_parent"] = not psutil.pid_exists(self._pid)
        if psutil.pid_exists(self._pid):
            os.kill(self._pid, signal.SIGCONT)

    def checks(self, seen: Seen, figures: dict[str, Any]) -> Sequence[Check]:
        """Asterisk must have been left alone, the hung process not."""
        return [
            equal("hung engine was ended", figures["killed_by_parent"], True),
            equal("Asterisk ran on", seen.asterisk_before, seen.asterisk_after),
        ]


FAULT = EngineStop()
