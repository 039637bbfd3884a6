"""
Ladders as plain values, for the journal and for people.

Expressions stand there as the text that `grammar` reads, so a caller's needs can be
read in Redis and in a record, and come back as the very same ladder.
"""

from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from callengine.core.match.relaxation import BadLadder, Ladder, Step
from callengine.core.match.requirement import ANYBODY, NOBODY, Expr
from callengine.core.rulebook.errors import BadExpression
from callengine.core.rulebook.grammar import parse

_KEPT = 4_096
_WHOLE: dict[str, Expr] = {str(ANYBODY): ANYBODY, str(NOBODY): NOBODY}


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenStep:
    """A step of a ladder; `needs` is its expression as text."""

    after_s: float
    needs: str
    why: str = ""
    spare: float | None = None


Written = tuple[WrittenStep, ...]

_read: dict[Written, Ladder] = {}
"""Ladders by what was written of them: a live call's is never parsed."""


@lru_cache(maxsize=_KEPT)
def write_ladder(ladder: Ladder) -> Written:
    """Write a ladder down."""
    steps = tuple(
        WrittenStep(
            after_s=step.after_s, needs=str(step.expr), why=step.why, spare=step.spare
        )
        for step in ladder.steps
    )
    _keep(steps, ladder)
    return steps


@lru_cache(maxsize=_KEPT)
def ladder_values(ladder: Ladder) -> tuple[dict[str, Any], ...]:
    """Write a ladder down as plain JSON values, shared by all records of it."""
    return tuple(asdict(step) for step in write_ladder(ladder))


def read_ladder(steps: Written) -> Ladder:
    """Read a ladder back. Raises `BadLadder` if it is none."""
    ladder = _read.get(steps)
    if ladder is None:
        ladder = Ladder(
            tuple(
                Step(
                    after_s=step.after_s,
                    expr=read_expr(step.needs),
                    why=step.why,
                    spare=step.spare,
                )
                for step in steps
            )
        )
        _keep(steps, ladder)
    return ladder


def read_expr(text: str) -> Expr:
    """Read the text of an expression. Raises `BadLadder` if it is none."""
    whole = _WHOLE.get(text)
    if whole is not None:
        return whole
    try:
        return parse(text)
    except BadExpression as error:
        raise BadLadder(f"{text!r}: {error.message}") from None


def _keep(steps: Written, ladder: Ladder) -> None:
    if len(_read) >= _KEPT:
        _read.clear()
    _read.setdefault(steps, ladder)
