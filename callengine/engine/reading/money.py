"""
Prices and quantities, exactly: what could be read in two ways is refused.

`1,299` is a thousand and some to one person and one and some to another; no guess is
right often enough for money.
"""

import re
from decimal import Decimal

from callengine.engine.limits import MAX_QUANTITY, WHOLE_CURRENCIES
from callengine.engine.reading import BadValue, word_set

MAX_PRICE = Decimal(10) ** 10
"""In whole units of the currency."""

_GAPS = dict.fromkeys(map(ord, "\u00a0\u202f\u2009'\u2019\u02bc`"), " ")
_MINUS = dict.fromkeys(map(ord, "\u2212\u2012\u2013"), "-")
_NUMBER = re.compile(r"-?[0-9][0-9., ]*")
_WORDED = re.compile(
    r"(?P<before>(?:[^\d\s,.-]+\.?)?)\s*(?P<number>-?[\d., ]+?)\s*(?P<after>\D*)"
)
_UNITS = word_set(
    "шт штук штуки штука шт-к ед уп упак упаковка упаковки компл комплект од"
    " пара пары пар pc pcs piece pieces ea x х"
)
_MONEY: dict[str, frozenset[str]] = {
    "RUB": word_set("руб р рубль рубля рублей ₽ rub rur"),
    "BYN": word_set("руб р рубль рубля рублей byn br бел.руб"),
    "UAH": word_set("грн гривня гривні гривень гривна ₴ uah"),
    "KZT": word_set("тг тенге ₸ kzt"),
    "USD": word_set("$ usd долл доллар доллара долларов us$"),
    "EUR": word_set("€ eur евро євро euro"),
    "GBP": word_set("£ gbp"),
    "PLN": word_set("zł zl pln"),
}


def read_price(text: str, currency: str) -> int:
    """
    Read a price in whole units, such as `1 299,50 руб.`; minor units of `currency`.

    Raises:
        BadValue: no number, two possible numbers, other money, or too many decimals.
    """
    number, unit = _parted(text, "price")
    if unit and unit.upper() != currency and unit not in _MONEY.get(currency, ()):
        raise BadValue(f"price {_shown(text)} is not in {currency}")
    value = _exact(number, text, "price")
    minor = value if currency in WHOLE_CURRENCIES else value * 100
    if minor != minor.to_integral_value():
        raise BadValue(f"price {_shown(text)} has more decimals than {currency} has")
    if not 0 <= value <= MAX_PRICE:
        raise BadValue(f"price {_shown(text)} is negative or too large")
    return int(minor)


def read_quantity(text: str) -> int:
    """Read a quantity such as `12 шт.`. Raises `BadValue`."""
    number, unit = _parted(text, "quantity")
    if unit and unit not in _UNITS:
        raise BadValue(f"quantity {_shown(text)} is no number of pieces")
    value = _exact(number, text, "quantity")
    if value != value.to_integral_value() or not 1 <= value <= MAX_QUANTITY:
        raise BadValue(
            f"quantity {_shown(text)} is no whole number from 1 to {MAX_QUANTITY}"
        )
    return int(value)


def _parted(text: str, what: str) -> tuple[str, str]:
    """Part `1 299 руб.` into the number and the word, before or after it."""
    plain = text.strip().translate(_GAPS).translate(_MINUS)
    if len(plain) > 40:
        raise BadValue(f"{what} {_shown(text)} is no number")
    if _NUMBER.fullmatch(plain):
        return plain, ""
    found = _WORDED.fullmatch(plain)
    if found is None:
        raise BadValue(f"{what} {_shown(text)} is no number")
    words = [found[name].strip(" .").lower() for name in ("before", "after")]
    if all(words):
        raise BadValue(f"{what} {_shown(text)} is no number")
    return found["number"].strip(), words[0] or words[1]


def _exact(number: str, text: str, what: str) -> Decimal:
    """Read digits whose separators can mean one thing only."""
    sign, digits = ("-", number[1:]) if number.startswith("-") else ("", number)
    whole, fraction = _halves(digits, text, what)
    separators = set(whole) - set("0123456789")
    grouped = re.compile(r"[0-9]{1,3}(?:[., ][0-9]{3})+|[0-9]+", re.ASCII)
    if len(separators) > 1 or not grouped.fullmatch(whole):
        raise BadValue(f"{what} {_shown(text)} is no number")
    if not re.fullmatch(r"[0-9]*", fraction, re.ASCII) or len(whole) > 20:
        raise BadValue(f"{what} {_shown(text)} is no number")
    plain = re.sub(r"[^0-9]", "", whole)
    return Decimal(f"{sign}{plain}.{fraction or '0'}")


def _halves(digits: str, text: str, what: str) -> tuple[str, str]:
    """Part a number at its decimal sign, if it has one."""
    marks = [char for char in digits if char in ".,"]
    if not marks:
        return digits, ""
    whole, _, fraction = digits.rpartition(marks[-1])
    if len(set(marks)) == 2:
        return whole, fraction
    if len(marks) > 1:
        return digits, ""
    thousands = re.fullmatch(r"[1-9][0-9]{0,2}", whole, re.ASCII)
    if thousands and re.fullmatch(r"[0-9]{3}", fraction, re.ASCII):
        raise BadValue(
            f"{what} {_shown(text)} can be read in two ways; write"
            f" {whole}{fraction} or {whole}.{fraction}0"
        )
    return whole, fraction


def _shown(text: str) -> str:
    return repr(text.strip()[:30])
