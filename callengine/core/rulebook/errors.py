"""Mistakes in a rule file, each with its place and a suggestion."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """
    One thing that is wrong.

    Attributes:
        line, column: counted from 1; column in characters.
        hint: what to write instead, '' if there is nothing to suggest.
    """

    message: str
    line: int
    column: int
    hint: str = ""

    def text(self, name: str, lines: list[str]) -> str:
        """Return the mistake as people read it, with the line it is in."""
        head = f"{name}:{self.line}:{self.column}: {self.message}"
        shown = []
        if 1 <= self.line <= len(lines):
            source = lines[self.line - 1].expandtabs(1)
            # A very long line is cut so that the place stays in view.
            start = max(0, self.column - 60)
            number = str(self.line)
            shown = [
                f"  {number} | {source[start : start + 100]}",
                f"  {' ' * len(number)} | {' ' * (self.column - 1 - start)}^",
            ]
        return "\n".join([head, *shown, *([f"  {self.hint}"] if self.hint else [])])


class BadRules(ValueError):
    """
    A rule file cannot be used.

    Attributes:
        mistakes: all that were found, in the order of the file.
    """

    def __init__(self, name: str, text: str, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = sorted(mistakes, key=lambda m: (m.line, m.column))
        lines = text.splitlines()
        super().__init__("\n".join(m.text(name, lines) for m in self.mistakes))


class BadExpression(ValueError):
    """An expression that is none; `offset` is where in its text, from 0."""

    def __init__(self, message: str, offset: int, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.offset, self.hint = message, offset, hint


_FEW = 8


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Suggest the nearest known word, else all of them if they are few."""
    words = sorted(set(known))
    near = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    if near:
        return f'did you mean "{near[0]}"?'
    return f"there are {quoted(words)}" if 0 < len(words) <= _FEW else ""


def quoted(words: Iterable[str]) -> str:
    """List words for a message."""
    return ", ".join(f'"{word}"' for word in words)
