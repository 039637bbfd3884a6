"""Values as people write them: one certain meaning, or a reason."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callengine.core.numbers import BadNumber
from callengine.engine.reading import BadValue
from callengine.engine.reading.instants import read_instant
from callengine.engine.reading.money import read_price, read_quantity
from callengine.engine.reading.phones import Phones, read_phones
from callengine.engine.reading.words import (
    read_consent,
    read_language,
    read_method,
    read_zone,
)

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("1 200,50 руб.", 120050),
        ("1,200.50", 120050),
        ("1.200,50", 120050),
        ("1 234 567,89", 123456789),
        ("1\u202f299", 129900),
        ("0,500", 50),
        ("1 200,000", 120000),
        ("руб. 500", 50000),
        ("1299.9900", 129999),
        ("100,", 10000),
    ],
)
def test_a_price_with_one_meaning_is_read(text: str, minor: int) -> None:
    assert read_price(text, "RUB") == minor


@pytest.mark.parametrize(
    "text",
    [
        "1,200",
        "1.299",
        "12 34",
        "25 $",
        "5²",
        "1e3",
        "٣",
        "1.2.3",
        "2490-00",
        "",
        "-5",
        "1.299,999.00",
        "бесплатно",
        "1_000",
        ".5",
        ",5",
        "1,20,000",
        "10%",
        "1111111111111111111111111111111111111111111",
    ],
)
def test_a_price_with_two_meanings_or_none_is_refused(text: str) -> None:
    with pytest.raises(BadValue, match="price"):
        read_price(text, "RUB")


def test_money_has_the_decimals_of_its_currency() -> None:
    assert read_price("1500 ₴", "UAH") == 150000
    assert read_price("1 500", "JPY") == 1500
    with pytest.raises(BadValue, match="more decimals than JPY"):
        read_price("1500.5", "JPY")


@given(
    st.integers(0, 10**11), st.sampled_from(" \u00a0\u202f'’"), st.sampled_from(",.")
)
def test_every_sum_written_with_groups_and_two_decimals_is_read_back(
    minor: int, gap: str, point: str
) -> None:
    text = f"{minor // 100:,}".replace(",", gap) + f"{point}{minor % 100:02d} руб."

    assert read_price(text, "RUB") == minor


@given(st.text(max_size=30))
def test_no_text_breaks_a_reader(text: str) -> None:
    for read in (read_quantity, read_language, read_method, read_consent, read_zone):
        with suppress(BadValue):
            read(text)
    with suppress(BadValue):
        read_instant(text, "Europe/Moscow", now=NOW)
    with suppress(BadNumber):
        read_phones(text, "RU")


@pytest.mark.parametrize(
    ("text", "quantity"), [("12", 12), ("12 шт.", 12), ("2,00", 2), ("1 000", 1000)]
)
def test_a_quantity_is_a_whole_number_of_pieces(text: str, quantity: int) -> None:
    assert read_quantity(text) == quantity


@pytest.mark.parametrize("text", ["2,000", "1.5", "0", "12 кг", "два", "100001", "-1"])
def test_what_is_no_quantity_is_never_one(text: str) -> None:
    with pytest.raises(BadValue, match="quantity"):
        read_quantity(text)


@pytest.mark.parametrize(
    ("text", "phones"),
    [
        ("8 916 123 45 10 8 916 123 45 11", ("+79161234510", ("+79161234511",), ())),
        (
            "моб 89161234567 дом 84951234567",
            ("+79161234567", ("+74951234567",), ("дом",)),
        ),
        ("79,161,234,567", ("+79161234567", (), ())),
        ("89161234567 / 89161234567", ("+79161234567", (), ())),
        ("8 916 123-45-10, 123-45-67", ("+79161234510", (), ("123-45-67 ?",))),
        ("8(495)123-45-67 вн.5", ("+74951234567", (), ("ext. 5",))),
        ("8 916 123-45-67 кв 12", ("+79161234567", (), ("кв 12",))),
    ],
)
def test_a_phone_field_gives_every_number_and_keeps_the_rest(
    text: str, phones: tuple[str, tuple[str, ...], tuple[str, ...]]
) -> None:
    assert read_phones(text, "RU") == Phones(*phones)


@pytest.mark.parametrize(
    "text", ["", "нет", "123-45-67", "7.91612E+10", "8-800-FLOWERS"]
)
def test_what_holds_no_number_is_refused(text: str) -> None:
    with pytest.raises(BadNumber):
        read_phones(text, "RU")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("28 ноября", "2026-11-28"),
        ("30 ноября", "2025-11-30"),
        ("28 листопада 2026 р.", "2026-11-28"),
        ("11/28/2026", "2026-11-28"),
        ("28-11-2026", "2026-11-28"),
        ("2026/11/28 09:05", "2026-11-28"),
        ("28.11.2026 г.", "2026-11-28"),
        ("46354,378", "2026-11-28"),
        ("20261128", "2026-11-28"),
        ("1795845907", "2026-11-28"),
    ],
)
def test_days_are_read_in_many_spellings(text: str, day: str) -> None:
    at = read_instant(text, "UTC", now=NOW)

    assert datetime.fromtimestamp(at, UTC).date().isoformat() == day


@pytest.mark.parametrize(
    "text", ["05/06/2026", "29.02.2025", "0000-00-00 00:00:00", "вчера", "12345", "5"]
)
def test_a_day_that_could_be_two_is_none(text: str) -> None:
    with pytest.raises(BadValue, match="no time"):
        read_instant(text, "UTC", now=NOW)


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("UTC+3", "Etc/GMT-3"),
        ("МСК-1", "Etc/GMT-2"),
        ("+04:00", "Etc/GMT-4"),
        ("europe/moscow", "Europe/Moscow"),
        ("FLE Standard Time", "Europe/Kyiv"),
    ],
)
def test_clocks_have_many_names(text: str, zone: str) -> None:
    assert read_zone(text) == zone


@pytest.mark.parametrize("text", ["+5:30", "UTC+15", "Mars/Base", "3", "../etc/passwd"])
def test_what_is_no_clock_is_refused(text: str) -> None:
    with pytest.raises(BadValue, match="zone"):
        read_zone(text)


@pytest.mark.parametrize(
    ("text", "consent"), [("+", True), ("так", True), ("✓", True), ("-", False)]
)
def test_consent_is_said_in_many_ways(text: str, consent: bool) -> None:
    assert read_consent(text) is consent


@pytest.mark.parametrize("text", ["может быть", "2", "x", "да?нет"])
def test_consent_that_is_not_certain_is_none(text: str) -> None:
    with pytest.raises(BadValue, match="neither yes nor no"):
        read_consent(text)
