"""The benchmark's report: both systems side by side."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sim.checks import Check, at_least, at_most, closing
from sim.figures import percentile

RATIO_GOAL = 1.0
FREE_TO_RING_GOAL_MS = 50
ENGINE, APP_QUEUE = "engine", "app_queue"
SYSTEMS = (ENGINE, APP_QUEUE)


@dataclass(frozen=True, slots=True)
class StepFigures:
    """
    One step of one system.

    Attributes:
        cpu_ms: processor time by group; `asterisk` and `engine` are compared.
    """

    system: str
    rate: float
    calls: int
    failed: int
    carried: bool
    setup_ms: tuple[float, ...]
    cpu_ms: dict[str, float]

    @property
    def cpu_ms_per_call(self) -> float:
        """Asterisk and the engine together."""
        used = self.cpu_ms["asterisk"] + self.cpu_ms["engine"]
        return used / max(1, self.calls)


def build_report(
    steps: list[StepFigures],
    best: dict[str, float],
    free_to_ring_ms: dict[str, list[float]],
    *,
    seed: int,
    version: str,
    wall_s: float,
) -> dict[str, Any]:
    """
    Put both systems side by side.

    CPU and set-up are compared at the highest rate that both carried, so that
    neither is judged at a load the other never saw.
    """
    common = common_step(steps)
    figures: dict[str, Any] = {
        system: {
            "max_cps": best[system],
            "cpu_ms_per_call": _round(common[system].cpu_ms_per_call)
            if common
            else None,
            "free_to_ring_ms": _halves(free_to_ring_ms[system]),
            "setup_ms": _halves(common[system].setup_ms if common else ()),
        }
        for system in SYSTEMS
    }
    figures["compared_at_cps"] = common[ENGINE].rate if common else None
    figures["cps_ratio"] = _ratio(best[ENGINE], best[APP_QUEUE])
    figures["cpu_ratio"] = _ratio(
        figures[ENGINE]["cpu_ms_per_call"], figures[APP_QUEUE]["cpu_ms_per_call"]
    )
    figures["steps"] = [_step_json(step) for step in steps]
    checks = make_checks(figures)
    return figures | closing(checks, seed=seed, version=version, wall_s=wall_s)


def common_step(steps: Iterable[StepFigures]) -> dict[str, StepFigures] | None:
    """Find each system's carried step at the highest rate that both carried."""
    carried: dict[float, dict[str, StepFigures]] = {}
    for step in steps:
        if step.carried:
            carried.setdefault(step.rate, {})[step.system] = step
    both = [rate for rate, found in carried.items() if len(found) == len(SYSTEMS)]
    return carried[max(both)] if both else None


def make_checks(figures: dict[str, Any]) -> list[Check]:
    """Hold the figures against their goals."""
    engine, peer = figures[ENGINE], figures[APP_QUEUE]
    return [
        at_least("rate the peer carried", peer["max_cps"], 1),
        at_least("rate, engine / app_queue", figures["cps_ratio"], RATIO_GOAL),
        at_most("CPU per call, engine / app_queue", figures["cpu_ratio"], RATIO_GOAL),
        at_most(
            "agent free to next ring, p99 ms",
            engine["free_to_ring_ms"]["p99"],
            FREE_TO_RING_GOAL_MS,
        ),
    ]


def _halves(values: Iterable[float]) -> dict[str, float | None]:
    listed = list(values)
    if not listed:
        return {"p50": None, "p99": None}
    return {f"p{p}": _round(percentile(listed, p / 100)) for p in (50, 99)}


def _ratio(ours: float | None, theirs: float | None) -> float | None:
    return round(ours / theirs, 3) if ours is not None and theirs else None


def _round(value: float) -> float:
    return round(value, 2)


def _step_json(step: StepFigures) -> dict[str, Any]:
    return {
        "system": step.system,
        "cps": step.rate,
        "calls": step.calls,
        "failed": step.failed,
        "carried": step.carried,
        "cpu_ms_per_call": {
            name: _round(used / max(1, step.calls))
            for name, used in step.cpu_ms.items()
        },
        "setup_ms": _halves(step.setup_ms),
    }
