"""XLSX: the sheets of a workbook, its shared texts, and which numbers are dates."""

import posixpath
import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field

from callengine.store.files.archive import opened
from callengine.store.files.markup import whole
from callengine.store.files.sheet import Book, rows_of_sheet
from callengine.store.files.wrong import Row, UnusableFile

MAX_SHEETS = 50
MAX_TEXTS = 3_000_000

_RELATIONS = "xl/_rels/workbook.xml.rels"
_STYLES = "xl/styles.xml"
_TEXTS = "xl/sharedStrings.xml"
_DATES = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
"""Numbers of the built-in formats that show a date or a time."""
_NOT_FORMAT = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')


def sheets_of(raw: bytes) -> Iterator[tuple[str, Iterator[Row]]]:
    """
    Yield the name and the rows of each sheet; blank rows are left out.

    Raises:
        UnusableFile: damaged, another kind of file, or larger than is sane.
    """
    with closing(opened(raw)) as packed:
        names = set(packed.namelist())
        index, targets = _Index(), _Targets()
        whole(packed, "xl/workbook.xml", index)
        if _RELATIONS in names:
            whole(packed, _RELATIONS, targets)
        styles, texts = _Styles(), _Texts()
        if _STYLES in names:
            whole(packed, _STYLES, styles)
        if _TEXTS in names:
            whole(packed, _TEXTS, texts)
        book = Book(texts.found, styles.dates(), from_1904=index.from_1904)
        shown = 0
        for name, relation in index.sheets[:MAX_SHEETS]:
            part = targets.parts.get(relation, "")
            if part in names:
                shown += 1
                yield name, rows_of_sheet(packed, part, book)
        if not shown:
            raise UnusableFile("the workbook has no sheet")


@dataclass(slots=True)
class _Index:
    """`xl/workbook.xml`: names of sheets and their relations."""

    sheets: list[tuple[str, str]] = field(default_factory=list)
    from_1904: bool = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "sheet":
            ids = [v for key, v in attributes.items() if key.endswith(" id")]
            self.sheets.append((attributes.get("name", ""), ids[0] if ids else ""))
        elif name == "workbookPr":
            self.from_1904 = attributes.get("date1904") in ("1", "true")

    def text(self, data: str) -> None:
        pass

    def end(self, name: str) -> None:
        pass


@dataclass(slots=True)
class _Targets:
    """Relations: which part of the archive an id means."""

    parts: dict[str, str] = field(default_factory=dict)

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "Relationship":
            target = attributes.get("Target", "")
            path = posixpath.normpath(posixpath.join("/xl", target))
            self.parts[attributes.get("Id", "")] = path.lstrip("/")

    def text(self, data: str) -> None:
        pass

    def end(self, name: str) -> None:
        pass


@dataclass(slots=True)
class _Texts:
    """`xl/sharedStrings.xml`: runs are joined, readings of characters left out."""

    found: list[str] = field(default_factory=list)
    _pieces: list[str] = field(default_factory=list)
    _inside: bool = False
    _reading: bool = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        del attributes
        if name == "si":
            self._pieces.clear()
        elif name == "rPh":
            self._reading = True
        self._inside = name == "t" and not self._reading

    def text(self, data: str) -> None:
        if self._inside:
            self._pieces.append(data)

    def end(self, name: str) -> None:
        if name == "t":
            self._inside = False
        elif name == "rPh":
            self._reading = False
        elif name == "si":
            if len(self.found) >= MAX_TEXTS:
                raise UnusableFile("the workbook has too many texts; split the file")
            self.found.append("".join(self._pieces))


@dataclass(slots=True)
class _Styles:
    """`xl/styles.xml`: the number format of each cell style."""

    formats: dict[int, str] = field(default_factory=dict)
    styles: list[int] = field(default_factory=list)
    _in_cells: bool = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "numFmt":
            number = attributes.get("numFmtId", "")
            if number.isascii() and number.isdigit():
                self.formats[int(number)] = attributes.get("formatCode", "")
        elif name == "cellXfs":
            self._in_cells = True
        elif name == "xf" and self._in_cells:
            number = attributes.get("numFmtId", "0")
            sound = number.isascii() and number.isdigit()
            self.styles.append(int(number) if sound else 0)

    def text(self, data: str) -> None:
        pass

    def end(self, name: str) -> None:
        if name == "cellXfs":
            self._in_cells = False

    def dates(self) -> frozenset[int]:
        """Number the styles that show a date."""
        return frozenset(n for n, form in enumerate(self.styles) if self._is_date(form))

    def _is_date(self, form: int) -> bool:
        if form in self.formats:
            plain = _NOT_FORMAT.sub("", self.formats[form]).lower()
            return any(char in plain for char in "ydhs") and "general" not in plain
        return form in _DATES
