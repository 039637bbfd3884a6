"""
`faults redis-hang`: Redis stops (SIGSTOP), as on a stalled disk or behind a firewall
that drops.

Nobody may notice: effects wait for the journal a tenth of a second once, then not at
all, and what was missed is written when it answers again.
"""

import signal
from collections.abc import Sequence
from typing import Any

from sim.checks import Check, at_most
from sim.faults.fault import Fault, Stage
from sim.faults.postgres import meanwhile, unnoticed
from sim.faults.seen import Seen

TO_RING_GOAL_MS = 3000.0


class RedisHang(Fault):
    """It is connected and does not answer."""

    name = "redis-hang"
    about = "SIGSTOP of Redis: connected, and silent"

    async def inject(self, stage: Stage) -> None:
        """Stop it."""
        assert stage.world.redis is not None
        stage.world.redis.send_signal(signal.SIGSTOP)

    async def lift(self, stage: Stage) -> None:
        """Wake it."""
        assert stage.world.redis is not None
        stage.world.redis.send_signal(signal.SIGCONT)

    def figures(self, stage: Stage, seen: Seen) -> dict[str, Any]:
        """Tell who was served without a journal."""
        return meanwhile(stage, seen)

    def checks(self, seen: Seen, figures: dict[str, Any]) -> Sequence[Check]:
        """Nobody noticed but `/readyz`."""
        to_ring = figures["new_caller_to_ring_ms"]["p50"]
        return [
            *unnoticed(figures),
            at_most("new caller to ring, p50 ms", to_ring, TO_RING_GOAL_MS),
        ]


FAULT = RedisHang()
