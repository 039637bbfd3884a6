"""
What an agent can do: skills at levels 1 to 10, some of them by certificate.

A certificate has the day it was earned and may expire; from that instant the skill is
not held. The matcher works with `SkillClass` values: agents of one class are alike.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from callengine.core.agent import SkillClass
from callengine.core.ids import Instant
from callengine.core.match.requirement import TOP_LEVEL

SKILL_NAME = re.compile(r"[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)*")
"""A lower-case dotted name, such as `lang.ru` or `product.phones`."""

NAME_LENGTH = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """
    One skill of an agent.

    Attributes:
        level: 1 to 10.
        certified_at: when the certificate was earned; before it the skill is not held.
            None for a skill that needs no certificate.
        expires_at: when the certificate ends, None for never.
    """

    level: int
    certified_at: Instant | None = None
    expires_at: Instant | None = None

    def __post_init__(self) -> None:
        if isinstance(self.level, bool) or not 1 <= self.level <= TOP_LEVEL:
            raise ValueError(f"a skill level is 1 to {TOP_LEVEL}, not {self.level!r}")
        for at in (self.certified_at, self.expires_at):
            if at is not None and not math.isfinite(at):
                raise ValueError(f"a certificate's date is an instant, not {at!r}")
        if (
            self.certified_at is not None
            and self.expires_at is not None
            and self.expires_at <= self.certified_at
        ):
            raise ValueError("a certificate cannot expire before it was earned")

    def valid_at(self, now: Instant) -> bool:
        """Say whether the skill is held at an instant."""
        earned = self.certified_at is None or self.certified_at <= now
        return earned and (self.expires_at is None or now < self.expires_at)


def skills_at(sheet: Mapping[str, Held], now: Instant) -> SkillClass:
    """Fold the skills that are held at an instant into one comparable value."""
    held = ((name, skill.level) for name, skill in sheet.items() if skill.valid_at(now))
    return tuple(sorted(held))


def next_change(sheet: Mapping[str, Held], now: Instant) -> Instant | None:
    """Say when `skills_at` will next differ by a certificate's date, if ever."""
    dates = (d for s in sheet.values() for d in (s.certified_at, s.expires_at))
    return min((d for d in dates if d is not None and d > now), default=None)


def check_class(skills: SkillClass) -> SkillClass:
    """Return a skill class sorted. Raises `ValueError` on bad names and levels."""
    for name, level in skills:
        if len(name) > NAME_LENGTH or not SKILL_NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no skill name; write it as in lang.ru")
        if isinstance(level, bool) or not 1 <= level <= TOP_LEVEL:
            raise ValueError(f"{name}: a level is 1 to {TOP_LEVEL}, not {level!r}")
    if len({name for name, _ in skills}) != len(skills):
        raise ValueError("a skill is held twice")
    return tuple(sorted(skills))
