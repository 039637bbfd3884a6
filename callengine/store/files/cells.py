"""Reading one cell: headings, quantities, prices, times as people write them."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from callengine.engine.orders import WHOLE_CURRENCIES

COLUMNS = (
    "number",
    "phone",
    "name",
    "language",
    "region",
    "sku",
    "item",
    "category",
    "quantity",
    "price",
    "currency",
    "method",
    "address",
    "placed_at",
    "comment",
    "external_id",
    "zone",
    "consent",
    "cut_off_at",
)
ALIASES = {
    "заказ": "number",
    "номер": "number",
    "номер заказа": "number",
    "замовлення": "number",
    "номер замовлення": "number",
    "телефон": "phone",
    "имя": "name",
    "фио": "name",
    "ім'я": "name",
    "піб": "name",
    "клиент": "name",
    "клієнт": "name",
    "артикул": "sku",
    "товар": "item",
    "категория": "category",
    "категорія": "category",
    "количество": "quantity",
    "кількість": "quantity",
    "цена": "price",
    "ціна": "price",
    "валюта": "currency",
    "адрес": "address",
    "адреса": "address",
    "доставка": "method",
    "дата": "placed_at",
    "комментарий": "comment",
    "коментар": "comment",
    "регион": "region",
    "регіон": "region",
    "язык": "language",
    "мова": "language",
    "часовой пояс": "zone",
    "часовий пояс": "zone",
    "согласие": "consent",
    "згода": "consent",
}
_YES = frozenset(("yes", "true", "1", "да", "так"))
_NO = frozenset(("", "no", "false", "0", "нет", "ні"))
MAX_PRICE = Decimal(10) ** 10
DATES = (
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d",
)


class BadCell(ValueError):
    """A cell cannot be read; the text says why."""


def heading_of(text: str) -> str:
    """Name the column that a heading means; an unknown one stays as it is."""
    plain = text.strip().strip("*").strip().lower()
    return ALIASES.get(plain, plain.replace(" ", "_"))


def quantity_of(text: str) -> int:
    """Read a quantity; one when the cell is empty."""
    if not text:
        return 1
    value = _decimal(text, "quantity")
    if value != value.to_integral_value() or not 1 <= value <= 100_000:
        raise BadCell(f"quantity {text!r} is no whole number from 1 to 100000")
    return int(value)


def price_of(text: str, currency: str) -> int:
    """Read a price in minor units; nothing when the cell is empty."""
    if not text:
        return 0
    value = _decimal(text, "price")
    minor = value if currency in WHOLE_CURRENCIES else value * 100
    if minor != minor.to_integral_value():
        raise BadCell(f"price {text!r} has more decimals than {currency} has")
    if not 0 <= value <= MAX_PRICE:
        raise BadCell(f"price {text!r} is negative or too large")
    return int(minor)


def _decimal(text: str, column: str) -> Decimal:
    plain = text.replace(" ", "").replace("\u202f", "").replace("'", "")
    if "," in plain and "." in plain:
        # 1,299.00 and 1.299,00: the last one is the decimal sign.
        thousands = "," if plain.rfind(",") < plain.rfind(".") else "."
        plain = plain.replace(thousands, "")
    plain = plain.replace(",", ".")
    if len(plain) > 20 or not all(char in "0123456789.-" for char in plain):
        raise BadCell(f"{column} {text[:30]!r} is no number")
    try:
        return Decimal(plain)
    except InvalidOperation:
        raise BadCell(f"{column} {text[:30]!r} is no number") from None


def consent_of(text: str) -> bool:
    """Read yes or no; no when the cell is empty."""
    plain = text.strip().lower()
    if plain not in _YES | _NO:
        raise BadCell(f"consent {text[:30]!r} is neither yes nor no")
    return plain in _YES


def instant_of(text: str, zone: str, column: str = "placed_at") -> float | None:
    """Read a time; one without an offset is in `zone`."""
    if not text:
        return None
    for read in (datetime.fromisoformat, *map(_by_pattern, DATES)):
        try:
            at = read(text)
        except ValueError:
            continue
        aware = at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))
        if not 2000 <= aware.year <= 2200:
            break
        return aware.astimezone(UTC).timestamp()
    raise BadCell(
        f"{column} {text[:30]!r} is no time; write 2026-11-20 09:00 or 20.11.2026 09:00"
    )


def _by_pattern(pattern: str) -> Callable[[str], datetime]:
    return lambda text: datetime.strptime(text, pattern)  # noqa: DTZ007 - zone follows
