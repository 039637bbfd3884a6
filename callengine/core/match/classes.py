"""
Skill classes, numbered, so that sets of them are the bits of one integer.

Who meets an expression is then a handful of integer operations for a thousand agents,
whatever the expression: one bit set per skill and level, joined by `&` and `|`.
"""

from collections.abc import Iterator

from callengine.core.agent import SkillClass
from callengine.core.match.requirement import TOP_LEVEL, Expr

_LIMIT = 8_192


def bits(number: int) -> Iterator[int]:
    """Go through the places of the bits that are set, lowest first."""
    while number:
        low = number & -number
        yield low.bit_length() - 1
        number ^= low


class SkillClasses:
    """
    Classes of the agents who are logged in, each with a small number of its own.

    Numbers of classes that nobody holds any more are given to new ones.

    Attributes:
        everyone: every class, as bits.
    """

    def __init__(self) -> None:
        self.everyone = 0
        self._numbers: dict[SkillClass, int] = {}
        self._skills: list[SkillClass] = []
        self._holders: list[int] = []
        self._unused: list[int] = []
        self._at_least: dict[str, list[int]] = {}
        self._meeting: dict[Expr, int] = {}
        self._meeting_at: dict[tuple[Expr, int], int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def enter(self, skills: SkillClass) -> tuple[int, bool]:
        """Count one more agent of a class; return its number, and whether it is new."""
        number = self._numbers.get(skills)
        if number is not None:
            self._holders[number] += 1
            return number, False
        number = self._next_number(skills)
        self._numbers[skills] = number
        bit = 1 << number
        self.everyone |= bit
        for name, level in skills:
            sets = self._at_least.setdefault(name, [0] * (TOP_LEVEL + 1))
            for held in range(1, level + 1):
                sets[held] |= bit
        self._forget()
        return number, True

    def leave(self, number: int) -> bool:
        """Count one agent of a class less; True if it was the last."""
        self._holders[number] -= 1
        if self._holders[number]:
            return False
        skills = self._skills[number]
        bit = 1 << number
        self.everyone &= ~bit
        for name, level in skills:
            sets = self._at_least[name]
            for held in range(1, level + 1):
                sets[held] &= ~bit
            if not sets[1]:
                del self._at_least[name]
        del self._numbers[skills]
        self._unused.append(number)
        self._forget()
        return True

    def skills(self, number: int) -> SkillClass:
        """Return the skills of a class."""
        return self._skills[number]

    def holders(self, number: int) -> int:
        """Count the agents of a class."""
        return self._holders[number]

    def at_least(self, skill: str, level: int) -> int:
        """Return the classes that hold a skill at a level or above."""
        if level <= 0:
            return self.everyone
        sets = self._at_least.get(skill)
        return 0 if sets is None or level > TOP_LEVEL else sets[level]

    def meeting(self, expr: Expr) -> int:
        """Return the classes that meet an expression."""
        found = self._meeting.get(expr)
        if found is None:
            if len(self._meeting) >= _LIMIT:
                self._meeting.clear()
            found = self._meeting[expr] = expr.among(self)
        return found

    def meeting_at(self, expr: Expr, level: int) -> int:
        """Return the classes that meet it with a level or above in every skill."""
        key = (expr, level)
        found = self._meeting_at.get(key)
        if found is None:
            if len(self._meeting_at) >= _LIMIT:
                self._meeting_at.clear()
            found = self._meeting_at[key] = expr.raised(level).among(self)
        return found

    def _forget(self) -> None:
        self._meeting.clear()
        self._meeting_at.clear()

    def _next_number(self, skills: SkillClass) -> int:
        if self._unused:
            number = self._unused.pop()
            self._skills[number], self._holders[number] = skills, 1
            return number
        self._skills.append(skills)
        self._holders.append(1)
        return len(self._skills) - 1
