"""Words of optional columns: language, delivery, yes and no, the clock."""

import re
from functools import lru_cache
from zoneinfo import available_timezones

from callengine.engine.reading import BadValue, word_set

_LANGUAGES = {
    "ru": "русский рус ру rus russian российский російська рос",
    "uk": "украинский українська укр укр. ukr ukrainian ua украинська",
    "en": "английский англ eng english англійська",
    "kk": "казахский каз kazakh казахська",
    "be": "белорусский бел belarusian білоруська",
    "pl": "польский польська polish",
    "de": "немецкий німецька german",
}
_LANGUAGE = {word: code for code, said in _LANGUAGES.items() for word in said.split()}
_CODE = re.compile(r"([a-z]{2,3})(?:[-_][a-z]{2,4})?")
_METHODS = (
    ("courier", re.compile(r"курь?['ʼ’]?[єе]р|courier|до двер|door|на дом$|додому")),
    (
        "pickup",
        re.compile(
            r"самовыв|самовив|пункт выдачи|пункт видачі|пвз|постамат|поштомат"
            r"|отделени|відділенн|pick-?\s?up|из магазина|click.?(?:and|&).?collect"
        ),
    ),
    ("post", re.compile(r"почт|пошт|\bpost\b|\bmail\b|ems\b")),
)
_YES = word_set("yes true 1 y on да так д + v ✓ ✔ ☑ есть є согласен згоден")
_NO = word_set("no false 0 n off нет ні н - — – ✗ ✘ ☐ нету немає")
_OFFSET = re.compile(r"(utc|gmt|мск|msk)?\s*(?:([+-]|\u2212)\s*(\d{1,2})(?::?00)?)?")
_CITIES = {
    "москва": "Europe/Moscow",
    "moscow": "Europe/Moscow",
    "киев": "Europe/Kyiv",
    "київ": "Europe/Kyiv",
    "kyiv": "Europe/Kyiv",
    "kiev": "Europe/Kyiv",
    "минск": "Europe/Minsk",
    "алматы": "Asia/Almaty",
    # What Windows calls them.
    "russian standard time": "Europe/Moscow",
    "fle standard time": "Europe/Kyiv",
    "belarus standard time": "Europe/Minsk",
    "ekaterinburg standard time": "Asia/Yekaterinburg",
    "kaliningrad standard time": "Europe/Kaliningrad",
}


def read_language(text: str) -> str:
    """Read a language as its code: `русский`, `ru-RU` and `ru` are ru."""
    plain = text.strip().lower()
    if plain in _LANGUAGE:
        return _LANGUAGE[plain]
    found = _CODE.fullmatch(plain)
    if found is None:
        raise BadValue(f"language {_shown(text)} is no code such as ru or uk")
    return _LANGUAGE.get(found[1], found[1])


def read_method(text: str) -> str:
    """Read how an order is delivered: courier, pickup or post."""
    plain = " ".join(text.lower().split())
    for method, pattern in _METHODS:
        if pattern.search(plain):
            return method
    raise BadValue(f"delivery {_shown(text)} is neither courier nor pickup nor post")


def read_consent(text: str) -> bool:
    """Read yes or no."""
    plain = text.strip().strip(".!").lower()
    if plain in _YES:
        return True
    if plain in _NO:
        return False
    raise BadValue(f"consent {_shown(text)} is neither yes nor no")


def read_zone(text: str) -> str:
    """Read the clock a customer lives by: an IANA name, `UTC+7`, `МСК+4`."""
    plain = text.strip()
    known = _zones().get(plain.lower()) or _CITIES.get(plain.lower())
    if known:
        return known
    found = _OFFSET.fullmatch(plain.lower())
    if found is None or not plain:
        raise BadValue(
            f"zone {_shown(text)} is no IANA name such as Europe/Moscow, nor UTC+3"
        )
    moscow = found[1] in ("мск", "msk")
    if found[3] is None:
        return "Europe/Moscow" if moscow else "Etc/UTC"
    hours = int(found[3]) * (1 if found[2] == "+" else -1) + (3 if moscow else 0)
    if not -12 <= hours <= 14:
        raise BadValue(f"zone {_shown(text)} is no offset that any clock has")
    # POSIX counts to the west: three hours ahead of Greenwich is Etc/GMT-3.
    return f"Etc/GMT{-hours:+d}" if hours else "Etc/UTC"


@lru_cache(maxsize=1)
def _zones() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones()}


def _shown(text: str) -> str:
    return repr(text.strip()[:30])
