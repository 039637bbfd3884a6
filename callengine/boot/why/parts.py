"""The parts of a story: titles, lines and tables, whatever they are printed on."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo


@dataclass(slots=True)
class Grid:
    """A small table; a row in `marked` is the one that counts."""

    heads: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    marked: int | None = None


@dataclass(slots=True)
class Part:
    """
    One part of a story.

    Attributes:
        title: what it is about; `strong` is the part of it that matters most.
        lines: pairs of a word and what is said of it; the word may be empty.
    """

    title: str
    strong: str = ""
    lines: list[tuple[str, str]] = field(default_factory=list)
    grids: list[tuple[str, Grid]] = field(default_factory=list)
    parts: list["Part"] = field(default_factory=list)

    def say(self, word: str, text: str) -> None:
        """Add a line, unless there is nothing to say."""
        if text:
            self.lines.append((word, text))

    def show(self, title: str, grid: Grid) -> None:
        """Add a table, unless it is empty."""
        if grid.rows:
            self.grids.append((title, grid))


def clock(at: float | None, zone: ZoneInfo) -> str:
    """Write an instant as a time of day with milliseconds; `-` for none."""
    if at is None:
        return "-"
    return datetime.fromtimestamp(at, zone).strftime("%H:%M:%S.%f")[:-3]


def lasted(seconds: float | None) -> str:
    """Write a duration: `0.3 s`, `42 s`, `3 min 20 s`, `1 h 5 min`."""
    if seconds is None:
        return "-"
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, left = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {left} s" if left else f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def counted(number: int, one: str, many: str = "") -> str:
    """Write a number with its noun: `1 agent`, `3 agents`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def listed(words: Sequence[object]) -> str:
    """Join words with commas."""
    return ", ".join(str(word) for word in words)
