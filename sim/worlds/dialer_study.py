"""Policies of the dialler compared on the same people, and what runs add up to."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from sim.checks import Check, at_least, at_most
from sim.worlds.baselines_dialer import (
    Clairvoyant,
    FixedRatio,
    Issabel,
    LookAhead,
    Progressive,
    ViciAdapt,
)
from sim.worlds.dialer import HOUR_S, DialerWorld, Policy, Tally
from sim.worlds.dialer_pacer import Predictive
from sim.worlds.dialer_people import SCENARIOS, People
from sim.worlds.dialer_reference import REFERENCE
from sim.worlds.runs import interval, over_seeds, run_all

LIMIT = 0.03
HANG_UP_AFTER_S = 15.0
"""Least ring of the American and British rules."""

OURS = "predictive"
WITHOUT = "predictive_no_hang_up"

POLICIES: Mapping[str, Callable[[People], Policy]] = {
    OURS: lambda _: Predictive(hang_up_after_s=HANG_UP_AFTER_S),
    WITHOUT: lambda _: Predictive(),
    "progressive": lambda _: Progressive(),
    "vici_n": lambda _: ViciAdapt(available_only=False),
    "vici_y": lambda _: ViciAdapt(available_only=True),
    "look_ahead": lambda people: LookAhead(people, target=LIMIT),
    "clairvoyant": lambda _: Clairvoyant(),
    "ratio_1_5": lambda _: FixedRatio(1.5),
    "ratio_2": lambda _: FixedRatio(2.0),
    "ratio_3": lambda _: FixedRatio(3.0),
    "issabel": lambda _: Issabel(overcommit=False),
    "issabel_overcommit": lambda _: Issabel(overcommit=True),
}
USUAL = (OURS, WITHOUT, "progressive", "vici_n", "vici_y", "look_ahead", "clairvoyant")


@dataclass(frozen=True, slots=True)
class Task:
    """One run: everything another process needs to know."""

    policy: str
    scenario: str
    agents: int
    seed: int
    hours: float


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a run, and the CPU seconds it took."""

    tally: Tally
    cpu_s: float


def run_one(task: Task) -> Done:
    """Live through one run."""
    people = SCENARIOS[task.scenario]
    policy = POLICIES[task.policy](people)
    began = time.process_time()
    world = DialerWorld(people, task.agents, policy, seed=task.seed)
    tally = world.run(task.hours * HOUR_S)
    return Done(tally, time.process_time() - began)


def compare(
    scenario: str,
    agents: int,
    *,
    seed: int,
    seeds: int,
    hours: float,
    policies: tuple[str, ...] = USUAL,
    processes: int | None = None,
) -> dict[str, dict[str, Any]]:
    """Run policies on the same seeds and return the figures of each."""
    tasks = [
        Task(policy, scenario, agents, one, hours)
        for policy in policies
        for one in over_seeds(seed, seeds)
    ]
    label = f"{scenario}, {agents} agents"
    done = run_all(run_one, tasks, processes=processes, label=label)
    return {
        policy: figures(
            [d for task, d in zip(tasks, done, strict=True) if task.policy == policy]
        )
        for policy in policies
    }


def figures(done: list[Done]) -> dict[str, Any]:
    """Sum up runs of one policy over seeds."""
    tallies = [one.tally for one in done]
    settled = sum(t.served + t.nuisances for t in tallies)
    utilisation = interval([t.utilisation for t in tallies])
    agent_hours = sum(t.logged_in_s for t in tallies) / HOUR_S
    cpu_s = sum(one.cpu_s for one in done)
    return {
        "utilisation": round(utilisation.mean, 4),
        "utilisation_error": _rounded(utilisation.half_width),
        "nuisance_rate": round(sum(t.nuisances for t in tallies) / settled, 5),
        "worst_nuisance_rate": round(max(t.nuisance_rate for t in tallies), 5),
        "talk_min_per_hour": round(fmean(t.talk_min_per_hour for t in tallies), 2),
        "attempts_per_served": round(
            sum(t.attempts for t in tallies) / sum(t.served for t in tallies), 3
        ),
        "hung_up_per_attempt": round(
            sum(t.hung_up for t in tallies) / sum(t.attempts for t in tallies), 4
        ),
        "answers": settled,
        "cpu_s_per_1000_agent_hours": round(1000 * cpu_s / agent_hours, 1),
    }


def checks(
    scenario: str, agents: int, found: Mapping[str, Mapping[str, Any]]
) -> list[Check]:
    """Hold our figures to the goals."""
    ours, plain = found[OURS], found[WITHOUT]
    listed = [
        at_most("nuisance rate of every run", ours["worst_nuisance_rate"], LIMIT),
        at_most("nuisance without hanging up", plain["worst_nuisance_rate"], LIMIT),
    ]
    reference = REFERENCE.get((scenario, agents))
    if reference is not None:
        least = round(reference.look_ahead - 0.01, 4)
        listed += [
            at_least("utilisation: look-ahead - 1 point", ours["utilisation"], least),
            at_least("utilisation without hanging up", plain["utilisation"], least),
        ]
    lead = 0.02 if agents == 5 else 0.03 if 10 <= agents <= 50 else None
    if lead is not None:
        over_vici = round(ours["utilisation"] - found["vici_y"]["utilisation"], 4)
        listed.append(at_least("points above VICIdial Y", over_vici, lead))
    return listed


def usual_hours(agents: int, seeds: int) -> float:
    """Choose a length that makes errors small without making people wait."""
    return max(1600 / agents / seeds, 25.0)


def _rounded(value: float) -> float | None:
    return round(value, 4) if value < 1 else None
