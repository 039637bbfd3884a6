"""Runs of the routing worlds over seeds, as figures with confidence intervals."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, linear_regression

from sim.worlds.routing import Centre, MakeRouter, RoutingWorld, Tally
from sim.worlds.runs import Interval, interval, run_all

Figures = dict[str, float]

_ENOUGH = 10


@dataclass(frozen=True, slots=True)
class Task:
    """One run: who routes, where, and how long."""

    key: str
    centre: Centre
    make_router: MakeRouter
    seed: int
    calls: int
    warm_up: int = 3_000


def figures_of(tally: Tally, within_s: float) -> Figures:
    """Boil a run down: shares from 0 to 1, times in seconds."""
    waits, offered = tally.waits, max(1, tally.offered)
    answered = max(1, len(waits))
    occupancies = tally.occupancies()
    figures = {
        "blocked": tally.blocked / offered,
        "abandoned": tally.abandoned / offered,
        "within": tally.within / offered,
        "within_of_answered": sum(w <= within_s for w in waits) / answered,
        "mean_wait_s": fmean(waits) if waits else 0.0,
        "p95_wait_s": waits[int(0.95 * len(waits))] if waits else 0.0,
        "longest_wait_s": waits[-1] if waits else 0.0,
        "waits": sum(w > 0 for w in waits) / answered,
        "off_skill": tally.off_skill / answered,
        "occupancy": fmean(occupancies),
        "occupancy_spread": max(occupancies) - min(occupancies),
        "load": tally.asked_s / tally.seconds,
        "on_best_skill": tally.on_best / answered,
    }
    for name, of_class in tally.by_class.items():
        own = sorted(of_class.waits)
        figures[f"{name}:within"] = of_class.within / max(1, of_class.offered)
        figures[f"{name}:mean_wait_s"] = fmean(own) if own else 0.0
        figures[f"{name}:p95_wait_s"] = own[int(0.95 * len(own))] if own else 0.0
        figures[f"{name}:longest_wait_s"] = own[-1] if own else 0.0
    return figures


def work(task: Task) -> Figures:
    """Do one run."""
    world = RoutingWorld(task.centre, task.make_router, task.seed)
    tally = world.run(task.calls, warm_up=task.warm_up)
    return figures_of(tally, task.centre.within_s)


@dataclass(frozen=True, slots=True)
class Study:
    """Figures of every run of every key."""

    figures: dict[str, list[Figures]]

    def get(self, key: str, figure: str) -> Interval:
        """Return a figure with its interval."""
        return interval([run[figure] for run in self.figures[key]])

    def controlled(self, key: str, figure: str, load: float) -> Interval:
        """
        Return a figure with the chance in the load taken out.

        Runs that happened to get more work than `load` erlangs, which is known, wait
        longer: a line through the runs says by how much, and each is corrected along
        it (control variate). Few runs are left as they are.
        """
        runs = self.figures[key]
        values = [run[figure] for run in runs]
        if len(runs) < _ENOUGH:
            return interval(values)
        excess = [run["load"] - load for run in runs]
        slope, _ = linear_regression(excess, values)
        return interval(
            [value - slope * over for value, over in zip(values, excess, strict=True)]
        )

    def difference(self, key: str, other: str, figure: str) -> Interval:
        """
        Return how much a figure of one key is above that of another.

        Runs of the same seed are paired: they had the very same callers.
        """
        pairs = zip(self.figures[key], self.figures[other], strict=True)
        return interval([one[figure] - two[figure] for one, two in pairs])


def study(
    tasks: Sequence[Task], *, processes: int | None = None, label: str = "runs"
) -> Study:
    """Do all runs; those of one key are over its seeds, in order."""
    results = run_all(work, tasks, processes=processes, label=label)
    figures: dict[str, list[Figures]] = {}
    for task, result in zip(tasks, results, strict=True):
        figures.setdefault(task.key, []).append(result)
    return Study(figures)
