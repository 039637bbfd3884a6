"""
Rows of delimited text, one record at a time: a stray quote spoils one row, not a file.

A record normally ends with its line. One whose quotes are open at the end of the line
goes on only if the lines that follow close them before another record begins.
"""

import csv
import re
from collections.abc import Iterator, Sequence

from callengine.store.files.wrong import Row, UnusableFile

DELIMITERS = (";", ",", "\t", "|")
MAX_LINE = 400_000
"""Characters of a record; longer ones are not looked into."""
MAX_LINES_IN_ALL = 1_000_000
MAX_LINES = 60
"""Lines that one record may have."""

_NEWLINE = re.compile(r"\r\n|\n|\r")
_AS_TEXT = re.compile(r'="(.*)"', re.DOTALL)


class _Broken(Exception):
    """A record cannot be parted into cells."""


def lines_of(text: str) -> list[str]:
    """
    Part a text at line ends, and only there; Ctrl-Z at the end is none of it.

    Raises `UnusableFile` when there are more than any file of ours has.
    """
    lines = _NEWLINE.split(text.rstrip("\x1a\x00"))
    if len(lines) > MAX_LINES_IN_ALL:
        raise UnusableFile(f"more than {MAX_LINES_IN_ALL} lines; split the file")
    return lines


def rows_of(lines: Sequence[str], delimiter: str, width: int) -> Iterator[Row]:
    """
    Yield the records of a text.

    A broken one has the cells that its first line seems to have.

    Args:
        width: cells of the heading, 0 when nobody knows; a line of as many that follows
            an open quote is a record of its own.
    """
    at = 0
    while at < len(lines):
        took = 1
        if not lines[at]:
            at += 1
            continue
        try:
            if lines[at].count('"') % 2:
                took = _closing(lines, at, delimiter, width)
            cells = split_line("\n".join(lines[at : at + took]), delimiter)
        except _Broken as broken:
            rough = lines[at][:MAX_LINE].split(delimiter, 200)
            yield Row(at + 1, tuple(map(_clean, rough)), str(broken))
            took = 1
        else:
            yield Row(at + 1, tuple(map(_clean, cells)))
        at += took


def split_line(line: str, delimiter: str) -> list[str]:
    """Part one record into cells. Raises `_Broken`."""
    if len(line) > MAX_LINE:
        raise _Broken(f"the row is longer than {MAX_LINE} characters")
    if '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        if "field larger" in str(error):
            raise _Broken("a cell is too long") from None
        raise _Broken(
            "broken quotes: a quote inside a quoted text must be written twice"
        ) from None


def rough_cells(line: str, delimiter: str) -> list[str]:
    """Part a line as well as it goes."""
    try:
        return split_line(line, delimiter)
    except _Broken:
        return line[:MAX_LINE].split(delimiter)


def _closing(lines: Sequence[str], at: int, delimiter: str, width: int) -> int:
    """Count the lines of a record whose first one leaves a quote open."""
    size = len(lines[at])
    for took, line in enumerate(lines[at + 1 : at + MAX_LINES], start=2):
        size += len(line)
        if size > MAX_LINE:
            break
        if line.count('"') % 2:
            return took
        if width > 1 and line.count(delimiter) >= width - 1:
            break
    raise _Broken("broken quotes: one is opened and never closed")


def _clean(text: str) -> str:
    plain = text.replace("\u00a0", " ").strip().removeprefix("\ufeff")
    if plain.startswith('="'):
        # What spreadsheets write to keep the digits of a text.
        kept = _AS_TEXT.fullmatch(plain)
        return kept[1].strip() if kept else plain
    return plain
