"""What is wrong with a configuration file, by line."""

from collections.abc import Sequence
from dataclasses import dataclass

from callengine.core.rulebook.errors import Mistake


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """
    One thing wrong, or doubtful, in a file.

    Attributes:
        line: 0 when it is the whole file.
        column: 0 when it is the whole line.
        hint: what to write instead, if there is something to suggest.
    """

    line: int
    message: str
    column: int = 0
    hint: str = ""

    def __str__(self) -> str:
        said = f"{self.message}; {self.hint}" if self.hint else self.message
        if not self.line:
            return said
        column = f", column {self.column}" if self.column else ""
        return f"line {self.line}{column}: {said}"

    def excerpt(self, text: str) -> str:
        """Show the line it is in with a mark below; '' when it has no column."""
        if not self.column:
            return ""
        mistake = Mistake(message="", line=self.line, column=self.column)
        return "\n".join(mistake.text("", text.splitlines()).split("\n")[1:])


class BadConfiguration(Exception):
    """A file cannot be applied; `problems` are in the order of its lines."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)
