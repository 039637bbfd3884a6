"""One row as a part of an order: what must be right, and what may be left out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from callengine.core.ids import Instant
from callengine.engine.orders import MAX_CUT_OFF_AHEAD_S, MAX_PLACED_AHEAD_S
from callengine.engine.ports import NewItem, NewOrder
from callengine.engine.reading import BadValue, word_set
from callengine.engine.reading.instants import read_instant
from callengine.engine.reading.money import read_price, read_quantity
from callengine.engine.reading.texts import LOST_CELLS, check_decoded
from callengine.engine.reading.words import (
    read_consent,
    read_language,
    read_method,
    read_zone,
)
from callengine.store.files.headings import IGNORE, PARTS, Meaning
from callengine.store.files.sheet import NO_VALUE

T = TypeVar("T")

IDENTITY = ("number", "phone", "name", "sku", "item", "external_id", "currency")
TOTALS = word_set("итого всего итог разом усього total totals sum")


class BadCell(ValueError):
    """A row cannot be taken; the text says why."""


@dataclass(frozen=True, slots=True)
class Setting:
    """
    What a row is read against.

    Attributes:
        at: the instant of intake; None when a plan for no certain time is read.
    """

    currency: str
    zone: str
    at: Instant | None = None


@dataclass(slots=True)
class Cells:
    """A row by the columns' names, and what of it was left out."""

    by_name: dict[str, str]
    currency: str = ""
    doubts: list[str] = field(default_factory=list)

    def __getitem__(self, name: str) -> str:
        return self.by_name.get(name, "")

    @property
    def is_continuation(self) -> bool:
        """Whether this is a further item of the order above: nothing says whose."""
        whose = ("number", "phone", "name", "external_id")
        return not any(self[name] for name in whose) and self.has_item

    @property
    def has_item(self) -> bool:
        """Whether the row names something ordered."""
        return bool(self["item"] or self["sku"])

    @property
    def is_total(self) -> bool:
        """Whether this is the line of totals below a report."""
        said = self["number"] or self["item"] or self["name"]
        return not self["phone"] and said.strip(" :.").lower() in TOTALS


def cells_of(row: Sequence[str], columns: Sequence[Meaning]) -> Cells:
    """Lay a row out by name; columns of one meaning are joined in their order."""
    parts: dict[str, list[str]] = {}
    currency = ""
    for cell, meaning in zip(row, columns, strict=False):
        if cell and meaning.column and meaning.column != IGNORE:
            held = parts.setdefault(PARTS.get(meaning.column, meaning.column), [])
            if cell not in held:
                held.append(cell)
            currency = meaning.currency or currency
    joined = {name: _JOINTS.get(name, " ").join(held) for name, held in parts.items()}
    return Cells(joined, currency)


_JOINTS = {"phone": "; ", "comment": "\n", "address": ", "}


def order_of(cells: Cells, setting: Setting) -> NewOrder:
    """
    Read a row; what cannot be read of an optional column is left out, and told.

    A row without an item has none: the first line of an order may be its head alone.

    Raises:
        BadCell: identity, items or money are not certain.
    """
    for name in (*IDENTITY, "quantity", "price"):
        _check_certain(name, cells[name])
    for name in ("address", "comment", "category", "region"):
        _drop_lost(name, cells)
    own = cells["currency"].upper().rstrip(".")
    money = own or cells.currency or setting.currency
    items = (_item(cells, money),) if cells.has_item else ()
    if not items and (cells["quantity"] or cells["price"]):
        raise BadCell("the row has a quantity or a price, and no item")
    zone = _optional("zone", read_zone, cells, "")
    method = _optional("method", read_method, cells, "")
    notes = [cells["comment"]]
    if cells["method"] and not method:
        notes.append(cells["method"])
    return NewOrder(
        number=cells["number"],
        phone=cells["phone"],
        items=items,
        name=cells["name"],
        language=_optional("language", read_language, cells, ""),
        region=cells["region"],
        external_id=cells["external_id"],
        currency=own or (cells.currency if cells.currency != setting.currency else ""),
        placed_at=_instant("placed_at", cells, setting, MAX_PLACED_AHEAD_S),
        method=method,
        address=cells["address"],
        comment="\n".join(filter(None, notes)),
        zone=zone,
        consent=_optional("consent", read_consent, cells, False),
        cut_off_at=_instant("cut_off_at", cells, setting, MAX_CUT_OFF_AHEAD_S),
    )


def _item(cells: Cells, money: str) -> NewItem:
    return NewItem(
        sku=cells["sku"],
        name=cells["item"],
        category=cells["category"],
        quantity=_needed(read_quantity, cells["quantity"], 1),
        price_minor=_needed(lambda text: read_price(text, money), cells["price"], 0),
    )


def _check_certain(name: str, text: str) -> None:
    if text == NO_VALUE:
        raise BadCell(
            f"{name} is a formula without a value; open the file in a spreadsheet and"
            " save it again"
        )
    try:
        check_decoded(text, name)
    except BadValue as bad:
        raise BadCell(str(bad)) from None


def _drop_lost(name: str, cells: Cells) -> None:
    text = cells[name]
    lost = text == NO_VALUE or text.upper() in LOST_CELLS
    try:
        check_decoded(text, name)
    except BadValue as bad:
        if not lost:
            raise BadCell(str(bad)) from None
    if lost:
        cells.doubts.append(f"{name} {text[:20]!r} is no value")
        cells.by_name.pop(name)


def _needed(read: Callable[[str], T], text: str, default: T) -> T:
    if not text:
        return default
    try:
        return read(text)
    except BadValue as bad:
        raise BadCell(str(bad)) from None


def _optional(name: str, read: Callable[[str], T], cells: Cells, default: T) -> T:
    if not cells[name]:
        return default
    try:
        return read(cells[name])
    except BadValue as bad:
        cells.doubts.append(str(bad))
        return default


def _instant(
    name: str, cells: Cells, setting: Setting, ahead_s: float
) -> Instant | None:
    def read(text: str) -> Instant | None:
        found = read_instant(text, setting.zone, name, now=setting.at)
        if setting.at is not None and found > setting.at + ahead_s:
            raise BadValue(f"{name} {text[:30]!r} is too far in the future")
        return found

    return _optional(name, read, cells, None)
