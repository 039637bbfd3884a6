"""
How a carrier writes phone numbers: from E.164 to its spelling, and back.

`to_wire` is text work alone. `from_wire` reads what arrives: the trunk's own way is
believed if it gives a possible number; else the readings of the region are tried,
likeliest first.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from urllib.parse import unquote

from phonenumbers import (
    NumberParseException,
    PhoneMetadata,
    country_code_for_region,
    is_possible_number,
    is_valid_number,
    parse,
)

MOST_CHARACTERS = 64
_SCHEME = re.compile(r"^(sips?|tel):", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s().-]")
_NUMBER = re.compile(r"\+?[0-9*#]{1,40}")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


class NumberFormat(StrEnum):
    """A way to write a number; examples are +7 495 000-01-01, seen from Russia."""

    PLUS = "plus"
    """`+74950000101`."""
    DIGITS = "digits"
    """`74950000101`."""
    INTERNATIONAL = "international"
    """`81074950000101`, `0074950000101`: the prefix for abroad before all numbers."""
    NATIONAL = "national"
    """`84950000101`, `0440000101`; other countries by the prefix for abroad."""
    BARE = "bare"
    """`4950000101`: national without its 8 or 0; other countries as `national`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberRules:
    """
    How one carrier writes numbers.

    Attributes:
        region: ISO 3166 region of its national numbers.
        send: the number that is called.
        show: our number, shown to who is called.
        receive: what arrives, dialled and calling numbers; None for any.
        abroad: dialled before a country code, such as 00 or 810; '' for the region's.
        area: area code of local numbers, such as 495; '' if they do not come.
        arriving_prefix: put before the dialled number by the carrier, taken off.
    """

    region: str = "RU"
    send: NumberFormat = NumberFormat.PLUS
    show: NumberFormat = NumberFormat.PLUS
    receive: NumberFormat | None = None
    abroad: str = ""
    area: str = ""
    arriving_prefix: str = ""


def to_wire(e164: str, how: NumberFormat, rules: NumberRules) -> str:
    """
    Write a number as the carrier wants it.

    Args:
        e164: anything else than `+` and digits comes back as it is.
    """
    if not e164.startswith("+"):
        return e164
    digits = e164[1:]
    if how is NumberFormat.PLUS:
        return e164
    if how is NumberFormat.DIGITS:
        return digits
    country, national_prefix, abroad = _plan(rules.region)
    abroad = rules.abroad or abroad
    if how is NumberFormat.INTERNATIONAL or not digits.startswith(country):
        return f"{abroad}{digits}"
    rest = digits[len(country) :]
    return rest if how is NumberFormat.BARE else f"{national_prefix}{rest}"


def from_wire(text: str | None, rules: NumberRules) -> str | None:
    """
    Read a number that came from the carrier; E.164.

    Takes what stands around it in SIP (`sip:`, `@host`, `;npdi;rn=...`). None when it
    is no number that can be called: a name, a service number, a mistake.
    """
    written = _stripped(text or "", rules.arriving_prefix)
    if written is None:
        return None
    if rules.receive is not None:
        for number in _readings(written, (rules.receive,), rules):
            if _worth(number):
                return number
    possible = None
    for number in _readings(written, NumberFormat, rules):
        worth = _worth(number)
        if worth == _VALID:
            return number
        if worth and possible is None:
            possible = number
    return possible


def spellings(e164: str, rules: NumberRules) -> tuple[str, ...]:
    """
    List the ways in which a number of ours may be dialled on a trunk.

    A spelling that `from_wire` reads as another number is left out, but for E.164.
    """
    written = [to_wire(e164, how, rules) for how in NumberFormat]
    country, _, abroad = _plan(rules.region)
    written += [f"{prefix}{e164[1:]}" for prefix in {"00", abroad}]
    if rules.area and e164.startswith(f"+{country}{rules.area}"):
        written.append(e164[1 + len(country) + len(rules.area) :])
    read = [s for s in dict.fromkeys(written) if from_wire(s, rules) == e164]
    found = [e164, *(s for s in read if s != e164)]
    before = rules.arriving_prefix
    return tuple(dict.fromkeys(found + [f"{before}{s}" for s in found if before]))


_VALID = 2


@lru_cache(maxsize=4096)
def _worth(e164: str) -> int:
    """Say whether a number is valid (2), possible (1) or neither (0)."""
    if not _E164.fullmatch(e164):
        return 0
    try:
        number = parse(e164, None)
    except NumberParseException:
        return 0
    return _VALID if is_valid_number(number) else int(is_possible_number(number))


@lru_cache(maxsize=256)
def _plan(region: str) -> tuple[str, str, str]:
    """Country code, national prefix and prefix for abroad of a region."""
    plan = PhoneMetadata.metadata_for_region(region, None)
    if plan is None:
        return "", "", "00"
    abroad = plan.preferred_international_prefix or plan.international_prefix or ""
    abroad = abroad.replace("~", "")
    return (
        str(country_code_for_region(region)),
        plan.national_prefix or "",
        abroad if abroad.isdigit() else "00",
    )


def _stripped(text: str, prefix: str) -> str | None:
    """Leave the number alone, or None when there is none."""
    if len(text) > 4 * MOST_CHARACTERS:
        return None
    user = unquote(_SCHEME.sub("", text.strip()).partition("@")[0])
    bare = _SEPARATORS.sub("", user.partition(";")[0])
    if len(bare) > MOST_CHARACTERS or not _NUMBER.fullmatch(bare):
        return None
    if prefix and bare.startswith(prefix) and len(bare) > len(prefix):
        bare = bare.removeprefix(prefix)
    return bare


def _readings(
    written: str, ways: Iterable[NumberFormat], rules: NumberRules
) -> Iterator[str]:
    """List what a spelling may mean, likeliest first."""
    if written.startswith("+"):
        yield written
        return
    country, national_prefix, abroad = _plan(rules.region)
    ways = set(ways)
    prefixes = [p for p in (rules.abroad, abroad, "00") if p]
    for prefix in dict.fromkeys(prefixes if ways != {NumberFormat.DIGITS} else ()):
        if written.startswith(prefix):
            yield f"+{written[len(prefix) :]}"
    if NumberFormat.NATIONAL in ways and written.startswith(national_prefix):
        yield f"+{country}{written[len(national_prefix) :]}"
    old = NumberFormat.NATIONAL in ways and rules.region == "UA"
    if old and written.startswith("80"):
        # 8 was the long-distance prefix until 2009 and is still sent.
        yield f"+{country}{written[2:]}"
    if NumberFormat.BARE in ways:
        yield f"+{country}{written}"
    if NumberFormat.DIGITS in ways:
        yield f"+{written}"
    if rules.area:
        yield f"+{country}{rules.area}{written}"
