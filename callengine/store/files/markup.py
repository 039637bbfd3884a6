"""
XML of strangers, as a stream: memory stays small whatever it holds.

No entity is ever declared in a spreadsheet: one that is ends the reading. Depth, the
length of one token and of one text are bounded.
"""

import zipfile
from collections.abc import Iterator, Mapping
from typing import Protocol
from xml.parsers import expat

from callengine.store.files.archive import DAMAGED
from callengine.store.files.wrong import UnusableFile

BLOCK = 1 << 16
MAX_DEPTH = 64
MAX_TOKEN = 1 << 21
"""Bytes without an end of a tag; expat would read them again with every block."""


class Handler(Protocol):
    """What is done with the elements, by their names without a namespace."""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """See an element begin."""

    def text(self, data: str) -> None:
        """See a piece of text."""

    def end(self, name: str) -> None:
        """See an element end."""


def blocks(packed: zipfile.ZipFile, part: str, handler: Handler) -> Iterator[None]:
    """
    Hand a part to a handler, block by block; yields after each.

    Raises:
        UnusableFile: damaged, or XML that no spreadsheet writes.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise UnusableFile("the XML of this workbook is nested too deep")
        handler.start(name.rpartition(" ")[2], attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        handler.end(name.rpartition(" ")[2])

    def refuse(*_: object) -> None:
        raise UnusableFile("the XML of this workbook declares entities; it is refused")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = handler.text
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    fed = 0
    try:
        with packed.open(part) as source:
            while block := source.read(BLOCK):
                parser.Parse(block, False)
                fed += len(block)
                _check_token(fed - parser.CurrentByteIndex)
                yield
        parser.Parse(b"", True)
    except UnusableFile:
        raise
    except Exception as error:  # expat, zlib and zipfile, each with its own
        raise UnusableFile(DAMAGED) from error
    yield


def _check_token(length: int) -> None:
    if length > MAX_TOKEN:
        raise UnusableFile("the XML of this workbook has no end of a tag")


def whole(packed: zipfile.ZipFile, part: str, handler: Handler) -> None:
    """Hand a whole part to a handler. Raises `UnusableFile`."""
    for _ in blocks(packed, part, handler):
        pass
