"""How carriers write numbers: every way out can be read back in."""

from itertools import product

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callengine.core.trunks.formats import (
    NumberFormat,
    NumberRules,
    from_wire,
    spellings,
    to_wire,
)

MOSCOW, KYIV = "+74950000101", "+380440000101"
RU, UA = NumberRules(region="RU"), NumberRules(region="UA")
REGIONS = ("RU", "UA", "KZ", "BY", "GB", "DE", "US", "IT", "PL")


def example(region: str) -> str:
    """A number of a region's plan."""
    number = phonenumbers.example_number_for_type(
        region, phonenumbers.PhoneNumberType.MOBILE
    )
    assert number is not None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@pytest.mark.parametrize(
    ("text", "rules", "number"),
    [
        ("84950000101", RU, MOSCOW),
        ("4950000101", RU, MOSCOW),
        ("74950000101", RU, MOSCOW),
        ("+74950000101", RU, MOSCOW),
        ("0074950000101", RU, MOSCOW),
        ("00 7 495 000-01-01", RU, MOSCOW),
        ("81074950000101", RU, MOSCOW),
        ("8 (495) 000-01-01", RU, MOSCOW),
        ("sip:84950000101@carrier.example", RU, MOSCOW),
        ("tel:+74950000101;npdi;rn=+79990000000", RU, MOSCOW),
        ("+74950000101;npdi;rn=+79990000000;cic=1", RU, MOSCOW),
        ("%2B74950000101", RU, MOSCOW),
        ("0000101", NumberRules(region="RU", area="495"), MOSCOW),
        ("77#4950000101", NumberRules(region="RU", arriving_prefix="77#"), MOSCOW),
        ("0440000101", UA, KYIV),
        ("440000101", UA, KYIV),
        ("380440000101", UA, KYIV),
        ("00380440000101", UA, KYIV),
        ("80440000101", UA, KYIV),
        ("810380440000101", RU, KYIV),
        ("0074950000101", UA, MOSCOW),
        ("011380440000101", NumberRules(region="US"), KYIV),
    ],
)
def test_a_number_is_read_as_its_carrier_means_it(
    text: str, rules: NumberRules, number: str
) -> None:
    assert from_wire(text, rules) == number


@pytest.mark.parametrize(
    "text",
    [
        *("", None, "112", "02", "anonymous", "anna", "+7916x1234567", "s", "*43"),
        *("+", "#", "9" * 300, "+" + "1" * 20, "\n+74950000101\n<x>", ";npdi", "sip:"),
        "²34950000101",
    ],
)
def test_what_is_no_number_is_none(text: str | None) -> None:
    assert from_wire(text, RU) is None


@given(st.text(max_size=300), st.sampled_from(REGIONS))
def test_nothing_that_arrives_is_an_error(text: str, region: str) -> None:
    read = from_wire(text, NumberRules(region=region))
    assert read is None or (read[0] == "+" and read[1:].isascii() and len(read) <= 16)


@given(
    at=st.sampled_from(REGIONS),
    called=st.sampled_from(REGIONS),
    how=st.sampled_from(NumberFormat),
)
def test_what_is_sent_in_a_carriers_way_is_read_back_by_its_own_rules(
    at: str, called: str, how: NumberFormat
) -> None:
    number = example(called)
    rules = NumberRules(region=at, send=how, receive=how)
    assert from_wire(to_wire(number, how, rules), rules) == number


@given(
    digits=st.from_regex(r"9[0-9]{9}", fullmatch=True),
    how=st.sampled_from(NumberFormat),
)
def test_a_mobile_of_ones_own_country_survives_every_way(
    digits: str, how: NumberFormat
) -> None:
    number = f"+7{digits}"
    parsed = phonenumbers.parse(number)
    if phonenumbers.is_valid_number(parsed):
        assert from_wire(to_wire(number, how, RU), RU) == number


@given(
    number=st.sampled_from([MOSCOW, KYIV, *map(example, REGIONS)]),
    region=st.sampled_from(REGIONS),
    receive=st.sampled_from([None, *NumberFormat]),
    area=st.sampled_from(["", "495", "44"]),
)
def test_each_spelling_of_a_number_means_that_number(
    number: str, region: str, receive: NumberFormat | None, area: str
) -> None:
    rules = NumberRules(region=region, receive=receive, area=area)
    written = spellings(number, rules)
    assert written[0] == number
    assert len(set(written)) == len(written)
    assert all(from_wire(one, rules) == number for one in written)


def test_no_spelling_means_two_of_our_numbers() -> None:
    numbers = [MOSCOW, KYIV, "+4950000101", *map(example, REGIONS)]
    for region, receive in product(REGIONS, [None, *NumberFormat]):
        rules = NumberRules(region=region, receive=receive)
        written = [one for number in numbers for one in spellings(number, rules)]
        assert len(set(written)) == len(written), (region, receive)


@pytest.mark.parametrize(
    ("number", "how", "rules", "text"),
    [
        (MOSCOW, NumberFormat.NATIONAL, RU, "84950000101"),
        (MOSCOW, NumberFormat.BARE, RU, "4950000101"),
        (MOSCOW, NumberFormat.DIGITS, RU, "74950000101"),
        (KYIV, NumberFormat.NATIONAL, UA, "0440000101"),
        (KYIV, NumberFormat.NATIONAL, RU, "810380440000101"),
        (KYIV, NumberFormat.INTERNATIONAL, UA, "00380440000101"),
        (MOSCOW, NumberFormat.INTERNATIONAL, NumberRules(abroad="00"), "0074950000101"),
        ("anonymous", NumberFormat.NATIONAL, RU, "anonymous"),
        ("", NumberFormat.DIGITS, RU, ""),
    ],
)
def test_a_number_is_written_as_the_carrier_wants_it(
    number: str, how: NumberFormat, rules: NumberRules, text: str
) -> None:
    assert to_wire(number, how, rules) == text
