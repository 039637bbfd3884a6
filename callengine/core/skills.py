"""
Skills, and what a call requires of them.

A skill is a lower-case dotted name (`lang.ru`, `shop.teplo`, `product.phones`,
`region.ru-msk`); an agent holds it at a level from 1 to 10, a missing skill is 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

Skills: TypeAlias = Mapping[str, int]
"""Skill name to level, 1 to 10."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """
    Skills a call needs, with minimum levels.

    Attributes:
        hard: never relaxed (the language; the shop's certificate).
        soft: dropped one by one, last first, as the wait grows.
    """

    hard: tuple[tuple[str, int], ...] = ()
    soft: tuple[tuple[str, int], ...] = ()

    def met_by(self, skills: Skills) -> bool:
        """Say whether `skills` hold every hard and soft minimum."""
        return all(skills.get(n, 0) >= least for n, least in self.hard + self.soft)

    def relaxed(self) -> "Requirement":
        """Drop the last soft skill; the same value when nothing is left to drop."""
        return Requirement(self.hard, self.soft[:-1])

    def __str__(self) -> str:
        return " and ".join(f"{n}>={least}" for n, least in self.hard + self.soft)
