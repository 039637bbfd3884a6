"""
A file's bytes as a table of texts: encoding, delimiter and kind are found out.

CSV names neither its encoding nor its delimiter. Spreadsheets of the region write
`;` and cp1251, exports of shops write `,` and UTF-8 with a byte order mark.
"""

import csv
import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

MAX_BYTES = 20_000_000
MAX_UNPACKED = 300_000_000
MAX_ROWS = 100_000
MAX_CELLS = 100
MAX_CELL = 5_000
DELIMITERS = (";", ",", "\t", "|")

_XLSX = b"PK\x03\x04"
_XLS = b"\xd0\xcf\x11\xe0"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


class UnusableFile(Exception):
    """Nothing of the file can be read; the text says what to do."""


@dataclass(frozen=True, slots=True, order=True)
class BadRow:
    """A row that was left out, and why."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row with the line it begins in."""

    line: int
    cells: tuple[str, ...]


def read_table(
    raw: bytes, knows: Callable[[list[str]], int], bad: list[BadRow]
) -> Iterator[Row]:
    """
    Yield the rows, the heading first; blank ones are left out.

    Args:
        knows: counts the headings it knows, to tell the delimiter by.
        bad: gets rows that cannot be read.

    Raises:
        UnusableFile: too large, of a kind we do not read, or empty.
    """
    if len(raw) > MAX_BYTES:
        raise UnusableFile(f"larger than {MAX_BYTES // 1_000_000} MB; split the file")
    if raw.startswith(_XLSX):
        rows = _sheet(raw)
    elif raw.startswith(_XLS):
        raise UnusableFile("this is an old .xls file; save it as .xlsx or .csv")
    else:
        rows = _csv(decoded(raw), knows, bad)
    for count, row in enumerate(_sound(rows, bad)):
        if count > MAX_ROWS:
            bad.append(
                BadRow(row.line, f"more than {MAX_ROWS} rows; the rest was left out")
            )
            return
        yield row


def _sound(rows: Iterator[Row], bad: list[BadRow]) -> Iterator[Row]:
    """Leave out blank rows and those of unreasonable size."""
    for row in rows:
        if not any(row.cells):
            continue
        if len(row.cells) > MAX_CELLS:
            bad.append(BadRow(row.line, f"more than {MAX_CELLS} cells"))
        elif any(len(cell) > MAX_CELL for cell in row.cells):
            bad.append(BadRow(row.line, f"a cell is longer than {MAX_CELL} characters"))
        else:
            yield row


def decoded(raw: bytes) -> str:
    """Decode UTF-8, UTF-16 with its mark, else cp1251."""
    encodings = ["utf-16"] if raw.startswith(_UTF16) else ["utf-8-sig", "cp1251"]
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            break
        return text
    raise UnusableFile("this is no text; save the table as CSV in UTF-8, or as XLSX")


def _csv(
    text: str, knows: Callable[[list[str]], int], bad: list[BadRow]
) -> Iterator[Row]:
    heading = next((line for line in text.splitlines() if line.strip()), "")
    if not heading:
        raise UnusableFile("the file is empty")
    delimiter = max(DELIMITERS, key=lambda d: knows(_cells_of_line(heading, d)))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begins = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            # After a stray quote nobody can tell where the next row begins.
            bad.append(
                BadRow(begins, f"broken quotes ({error}); the rest was left out")
            )
            return
        yield Row(begins, tuple(_clean(cell) for cell in cells))
        begins = reader.line_num + 1


def _cells_of_line(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return line.split(delimiter)


def _sheet(raw: bytes) -> Iterator[Row]:
    from openpyxl import load_workbook  # slow to import, and rarely needed

    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            unpacked = sum(entry.file_size for entry in packed.infolist())
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise UnusableFile("this is no XLSX file, or a damaged one") from error
    if unpacked > MAX_UNPACKED:
        raise UnusableFile("the sheet is too large; split the file")
    try:
        book = load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
    except Exception as error:  # openpyxl raises whatever broken XML makes it raise
        raise UnusableFile("this is no XLSX file, or a damaged one") from error
    try:
        sheet = book.worksheets[0] if book.worksheets else None
        if sheet is None:
            raise UnusableFile("the workbook has no sheet")
        # A size written by hand may be a lie, and would make a million empty rows.
        sheet.reset_dimensions()
        for line, values in enumerate(_values(sheet), start=1):
            cells = [_cell(value) for value in values[: MAX_CELLS + 1]]
            while cells and not cells[-1]:
                cells.pop()
            yield Row(line, tuple(cells))
    finally:
        book.close()


def _values(sheet: Any) -> Iterator[tuple[Any, ...]]:
    rows = sheet.iter_rows(values_only=True)
    while True:
        try:
            yield next(rows)
        except StopIteration:
            return
        except Exception as error:
            raise UnusableFile("the XLSX file is damaged") from error


def _cell(value: Any) -> str:
    """Write a cell as the text a person would have typed."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case datetime():
            return value.isoformat(sep=" ", timespec="minutes")
        case date():
            return value.isoformat()
        case _:
            return _clean(str(value))


def _clean(text: str) -> str:
    return text.replace("\u00a0", " ").strip()
