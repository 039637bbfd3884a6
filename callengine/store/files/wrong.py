"""What can be wrong with a file, and with a row of it."""

from dataclasses import dataclass


class UnusableFile(Exception):
    """Nothing of the file can be read; the text says what to do."""


@dataclass(frozen=True, slots=True, order=True)
class BadRow:
    """A row that was left out, or a value that was; and why."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Row:
    """
    A row with the line it begins in.

    Attributes:
        wrong: why its cells are not to be trusted; '' when they are.
    """

    line: int
    cells: tuple[str, ...]
    wrong: str = ""
