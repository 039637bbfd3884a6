"""Files as shops send them (cases/), and what each of them must give."""

from pathlib import Path

import pytest

from callengine.engine.orders import read_order
from callengine.engine.ports import NewOrder
from callengine.store.files import ParsedFile, UnusableFile, parse_orders
from tests.support.shops import make_shop

CASES = Path(__file__).parent / "cases"
NOW = 1_796_000_000.0
"""2026-11-30: the dates in the files have passed."""
KETTLE = ("", "Чайник", 1, 249000)


def read(name: str) -> ParsedFile:
    """Read a case for a Russian shop."""
    (file,) = CASES.glob(f"{name}_*")
    return parse_orders(file.read_bytes(), currency="RUB", zone="Europe/Moscow", at=NOW)


def items(order: NewOrder) -> list[tuple[str, str, int, int]]:
    """An order's lines."""
    return [(i.sku, i.name, i.quantity, i.price_minor) for i in order.items]


def only(file: ParsedFile) -> NewOrder:
    """The one order of a file without a bad row."""
    assert file.bad == []
    (found,) = file.orders
    return found.order


@pytest.mark.parametrize(
    ("case", "kind", "name"),
    [
        ("F03", "CSV (;, mac-cyrillic)", "Яковлева Юлия"),
        ("F04", "CSV (;, cp866)", "Яковлева Юлия"),
        ("F05", "CSV (;, utf-16-le)", "Яковлева"),
        ("F07", "CSV (;, windows-1251)", "Иванов"),
        ("F15", "CSV (;, UTF-8)", "Иванов"),
    ],
)
def test_the_encoding_is_found_and_titles_above_the_heading_are_passed_over(
    case: str, kind: str, name: str
) -> None:
    file = read(case)

    assert (file.kind, only(file).name) == (kind, name)
    assert only(file).items[0].name == "Чайник"


def test_two_phones_are_two_and_what_stands_beside_them_is_kept() -> None:
    file = read("F09")
    shop = make_shop()
    found = [read_order(taken.order, shop, NOW) for taken in file.orders]

    assert file.bad == []
    assert [(f.phone, f.phones, f.comment) for f in found] == [
        ("+79161234510", ("+79161234511",), "phone: +79161234511"),
        ("+79161234512", ("+79161234513",), "phone: +79161234513"),
        ("+79161234514", (), "phone: жена Ольга"),
        ("+74951234567", (), "phone: ext. 123"),
        ("+79161234515", ("+79161234516",), "phone: +79161234516"),
        ("+79161234517", (), "phone: после 18:00"),
        ("+79161234518", (), ""),
        ("+74951234567", (), "phone: ext. 12"),
    ]


def test_prices_are_exact_or_refused() -> None:
    file = read("F11")
    taken = {o.order.number: items(o.order)[0][2:] for o in file.orders}

    assert taken == {
        "F11-1": (1, 249000),
        "F11-2": (1, 249000),
        "F11-3": (1, 249050),
        "F11-4": (1, 129900),
        "F11-6": (1, 129900000),
        "F11-8": (1, 129999),
        "F11-11": (1, 129900),
        "F11-12": (1, 129900000),
    }
    why = {row.line: row.reason for row in file.bad}
    assert "quantity '2,000' can be read in two ways" in why[6]
    assert "price '1,299' can be read in two ways" in why[8]
    assert "negative" in why[10]
    assert "price '333,333' can be read in two ways" in why[11]
    assert set(why) == {6, 8, 10, 11, 14, 15, 16, 17}


def test_dates_are_read_and_one_that_is_none_costs_only_itself() -> None:
    file = read("F12")
    at = {o.order.number: o.order.placed_at for o in file.orders}
    midnight, morning = 1_795_813_200.0, 1_795_845_907.0

    assert file.bad == []
    assert {at[f"F12-{n}"] for n in (0, 2, 6, 7, 9)} == {midnight}
    assert {at[f"F12-{n}"] for n in (3, 4, 5, 8)} == {morning}
    assert at["F12-1"] == morning - 7
    assert at["F12-10"] == pytest.approx(morning, abs=60)
    assert len(file.orders) == len(at) == 21
    assert [row.reason[:40] for row in file.doubts] == [
        "placed_at '0000-00-00 00:00:00' is no ti"
    ]


@pytest.mark.parametrize(
    ("case", "order", "ignored"),
    [
        ("F16a", ("F16-1", "89161234610", "Иванов", ("", "Чайник", 1, 249000)), ()),
        (
            "F16b",
            ("F16-2", "+79161234611", "Ivan Petrov", ("K1", "Kettle", 1, 2490)),
            (),
        ),
        (
            "F16c",
            (
                "#1001",
                "'+79161234612; +79161234612",
                "Ivan Petrov",
                ("K1", "Kettle", 1, 2490),
            ),
            ("Email", "Financial Status", "Paid at"),
        ),
        ("F16d", ("F16-4", "067 123 45 67", "Олена", ("", "Лампа", 1, 10000)), ()),
        ("F16e", ("F16-5", "067 123 45 68", "Олена", ("", "Лампа", 1, 10000)), ()),
        ("F16f", ("F16-6", "067 123 45 69", "Мар'яна", ("", "Лампа", 1, 10000)), ()),
        (
            "F16g",
            ("F16-7", "89161234613; 89161234614", "Иванов", ("", "Чайник", 1, 0)),
            (),
        ),
        ("F16h", ("F16-8", "89161234615", "Иванов", ("", "Чайник", 1, 0)), ()),
        ("F16i", ("F16-9", "89161234616", "Иванов", ("", "Чайник", 1, 0)), ()),
    ],
)
def test_headings_are_understood_where_their_meaning_is_certain(
    case: str, order: tuple[object, ...], ignored: tuple[str, ...]
) -> None:
    file = read(case)
    found = only(file)

    assert (found.number, found.phone, found.name, items(found)[0]) == order
    assert file.ignored == ignored


@pytest.mark.parametrize("case", ["F17", "F22"])
def test_a_row_without_number_and_phone_is_a_line_of_the_order_above(case: str) -> None:
    assert items(only(read(case))) == [KETTLE, ("", "Утюг", 1, 150000)]


def test_a_row_that_repeats_another_is_told_and_adds_nothing() -> None:
    file = read("F18")

    assert items(only(file)) == [KETTLE]
    assert [row.line for row in file.doubts] == [3]
    assert "same as line 2" in file.doubts[0].reason


@pytest.mark.parametrize(
    ("case", "said"), [("F25", "an HTML page"), ("F26", "a SpreadsheetML 2003 file")]
)
def test_a_file_of_another_kind_is_called_what_it_is(case: str, said: str) -> None:
    with pytest.raises(UnusableFile, match=said):
        read(case)


def test_the_sheet_with_the_orders_is_found_and_hidden_rows_are_rows() -> None:
    assert only(read("F23")).number == "F23-1"
    assert [o.order.number for o in read("F24").orders] == ["F24-1", "F24-2"]


def test_short_rows_and_trailing_delimiters_are_read() -> None:
    file = read("F30")

    assert file.bad == []
    assert [items(o.order)[0][3] for o in file.orders] == [249000, 0, 249000]


def test_a_decimal_comma_in_a_file_of_commas_needs_its_quotes() -> None:
    file = read("F31")

    assert [items(o.order)[0][3] for o in file.orders] == [249050]
    assert [row.line for row in file.bad] == [3]


def test_the_mark_of_the_end_that_old_programs_write_is_no_row() -> None:
    file = read("F33")

    assert (file.rows, only(file).number) == (1, "F33-1")


def test_words_of_delivery_consent_language_and_clock_are_read() -> None:
    orders = [found.order for found in read("F34").orders]

    assert [(o.method, o.consent, o.language, o.zone) for o in orders] == [
        ("courier", True, "ru", "Europe/Moscow"),
        ("pickup", True, "ru", "Europe/Moscow"),
        ("post", True, "ru", "Etc/GMT-4"),
        ("courier", True, "ru", "Etc/GMT-7"),
        ("courier", True, "", "Etc/GMT-3"),
        ("post", True, "", "Asia/Yakutsk"),
    ]
    assert read("F34").bad == read("F34").doubts == []


def test_a_quantity_is_never_taken_for_one() -> None:
    file = read("F35")

    assert items(only(file)) == [("", "Чайник", 12, 249000)]
    assert file.ignored == ()


def test_languages_have_codes() -> None:
    said = [found.order.language for found in read("F36").orders]

    assert said == ["ru", "ru", "ru", "uk", "uk", "ru", "en"]


def test_a_delivery_that_is_not_certain_is_left_to_the_agent() -> None:
    file = read("F38")
    orders = [found.order for found in file.orders]

    assert [o.method for o in orders] == [
        "courier",
        "pickup",
        "post",
        "courier",
        "post",
        "",
    ]
    assert orders[-1].comment == "delivery"
    assert [row.line for row in file.doubts] == [7]


def test_one_stray_quote_costs_one_order() -> None:
    file = read("F40")

    assert len(file.orders) == 500
    assert [row.line for row in file.bad] == [2]
    assert "quote" in file.bad[0].reason


def test_clocks_are_read_by_any_name_of_theirs() -> None:
    file = read("F42")
    zones = [found.order.zone for found in file.orders]

    assert file.bad == file.doubts == []
    assert len(zones) == 21
    assert all(zones)


def test_an_entity_that_breaks_the_row_is_told() -> None:
    file = read("F44")

    assert (file.orders, [row.line for row in file.bad]) == ([], [2])


def test_the_same_file_gives_the_same_orders() -> None:
    assert read("F47").orders == read("F47").orders
    assert only(read("F47")).number == "F47-1"
