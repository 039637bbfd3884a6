"""
Where things stand in a TOML text, which `tomllib` does not tell.

Only for texts that `tomllib` has accepted: the scanner follows the syntax and checks
nothing. Paths are keys and list numbers from the top, such as ("rules", 0, "need").
"""

import re
from dataclasses import dataclass, field
from typing import TypeAlias

Path: TypeAlias = tuple[str | int, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_OTHER = re.compile(r"[^\s,\]}#]+(?: \d\d:[^\s,\]}#]+)?")
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[ \t\r]*\n[ \t\r\n]*|.)")


@dataclass(slots=True)
class Positions:
    """
    Offsets of keys and values in a text.

    Attributes:
        keys: where a key is written first.
        values: where a value begins.
        strings: for every string, the offset of each of its characters.
    """

    text: str
    keys: dict[Path, int] = field(default_factory=dict)
    values: dict[Path, int] = field(default_factory=dict)
    strings: dict[Path, list[int]] = field(default_factory=dict)

    def line_column(self, offset: int) -> tuple[int, int]:
        """Turn an offset into line and column, both from 1."""
        before = self.text[:offset]
        return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1

    def of_key(self, path: Path) -> int:
        """Return where a key is written, else the nearest one above it."""
        while path and path not in self.keys:
            path = path[:-1]
        return self.keys.get(path, 0)

    def of_value(self, path: Path, within: int = 0) -> int:
        """Return where a value begins, or a character within a string."""
        offsets = self.strings.get(path)
        if offsets:
            return offsets[min(within, len(offsets) - 1)]
        return self.values.get(path, self.of_key(path))


def locate(text: str) -> Positions:
    """Find every key and value of a valid TOML text."""
    scanner = _Scanner(text)
    scanner.document()
    return scanner.found


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found = Positions(text)
        self.lists: dict[Path, int] = {}

    def document(self) -> None:
        table: Path = ()
        while True:
            self.space()
            if self.at >= len(self.text):
                return
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.pair(table)

    def space(self) -> None:
        match = _SPACE.match(self.text, self.at)
        assert match is not None
        self.at = match.end()

    def header(self) -> Path:
        start = self.at
        many = self.text.startswith("[[", self.at)
        self.at += 2 if many else 1
        path = self.within_lists(self.key())
        self.at = self.text.index("]", self.at) + (2 if many else 1)
        if many:
            number = self.lists.get(path, -1) + 1
            self.lists[path] = number
            self.found.keys.setdefault(path, start)
            path = (*path, number)
        self.found.keys.setdefault(path, start)
        return path

    def within_lists(self, keys: list[str]) -> Path:
        """Point into the last table of every list on the way."""
        path: Path = ()
        for number, key in enumerate(keys):
            path = (*path, key)
            if number < len(keys) - 1 and path in self.lists:
                path = (*path, self.lists[path])
        return path

    def key(self) -> list[str]:
        parts = []
        while True:
            self.space()
            if self.text[self.at] in "\"'":
                parts.append(self.string(None))
            else:
                match = _BARE.match(self.text, self.at)
                assert match is not None
                parts.append(match.group())
                self.at = match.end()
            self.space()
            if not self.text.startswith(".", self.at):
                return parts
            self.at += 1

    def pair(self, table: Path) -> None:
        self.space()
        start = self.at
        path = table
        for part in self.key():
            path = (*path, part)
            self.found.keys.setdefault(path, start)
        self.at = self.text.index("=", self.at) + 1
        self.space()
        self.value(path)

    def value(self, path: Path) -> None:
        self.found.values[path] = self.at
        first = self.text[self.at]
        if first in "\"'":
            self.string(path)
        elif first == "[":
            self.items(path, "]")
        elif first == "{":
            self.items(path, "}")
        else:
            match = _OTHER.match(self.text, self.at)
            assert match is not None
            self.at = match.end()

    def items(self, path: Path, end: str) -> None:
        self.at += 1
        number = 0
        while True:
            self.space()
            if self.text[self.at] == end:
                self.at += 1
                return
            if self.text[self.at] == ",":
                self.at += 1
            elif end == "}":
                self.pair(path)
            else:
                self.found.keys[(*path, number)] = self.at
                self.value((*path, number))
                number += 1

    def string(self, path: Path | None) -> str:
        """Read a string, noting where each character stands; return its text."""
        quote = self.text[self.at]
        long = self.text.startswith(quote * 3, self.at)
        closing = quote * 3 if long else quote
        self.at += len(closing)
        if long and self.text[self.at] in "\r\n":
            self.at = self.text.index("\n", self.at) + 1
        offsets, written = [], []
        while not self.ends(closing):
            step = 1
            if quote == '"' and self.text[self.at] == "\\":
                match = _ESCAPE.match(self.text, self.at)
                step = 1 if match is None else match.end() - self.at
                if match is not None and not match.group(1).strip():
                    self.at += step
                    continue
            offsets.append(self.at)
            written.append(self.text[self.at : self.at + step])
            self.at += step
        offsets.append(self.at)
        self.at += len(closing)
        if path is not None:
            self.found.strings[path] = offsets
        return "".join(written)

    def ends(self, closing: str) -> bool:
        """Say whether the string ends here; a long one may end in a quote."""
        if not self.text.startswith(closing, self.at):
            return False
        return len(closing) == 1 or not self.text.startswith(closing, self.at + 1)
