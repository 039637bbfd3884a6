"""
Relaxation: how a requirement gives way while a caller waits.

A `Ladder` is the whole of it as a value: for every step, after how many seconds of
waiting, which expression will do. The seconds are the caller's own clock, which stops
while a reservation is out.

A *firm* step holds for good. A step with `spare` is an early opening: agents who only
meet that wider expression may take the call while enough agents stay free for the
callers those agents are there for (see `reserve`).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache

from callengine.core.match.requirement import (
    ANYBODY,
    Expr,
    Level,
    both,
    changed,
    either,
    from_skills,
    levels_of,
    skills_of,
)
from callengine.core.skills import Requirement

MAX_STEPS = 32
MAX_AFTER_S = 86_400.0


class BadLadder(ValueError):
    """Steps that cannot be climbed, with the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """
    One step of a ladder.

    Attributes:
        after_s: seconds of waiting until it counts.
        expr: what an agent must meet from then on.
        why: what was given up, for the record; '' for the first step.
        spare: None for a firm step, else the factor on the reserve that must stay.
    """

    after_s: float
    expr: Expr
    why: str = ""
    spare: float | None = None


@dataclass(frozen=True, slots=True)
class Ladder:
    """
    A requirement with its steps, the first at 0 s and firm.

    Raises `BadLadder` unless times rise from 0 and the first step is firm.
    """

    steps: tuple[Step, ...]
    asked: tuple[str, ...] = field(init=False, repr=False, compare=False, default=())
    """The skills that the first step speaks of."""
    _hash: int = field(init=False, repr=False, compare=False, default=0)

    def __post_init__(self) -> None:
        _check(self.steps)
        object.__setattr__(self, "asked", skills_of(self.steps[0].expr))
        object.__setattr__(self, "_hash", hash(self.steps))

    def __hash__(self) -> int:
        return self._hash

    @property
    def first(self) -> Expr:
        """What the call needs before anything gives way."""
        return self.steps[0].expr

    def firm_at(self, clock_s: float) -> int:
        """Return the number of the last firm step reached."""
        found = 0
        for number, step in enumerate(self.steps):
            if step.after_s > clock_s:
                break
            if step.spare is None:
                found = number
        return found

    def spare_at(self, clock_s: float) -> int | None:
        """Return the last early opening reached that is more than the firm step."""
        firm = self.steps[self.firm_at(clock_s)].expr
        found = None
        for number, step in enumerate(self.steps):
            if step.after_s > clock_s:
                break
            if step.spare is not None and step.expr != firm:
                found = number
        return found

    def next_after(self, clock_s: float) -> float | None:
        """Return when the next step counts, in seconds of the clock, if any does."""
        return next((s.after_s for s in self.steps if s.after_s > clock_s), None)


def _check(steps: tuple[Step, ...]) -> None:
    if not steps or steps[0].after_s != 0.0 or steps[0].spare is not None:
        raise BadLadder("a ladder begins with a firm step at 0 s")
    if len(steps) > MAX_STEPS:
        raise BadLadder(f"a ladder has at most {MAX_STEPS} steps, not {len(steps)}")
    times = [step.after_s for step in steps]
    if not all(math.isfinite(t) and 0 <= t <= MAX_AFTER_S for t in times):
        raise BadLadder(f"a step is due between 0 and {MAX_AFTER_S:.0f} s")
    if times != sorted(times):
        raise BadLadder("the steps of a ladder are in the order of their times")
    for step in steps:
        if step.spare is not None and not 0 <= step.spare <= 1000:
            raise BadLadder(f"a reserve is 0 to 1000, not {step.spare!r}")


@dataclass(frozen=True, slots=True)
class Lower:
    """Lower the level asked for; it stays at 1 or above."""

    skill: str
    by: int = 1

    def apply(self, expr: Expr) -> Expr:
        """Return the expression with the level lowered."""

        def lowered(level: Level) -> Expr:
            if level.op not in (">=", ">") or not fnmatchcase(level.skill, self.skill):
                return level
            least = 1 if level.op == ">=" else 0
            return Level(level.skill, level.op, max(least, level.level - self.by))

        return changed(expr, lowered) or ANYBODY

    def told(self, expr: Expr) -> str:
        """Say what it gives up of an expression."""
        pairs = zip(levels_of(expr), levels_of(self.apply(expr)), strict=True)
        parts = [f"{old} lowered to {new}" for old, new in pairs if old != new]
        return ", ".join(dict.fromkeys(parts))


@dataclass(frozen=True, slots=True)
class Drop:
    """Ask for a skill no more; `product.*` and `*` drop every one of that name."""

    skill: str

    def apply(self, expr: Expr) -> Expr:
        """Return the expression without the skill."""
        kept = changed(expr, lambda v: None if fnmatchcase(v.skill, self.skill) else v)
        return ANYBODY if kept is None else kept

    def told(self, expr: Expr) -> str:
        """Say what it gives up of an expression."""
        levels = (v for v in levels_of(expr) if fnmatchcase(v.skill, self.skill))
        parts = list(dict.fromkeys(str(level) for level in levels))
        return f"{', '.join(parts)} dropped" if parts else ""


@dataclass(frozen=True, slots=True)
class Widen:
    """Let another group of agents do as well."""

    to: Expr

    def apply(self, expr: Expr) -> Expr:
        """Return the expression or the group."""
        return expr if expr == ANYBODY else either(expr, self.to)

    def told(self, expr: Expr) -> str:
        """Say what it gives up of an expression."""
        return f"{self.to} will do as well"


@dataclass(frozen=True, slots=True, kw_only=True)
class Relax:
    """One thing to give up, and when; see `Step` for `spare`."""

    after_s: float
    give_up: Lower | Drop | Widen
    spare: float | None = None


def build_ladder(
    hard: Expr, soft: Sequence[Expr] = (), relaxes: Iterable[Relax] = ()
) -> Ladder:
    """
    Make a ladder of what gives way when.

    The hard part stands in every step. Early openings build on one another and on the
    firm steps before them, firm steps only on firm steps.

    Args:
        hard: never relaxed.
        soft: the rest of what the call needs.
    """
    firm = early = both(*soft)
    steps = [Step(after_s=0.0, expr=both(hard, firm))]
    for relax in sorted(relaxes, key=lambda r: r.after_s):
        why = relax.give_up.told(firm if relax.spare is None else early)
        early = relax.give_up.apply(early)
        if relax.spare is None:
            firm = relax.give_up.apply(firm)
        steps.append(
            Step(
                after_s=float(relax.after_s),
                expr=both(hard, firm if relax.spare is None else early),
                why=why,
                spare=relax.spare,
            )
        )
    return Ladder(_without_repeats(steps))


def _without_repeats(steps: list[Step]) -> tuple[Step, ...]:
    """Leave out steps that change nothing."""
    kept = steps[:1]
    firm = steps[0].expr
    opening: tuple[Expr, float] | None = None
    for step in steps[1:]:
        if step.expr == firm or (step.expr, step.spare) == opening:
            continue
        if step.spare is None:
            firm = step.expr
        else:
            opening = (step.expr, step.spare)
        kept.append(step)
    return tuple(kept)


def standard_relaxes(within_s: float = 20.0) -> tuple[Relax, ...]:
    """
    Give the steps that `docs/routing.md` found best for a service level within a time.

    At once whoever is to spare, two agents per expected caller being kept; for good
    after three quarters of the time.
    """
    return (
        Relax(after_s=0.0, give_up=Drop("*"), spare=2.0),
        Relax(after_s=0.75 * within_s, give_up=Drop("*")),
    )


@lru_cache(maxsize=4_096)
def ladder_of(
    needed: Requirement, *, relax_after_s: float, spare: float | None = None
) -> Ladder:
    """
    Make the ladder of a plain requirement: soft skills go one by one, last first.

    Args:
        spare: also open every soft skill at once to agents to spare.
    """
    hard, soft = from_skills(needed)
    relaxes = [
        Relax(after_s=relax_after_s * (n + 1), give_up=Drop(name))
        for n, (name, _) in enumerate(reversed(needed.soft))
    ]
    if spare is not None and soft:
        relaxes.insert(0, Relax(after_s=0.0, give_up=Drop("*"), spare=spare))
    return build_ladder(hard, soft, relaxes)
