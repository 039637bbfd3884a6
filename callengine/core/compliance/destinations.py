"""
Where an order form may make us call: customers in the shop's countries, no one else.

A phone number that anybody may type is a way to spend somebody's money: premium and
satellite numbers cost hundreds of times what a customer costs. So only kinds of numbers
that are known to be a person's or a company's phone are dialled. The plans are those of
`phonenumbers` (Google's libphonenumber), the codes without a country those of ITU-T
E.164 (list of assigned codes: 808 shared cost, 870 Inmarsat, 878 personal, 881
satellite, 882 and 883 international networks, 979 premium).
"""

from collections.abc import Collection
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from phonenumbers import (
    NumberParseException,
    PhoneNumberType,
    is_valid_number,
    number_type,
    parse,
    region_code_for_number,
)


class NumberKind(StrEnum):
    """What answers a number, and at whose cost."""

    FIXED = "fixed line"
    MOBILE = "mobile"
    FIXED_OR_MOBILE = "fixed line or mobile"
    VOIP = "internet phone"
    TOLL_FREE = "toll-free"
    COMPANY = "company"
    PREMIUM = "premium-rate"
    SHARED_COST = "shared-cost"
    PERSONAL = "personal"
    PAGER = "pager"
    VOICEMAIL = "voicemail"
    SATELLITE = "satellite"
    NETWORK = "international network"
    NONE = "unassigned"
    """In no country's numbering plan; 112 and other numbers of help are in none."""


CUSTOMERS = frozenset(
    {
        NumberKind.FIXED,
        NumberKind.MOBILE,
        NumberKind.FIXED_OR_MOBILE,
        NumberKind.VOIP,
        NumberKind.TOLL_FREE,
        NumberKind.COMPANY,
    }
)
"""What customers can be called on. A kind that is not here is never dialled."""

_KINDS = {
    PhoneNumberType.FIXED_LINE: NumberKind.FIXED,
    PhoneNumberType.MOBILE: NumberKind.MOBILE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: NumberKind.FIXED_OR_MOBILE,
    PhoneNumberType.VOIP: NumberKind.VOIP,
    PhoneNumberType.TOLL_FREE: NumberKind.TOLL_FREE,
    PhoneNumberType.UAN: NumberKind.COMPANY,
    PhoneNumberType.PREMIUM_RATE: NumberKind.PREMIUM,
    PhoneNumberType.SHARED_COST: NumberKind.SHARED_COST,
    PhoneNumberType.PERSONAL_NUMBER: NumberKind.PERSONAL,
    PhoneNumberType.PAGER: NumberKind.PAGER,
    PhoneNumberType.VOICEMAIL: NumberKind.VOICEMAIL,
}

_WITHOUT_COUNTRY = {
    800: NumberKind.TOLL_FREE,
    808: NumberKind.SHARED_COST,
    870: NumberKind.SATELLITE,
    878: NumberKind.PERSONAL,
    881: NumberKind.SATELLITE,
    882: NumberKind.NETWORK,
    883: NumberKind.NETWORK,
    888: NumberKind.NETWORK,
    979: NumberKind.PREMIUM,
}


class Destination(NamedTuple):
    """
    Where a number leads.

    Attributes:
        country: ISO 3166 region; empty where there is none.
    """

    country: str
    kind: NumberKind


@lru_cache(maxsize=65_536)
def destination_of(number: str) -> Destination:
    """Say where an E.164 number leads; what cannot be read leads nowhere."""
    try:
        parsed = parse(number, None)
    except NumberParseException:
        return Destination("", NumberKind.NONE)
    if parsed.country_code in _WITHOUT_COUNTRY:
        return Destination("", _WITHOUT_COUNTRY[parsed.country_code])
    country = region_code_for_number(parsed) or ""
    if not is_valid_number(parsed):
        return Destination(country, NumberKind.NONE)
    return Destination(country, _KINDS.get(number_type(parsed), NumberKind.NONE))


def refusal(number: str, countries: Collection[str]) -> str:
    """
    Say why a number is never dialled for a shop; empty if it may be.

    Args:
        number: E.164.
        countries: ISO 3166 regions whose customers the shop calls.
    """
    country, kind = destination_of(number)
    if kind is NumberKind.NONE:
        return "the number is in no country's numbering plan"
    if kind not in CUSTOMERS:
        return f"{kind} numbers are never called"
    if country not in countries:
        where = country or "no country"
        return (
            f"a number of {where}; this shop calls {', '.join(sorted(countries))}"
            " (dialling.countries)"
        )
    return ""
