"""A table of texts as orders: rows with the same number are one order's lines."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from callengine.core.ids import Instant
from callengine.engine.ports import NewOrder
from callengine.store.files.cells import BadCell, Cells, Setting, cells_of, order_of
from callengine.store.files.headings import ColumnMap, Meaning
from callengine.store.files.table import BadRow, Row, Table, read_table

_DIGITS = re.compile(r"\D+")
_ONE_FOR_ALL = ("phone", "name", "currency", "address", "method", "language")


@dataclass(frozen=True, slots=True)
class ParsedOrder:
    """An order and the lines of the file it came from."""

    order: NewOrder
    lines: tuple[int, ...]


@dataclass(slots=True)
class ParsedFile:
    """
    What a file holds.

    Attributes:
        bad: rows that were left out.
        doubts: values of optional columns that were left out, and repeated rows.
        ignored: headings that were not understood and have something below them.
        rows: those with something in them, below the heading.
    """

    orders: list[ParsedOrder] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)
    doubts: list[BadRow] = field(default_factory=list)
    ignored: tuple[str, ...] = ()
    rows: int = 0
    kind: str = ""


@dataclass(slots=True)
class _Draft:
    """An order while its rows come in."""

    order: NewOrder
    lines: list[int]
    broken_at: int = 0
    seen: dict[tuple[str, ...], int] = field(default_factory=dict)


def parse_orders(
    raw: bytes,
    *,
    currency: str,
    zone: str,
    columns: ColumnMap | None = None,
    at: Instant | None = None,
) -> ParsedFile:
    """
    Read orders from CSV or XLSX.

    An order with a bad row is left out whole: half an order is a wrong order.

    Args:
        currency: of prices whose row names none.
        zone: IANA zone that times without one are in.
        columns: the shop's own names of columns.
        at: the instant of intake, which times are checked against.

    Raises:
        UnusableFile: nothing can be read; the text says what to do.
    """
    table = read_table(raw, columns or ColumnMap())
    return _Reading(table, Setting(currency, zone, at)).whole()


class _Reading:
    """One pass over a table."""

    def __init__(self, table: Table, setting: Setting) -> None:
        self._table = table
        self._setting = setting
        self._parsed = ParsedFile(kind=table.kind)
        self._drafts: dict[str, _Draft] = {}
        self._last: _Draft | None = None
        """The order of the row above, which a row without a number continues."""
        self._strange: set[int] = set()

    def whole(self) -> ParsedFile:
        """Read every row, then take the orders whose rows are all good."""
        parsed = self._parsed
        for row in self._table.rows:
            parsed.rows += 1
            self._note_strange(row)
            self._read(row)
        for draft in self._drafts.values():
            self._finish(draft)
        parsed.bad = sorted(set(parsed.bad))
        parsed.doubts = sorted(set(parsed.doubts))
        parsed.ignored = tuple(
            self._table.heading.cells[index] or f"column {index + 1}"
            for index in sorted(self._strange)
        )
        return parsed

    def _note_strange(self, row: Row) -> None:
        columns = self._table.columns
        for index, cell in enumerate(row.cells[: len(columns)]):
            if cell and not columns[index].column:
                self._strange.add(index)

    def _read(self, row: Row) -> None:
        cells = cells_of(row.cells, self._table.columns)
        above = self._last
        if cells.is_total and not row.wrong:
            self._last = None
            return
        draft = self._drafts.get(cells["number"]) if cells["number"] else None
        if not cells["number"] and (cells.is_continuation or _same_head(cells, above)):
            draft = above
        try:
            self._take(row, cells, draft)
        except BadCell as bad:
            self._parsed.bad.append(BadRow(row.line, str(bad)))
            self._break(row, cells["number"], draft)

    def _take(self, row: Row, cells: Cells, draft: _Draft | None) -> None:
        _check_shape(row, self._table.columns)
        if not cells["number"] and draft is None:
            raise BadCell("the order has no number")
        order = order_of(cells, self._setting)
        self._parsed.doubts += [BadRow(row.line, said) for said in cells.doubts]
        if draft is None:
            draft = self._drafts[order.number] = _Draft(order, [row.line])
        else:
            draft.lines.append(row.line)
            if self._is_repeated(row, draft):
                return
            draft.order = _merged(draft.order, order, draft.lines[0])
        draft.seen[row.cells] = row.line
        self._last = draft

    def _is_repeated(self, row: Row, draft: _Draft) -> bool:
        """Leave out a row that says in every cell what one before it said."""
        before = draft.seen.get(row.cells)
        if before is None:
            return False
        said = (
            f"the same as line {before} in every cell, and left out; if the customer"
            " ordered it twice, say so in the quantity"
        )
        self._parsed.doubts.append(BadRow(row.line, said))
        return True

    def _break(self, row: Row, number: str, draft: _Draft | None) -> None:
        """Spoil the order that a bad row belongs to, as far as anybody can tell."""
        if draft is None and number:
            nothing = NewOrder(number=number, phone="", items=())
            draft = self._drafts[number] = _Draft(nothing, [])
        if row.wrong and draft is None:
            draft = self._last
        self._last = draft
        if draft is not None:
            if draft.lines[-1:] != [row.line]:
                draft.lines.append(row.line)
            draft.broken_at = draft.broken_at or row.line

    def _finish(self, draft: _Draft) -> None:
        if not draft.broken_at and draft.order.items:
            taken = ParsedOrder(draft.order, tuple(draft.lines))
            self._parsed.orders.append(taken)
            return
        why = f"line {draft.broken_at} of the same order is bad"
        if not draft.broken_at:
            why = "the order has no items"
        self._parsed.bad += [
            BadRow(line, why) for line in draft.lines if line != draft.broken_at
        ]


def _same_head(cells: Cells, above: _Draft | None) -> bool:
    """Say whether a row without a number repeats whose order the row above is."""
    if above is None or not cells.has_item:
        return False
    same = [
        _same(name, getattr(above.order, name), cells[name])
        for name in ("phone", "name")
        if cells[name]
    ]
    return bool(same) and all(same)


def _check_shape(row: Row, columns: Sequence[Meaning]) -> None:
    if row.wrong:
        raise BadCell(row.wrong)
    if any(row.cells[len(columns) :]):
        raise BadCell(
            "more cells than headings; a text with the delimiter inside needs quotes"
        )


def _merged(first: NewOrder, more: NewOrder, line: int) -> NewOrder:
    """Add a row's item; what a later row leaves empty stands in the first."""
    filled: dict[str, str] = {}
    for name in _ONE_FOR_ALL:
        mine, theirs = getattr(first, name), getattr(more, name)
        if mine and theirs and not _same(name, mine, theirs):
            raise BadCell(
                f"{name} is not what line {line} of the same order says; use another"
                " number for another order"
            )
        filled[name] = mine or theirs
    if more.comment and more.comment not in first.comment.split("\n"):
        filled["comment"] = f"{first.comment}\n{more.comment}".strip()
    return replace(first, items=first.items + more.items, **filled)  # type: ignore[arg-type]


def _same(name: str, one: str, other: str) -> bool:
    """Two spellings of a phone agree when their last digits do."""
    if name == "phone":
        one, other = (_DIGITS.sub("", text)[-9:] for text in (one, other))
    return one == other
