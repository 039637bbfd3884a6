"""
Requirements: boolean expressions over skills with levels.

An expression is an immutable tree of `Level`, `All`, `Either` and `Not`. A skill that
is not held counts as level 0, so every comparison has an answer. The text form that
`str` gives is the one that `callengine.core.rulebook` reads.
"""

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol, TypeAlias

from callengine.core.skills import Requirement

TOP_LEVEL = 10
"""Levels go from 1 to 10; 0 is a skill that is not held."""

COMPARE: Mapping[str, Callable[[int, int], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
    "=": operator.eq,
    "!=": operator.ne,
}


class LevelSets(Protocol):
    """Sets of things that hold skills, as the bits of integers."""

    @property
    def everyone(self) -> int:
        """Every thing there is."""

    def at_least(self, skill: str, level: int) -> int:
        """Those that hold a skill at a level or above."""


@dataclass(frozen=True, slots=True)
class Level:
    """A comparison of one skill's level, such as `tech>=5`."""

    skill: str
    op: str
    level: int
    _hash: int = field(init=False, repr=False, compare=False, default=0)

    def __post_init__(self) -> None:
        # Expressions are keys of indexes: hashed once, not at every look.
        object.__setattr__(self, "_hash", hash((self.skill, self.op, self.level)))

    def __hash__(self) -> int:
        return self._hash

    def met_by(self, skills: Mapping[str, int]) -> bool:
        """Say whether skills satisfy it."""
        return COMPARE[self.op](skills.get(self.skill, 0), self.level)

    def among(self, sets: LevelSets) -> int:
        """Return who satisfies it, as bits."""
        skill, level = self.skill, self.level
        match self.op:
            case ">=":
                return sets.at_least(skill, level)
            case ">":
                return sets.at_least(skill, level + 1)
            case "<":
                return sets.everyone & ~sets.at_least(skill, level)
            case "<=":
                return sets.everyone & ~sets.at_least(skill, level + 1)
            case "=":
                least = sets.at_least(skill, level)
                return least & ~sets.at_least(skill, level + 1)
            case _:
                least = sets.at_least(skill, level)
                equal = least & ~sets.at_least(skill, level + 1)
                return sets.everyone & ~equal

    def raised(self, level: int) -> "Expr":
        """Ask for no less than a level; other comparisons stay as they are."""
        if self.op == ">=" and 0 < self.level < level:
            return Level(self.skill, ">=", level)
        return self

    def __str__(self) -> str:
        return f"{self.skill}{self.op}{self.level}"


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds; without parts it holds for everybody."""

    parts: "tuple[Expr, ...]" = ()
    _hash: int = field(init=False, repr=False, compare=False, default=0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash((All, self.parts)))

    def __hash__(self) -> int:
        return self._hash

    def met_by(self, skills: Mapping[str, int]) -> bool:
        """Say whether skills satisfy it."""
        return all(part.met_by(skills) for part in self.parts)

    def among(self, sets: LevelSets) -> int:
        """Return who satisfies it, as bits."""
        found = sets.everyone
        for part in self.parts:
            found &= part.among(sets)
        return found

    def raised(self, level: int) -> "Expr":
        """Raise every minimum to a level."""
        return All(tuple(part.raised(level) for part in self.parts))

    def __str__(self) -> str:
        if not self.parts:
            return "anybody"
        return " and ".join(_bracketed(part, Either) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Either:
    """At least one part holds; without parts it holds for nobody."""

    parts: "tuple[Expr, ...]" = ()
    _hash: int = field(init=False, repr=False, compare=False, default=0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash((Either, self.parts)))

    def __hash__(self) -> int:
        return self._hash

    def met_by(self, skills: Mapping[str, int]) -> bool:
        """Say whether skills satisfy it."""
        return any(part.met_by(skills) for part in self.parts)

    def among(self, sets: LevelSets) -> int:
        """Return who satisfies it, as bits."""
        found = 0
        for part in self.parts:
            found |= part.among(sets)
        return found

    def raised(self, level: int) -> "Expr":
        """Raise every minimum to a level."""
        return Either(tuple(part.raised(level) for part in self.parts))

    def __str__(self) -> str:
        if not self.parts:
            return "nobody"
        return " or ".join(str(part) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: "Expr"

    def met_by(self, skills: Mapping[str, int]) -> bool:
        """Say whether skills satisfy it."""
        return not self.part.met_by(skills)

    def among(self, sets: LevelSets) -> int:
        """Return who satisfies it, as bits."""
        return sets.everyone & ~self.part.among(sets)

    def raised(self, level: int) -> "Expr":
        """A refusal has no minimum to raise."""
        return self

    def __str__(self) -> str:
        return f"not {_bracketed(self.part, (All, Either))}"


Expr: TypeAlias = Level | All | Either | Not

ANYBODY = All()
NOBODY = Either()


def _bracketed(part: Expr, kinds: type[Expr] | tuple[type[Expr], ...]) -> str:
    return f"({part})" if isinstance(part, kinds) and parts_of(part) else str(part)


def parts_of(expr: Expr) -> tuple[Expr, ...]:
    """Return what an expression is made of; nothing for a comparison."""
    match expr:
        case All(parts) | Either(parts):
            return parts
        case Not(part):
            return (part,)
        case _:
            return ()


def least(skill: str, level: int = 1) -> Level:
    """Ask for a skill at a level or above."""
    return Level(skill, ">=", level)


def both(*exprs: Expr) -> Expr:
    """Join expressions with `and`; flat, each part once, in order."""
    parts: dict[Expr, None] = {}
    for expr in exprs:
        parts |= dict.fromkeys(expr.parts if isinstance(expr, All) else (expr,))
    return next(iter(parts)) if len(parts) == 1 else All(tuple(parts))


def either(*exprs: Expr) -> Expr:
    """Join expressions with `or`; flat, each part once, in order."""
    parts: dict[Expr, None] = {}
    for expr in exprs:
        parts |= dict.fromkeys(expr.parts if isinstance(expr, Either) else (expr,))
    return next(iter(parts)) if len(parts) == 1 else Either(tuple(parts))


def levels_of(expr: Expr) -> Iterator[Level]:
    """Go through every comparison of an expression, left to right."""
    if isinstance(expr, Level):
        yield expr
    for part in parts_of(expr):
        yield from levels_of(part)


def skills_of(expr: Expr) -> tuple[str, ...]:
    """Name the skills an expression speaks of, each once, in order."""
    return tuple(dict.fromkeys(level.skill for level in levels_of(expr)))


def changed(expr: Expr, change: Callable[[Level], Expr | None]) -> Expr | None:
    """
    Rebuild an expression with every comparison replaced.

    Args:
        change: the new part, or None to drop it. A dropped part leaves `and` and `or`
            without it; None is returned when nothing is left.
    """
    match expr:
        case Level():
            return change(expr)
        case Not(part):
            kept = changed(part, change)
            return None if kept is None else Not(kept)
        case All(parts) | Either(parts):
            kept_parts = [c for p in parts if (c := changed(p, change)) is not None]
            if parts and not kept_parts:
                return None
            join = both if isinstance(expr, All) else either
            return join(*kept_parts)


def from_skills(needed: Requirement) -> tuple[Expr, tuple[Expr, ...]]:
    """Turn a plain requirement into its hard part and its soft parts, in order."""
    hard = both(*(least(name, level) for name, level in needed.hard))
    return hard, tuple(least(name, level) for name, level in needed.soft)


@lru_cache(maxsize=4_096)
def expr_of(needed: Requirement) -> Expr:
    """Turn a plain requirement into one expression, hard and soft together."""
    hard, soft = from_skills(needed)
    return both(hard, *soft)
