"""
What a fault is, and what it may touch.

A new fault is one file in `sim/faults/kinds/` that ends with `FAULT = MyFault()`: the
registry finds it there by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.checks import Check
from sim.demo.traffic import Traffic
from sim.world.plan import Plan, Timing, make_plan
from sim.world.shops import DEMO, ShopsFile
from sim.world.staff import Staff
from sim.world.steps import Say
from sim.world.world import World

if TYPE_CHECKING:
    from sim.faults.seen import Seen


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultOptions:
    """
    Which shops, where, and the seed of the people.

    Attributes:
        for_s: how long the fault lasts; None: as long as the fault says itself.
        after_s: how long traffic goes on once it is over.
    """

    seed: int = 1
    folder: Path = Path("var/faults")
    shops: Path = DEMO
    for_s: float | None = None
    after_s: float = 25.0


@dataclass(slots=True)
class Stage:
    """
    A centre at work, as a fault finds it.

    Attributes:
        notes: figures of the fault's own; they go into the report.
    """

    world: World
    staff: Staff
    traffic: Traffic
    say: Say
    notes: dict[str, Any] = field(default_factory=dict)


class Fault:
    """
    One thing that goes wrong. Class attributes say what may be expected of it.

    Attributes:
        name: as on the command line.
        about: one sentence, as the list of faults prints it.
        for_s: how long it lasts unless told otherwise.
        heals_itself: nobody lifts it; recovery counts from the beginning of the fault.
        recovery_goal_ms: from its end (or beginning) until the engine is ready again.
        cuts_joined: people who talk are cut off: the thing that carried them is gone.
        closes_the_door: callers cannot even reach Asterisk while it lasts.
        goes_round_the_engine: callers are expected to come through the fallback queue.
    """

    name: str
    about: str
    for_s = 12.0
    heals_itself = False
    recovery_goal_ms = 5000.0
    cuts_joined = False
    closes_the_door = False
    goes_round_the_engine = False

    def make_plan(self, folder: Path) -> Plan:
        """Choose where the run lives and how patient its engine is."""
        return make_plan(folder, timing=Timing(max_wait_s=90))

    def make_world(self, plan: Plan, shops: ShopsFile, say: Say) -> World:
        """Make what is to be broken."""
        return World(plan, shops, say)

    async def inject(self, stage: Stage) -> None:
        """Begin; returns as soon as the fault is there."""
        raise NotImplementedError

    async def lift(self, stage: Stage) -> None:
        """Mend what was broken; need not wait until all is well."""
        raise NotImplementedError

    def excused(self, stage: Stage) -> frozenset[str]:
        """Name the agents who are rightly paused by this fault."""
        return frozenset()

    def figures(self, stage: Stage, seen: "Seen") -> dict[str, Any]:
        """Make figures of the fault's own."""
        return dict(stage.notes)

    def checks(self, seen: "Seen", figures: dict[str, Any]) -> Sequence[Check]:
        """Make checks of the fault's own."""
        return ()
