"""What a check of `callengine doctor` found."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    ADVICE = "advice"
    """Something does without, for now."""
    MISSING = "missing"
    """The product does not work like this."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer; `mend` is the command to give, '' when there is nothing to do."""

    level: Level
    name: str
    found: str
    mend: str = ""
