"""
Phone numbers: any usual spelling in, E.164 out.

`phonenumbers` knows the numbering plans; what is added here is how people, trunks
and spreadsheets of the region write numbers: 8 for +7, 80XX for +380XX, a country
code without its plus, an exponent where a spreadsheet lost the digits.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from phonenumbers import (
    NumberParseException,
    PhoneNumber,
    PhoneNumberFormat,
    format_number,
    is_possible_number,
    is_valid_number,
    parse,
    timezone,
)

MAX_TEXT = 64
"""Longer texts are no phone numbers and are not looked at."""
SHORT_DIGITS = 6
"""Up to so many digits: a service number or an extension."""

_WITHHELD = frozenset(
    ("anonymous", "unknown", "restricted", "unavailable", "private", "withheld")
)
_EXPONENT = re.compile(r"\d+(?:[.,]\d+)?[eE]\+?\d{1,2}")
_WHOLE_FLOAT = re.compile(r"(\+?\d{7,15})[.,]0+")
_NOT_DIGIT = re.compile(r"\D+")


class BadNumber(ValueError):
    """The text is no phone number; the message says why, without the number."""


class CallerKind(StrEnum):
    """What the trunk presented as the caller's number."""

    NUMBER = "number"
    SHORT = "short"
    WITHHELD = "withheld"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class CallerNumber:
    """A caller's number as read; `e164` only when it is a number."""

    kind: CallerKind
    e164: str | None = None


def read_number(text: str, region: str) -> str:
    """
    Read a number a customer can be called on; E.164.

    Args:
        region: ISO 3166 region whose national spelling is assumed.

    Raises:
        BadNumber: empty, spoilt, too short, too long or in no numbering plan.
    """
    cleaned = _cleaned(text)
    for spelling, home in _spellings(cleaned, region):
        number = _parsed(spelling, home)
        if number is not None and is_valid_number(number):
            return format_number(number, PhoneNumberFormat.E164)
    raise BadNumber(_why_bad(cleaned, region))


def read_dialled(text: str, region: str) -> str:
    """
    Read a number of our own, as configured or as the trunk delivers it; E.164.

    Our numbers need only be possible: a test range is in no operator's plan.

    Raises:
        BadNumber: it is no possible number.
    """
    cleaned = _cleaned(text)
    possible = ""
    for spelling, home in _spellings(cleaned, region):
        number = _parsed(spelling, home)
        if number is None or not is_possible_number(number):
            continue
        e164 = format_number(number, PhoneNumberFormat.E164)
        if is_valid_number(number):
            return e164
        possible = possible or e164
    if possible:
        return possible
    raise BadNumber(_why_bad(cleaned, region))


@lru_cache(maxsize=4096)
def zone_of_number(number: str) -> str:
    """
    Name the IANA zone that an E.164 number is at home in.

    Empty when there are several: a mobile phone may be anywhere in its country.
    """
    parsed = _parsed(number, None)
    if parsed is None:
        return ""
    zones = timezone.time_zones_for_number(parsed)
    known = len(zones) == 1 and zones[0] != timezone.UNKNOWN_TIMEZONE
    return str(zones[0]) if known else ""


def read_caller(text: str | None, region: str) -> CallerNumber:
    """Read what the trunk presents; withheld, short and odd ones are normal."""
    stripped = (text or "").strip()
    if not stripped or stripped.lower() in _WITHHELD:
        return CallerNumber(CallerKind.WITHHELD)
    try:
        return CallerNumber(CallerKind.NUMBER, read_number(stripped, region))
    except BadNumber:
        digits = _NOT_DIGIT.sub("", stripped[:MAX_TEXT])
        short = 0 < len(digits) <= SHORT_DIGITS and len(stripped) <= MAX_TEXT
        return CallerNumber(CallerKind.SHORT if short else CallerKind.UNREADABLE)


def _cleaned(text: str) -> str:
    """Strip what spreadsheets add; refuse what they destroyed."""
    stripped = text.strip().strip("'\"=").strip()
    if not stripped:
        raise BadNumber("there is no phone number")
    if len(stripped) > MAX_TEXT:
        raise BadNumber(f"longer than {MAX_TEXT} characters is no phone number")
    if _EXPONENT.fullmatch(stripped.replace(" ", "")):
        raise BadNumber(
            "a spreadsheet has rounded this phone number; format its column as text"
            " and export again"
        )
    whole = _WHOLE_FLOAT.fullmatch(stripped)
    return whole.group(1) if whole else stripped


def _spellings(text: str, region: str) -> list[tuple[str, str | None]]:
    """List the readings of a text, likeliest first: (spelling, default region)."""
    readings: list[tuple[str, str | None]] = [(text, region)]
    if text.startswith("+"):
        return readings
    digits = _NOT_DIGIT.sub("", text)
    if region == "UA" and len(digits) == 11 and digits.startswith("80"):
        # 8 was the long-distance prefix until 2009 and is still written.
        readings.insert(0, (digits[1:], region))
    if digits.startswith("00"):
        readings.append((f"+{digits[2:]}", None))
    elif 11 <= len(digits) <= 15:
        readings.append((f"+{digits}", None))
    return readings


def _parsed(text: str, region: str | None) -> PhoneNumber | None:
    try:
        return parse(text, region)
    except NumberParseException:
        return None


def _why_bad(text: str, region: str) -> str:
    digits = len(_NOT_DIGIT.sub("", text))
    if digits == 0:
        return "there are no digits in the phone number"
    if digits <= SHORT_DIGITS:
        return f"{digits} digits are too few for a phone number"
    return f"not a phone number of {region}, nor one in international form"
