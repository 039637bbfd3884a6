"""Texts that lost their letters on the way: found, not stored."""

import re
from contextlib import suppress

from callengine.engine.reading import BadValue, word_set

LETTERS = frozenset(
    "абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґАБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯІЇЄҐ"
)
"""Of Russian and Ukrainian."""
LOST_CELLS = word_set(
    "#N/A #REF! #VALUE! #DIV/0! #NAME? #NUM! #NULL! #SPILL! #CALC! #GETTING_DATA"
    " #Н/Д #ССЫЛКА! #ЗНАЧ! #ДЕЛ/0! #ИМЯ? #ЧИСЛО! #ПУСТО! #ПОСИЛАННЯ! #ІМ'Я?"
)
_ONLY_MARKS = re.compile(r"(?=(?:.*\?){3})[?\s.,-]+")


def check_decoded(text: str, what: str) -> None:
    """
    Refuse a text that some program read in a wrong encoding, or a spreadsheet lost.

    Raises:
        BadValue: it holds `Ð˜Ð²Ð°Ð½`, `РРІР°РЅ`, `?????`, `�` or `#REF!`.
    """
    if text.isascii() and "?" not in text and "#" not in text:
        return
    if "\ufffd" in text or _ONLY_MARKS.fullmatch(text.strip()):
        raise BadValue(f"{what} has lost its letters in a conversion; export it again")
    if text.strip().upper() in LOST_CELLS:
        raise BadValue(f"{what} is a spreadsheet's error {text.strip()[:20]}")
    if decoded_twice(text):
        raise BadValue(
            f"{what} was read in a wrong encoding (UTF-8 as another); export it again"
        )


def decoded_twice(text: str) -> bool:
    """Say whether this is UTF-8 that was taken for windows-1251 or windows-1252."""
    # Every Russian letter of UTF-8 begins with one of two bytes: these, in each page.
    pages = [("cp1251", "Р", "С"), ("cp1252", "Ð", "Ñ"), ("latin-1", "Ð", "Ñ")]
    for encoding, *firsts in pages:
        if sum(map(text.count, firsts)) < 2:
            continue
        with suppress(UnicodeError):
            # A byte that the code page leaves undefined is often lost on the way.
            meant = _bytes(text, encoding).decode("utf-8", "replace")
            strange = [char for char in meant if not char.isascii()]
            letters = [char for char in strange if char in LETTERS]
            needed = 3 if "\ufffd" in meant else 2
            if len(letters) >= needed and len(letters) * 2 > len(strange):
                return True
    return False


def _bytes(text: str, encoding: str) -> bytes:
    """Encode; what the code page leaves undefined stands for its own byte."""
    out = bytearray()
    for char in text:
        try:
            out += char.encode(encoding)
        except UnicodeEncodeError:
            if ord(char) > 0xFF:
                raise
            out.append(ord(char))
    return bytes(out)
