"""Checks of a report: a named figure, its goal, and whether it holds."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Check:
    """One promise of a report; `goal` is written as a person would say it."""

    name: str
    ok: bool
    value: Any
    goal: str

    def as_json(self) -> dict[str, Any]:
        """Say it as reports print it."""
        return {
            "name": self.name,
            "ok": self.ok,
            "value": self.value,
            "goal": self.goal,
        }


def at_least(name: str, value: float | None, least: float) -> Check:
    """Hold when the figure was measured and reaches `least`."""
    return Check(name, value is not None and value >= least, value, f">= {least:g}")


def at_most(name: str, value: float | None, most: float) -> Check:
    """Hold when the figure was measured and stays within `most`."""
    return Check(name, value is not None and value <= most, value, f"<= {most:g}")


def equal(name: str, value: Any, wanted: Any) -> Check:
    """Hold when the figure is exactly the one wanted."""
    return Check(name, bool(value == wanted), value, f"= {wanted}")


def closing(
    checks: Iterable[Check], *, seed: int, version: str, wall_s: float
) -> dict[str, Any]:
    """Make the keys that every report ends with; `ok` only if all checks hold."""
    listed = list(checks)
    return {
        "ok": bool(listed) and all(check.ok for check in listed),
        "checks": [check.as_json() for check in listed],
        "seed": seed,
        "version": version,
        "wall_s": round(wall_s, 1),
    }
