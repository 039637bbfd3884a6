"""Every usual spelling of a phone number meets one E.164 number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callengine.core.numbers import (
    BadNumber,
    CallerKind,
    CallerNumber,
    read_caller,
    read_dialled,
    read_number,
)

RU_MOBILE = st.sampled_from(("903", "916", "926", "943", "960", "985")).flatmap(
    lambda code: st.from_regex(r"[0-9]{7}", fullmatch=True).map(code.__add__)
)
UA_MOBILE = st.sampled_from(
    ("50", "66", "67", "68", "93", "96", "97", "98", "99")
).flatmap(lambda code: st.from_regex(r"[0-9]{7}", fullmatch=True).map(code.__add__))
SEPARATORS = st.sampled_from(("", " ", "-", ".", "\u00a0", " - "))


@given(RU_MOBILE, st.sampled_from(("8", "7", "+7", "+7 ", "8 ", "")), SEPARATORS)
def test_russian_spellings_meet(digits: str, prefix: str, gap: str) -> None:
    a, b, c, d = digits[:3], digits[3:6], digits[6:8], digits[8:]
    plain = f"{prefix}{gap.join((a, b, c, d))}"
    bracketed = f"{prefix}({a}) {b}-{c}-{d}"

    assert read_number(plain, "RU") == f"+7{digits}"
    assert read_number(bracketed, "RU") == f"+7{digits}"


@given(UA_MOBILE, st.sampled_from(("0", "+380", "380", "80", "+38 0")), SEPARATORS)
def test_ukrainian_spellings_meet(digits: str, prefix: str, gap: str) -> None:
    a, b, c, d = digits[:2], digits[2:5], digits[5:7], digits[7:]

    assert read_number(prefix + gap.join((a, b, c, d)), "UA") == f"+380{digits}"


@given(RU_MOBILE, UA_MOBILE)
def test_a_neighbour_is_read_in_international_form_without_its_plus(
    russian: str, ukrainian: str
) -> None:
    assert read_number(f"7{russian}", "UA") == f"+7{russian}"
    assert read_number(f"00380{ukrainian}", "RU") == f"+380{ukrainian}"


@given(RU_MOBILE)
def test_reading_what_was_read_changes_nothing(digits: str) -> None:
    e164 = read_number(f"8{digits}", "RU")

    for region in ("RU", "UA", "KZ", "US"):
        assert read_number(e164, region) == e164


@given(st.text(max_size=80), st.sampled_from(("RU", "UA")))
def test_any_text_is_a_number_or_a_reason(text: str, region: str) -> None:
    try:
        read = read_number(text, region)
    except BadNumber:
        assert read_caller(text, region).e164 is None
        return
    assert read.startswith("+")
    assert read[1:].isdecimal()
    assert 8 <= len(read) <= 16


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no phone number"),
        ("   ", "no phone number"),
        ("7,92E+10", "spreadsheet"),
        ("7.9161234E10", "spreadsheet"),
        ("112", "too few"),
        ("нет", "no digits"),
        ("8 916 123 45", "not a phone number of RU"),
        ("1" * 65, "longer than 64"),
        ("8 916 123 45 67 8 916 123 45 68", "not a phone number of RU"),
    ],
)
def test_what_is_no_number_is_told_why(text: str, reason: str) -> None:
    with pytest.raises(BadNumber, match=reason):
        read_number(text, "RU")


def test_the_reason_does_not_repeat_the_number() -> None:
    with pytest.raises(BadNumber) as bad:
        read_number("8 916 123 45", "RU")

    assert "916" not in str(bad.value)


@pytest.mark.parametrize("text", ["79161234567.0", "'89161234567", '="89161234567"'])
def test_marks_of_spreadsheets_are_taken_off(text: str) -> None:
    assert read_number(text, "RU") == "+79161234567"


def test_an_extension_is_left_out() -> None:
    assert read_number("8 (495) 123-45-67 доб. 12", "RU") == "+74951234567"


@pytest.mark.parametrize(
    ("presented", "kind"),
    [
        (None, CallerKind.WITHHELD),
        ("", CallerKind.WITHHELD),
        ("Anonymous", CallerKind.WITHHELD),
        ("restricted", CallerKind.WITHHELD),
        ("112", CallerKind.SHORT),
        ("1001", CallerKind.SHORT),
        ("+0", CallerKind.SHORT),
        ("sip:bob", CallerKind.UNREADABLE),
        ("9" * 200, CallerKind.UNREADABLE),
        ("123456789012345678", CallerKind.UNREADABLE),
    ],
)
def test_what_a_trunk_presents_is_never_an_error(
    presented: str | None, kind: CallerKind
) -> None:
    assert read_caller(presented, "RU") == CallerNumber(kind)


def test_a_callers_number_is_read_in_the_shops_region() -> None:
    read = read_caller("0671234567", "UA")

    assert read == CallerNumber(CallerKind.NUMBER, "+380671234567")


def test_our_own_numbers_need_only_be_possible() -> None:
    assert read_dialled("8 (800) 000-01-01", "RU") == "+78000000101"
    assert read_dialled("0 800 000 101", "UA") == "+380800000101"
    with pytest.raises(BadNumber):
        read_dialled("12", "RU")
