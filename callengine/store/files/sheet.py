"""One sheet as rows of text, such as a person would have typed them."""

import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from callengine.store.files.markup import blocks
from callengine.store.files.wrong import Row, UnusableFile

MAX_COLUMNS = 200
"""Further ones are taken together: a row that has any is refused as too wide."""
MAX_CELLS = 20_000
"""Of one row; a spreadsheet can have 16,384."""
MAX_ROW = 1_048_576
MAX_TEXT = 40_000
NO_VALUE = "#FORMULA!"
"""A cell with a formula that no spreadsheet has computed."""

_COLUMN = re.compile(r"([A-Z]{1,3})[0-9]{1,7}")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - sheets know no zones
_DAYS_TO_1904 = 1462
_DATES = range(1, 2_958_466)


@dataclass(frozen=True, slots=True)
class Book:
    """
    What the sheets of a workbook share.

    Attributes:
        dates: styles whose numbers are dates.
        from_1904: days are counted as on old Macintoshes.
    """

    texts: Sequence[str]
    dates: frozenset[int]
    from_1904: bool


def rows_of_sheet(packed: zipfile.ZipFile, part: str, book: Book) -> Iterator[Row]:
    """Yield the rows of a sheet that have something in them."""
    reader = _Sheet(book)
    for _ in blocks(packed, part, reader):
        ready, reader.rows = reader.rows, []
        yield from ready


@dataclass(slots=True)
class _Sheet:
    """Reads cells as they come; only the row at hand is kept."""

    book: Book
    rows: list[Row] = field(default_factory=list)
    _line: int = 0
    _cells: dict[int, str] = field(default_factory=dict)
    _column: int = -1
    _count: int = 0
    _kind: str = "n"
    _style: int = 0
    _pieces: list[str] | None = None
    _size: int = 0
    _value: str | None = None
    _has_formula: bool = False
    _is_reading: bool = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "c":
            self._begin_cell(attributes)
        elif name == "row":
            self._begin_row(attributes.get("r", ""))
        elif name == "f":
            self._has_formula = True
        elif name == "rPh":
            self._is_reading = True
        elif name == "v" or (name == "t" and not self._is_reading):
            self._pieces, self._size = [], 0

    def text(self, data: str) -> None:
        if self._pieces is not None and self._size <= MAX_TEXT:
            self._pieces.append(data)
            self._size += len(data)

    def end(self, name: str) -> None:
        if name in ("v", "t"):
            if self._pieces is not None:
                self._value = (self._value or "") + "".join(self._pieces)
            self._pieces = None
        elif name == "c":
            self._end_cell()
        elif name == "rPh":
            self._is_reading = False
        elif name == "row":
            self._end_row()

    def _begin_row(self, said: str) -> None:
        line = int(said) if said.isascii() and said.isdigit() and len(said) < 8 else 0
        self._line = line if self._line < line <= MAX_ROW else self._line + 1
        self._cells, self._column, self._count = {}, -1, 0

    def _begin_cell(self, attributes: Mapping[str, str]) -> None:
        self._count += 1
        if self._count > MAX_CELLS:
            raise UnusableFile(f"a row of the sheet has more than {MAX_CELLS} cells")
        place = _COLUMN.fullmatch(attributes.get("r", ""))
        self._column = _index(place[1]) if place else self._column + 1
        self._kind = attributes.get("t", "n")
        style = attributes.get("s", "0")
        self._style = int(style) if style.isascii() and style.isdigit() else 0
        self._value, self._has_formula = None, False

    def _end_cell(self) -> None:
        if self._has_formula and not self._value and self._kind != "str":
            text = NO_VALUE
        else:
            text = self._shown(self._value or "")
        if text:
            self._cells[min(self._column, MAX_COLUMNS)] = text

    def _end_row(self) -> None:
        if self._cells:
            last = max(self._cells)
            cells = tuple(self._cells.get(n, "") for n in range(last + 1))
            self.rows.append(Row(self._line, cells))

    def _shown(self, value: str) -> str:
        match self._kind:
            case "s":
                return _clean(self._shared(value))
            case "b":
                return "true" if value == "1" else "false" if value else ""
            case "n" | "d":
                return self._number(value.strip())
            case _:
                return _clean(value)

    def _shared(self, value: str) -> str:
        sound = value.isascii() and value.isdigit() and len(value) < 9
        texts = self.book.texts
        return texts[int(value)] if sound and int(value) < len(texts) else "#REF!"

    def _number(self, value: str) -> str:
        """Write a number as a spreadsheet shows it: fifteen digits, or a date."""
        try:
            number = float(value)
        except ValueError:
            return value[:MAX_TEXT]  # an ISO date, or nonsense that is told later
        if self._style in self.book.dates and int(min(number, 1e9)) in _DATES:
            return self._date(number)
        if number.is_integer() and abs(number) < 1e15:
            return str(int(number))
        return format(number, ".15g")

    def _date(self, number: float) -> str:
        days = number + (_DAYS_TO_1904 if self.book.from_1904 else 0)
        at = _EPOCH + timedelta(seconds=round(days * 86_400))
        return at.isoformat(sep=" ", timespec="seconds" if at.second else "minutes")


def _index(letters: str) -> int:
    """Number a column: A is 0, AA is 26."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _clean(text: str) -> str:
    plain = text.replace("\u00a0", " ")
    if "_x" in plain:
        plain = _ESCAPED.sub(lambda found: _character(found[1]), plain)
    return plain.strip()


def _character(digits: str) -> str:
    return " " if digits.upper() in ("000D", "000A", "0009") else ""
