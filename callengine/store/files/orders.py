"""A table of texts as orders: rows with the same number are one order's lines."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from callengine.engine.ports import NewItem, NewOrder
from callengine.store.files.cells import (
    COLUMNS,
    BadCell,
    consent_of,
    heading_of,
    instant_of,
    price_of,
    quantity_of,
)
from callengine.store.files.table import BadRow, Row, UnusableFile, read_table

_DIGITS = re.compile(r"\D+")


@dataclass(frozen=True, slots=True)
class ParsedOrder:
    """An order and the lines of the file it came from."""

    order: NewOrder
    lines: tuple[int, ...]


@dataclass(slots=True)
class ParsedFile:
    """What a file holds; `ignored` are headings nobody asked for."""

    orders: list[ParsedOrder] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)
    ignored: tuple[str, ...] = ()
    rows: int = 0


@dataclass(slots=True)
class _Draft:
    """An order while its rows come in."""

    order: NewOrder
    lines: list[int]
    broken_at: int = 0


def parse_orders(raw: bytes, *, currency: str, zone: str) -> ParsedFile:
    """
    Read orders from CSV or XLSX.

    An order with a bad row is left out whole: half an order is a wrong order.

    Args:
        currency: of prices whose row names none.
        zone: IANA zone that times without one are in.

    Raises:
        UnusableFile: nothing can be read; the text says what to do.
    """
    parsed = ParsedFile()
    rows = read_table(raw, count_known, parsed.bad)
    heading = next(rows, None)
    if heading is None:
        raise UnusableFile("the file is empty")
    columns = _columns(heading, parsed)
    drafts: dict[str, _Draft] = {}
    for row in rows:
        parsed.rows += 1
        _read_row(row, columns, drafts, parsed, currency=currency, zone=zone)
    for draft in drafts.values():
        if draft.broken_at:
            parsed.bad += [
                BadRow(line, f"line {draft.broken_at} of the same order is bad")
                for line in draft.lines
                if line != draft.broken_at
            ]
        else:
            parsed.orders.append(ParsedOrder(draft.order, tuple(draft.lines)))
    parsed.bad = sorted(set(parsed.bad))
    return parsed


def count_known(cells: Sequence[str]) -> int:
    """How many headings of a row are columns of ours."""
    return len({heading_of(cell) for cell in cells} & set(COLUMNS))


def _columns(heading: Row, parsed: ParsedFile) -> tuple[str, ...]:
    names = tuple(heading_of(cell) for cell in heading.cells)
    known = [name for name in names if name in COLUMNS]
    missing = [name for name in ("number", "phone") if name not in known]
    if not {"item", "sku"} & set(known):
        missing.append("item")
    if missing:
        raise UnusableFile(
            "the first row must name the columns; there is no"
            f" {' and no '.join(missing)} (columns: {', '.join(COLUMNS)})"
        )
    twice = sorted({name for name in known if known.count(name) > 1})
    if twice:
        raise UnusableFile(f"two columns are named {' and '.join(twice)}")
    parsed.ignored = tuple(
        cell
        for cell, name in zip(heading.cells, names, strict=True)
        if name not in COLUMNS and cell
    )
    return names


def _read_row(
    row: Row,
    columns: tuple[str, ...],
    drafts: dict[str, _Draft],
    parsed: ParsedFile,
    *,
    currency: str,
    zone: str,
) -> None:
    cells = dict.fromkeys(COLUMNS, "") | dict(zip(columns, row.cells, strict=False))
    number = cells["number"]
    draft = drafts.get(number)
    try:
        _check_shape(row, columns, number)
        order = _order(cells, currency, zone)
        if draft is not None:
            draft.lines.append(row.line)
            draft.order = _merged(draft.order, order, draft.lines[0])
    except BadCell as bad:
        parsed.bad.append(BadRow(row.line, str(bad)))
        if number:
            nothing = NewOrder(number=number, phone="", items=())
            draft = drafts.setdefault(number, _Draft(nothing, [row.line]))
            draft.broken_at = draft.broken_at or row.line
        return
    if draft is None:
        drafts[number] = _Draft(order, [row.line])


def _check_shape(row: Row, columns: tuple[str, ...], number: str) -> None:
    if any(row.cells[len(columns) :]):
        raise BadCell(
            "more cells than headings; a text with the delimiter inside needs quotes"
        )
    if not number:
        raise BadCell("the order has no number")


def _order(cells: dict[str, str], currency: str, zone: str) -> NewOrder:
    money = cells["currency"].upper() or currency
    item = NewItem(
        sku=cells["sku"],
        name=cells["item"],
        category=cells["category"],
        quantity=quantity_of(cells["quantity"]),
        price_minor=price_of(cells["price"], money),
    )
    return NewOrder(
        number=cells["number"],
        phone=cells["phone"],
        items=(item,),
        name=cells["name"],
        language=cells["language"].lower(),
        region=cells["region"],
        external_id=cells["external_id"],
        currency=cells["currency"].upper(),
        placed_at=instant_of(cells["placed_at"], zone),
        method=cells["method"].lower(),
        address=cells["address"],
        comment=cells["comment"],
        zone=cells["zone"],
        consent=consent_of(cells["consent"]),
        cut_off_at=instant_of(cells["cut_off_at"], zone, "cut_off_at"),
    )


def _merged(first: NewOrder, more: NewOrder, line: int) -> NewOrder:
    """Add a row's item; what a later row leaves empty stands in the first."""
    for name in ("phone", "name", "currency", "address", "method", "language"):
        mine, theirs = getattr(first, name), getattr(more, name)
        if mine and theirs and not _same(name, mine, theirs):
            raise BadCell(
                f"{name} is not what line {line} of the same order says; use another"
                " number for another order"
            )
    return replace(first, items=first.items + more.items)


def _same(name: str, one: str, other: str) -> bool:
    """Two spellings of a phone agree when their last digits do."""
    if name == "phone":
        one, other = (_DIGITS.sub("", text)[-9:] for text in (one, other))
    return one == other
