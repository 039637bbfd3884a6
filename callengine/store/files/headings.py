"""
What the columns of a file mean: by their headings, or by the shop's own map.

A heading is understood only when it is certain. One that is not, over cells that are
not empty, is told; the shop then says in `[shops.columns]` what it is.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

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
PARTS = {
    "last_name": "name",
    "first_name": "name",
    "middle_name": "name",
    "postcode": "address",
    "city": "address",
}
"""Columns that are joined with others into one value."""
IGNORE = "ignore"
"""What a column map calls a column that is not wanted."""
MEANINGS = (*COLUMNS, *PARTS, IGNORE)
SEVERAL = frozenset({"phone", "comment", IGNORE})
"""Columns that a file may have more than once."""

_ALIASES = {
    "number": (
        "заказ|номер|номер заказа|заказ номер|номер документа|код заказа|id заказа"
        "|замовлення|номер замовлення|замовлення номер|код замовлення|id замовлення"
        "|order|order number|order no|order id|order name|number|ordernumber|orderid"
    ),
    "phone": (
        "телефон|телефоны|тел|номер телефона|контактный телефон|мобильный телефон"
        "|мобильный|телефон клиента|телефон покупателя|телефон получателя|телефон 1"
        "|телефон 2|доп телефон|дополнительный телефон|второй телефон"
        "|номер телефону|контактний телефон|мобільний телефон|мобільний|телефон клієнта"
        "|телефон покупця|телефон одержувача|додатковий телефон"
        "|phone|phones|phone number|phone billing|phone shipping|billing phone"
        "|shipping phone|customer phone|mobile|mobile phone|telephone|tel|phone 2"
    ),
    "name": (
        "имя|фио|клиент|покупатель|получатель|заказчик|имя клиента|имя покупателя"
        "|фио клиента|фио покупателя|фио получателя|контактное лицо|контрагент"
        "|ім'я|піб|клієнт|покупець|одержувач|отримувач|замовник|ім'я клієнта"
        "|піб клієнта|піб покупця|контактна особа"
        "|name|customer|customer name|full name|client|buyer|recipient|billing name"
        "|shipping name"
    ),
    "first_name": (
        "first name|first name billing|first name shipping|billing first name"
        "|shipping first name"
    ),
    "last_name": (
        "фамилия|прізвище|last name|surname|last name billing|last name shipping"
        "|billing last name|shipping last name"
    ),
    "middle_name": "отчество|по батькові|middle name|patronymic",
    "language": "язык|язык клиента|мова|мова клієнта|language|locale",
    "region": "регион|область|регіон|region",
    "sku": (
        "артикул|код товара|артикул товара|код|sku|товар артикул|артикул товару"
        "|код товару|lineitem sku|item sku|product sku|variant sku|ean|штрихкод"
    ),
    "item": (
        "товар|товары|наименование|название|наименование товара|название товара"
        "|номенклатура|позиция|товари|назва|найменування|назва товару"
        "|найменування товару|позиція|item|item name|product|product name|product title"
        "|lineitem name|title|товар/услуга"
    ),
    "category": (
        "категория|категория товара|группа|группа товаров|категорія|категорія товару"
        "|група|category|product category|product type"
    ),
    "quantity": (
        "количество|кол-во|кол|колво|кол во|количество товара|шт|штук|кількість"
        "|к-сть|к-ть|кіл-ть|кіл-сть|кількість товару|quantity|qty|lineitem quantity"
        "|item quantity|count|pcs"
    ),
    "price": (
        "цена|цена за ед|цена за единицу|цена за шт|цена за штуку|цена товара"
        "|цена продажи|ціна|ціна за од|ціна за одиницю|ціна за шт|ціна товару"
        "|price|unit price|item price|item cost|lineitem price|product price"
    ),
    "currency": "валюта|валюта заказа|валюта замовлення|currency|order currency",
    "method": (
        "доставка|способ доставки|вид доставки|тип доставки|служба доставки"
        "|спосіб доставки|служба доставки|тип доставки|method|shipping method"
        "|delivery|delivery method"
    ),
    "address": (
        "адрес|адрес доставки|адрес получателя|адреса|адреса доставки"
        "|адреса одержувача|address|delivery address|shipping address"
        "|shipping address1|shipping street|address 1&2 shipping"
    ),
    "postcode": (
        "индекс|почтовый индекс|індекс|поштовий індекс|postcode|zip|zip code"
        "|postal code|shipping zip|postcode shipping"
    ),
    "city": (
        "город|населенный пункт|город доставки|місто|населений пункт|місто доставки"
        "|city|shipping city|city shipping"
    ),
    "placed_at": (
        "дата|дата заказа|дата создания|дата и время|создан|время заказа"
        "|дата оформления|дата замовлення|дата створення|дата і час|створено|placed at"
        "|date|order date|created|created at|order created|date created"
    ),
    "comment": (
        "комментарий|комментарии|комментарий клиента|комментарий покупателя"
        "|комментарий к заказу|примечание|примечания|коментар|коментарі"
        "|коментар клієнта|коментар до замовлення|примітка|примітки|comment|comments"
        "|note|notes|customer note|order notes|remark"
    ),
    "external_id": (
        "код клиента|id клиента|код клієнта|id клієнта|external id|customer id"
        "|client id"
    ),
    "zone": ("часовой пояс|часовий пояс|таймзона|zone|time zone|timezone|пояс"),
    "consent": (
        "согласие|согласие на звонок|згода|згода на дзвінок|consent|можно звонить"
    ),
    "cut_off_at": "cut off at|cut off|отправка курьера|курьер до",
}
_SHOPIFY = re.compile(r"lineitem\b")
_MONEY_WORDS = {
    "руб": "RUB",
    "р": "RUB",
    "₽": "RUB",
    "rub": "RUB",
    "грн": "UAH",
    "₴": "UAH",
    "uah": "UAH",
    "usd": "USD",
    "$": "USD",
    "eur": "EUR",
    "€": "EUR",
    "kzt": "KZT",
    "тг": "KZT",
    "₸": "KZT",
    "шт": "",
    "pcs": "",
}
_UNIT = re.compile(r"[,(\[]\s*([^\W\d_]+|[₽₴$€₸])\s*\.?\s*[)\]]?$")
_APOSTROPHES = dict.fromkeys(map(ord, "\u2019\u02bc\u2018`\u00b4\u02b9\u2032"), "'")
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-")


@lru_cache(maxsize=4096)
def plain(heading: str) -> str:
    """Bring a heading to the spelling that aliases are kept in."""
    text = heading.translate(_APOSTROPHES).translate(_DASHES).lower()
    text = text.replace("ё", "е").replace("№", " номер ").replace("_", " ")
    text = re.sub(r"[*:.\"«»]|\(s\)", " ", text)
    text = re.sub(r"\s*[()\[\]]\s*", " ", text)
    text = " ".join(text.split())
    return re.sub(r"\s*-\s*", "-", text).strip("- ,;")


_KNOWN = {
    plain(alias): column
    for column, aliases in _ALIASES.items()
    for alias in (*aliases.split("|"), column)
} | {column: column for column in PARTS}
KNOWN_HEADINGS = tuple(_KNOWN)


def column_of(heading: str) -> str:
    """Name the column that a heading in its plain spelling is; '' for none."""
    return _KNOWN.get(heading, "")


@dataclass(frozen=True, slots=True)
class Meaning:
    """
    What one column is.

    Attributes:
        column: of `COLUMNS` or `PARTS`, `ignore`, or '' when nobody knows.
        currency: that its heading names; '' without one.
        mapped: the shop's own map says so.
    """

    column: str = ""
    currency: str = ""
    mapped: bool = False


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """A shop's own names of columns: heading to one of `MEANINGS`."""

    columns: Mapping[str, str] = field(default_factory=dict)

    def of(self, heading: str) -> str | None:
        """Say what the shop calls a heading; None when it does not say."""
        wanted = plain(heading)
        for said, column in self.columns.items():
            if plain(said) == wanted:
                return column
        return None


def meanings(headings: Sequence[str], own: ColumnMap) -> tuple[Meaning, ...]:
    """Say what each column of a row of headings is."""
    found = [_meaning(heading, own) for heading in headings]
    if any(_SHOPIFY.match(plain(heading)) for heading in headings):
        # Shopify calls the order's own number its name.
        for index, heading in enumerate(headings):
            if plain(heading) == "name" and not found[index].mapped:
                found[index] = Meaning("number")
    if any(one.column == "last_name" for one in found):
        # Beside a surname the name alone is the given name.
        for index, heading in enumerate(headings):
            if plain(heading) in ("имя", "ім'я", "name") and not found[index].mapped:
                found[index] = Meaning("first_name")
    return _once(found, headings)


def _meaning(heading: str, own: ColumnMap) -> Meaning:
    said = own.of(heading)
    if said is not None:
        return Meaning(said, mapped=True)
    text = plain(heading)
    if text in _KNOWN:
        return Meaning(_KNOWN[text])
    unit = _UNIT.search(heading.strip().lower())
    if unit is None or unit[1] not in _MONEY_WORDS:
        return Meaning()
    column = _KNOWN.get(plain(heading[: unit.start()]), "")
    if column not in ("price", "quantity"):
        return Meaning()
    return Meaning(column, _MONEY_WORDS[unit[1]] if column == "price" else "")


def _once(found: list[Meaning], headings: Sequence[str]) -> tuple[Meaning, ...]:
    """
    Choose where two columns could be one thing.

    Of billing and shipping the shipping counts: there the order goes. A bare № beside
    an order number counts the rows.
    """
    numbers = [n for n, one in enumerate(found) if one.column == "number"]
    for index in numbers:
        bare = headings[index].strip(" .") in ("№", "#", "N", "№ п/п")
        if bare and len(numbers) > 1 and not found[index].mapped:
            found[index] = Meaning(IGNORE)
    for index, one in enumerate(found):
        if one.column not in ("name", "first_name", "last_name") or one.mapped:
            continue
        twins = [n for n, other in enumerate(found) if other.column == one.column]
        ships = [n for n in twins if "shipping" in plain(headings[n])]
        if len(twins) > 1 and len(ships) == 1 and index not in ships:
            found[index] = Meaning(IGNORE)
    return tuple(found)


def missing(found: Sequence[Meaning]) -> list[str]:
    """Name the columns without which no order can be read."""
    known = {one.column for one in found}
    lacking = [name for name in ("number", "phone") if name not in known]
    return lacking if {"item", "sku"} & known else [*lacking, "item"]


def repeated(found: Sequence[Meaning]) -> list[str]:
    """Name the columns that a file has twice and may have once."""
    known = [one.column for one in found if one.column and one.column not in SEVERAL]
    return sorted({name for name in known if known.count(name) > 1})
