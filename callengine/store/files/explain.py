"""What was understood of a file, column by column, and a map for what was not."""

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from callengine.core.numbers import BadNumber
from callengine.engine.reading import BadValue
from callengine.engine.reading.instants import read_instant
from callengine.engine.reading.phones import read_phones
from callengine.store.files.headings import (
    IGNORE,
    KNOWN_HEADINGS,
    ColumnMap,
    Meaning,
    column_of,
    missing,
    plain,
)
from callengine.store.files.table import Row, UnusableFile, find_table

SAMPLE_ROWS = 200
NEAR = 0.8


@dataclass(frozen=True, slots=True)
class Understood:
    """
    One column.

    Attributes:
        column: what it is, or may be; '' when nobody knows.
        confidence: `mapped` (the shop says so), `certain`, `guess` or `none`.
        example: the first cell with something in it; '' in an empty column.
    """

    heading: str
    column: str
    confidence: str
    example: str


@dataclass(frozen=True, slots=True)
class Explained:
    """A file's columns; `missing` are those without which no order can be read."""

    kind: str
    line: int
    columns: tuple[Understood, ...]
    missing: tuple[str, ...]

    @property
    def doubtful(self) -> tuple[Understood, ...]:
        """Columns with something in them that are not certain."""
        return tuple(
            one
            for one in self.columns
            if one.example and one.confidence in ("guess", "none")
        )

    def toml(self) -> str:
        """Write a `[shops.columns]` table to paste; '' when nothing is needed."""
        if not self.doubtful:
            return ""
        lines = ["[shops.columns]"]
        for one in self.doubtful:
            column = one.column or IGNORE
            lines.append(f'{_quoted(one.heading)} = "{column}"  # {_said(one)}')
        return "\n".join(lines)


def explain_file(raw: bytes, own: ColumnMap, *, zone: str, region: str) -> Explained:
    """
    Say what a file's columns are, or may be.

    Raises:
        UnusableFile: no table at all.
    """
    table = find_table(raw, own)
    rows = list(islice(table.rows, SAMPLE_ROWS))
    heading = table.heading
    if not heading.cells:
        raise UnusableFile("the file is empty")
    found: list[Understood] = []
    for index, text in enumerate(heading.cells):
        cells = [row.cells[index] for row in rows if _filled(row, index)]
        known = table.columns[index] if index < len(table.columns) else Meaning()
        have = [one.column for one in table.columns] + [one.column for one in found]
        found.append(_understood(text, known, cells, have, (zone, region)))
    return Explained(
        kind=table.kind,
        line=heading.line,
        columns=tuple(found),
        missing=tuple(missing(table.columns)),
    )


def _filled(row: Row, index: int) -> bool:
    return index < len(row.cells) and bool(row.cells[index]) and not row.wrong


def _understood(
    heading: str,
    known: Meaning,
    cells: Sequence[str],
    have: Sequence[str],
    place: tuple[str, str],
) -> Understood:
    example = cells[0][:60] if cells else ""
    if known.column:
        confidence = "mapped" if known.mapped else "certain"
        return Understood(heading, known.column, confidence, example)
    guess = _near(heading, have) or _by_cells(cells, have, *place)
    return Understood(heading, guess, "guess" if guess else "none", example)


def _near(heading: str, have: Sequence[str]) -> str:
    """Guess by a heading that is spelt nearly so."""
    near = difflib.get_close_matches(plain(heading), KNOWN_HEADINGS, n=1, cutoff=NEAR)
    column = column_of(near[0]) if near else ""
    return "" if column in have else column


def _by_cells(cells: Sequence[str], have: Sequence[str], zone: str, region: str) -> str:
    """Guess by what nearly all cells are."""

    def phone(text: str) -> object:
        return read_phones(text, region)

    def placed_at(text: str) -> object:
        if text.isdigit():
            raise BadValue("a day number, a price or a count: nobody knows")
        return read_instant(text, zone)

    if "phone" not in have and _mostly(cells, phone):
        return "phone"
    if "placed_at" not in have and _mostly(cells, placed_at):
        return "placed_at"
    return ""


def _mostly(cells: Sequence[str], read: Callable[[str], object]) -> bool:
    good = 0
    for cell in cells:
        try:
            read(cell)
        except (BadValue, BadNumber):
            continue
        good += 1
    return good > 0 and good * 10 >= len(cells) * 8


def _quoted(text: str) -> str:
    """Write a TOML string."""
    plain_text = "".join(char if char.isprintable() else " " for char in text)
    escaped = plain_text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _said(one: Understood) -> str:
    example = "".join(c if c.isprintable() else " " for c in one.example)[:40]
    why = "a guess" if one.confidence == "guess" else "not understood"
    return f"{why}; for example: {example}"
