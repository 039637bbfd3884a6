"""What the rules say of one call, as plain values that the call keeps."""

from dataclasses import dataclass

from callengine.core.match.callers import Preferred
from callengine.core.match.relaxation import Ladder
from callengine.core.rulebook.deciding import Verdict
from callengine.core.rulebook.written import Written, read_ladder, write_ladder


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """
    A verdict that outlives the engine: everything in it is text and numbers.

    Attributes:
        steps: the ladder, written.
        credit_s: priority.
        preferred: agents to wait for, each for a bounded time.
        rules: names of the rules that held.
        points: of the categories bought, if a rule asked for them.
        version: of the rules.
    """

    steps: Written
    credit_s: float = 0.0
    preferred: tuple[Preferred, ...] = ()
    rules: tuple[str, ...] = ()
    points: tuple[tuple[str, float], ...] = ()
    version: int = 0

    @property
    def ladder(self) -> Ladder:
        """What the call needs, and how that gives way. Raises `BadLadder`."""
        return read_ladder(self.steps)

    @property
    def needed(self) -> str:
        """Say what the call needs before anything gives way."""
        return self.steps[0].needs

    @property
    def text(self) -> str:
        """Say which rules held and what they made of purchases."""
        said = ", ".join(self.rules) or "no rule holds"
        if self.points:
            bought = ", ".join(f"{name} {points:.1f}" for name, points in self.points)
            said = f"{said}; buys {bought}"
        return said


def ruling_of(verdict: Verdict, version: int = 0) -> Ruling:
    """Write a verdict down."""
    return Ruling(
        steps=write_ladder(verdict.ladder),
        credit_s=verdict.credit_s,
        preferred=verdict.preferred,
        rules=verdict.rules,
        points=verdict.points,
        version=version,
    )
