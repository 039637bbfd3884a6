"""
Requirements that nobody on a roster can meet, found before a caller has them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from callengine.core.agent import SkillClass
from callengine.core.match.classes import SkillClasses
from callengine.core.match.relaxation import Ladder
from callengine.core.match.requirement import All, Expr, Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """
    A requirement that a roster cannot serve.

    Attributes:
        name: of the rule or need.
        expr: what nobody meets.
        served_after_s: when relaxation makes somebody able; None for never. Such a
            step is taken at once, so the caller does not wait for it.
        nearest: who lacks least, and what; '' with an empty roster.
    """

    name: str
    expr: Expr
    served_after_s: float | None
    nearest: str

    @property
    def text(self) -> str:
        """Say it in one sentence."""
        if self.served_after_s is None:
            how = "nobody can ever take such a call"
        else:
            how = f"such calls relax at once to the step of {self.served_after_s:g} s"
        near = f"; {self.nearest}" if self.nearest else "; nobody is on the roster"
        return f"{self.name}: nobody meets {self.expr}: {how}{near}"


def find_gaps(
    needs: Iterable[tuple[str, Ladder]], roster: Mapping[str, SkillClass]
) -> list[Gap]:
    """
    Check needs against a roster.

    Args:
        needs: names and ladders.
        roster: agents' skills.
    """
    classes = SkillClasses()
    somebody: dict[SkillClass, str] = {}
    for agent, skills in sorted(roster.items()):
        classes.enter(skills)
        somebody.setdefault(skills, agent)
    gaps = []
    for name, ladder in needs:
        if classes.meeting(ladder.first):
            continue
        served = (
            step.after_s
            for step in ladder.steps[1:]
            if step.spare is None and classes.meeting(step.expr)
        )
        gaps.append(
            Gap(
                name=name,
                expr=ladder.first,
                served_after_s=next(served, None),
                nearest=_nearest(ladder.first, somebody),
            )
        )
    return gaps


def lacking(expr: Expr, skills: Mapping[str, int]) -> list[str]:
    """Say which parts of an expression skills do not meet."""
    parts = expr.parts if isinstance(expr, All) else (expr,)
    found = []
    for part in parts:
        if part.met_by(skills):
            continue
        if isinstance(part, Level):
            held = skills.get(part.skill, 0)
            found.append(f"{part} (has {held})" if held else f"{part}")
        else:
            found.append(f"({part})")
    return found


def _nearest(expr: Expr, somebody: Mapping[SkillClass, str]) -> str:
    if not somebody:
        return ""
    lacks = {agent: lacking(expr, dict(skills)) for skills, agent in somebody.items()}
    agent = min(lacks, key=lambda a: (len(lacks[a]), a))
    return f"nearest is {agent}, who lacks {', '.join(lacks[agent])}"
