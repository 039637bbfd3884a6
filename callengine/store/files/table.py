"""
A file's bytes as a table: its kind, encoding, delimiter and heading are found out.

CSV names neither its encoding nor its delimiter. Spreadsheets of the region write
`;` and cp1251, exports of shops write `,` and UTF-8 with a byte order mark; reports
have titles above the heading.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice

from callengine.store.files.decoding import decoded
from callengine.store.files.delimited import DELIMITERS, lines_of, rough_cells, rows_of
from callengine.store.files.headings import (
    COLUMNS,
    ColumnMap,
    Meaning,
    meanings,
    missing,
    repeated,
)
from callengine.store.files.kinds import XLSX, refuse_other_kinds
from callengine.store.files.workbook import sheets_of
from callengine.store.files.wrong import BadRow as BadRow
from callengine.store.files.wrong import Row as Row
from callengine.store.files.wrong import UnusableFile as UnusableFile

MAX_BYTES = 20_000_000
MAX_ROWS = 100_000
MAX_CELLS = 100
MAX_CELL = 5_000
HEADING_WITHIN = 40
"""Rows that are looked at for the heading."""


@dataclass(frozen=True, slots=True)
class Table:
    """
    A file as a table.

    Attributes:
        kind: for people: `CSV (;, windows-1251)`.
        heading: the row that names the columns.
        columns: what each of them is.
        rows: those below the heading; blank ones are left out.
    """

    kind: str
    heading: Row
    columns: tuple[Meaning, ...]
    rows: Iterator[Row]


def read_table(raw: bytes, own: ColumnMap) -> Table:
    """
    Find the table in a file.

    Raises:
        UnusableFile: too large, of a kind we do not read, empty, or without the columns
            that an order needs.
    """
    return _found(raw, own, strict=True)


def find_table(raw: bytes, own: ColumnMap) -> Table:
    """
    Find what is most of a table, though columns be missing; else like `read_table`.
    """
    return _found(raw, own, strict=False)


def _found(raw: bytes, own: ColumnMap, *, strict: bool) -> Table:
    if len(raw) > MAX_BYTES:
        raise UnusableFile(f"larger than {MAX_BYTES // 1_000_000} MB; split the file")
    if not raw.strip():
        raise UnusableFile("the file is empty")
    if raw.startswith(XLSX):
        return _of_workbook(raw, own, strict=strict)
    refuse_other_kinds(raw)
    found = decoded(raw, lambda text: _best_known(lines_of(text)[:HEADING_WITHIN], own))
    return _of_text(found.text, found.encoding, own, strict=strict)


def _of_text(text: str, encoding: str, own: ColumnMap, *, strict: bool) -> Table:
    lines = lines_of(text)
    head = [line[:20_000] for line in lines[: 3 * HEADING_WITHIN]]
    delimiter = max(DELIMITERS, key=lambda d: _rank(_most_known(head, d, own)))
    width = len(rough_cells(_heading_line(head, delimiter, own), delimiter))
    rows = rows_of(lines, delimiter, width)
    shown = {"\t": "tab"}.get(delimiter, delimiter)
    return _table(rows, f"CSV ({shown}, {encoding})", own, strict=strict)


def _of_workbook(raw: bytes, own: ColumnMap, *, strict: bool) -> Table:
    """Take the first sheet that has a heading; say of the first what it lacks."""
    first: UnusableFile | None = None
    for name, rows in sheets_of(raw):
        try:
            return _table(rows, f"XLSX (sheet {name})", own, strict=strict)
        except UnusableFile as error:
            first = first or error
    raise first or UnusableFile("the workbook has no sheet")


def _table(rows: Iterator[Row], kind: str, own: ColumnMap, *, strict: bool) -> Table:
    """Find the heading among the first rows that are not blank."""
    filled = (row for row in rows if any(row.cells))
    head = list(islice(filled, HEADING_WITHIN))
    if not head:
        raise UnusableFile("the file is empty")
    for index, row in enumerate(head):
        columns = meanings(row.cells[:MAX_CELLS], own)
        if not missing(columns):
            twice = repeated(columns)
            if twice:
                raise UnusableFile(
                    f"two columns are named {' and '.join(twice)}; [shops.columns] can"
                    ' say which one counts, and of the other "ignore"'
                )
            below = chain(head[index + 1 :], filled)
            return Table(kind, row, columns, _sound(below))
    index = _nearest(head, own)
    columns = meanings(head[index].cells[:MAX_CELLS], own)
    if not strict:
        below = chain(head[index + 1 :], filled)
        return Table(kind, head[index], columns, _sound(below))
    lacking = " and no ".join(missing(columns))
    raise UnusableFile(
        f"one row must name the columns; there is no {lacking} (columns:"
        f" {', '.join(COLUMNS)}; `orders import --explain` shows what was understood)"
    )


def _nearest(head: list[Row], own: ColumnMap) -> int:
    """Find the row that is most of a heading; of equals the first and fullest."""

    def rank(index: int) -> tuple[bool, int, int]:
        cells = head[index].cells[:MAX_CELLS]
        filled = sum(1 for cell in cells if cell)
        return *_rank(meanings(cells, own)), min(filled, 3)

    return max(range(len(head)), key=rank)


def _sound(rows: Iterator[Row]) -> Iterator[Row]:
    """Mark rows of unreasonable size, and end after the last row allowed."""
    for count, row in enumerate(rows):
        if count >= MAX_ROWS:
            yield Row(
                row.line, row.cells, f"more than {MAX_ROWS} rows; the rest was left out"
            )
            return
        if row.wrong:
            yield row
        elif len(row.cells) > MAX_CELLS:
            yield Row(row.line, row.cells, f"more than {MAX_CELLS} cells")
        elif any(len(cell) > MAX_CELL for cell in row.cells):
            said = f"a cell is longer than {MAX_CELL} characters"
            yield Row(row.line, row.cells, said)
        else:
            yield row


def _rank(columns: tuple[Meaning, ...]) -> tuple[bool, int]:
    """Order rows by how much of a heading they are."""
    known = {one.column for one in columns if one.column}
    return not missing(columns), len(known)


def _most_known(
    lines: list[str], delimiter: str, own: ColumnMap
) -> tuple[Meaning, ...]:
    line = _heading_line(lines, delimiter, own)
    return meanings(rough_cells(line, delimiter)[:MAX_CELLS], own)


def _heading_line(lines: list[str], delimiter: str, own: ColumnMap) -> str:
    def rank(line: str) -> tuple[bool, int]:
        return _rank(meanings(rough_cells(line, delimiter)[:MAX_CELLS], own))

    return max((line for line in lines if line.strip()), key=rank, default="")


def _best_known(lines: list[str], own: ColumnMap) -> int:
    head = [line[:20_000] for line in lines]
    return max(_rank(_most_known(head, d, own))[1] for d in DELIMITERS)
