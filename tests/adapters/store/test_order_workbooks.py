"""Workbooks: what is in the cells, and what no workbook may do to us."""

import io
import zipfile
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from openpyxl import Workbook

from callengine.store.files import ParsedFile, UnusableFile, parse_orders
from callengine.store.files.archive import MAX_PARTS, MAX_UNPACKED

HEAD = ("number", "phone", "name", "item", "quantity", "price")
ROW = ("1", "89161234567", "Ирина", "Чай", 2, 99.5)
SHEET = "xl/worksheets/sheet1.xml"
OPEN = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'


def read(raw: bytes) -> ParsedFile:
    """Read a workbook for a Russian shop."""
    return parse_orders(raw, currency="RUB", zone="Europe/Moscow")


def book(*rows: tuple[Any, ...], change: Callable[[Any], None] | None = None) -> bytes:
    """A workbook with these rows below the heading."""
    made = Workbook()
    active = made.active
    assert active is not None
    for row in (HEAD, *rows):
        active.append(row)
    if change is not None:
        change(active)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def with_part(raw: bytes, name: str, content: bytes) -> bytes:
    """The same workbook with one part replaced."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(raw)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.namelist():
            if entry != name:
                new.writestr(entry, old.read(entry))
        new.writestr(name, content)
    return out.getvalue()


def sheet(xml: str) -> bytes:
    """A workbook whose only sheet is this."""
    return with_part(book(ROW), SHEET, xml.encode())


# --- what cells say ---


def test_a_formula_without_a_value_is_no_price_of_nothing() -> None:
    file = read(book(("1", "89161234567", "И", "Чай", 2, "=A1*2"), ("2", *ROW[1:])))

    assert [
        (row.line, "formula without a value" in row.reason) for row in file.bad
    ] == [(2, True)]
    assert [o.order.number for o in file.orders] == ["2"]


def test_a_formula_with_a_value_is_that_value() -> None:
    cells = '<c r="A2" t="str"><f>T(1)</f><v>1</v></c><c r="B2"><v>89161234567</v></c>'
    cells += '<c r="D2" t="inlineStr"><is><t>Чай</t></is></c>'
    cells += '<c r="E2"><f>1+1</f><v>2</v></c><c r="F2"><f>3*2490.1</f>'
    cells += "<v>7470.299999999999</v></c>"
    head = "".join(
        f'<c r="{letter}1" t="inlineStr"><is><t>{name}</t></is></c>'
        for letter, name in zip("ABCDEF", HEAD, strict=True)
    )
    rows = f'<row r="1">{head}</row><row r="2">{cells}</row>'
    (found,) = read(sheet(f"{OPEN}<sheetData>{rows}</sheetData></worksheet>")).orders

    (item,) = found.order.items
    assert (found.order.number, item.name) == ("1", "Чай")
    assert (item.quantity, item.price_minor) == (2, 747030)


@pytest.mark.parametrize("lost", ["#REF!", "#N/A", "#ЗНАЧ!", "#ИМЯ?"])
def test_an_error_of_a_spreadsheet_is_no_name(lost: str) -> None:
    file = read(book(("1", "89161234567", lost, "Чай", 1, 5)))

    assert file.orders == []
    assert "spreadsheet's error" in file.bad[0].reason


def test_dates_are_dates_whatever_format_shows_them() -> None:
    def dated(active: Any) -> None:
        active["G1"] = "Дата"
        active["G2"] = datetime(2026, 11, 20, 9, 5, 7)  # noqa: DTZ001 - as sheets have it
        active["G2"].number_format = 'dd" "mmmm\\ yyyy'
        active["G3"] = 46354.378
        active["G4"] = 46354
        active["G4"].number_format = "[$-419]d mmm;@"

    rows = [(str(n), *ROW[1:]) for n in (1, 2, 3)]
    file = read(book(*rows, change=dated))

    assert file.bad == file.doubts == []
    assert [o.order.placed_at for o in file.orders] == [
        1_795_154_707.0,
        1_795_845_859.0,
        1_795_813_200.0,
    ]


def test_numbers_keep_their_digits_and_no_binary_dust() -> None:
    rows = [
        (1001, 79161234567, "И", "Чай", 3.0, 0.1 + 0.2),
        ("007", "79161234567", "И", "Чай", 1, 1299.99),
    ]
    one, two = (found.order for found in read(book(*rows)).orders)

    assert (one.number, one.phone, two.number) == ("1001", "79161234567", "007")
    assert [o.items[0].price_minor for o in (one, two)] == [30, 129999]


def test_rows_keep_their_numbers_over_gaps() -> None:
    def spread(active: Any) -> None:
        active["A9"], active["B9"], active["D9"] = "9", "89161234567", "Чай"
        active["E9"] = "много"

    file = read(book(ROW, change=spread))

    assert [row.line for row in file.bad] == [9]


# --- what is refused, and what it costs ---


def test_a_workbook_that_unpacks_to_gigabytes_is_not_unpacked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = with_part(book(ROW), "xl/worksheets/sheet2.xml", b" " * 170_000_000)
    opened: list[str] = []
    monkeypatch.setattr(
        zipfile.ZipFile, "open", lambda self, name, *rest: opened.append(str(name))
    )
    with pytest.raises(UnusableFile, match="too large when unpacked"):
        read(whole)

    assert opened == []
    assert len(whole) < 1_000_000 < MAX_UNPACKED


def test_a_size_that_is_a_lie_unpacks_no_further() -> None:
    whole = sheet(OPEN + " " * 3_000_000 + "</worksheet>")
    size = len(OPEN) + 3_000_000 + len("</worksheet>")
    lying = whole.replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    assert lying != whole
    with pytest.raises(UnusableFile, match="damaged"):
        read(lying)


def test_many_parts_are_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for n in range(MAX_PARTS + 1):
            packed.writestr(f"{n}", b"")
    with pytest.raises(UnusableFile, match="too many parts"):
        read(out.getvalue())


@pytest.mark.parametrize(
    ("xml", "said"),
    [
        (
            '<!DOCTYPE x [<!ENTITY a "b">]><worksheet>&a;</worksheet>',
            "declares entities",
        ),
        (
            f'{" " * 9000}<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>',
            "declares entities",
        ),
        ("<a>" * 5_000, "nested too deep"),
        (f"{OPEN}<sheetData><row>{'<c/>' * 20_001}", "more than 20000 cells"),
        (f'{OPEN}<row r="{"9" * 4_000_000}">', "no end of a tag"),
        (f"{OPEN}<sheetData><row><c>", "damaged"),
        ("", "damaged"),
    ],
)
def test_xml_that_no_spreadsheet_writes_is_refused(xml: str, said: str) -> None:
    with pytest.raises(UnusableFile, match=said):
        read(sheet(xml))


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("mimetype", "content.xml"), "OpenDocument"),
        (("[Content_Types].xml", "xl/workbook.bin"), "binary workbook"),
        (("[Content_Types].xml", "word/document.xml"), "Word document"),
        (("orders.csv",), "ZIP archive"),
    ],
)
def test_another_kind_of_archive_is_called_what_it_is(
    names: tuple[str, ...], said: str
) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name in names:
            packed.writestr(name, b"x")
    with pytest.raises(UnusableFile, match=said):
        read(out.getvalue())


def test_a_row_number_that_is_a_lie_makes_no_million_rows() -> None:
    row = '<row r="{}"><c t="inlineStr"><is><t>x</t></is></c></row>'
    rows = "".join(row.format(n) for n in ("999999999", "-1", "x", "1048576"))
    with pytest.raises(UnusableFile, match="there is no number"):
        read(sheet(f"{OPEN}<sheetData>{rows}</sheetData></worksheet>"))


def test_a_row_that_is_too_wide_is_named() -> None:
    def wide(active: Any) -> None:
        active["ZZ2"] = "x"

    file = read(book(ROW, ("2", *ROW[1:]), change=wide))

    assert [(row.line, row.reason) for row in file.bad] == [(2, "more than 100 cells")]
    assert [o.order.number for o in file.orders] == ["2"]
