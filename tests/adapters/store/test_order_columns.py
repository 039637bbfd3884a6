"""A heading that is not certain is told, guessed, and named once by the shop."""

import tomllib

import pytest
from pydantic import TypeAdapter, ValidationError

from callengine.store.configuration.columns import Columns
from callengine.store.files import ColumnMap, Explained, explain_file, parse_orders

ODD = (
    "Док;Связь;Кто;Что;Скоко;Почём;Почта;Пусто\n"
    "1;8 916 123-45-67, доб. 5;Иванов;Чайник;12;2 490,00;a@example.org;\n"
    "2;8 916 123-45-68;Петров;Утюг;1;5;b@example.org;\n"
)
OWN = {
    "док": "number",
    "Связь": "phone",
    "Кто": "name",
    "Что": "item",
    "Скоко": "quantity",
    "ПОЧЕМ": "price",
    "Почта": "ignore",
}


def explained(text: str, own: dict[str, str] | None = None) -> Explained:
    """What a Russian shop's file is understood as."""
    columns = ColumnMap(own or {})
    return explain_file(text.encode(), columns, zone="Europe/Moscow", region="RU")


def test_a_shops_own_names_make_any_file_readable() -> None:
    file = parse_orders(
        ODD.encode(), currency="RUB", zone="Europe/Moscow", columns=ColumnMap(OWN)
    )

    one = file.orders[0].order
    assert (one.number, one.name, one.items[0].quantity) == ("1", "Иванов", 12)
    assert one.items[0].price_minor == 249000
    assert (file.bad, file.ignored) == ([], ())


def test_what_nobody_understands_is_told_only_where_it_holds_something() -> None:
    text = "number;phone;item;Почта;Пусто\n1;89161234567;Чай;a@example.org;\n"
    file = parse_orders(text.encode(), currency="RUB", zone="Europe/Moscow")

    assert file.ignored == ("Почта",)


def test_an_explanation_names_each_column_and_proposes_a_map() -> None:
    said = explained(ODD)

    assert said.missing == ("number", "phone", "item")
    assert {c.heading: (c.column, c.confidence) for c in said.columns} == {
        "Док": ("", "none"),
        "Связь": ("phone", "guess"),
        "Кто": ("", "none"),
        "Что": ("", "none"),
        "Скоко": ("", "none"),
        "Почём": ("", "none"),
        "Почта": ("", "none"),
        "Пусто": ("", "none"),
    }
    assert said.columns[0].example == "1"


def test_the_proposed_map_can_be_pasted() -> None:
    text = 'number;phone;item;Тавар "А";Колличество\n1;89161234567;Чай;x;2\n'
    said = explained(text)
    proposed = tomllib.loads(said.toml())["shops"]["columns"]

    assert proposed == {'Тавар "А"': "ignore", "Колличество": "quantity"}
    assert TypeAdapter(Columns).validate_python(proposed) == proposed
    again = explained(text, proposed)
    assert (again.toml(), again.doubtful) == ("", ())
    assert [c.confidence for c in again.columns[3:]] == ["mapped", "mapped"]


def test_a_file_that_is_understood_needs_no_map() -> None:
    said = explained("Номер;Телефон;Товар\n1;89161234567;Чай\n")

    assert (said.toml(), said.missing, said.doubtful) == ("", (), ())
    assert [c.confidence for c in said.columns] == ["certain"] * 3


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"Тел": "phnoe"}, "did you mean phone"),
        ({"Тел": 5}, "there is no column 5"),
        ({"Имя": "name", " ИМЯ ": "name"}, "are the same heading"),
        ({"": "name"}, "is no heading"),
        ({"x" * 201: "name"}, "is no heading"),
        ("name", "dictionary"),
    ],
)
def test_a_map_that_cannot_be_one_is_explained(columns: object, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        TypeAdapter(Columns).validate_python(columns)


@pytest.mark.parametrize(
    ("heading", "meaning"),
    [
        ("№", "number"),
        ("№ п/п", ""),
        ("Номер  заказа*", "number"),
        ("НОМЕР_ЗАКАЗА:", "number"),
        ("Цена, руб.", "price"),
        ("Цена (грн)", "price"),
        ("Цена, попугаев", ""),
        ("Сумма", ""),
        ("Кол‑во", "quantity"),
        ("Кол – во", "quantity"),
        ("Количество (шт.)", "quantity"),
        ("Ім`я", "name"),
        ("Имя", "name"),
        ("Населённый пункт", "address"),
        ("Email", ""),
        ("Статус", ""),
        ("placed_at", "placed_at"),
    ],
)
def test_headings_are_read_in_any_spelling(heading: str, meaning: str) -> None:
    found = explained(f"number2;{heading}\n1;x\n").columns[1]

    known = found.column if found.confidence == "certain" else ""
    assert {"city": "address"}.get(known, known) == meaning


def test_a_price_in_other_money_is_not_taken_for_the_shops() -> None:
    text = "number;phone;item;Цена, грн\n1;89161234567;Чай;5\n"
    file = parse_orders(text.encode(), currency="RUB", zone="Europe/Moscow")

    assert file.orders[0].order.currency == "UAH"


def test_given_and_family_names_are_one_name_in_the_order_of_the_columns() -> None:
    text = "number;phone;item;Фамилия;Имя;Отчество;Индекс;Город;Адрес\n"
    text += "1;89161234567;Чай;Иванов;Пётр;Ильич;101000;Москва;Лесная, 7\n"
    file = parse_orders(text.encode(), currency="RUB", zone="Europe/Moscow")

    one = file.orders[0].order
    assert (one.name, one.address) == ("Иванов Пётр Ильич", "101000, Москва, Лесная, 7")
