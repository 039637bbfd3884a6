"""Orders are read from whatever spreadsheets write; bad rows are named, never fatal."""

import csv
import io
import zipfile
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from callengine.store.files import ParsedFile, UnusableFile, parse_orders

HEAD = "number;phone;name;item;category;quantity;price"
NAIVE_NOON = datetime(2026, 11, 20, 12)  # noqa: DTZ001 - as sheets have it
ROW = "T-1;8 (916) 123-45-67;Ирина;Чайник;kitchen;2;1 299,50"


def parsed(raw: bytes | str) -> ParsedFile:
    """Read a file for a Russian shop."""
    data = raw.encode() if isinstance(raw, str) else raw
    return parse_orders(data, currency="RUB", zone="Europe/Moscow")


def reasons(file: ParsedFile) -> list[tuple[int, str]]:
    """The bad rows."""
    return [(row.line, row.reason) for row in file.bad]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_encoding_and_delimiter_are_found_out(
    encoding: str, delimiter: str, newline: str
) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=newline)
    writer.writerow(HEAD.split(";"))
    writer.writerow(ROW.split(";"))
    file = parsed(out.getvalue().encode(encoding))

    assert file.bad == []
    (found,) = file.orders
    assert found.lines == (2,)
    assert (found.order.number, found.order.name) == ("T-1", "Ирина")
    (item,) = found.order.items
    assert (item.name, item.quantity, item.price_minor) == ("Чайник", 2, 129950)


def test_rows_of_one_number_are_lines_of_one_order() -> None:
    file = parsed(
        f"{HEAD}\n{ROW}\nT-2;89160000000;Пётр;Лампа;home;1;5\nT-1;;;Кружка;kitchen;;90\n"
    )

    assert [(o.order.number, o.lines) for o in file.orders] == [
        ("T-1", (2, 4)),
        ("T-2", (3,)),
    ]
    assert [i.name for i in file.orders[0].order.items] == ["Чайник", "Кружка"]
    assert file.rows == 3


def test_headings_may_be_in_the_languages_of_the_region() -> None:
    file = parsed(
        "Номер заказа;Телефон;ФИО;Товар;Количество;Цена\n1;89161234567;И;Чай;1;5\n"
    )

    assert file.orders[0].order.phone == "89161234567"
    assert file.ignored == ()


def test_columns_nobody_asked_for_are_named() -> None:
    file = parsed("number;phone;item;Цвет\n1;89161234567;Чай;синий\n")

    assert file.ignored == ("Цвет",)
    assert len(file.orders) == 1


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (";89161234567;И;Чай;;1;5", "the order has no number"),
        ("T-1;89161234567;И;Чай;;два;5", "quantity 'два' is no number"),
        ("T-1;89161234567;И;Чай;;0;5", "no whole number from 1"),
        ("T-1;89161234567;И;Чай;;1,5;5", "no whole number from 1"),
        ("T-1;89161234567;И;Чай;;1;пять", "price 'пять' is no number"),
        ("T-1;89161234567;И;Чай;;1;5,005", "can be read in two ways"),
        ("T-1;89161234567;И;Чай;;1;0,005", "more decimals than RUB has"),
        ("T-1;89161234567;И;Чай;;1;-5", "negative or too large"),
        ("T-1;89161234567;И;Чай;;1;1e999", "is no number"),
        ("T-1;89161234567;И;Чай;;1;5;лишнее", "more cells than headings"),
        (f"T-1;89161234567;И;{'x' * 5001};;1;5", "a cell is longer than 5000"),
        (";".join("x" * 101), "more than 100 cells"),
    ],
)
def test_a_bad_row_is_named_and_good_ones_stay(row: str, reason: str) -> None:
    file = parsed(f"{HEAD}\n{row}\nT-9;89160000000;П;Чай;;1;5\n")

    ((line, said),) = reasons(file)
    assert line == 2
    assert reason in said
    assert [o.order.number for o in file.orders] == ["T-9"]


def test_half_an_order_is_not_taken() -> None:
    file = parsed(
        f"{HEAD}\nT-1;89161234567;И;Чай;;1;5\nT-1;;;Кофе;;много;5\nT-1;;;Мёд;;1;5\n"
    )

    assert file.orders == []
    assert reasons(file) == [
        (2, "line 3 of the same order is bad"),
        (3, "quantity 'много' is no number"),
        (4, "line 3 of the same order is bad"),
    ]


def test_rows_that_contradict_each_other_are_bad() -> None:
    file = parsed(
        f"{HEAD}\nT-1;89161234567;И;Чай;;1;5\nT-1;+7 916 123-45-67;И;Мёд;;1;5\n"
        "T-1;89169999999;И;Мёд;;1;5\n"
    )

    assert "phone is not what line 2 of the same order says" in reasons(file)[-1][1]
    assert file.orders == []


def test_broken_quotes_spoil_one_row() -> None:
    file = parsed(f'{HEAD}\n{ROW}\nT-2;8916;"И;Чай;;1;5\nT-3;8916;И;Чай;;1;5\n')

    assert [o.order.number for o in file.orders] == ["T-1", "T-3"]
    ((line, said),) = reasons(file)
    assert line == 3
    assert "broken quotes" in said


def test_a_text_with_a_line_break_is_one_cell_and_lines_stay_right() -> None:
    file = parsed(
        f'{HEAD}\nT-1;89161234567;"Ирина\nПетровна";Чай;;1;5\nT-2;8916;И;Чай;;x;5\n'
    )

    assert file.orders[0].order.name == "Ирина\nПетровна"
    assert reasons(file)[0][0] == 4


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-20T09:00:00Z", datetime(2026, 11, 20, 9, tzinfo=UTC)),
        ("2026-11-20 12:00", datetime(2026, 11, 20, 9, tzinfo=UTC)),
        ("20.11.2026 12:00", datetime(2026, 11, 20, 9, tzinfo=UTC)),
        ("20.11.2026", datetime(2026, 11, 19, 21, tzinfo=UTC)),
    ],
)
def test_times_without_a_zone_are_the_shops(text: str, at: datetime) -> None:
    file = parsed(f"number;phone;item;placed_at\n1;89161234567;Чай;{text}\n")

    assert file.orders[0].order.placed_at == at.timestamp()


@pytest.mark.parametrize("text", ["вчера", "32.13.2026", "0001-01-01", "9999-12-31"])
def test_what_is_no_time_costs_that_value_and_is_named(text: str) -> None:
    file = parsed(f"number;phone;item;placed_at\n1;89161234567;Чай;{text}\n")

    assert file.bad == []
    assert file.orders[0].order.placed_at is None
    assert [row.line for row in file.doubts] == [2]
    assert "is no time" in file.doubts[0].reason


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "empty"),
        (b"\n \n", "empty|no number"),
        (b"a;b;c\n1;2;3\n", "there is no number and no phone and no item"),
        (b"number;phone\n1;2\n", "there is no item"),
        (b"number;number;phone;item\n", "two columns are named number"),
        (b"\x00\x01\x02\x03", "this is no text"),
        (b"\xff\xfe\x00", "this is no text"),
        (b"\xd0\xcf\x11\xe0rest", "old .xls file"),
        (b"PK\x03\x04rest", "no XLSX file"),
        (b"x" * 20_000_001, "larger than 20 MB"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(raw: bytes, said: str) -> None:
    with pytest.raises(UnusableFile) as unusable:
        parsed(raw)

    assert any(part in str(unusable.value) for part in said.split("|"))


# --- XLSX ---


def sheet(*rows: tuple[Any, ...]) -> bytes:
    """A workbook with these rows."""
    book = Workbook()
    active = book.active
    assert active is not None
    for row in rows:
        active.append(row)
    out = io.BytesIO()
    book.save(out)
    book.close()
    return out.getvalue()


def test_cells_of_a_sheet_are_read_as_a_person_typed_them() -> None:
    file = parsed(
        sheet(
            ("number", "phone", "name", "item", "quantity", "price", "placed_at"),
            (1001, 79161234567, "Ирина", "Чай", 2, 99.5, NAIVE_NOON),
            (),
            ("1002", "8 916 000-00-00", None, "Мёд", None, None, None),
        )
    )

    assert file.bad == []
    one, two = (found.order for found in file.orders)
    assert (one.number, one.phone) == ("1001", "79161234567")
    assert (one.items[0].quantity, one.items[0].price_minor) == (2, 9950)
    assert one.placed_at == datetime(2026, 11, 20, 9, tzinfo=UTC).timestamp()
    assert (two.number, two.items[0].quantity, two.placed_at) == ("1002", 1, None)
    assert file.orders[1].lines == (4,)


def test_a_packed_bomb_is_refused_before_it_is_unpacked() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for n in range(4):
            packed.writestr(f"xl/worksheets/sheet{n}.xml", b"0" * 80_000_000)
    assert len(out.getvalue()) < 1_000_000
    with pytest.raises(UnusableFile, match="too large"):
        parsed(out.getvalue())


def test_a_damaged_sheet_is_refused() -> None:
    whole = sheet(("number", "phone", "item"), ("1", "8916", "Чай"))
    with pytest.raises(UnusableFile):
        parsed(whole[: len(whole) // 2])


# --- whatever comes ---

CELL = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00\r\n\u0085\u2028\u2029"),
    max_size=20,
)


@settings(max_examples=60)
@given(st.lists(st.tuples(CELL, CELL, CELL), max_size=8), st.sampled_from(";,\t|"))
def test_every_row_is_an_order_or_a_bad_row(
    rows: list[tuple[str, str, str]], delimiter: str
) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerow(("number", "phone", "item"))
    writer.writerows(rows)
    file = parsed(out.getvalue())
    lines = {line for found in file.orders for line in found.lines}
    lines |= {row.line for row in file.bad}
    filled = {n for n, row in enumerate(rows, 2) if any(c.strip() for c in row)}

    assert lines == filled


@settings(max_examples=100)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        file = parsed(b"number;phone;item\n" + raw)
    except UnusableFile:
        return
    assert file.rows >= len(file.orders)


@given(st.integers(0, 10**9), st.sampled_from((",", ".")), st.sampled_from(("", " ")))
def test_prices_are_exact(minor: int, point: str, gap: str) -> None:
    whole = f"{minor // 100:,}".replace(",", gap)
    file = parsed(f"number;phone;item;price\n1;8;Чай;{whole}{point}{minor % 100:02d}\n")

    assert file.orders[0].order.items[0].price_minor == minor
