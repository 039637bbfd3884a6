"""
`faults ari-away`: the network between engine and Asterisk goes silent.

Nothing is closed: both sides must find out. New callers go to the fallback
queue, those who talk go on; afterwards the engine finds out what happened meanwhile.
"""

from collections.abc import Sequence
from typing import Any

from sim.checks import Check, equal
from sim.faults.fault import Fault, Stage
from sim.faults.relay import Relay, relay_to
from sim.faults.seen import Seen
from sim.world.plan import Plan
from sim.world.shops import ShopsFile
from sim.world.steps import Say
from sim.world.world import World


class RelayedWorld(World):
    """A world whose engine reaches ARI through a relay."""

    relay: Relay | None = None

    async def _start_engine(self) -> None:
        # First, so that it is there until the engine has ended.
        relayed = relay_to("127.0.0.1", self.plan.ari_port)
        self.relay = await self._stack.enter_async_context(relayed)
        self.engine_env["CALLENGINE_ARI__PORT"] = str(self.relay.port)
        await super()._start_engine()


class AriAway(Fault):
    """The engine lives, and cannot do anything about calls."""

    name = "ari-away"
    about = "nothing passes between engine and ARI, and nothing closes"
    for_s = 15.0
    recovery_goal_ms = 15_000.0
    goes_round_the_engine = True

    def make_world(self, plan: Plan, shops: ShopsFile, say: Say) -> World:
        """Put a relay between."""
        return RelayedWorld(plan, shops, say)

    async def inject(self, stage: Stage) -> None:
        """Let nothing pass."""
        _relay(stage).passes.clear()

    async def lift(self, stage: Stage) -> None:
        """Let everything pass, also what was on its way."""
        _relay(stage).passes.set()

    def checks(self, seen: Seen, figures: dict[str, Any]) -> Sequence[Check]:
        """Asterisk must have been left alone."""
        return [equal("Asterisk ran on", seen.asterisk_before, seen.asterisk_after)]


def _relay(stage: Stage) -> Relay:
    assert isinstance(stage.world, RelayedWorld)
    assert stage.world.relay is not None
    return stage.world.relay


FAULT = AriAway()
