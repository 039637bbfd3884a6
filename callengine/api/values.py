"""
Values of JSON bodies, by the same readers as the cells of files.

JSON has one kind of number for money, counts and nonsense; a text that pydantic would
turn into a number by itself is read exactly here, or refused.
"""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from callengine.api.texts import Word, without_controls
from callengine.engine.orders import MAX_PRICE_MINOR, MAX_QUANTITY
from callengine.engine.reading import BadValue
from callengine.engine.reading.money import read_quantity
from callengine.engine.reading.words import read_language, read_method, read_zone

MAX_DIGITS = 30


def _minor(value: Any) -> Any:
    """Take whole minor units; a sum with a point is in other units."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value[:MAX_DIGITS])
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(  # noqa: TRY004 - pydantic explains a ValueError only
            "price_minor is a whole number of minor units (kopecks, cents): 129950."
            " Send 1299.50 as price."
        )
    return value


def _price(value: Any) -> Any:
    """Take a sum in whole units, as a text or a number, digit by digit."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(  # noqa: TRY004 - pydantic explains a ValueError only
            "price is a sum such as 1299.50, as a text or a number."
        )
    text = value if isinstance(value, str) else repr(value)
    if "e" in text.lower() and not isinstance(value, str):
        raise ValueError("price is too large or too small.")
    return text


def _quantity(value: Any) -> Any:
    if isinstance(value, str):
        return _read(read_quantity, value)
    if isinstance(value, float) and value.is_integer() and abs(value) <= MAX_QUANTITY:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("quantity is a whole number.")  # noqa: TRY004
    return value


def _words(read: Callable[[str], str]) -> BeforeValidator:
    def validate(value: Any) -> Any:
        if isinstance(value, str) and value.strip():
            return _read(read, value[:200])
        return value.strip() if isinstance(value, str) else value

    return BeforeValidator(validate)


def _read(read: Callable[[str], Any], value: str) -> Any:
    try:
        return read(value)
    except BadValue as bad:
        text = str(bad)
        raise ValueError(f"{text[:1].upper()}{text[1:]}.") from None


PriceMinor = Annotated[int, Field(ge=0, le=MAX_PRICE_MINOR), BeforeValidator(_minor)]
Price = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=40),
    BeforeValidator(_price),
]
Quantity = Annotated[int, Field(ge=1, le=MAX_QUANTITY), BeforeValidator(_quantity)]
Language = Annotated[
    str, StringConstraints(pattern="^([a-z]{2,3})?$"), _words(read_language)
]
Method = Annotated[
    str, StringConstraints(pattern="^(courier|pickup|post)?$"), _words(read_method)
]
Zone = Annotated[Word, _words(read_zone)]
Phones = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=3, max_length=300),
    AfterValidator(without_controls),
]
