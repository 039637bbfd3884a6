"""Invented people: names, numbers, regions, and how they buy."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """What the customers of one shop are like."""

    shop: str
    language: str
    other_language: str
    currency: str
    prefix: str
    """Country code and a mobile code that no operator is known to use."""
    spellings: tuple[str, ...]
    """How people write a number: {a} is the mobile code, {b} to {d} the rest."""
    regions: tuple[tuple[str, int], ...]
    """Regions and their weights."""
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    streets: tuple[str, ...]


RU = Country(
    shop="teplo",
    language="ru",
    other_language="uk",
    currency="RUB",
    prefix="+7943",
    spellings=(
        "8 ({a}) {b}-{c}-{d}",
        "+7 {a} {b} {c} {d}",
        "8{a}{b}{c}{d}",
        "7{a}{b}{c}{d}",
    ),
    regions=(("ru-mow", 40), ("ru-spe", 25), ("ru-sve", 20), ("ru-nvs", 15)),
    first_names=(
        "Алёна",
        "Вадим",
        "Галина",
        "Демид",
        "Елена",
        "Игнат",
        "Лариса",
        "Мирон",
        "Нина",
        "Руслан",
        "София",
        "Тихон",
    ),
    last_names=(
        "Берёза",
        "Ветер",
        "Горница",
        "Заря",
        "Клён",
        "Ласточка",
        "Мост",
        "Подснежник",
        "Родник",
        "Синица",
        "Тропа",
        "Ясень",
    ),
    streets=("Лесная", "Речная", "Садовая", "Полевая", "Тихая", "Вишнёвая"),
)
UA = Country(
    shop="svitlo",
    language="uk",
    other_language="ru",
    currency="UAH",
    prefix="+38071",
    spellings=(
        "0{a} {b} {c} {d}",
        "(0{a}) {b}-{c}-{d}",
        "+38 0{a} {b}{c}{d}",
        "380{a}{b}{c}{d}",
    ),
    regions=(("ua-30", 45), ("ua-46", 30), ("ua-51", 25)),
    first_names=(
        "Андрій",
        "Богдана",
        "Василь",
        "Ганна",
        "Данило",
        "Зоряна",
        "Левко",
        "Марічка",
        "Назар",
        "Орися",
        "Роман",
        "Уляна",
    ),
    last_names=(
        "Барвінок",
        "Волошка",
        "Горобець",
        "Журавель",
        "Калина",
        "Лелека",
        "Мальва",
        "Омела",
        "Перепелиця",
        "Смерека",
        "Тополя",
        "Явір",
    ),
    streets=("Лісова", "Річкова", "Садова", "Польова", "Тиха", "Вишнева"),
)
COUNTRIES = (RU, UA)


def number_of(country: Country, index: int) -> str:
    """The `index`-th number of a country's range, E.164."""
    digits = 12 - len(country.prefix) if country is RU else 13 - len(country.prefix)
    return f"{country.prefix}{index:0{digits}d}"


def spelt(country: Country, number: str, rng: Random) -> str:
    """Write a number as this customer would."""
    code, rest = number[-10:-7], number[-7:]
    if country is UA:
        code = number[-9:-7]
    return rng.choice(country.spellings).format(
        a=code, b=rest[:3], c=rest[3:5], d=rest[5:]
    )


def weighted(rng: Random, choices: Sequence[tuple[str, int]]) -> str:
    """Pick one by weight."""
    names, weights = zip(*choices, strict=True)
    return str(rng.choices(names, weights)[0])
