"""
The simulator's twin of a live run: same team, same policy, same people, same window.

A window of ten minutes differs from the next one by several points through chance
alone, so the twin lives through the very fates of the live run; runs with other
people tell how much chance there is.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from statistics import fmean, stdev
from typing import Any

from callengine.core.campaign import Campaign
from callengine.core.compliance.presets import HOUSE
from callengine.core.memory import FinishedAttempt
from callengine.core.predictive.answers import AnswerContext
from callengine.core.predictive.snapshot import Duty
from callengine.core.remember import recall
from callengine.core.rules import Rules
from sim.bench.roster import shop_of
from sim.livedialer.morning import memory_of, morning
from sim.livedialer.world import group_of
from sim.worlds.baselines_dialer import Progressive
from sim.worlds.dialer import DialerWorld, Policy
from sim.worlds.dialer_pacer import Predictive
from sim.worlds.dialer_people import SCENARIOS, Fate
from sim.worlds.runs import over_seeds, run_all

LOOK_EVERY_S = 0.25
DELAYS_S = (0.0, 0.3)
"""Network and machine delay an attempt by about so much, which no twin can foresee."""
DELAYED = 20
OTHERS = 60
BUSY = (Duty.TALKING, Duty.WRAPPING)


def engines_own(earlier: Sequence[FinishedAttempt]) -> Policy:
    """Make the pacer that the engine makes for a shop that says nothing special."""
    policy = Predictive()
    rules = Rules()
    shop = shop_of(group_of(1, now=0.0))
    campaign = Campaign(
        shop, HOUSE, rules.pacing.predictive, ring_s=rules.customer_ring_s, now=0.0
    )
    if earlier:
        recall(campaign, memory_of(shop.shop, earlier))
    policy.pacer = campaign.pacer
    return policy


POLICIES: Mapping[str, Callable[[Sequence[FinishedAttempt]], Policy]] = {
    "predictive": engines_own,
    "progressive": lambda _: Progressive(),
}


@dataclass(frozen=True, slots=True)
class Team:
    """Who works how, and which part of the run is looked at; seconds."""

    scenario: str
    agents: int
    policy: str
    warm_up_s: float
    measured_s: float
    earlier: int = 0
    """Attempts that the shop made earlier in the day, drawn by `seed`."""
    seed: int = 1


@dataclass(frozen=True, slots=True)
class TwinTask:
    """One run; `jitter` seeds the delays of attempts, None for no delays."""

    team: Team
    seed: int
    jitter: int | None = None


@dataclass(frozen=True, slots=True)
class Lived:
    """What a twin's window came to."""

    utilisation: float
    nuisances: int
    settled: int


class DelayedWorld(DialerWorld):
    """A world in which every attempt takes a moment longer than its fate says."""

    delays: Random | None = None

    def through(self, trunk: AnswerContext, fate: Fate) -> Fate:
        """Add a delay."""
        if self.delays is None:
            return fate
        late_s = fate.after_s + self.delays.uniform(*DELAYS_S)
        return Fate(late_s, fate.answered, fate.rings)


def live_once(task: TwinTask) -> Lived:
    """Live through the warm-up and the window."""
    team = task.team
    people = SCENARIOS[team.scenario]
    earlier = morning(people, team.seed, team.earlier, now=0.0)
    policy = POLICIES[team.policy](earlier)
    world = DelayedWorld(people, team.agents, policy, seed=task.seed)
    world.delays = None if task.jitter is None else Random(task.jitter)
    world.run(team.warm_up_s)
    before = world.tally.nuisances, world.tally.served
    busy = looks = 0
    while world.now < team.warm_up_s + team.measured_s:
        world.kernel.run(world.now + LOOK_EVERY_S)
        busy += sum(worker.view.duty in BUSY for worker in world.workers)
        looks += len(world.workers)
    nuisances = world.tally.nuisances - before[0]
    served = world.tally.served - before[1]
    return Lived(busy / max(1, looks), nuisances, nuisances + served)


def live_all(team: Team, seed: int, *, processes: int | None = None) -> dict[str, Any]:
    """
    Live through the twin's runs and sum them up.

    `same_people` is the mean of runs with the fates of `seed`, each a little delayed;
    `other_people` that of other seeds, with the spread of single windows.
    """
    same = [TwinTask(team, seed, jitter) for jitter in range(DELAYED)]
    others = [TwinTask(team, one) for one in over_seeds(seed + 1, OTHERS)]
    lived = run_all(live_once, same + others, processes=processes, label="twins")
    return {
        "policy": team.policy,
        "same_people": figures(lived[:DELAYED]),
        "other_people": figures(lived[DELAYED:]),
    }


def figures(lived: Sequence[Lived]) -> dict[str, Any]:
    """Sum up windows: their mean, how they differ, and the nuisance rate of all."""
    shares = [one.utilisation for one in lived]
    settled = sum(one.settled for one in lived)
    return {
        "runs": len(lived),
        "utilisation": round(fmean(shares), 4),
        "spread": round(stdev(shares), 4) if len(shares) > 1 else None,
        "least": round(min(shares), 4),
        "most": round(max(shares), 4),
        "nuisance_rate": round(sum(o.nuisances for o in lived) / max(1, settled), 5),
    }
