"""
Bytes to text: the encoding is found out, or the file is refused by name.

A CSV does not say its encoding. UTF-8 proves itself; the old one-byte code pages are
told apart by what Russian and Ukrainian words look like in each.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from callengine.engine.reading.texts import LETTERS
from callengine.store.files.wrong import UnusableFile

SAMPLE = 200_000
"""Bytes that are enough to tell a code page by."""
CODE_PAGES = (
    "cp1251",
    "cp866",
    "koi8-u",
    "mac-cyrillic",
    "iso8859-5",
    "cp1252",
    "cp1250",
)
NAMES = {"cp1251": "windows-1251", "cp1252": "windows-1252", "cp1250": "windows-1250"}

_NO_TEXT = "this is no text; save the table as CSV in UTF-8, or as XLSX"
_COMMON = frozenset("оеаинтсрвлкмдпуяыьіОЕАИНТСРВЛКМДПУ")
_SIGNS = frozenset("№«»–—’“”„…₽€\u00a0\u2009\u202f°·•²½×±ʼ‘")
_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_WORD = re.compile(r"[^\W\d_]+")
_UTF8_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text and the encoding it was in."""

    text: str
    encoding: str


def decoded(raw: bytes, knows: Callable[[str], int]) -> Decoded:
    """
    Decode a text file.

    Bytes that spoil a file of UTF-8 here and there become `\\ufffd`, for the rows that
    hold them to be refused.

    Args:
        knows: counts the headings it knows in a text.

    Raises:
        UnusableFile: no text, or the code page cannot be told; it is named.
    """
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return Decoded(_strict(raw, encoding).lstrip("\ufeff"), encoding)
    while raw.startswith(_UTF8_MARK):
        raw = raw.removeprefix(_UTF8_MARK)
    if b"\x00" in raw[:SAMPLE]:
        return _without_mark(raw)
    try:
        return Decoded(raw.decode("utf-8"), "UTF-8")
    except UnicodeDecodeError:
        pass
    if _is_spoilt_utf8(raw[:SAMPLE]):
        return Decoded(raw.decode("utf-8", "replace"), "UTF-8")
    return _code_page(raw, knows)


def _strict(raw: bytes, encoding: str) -> str:
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        text = "\x00"
    if "\x00" in text:
        raise UnusableFile(_NO_TEXT)
    return text


def _without_mark(raw: bytes) -> Decoded:
    """Read UTF-16 that does not say which of its bytes comes first."""
    sample = raw[: SAMPLE - SAMPLE % 2]
    zeros = [sample[start::2].count(0) for start in (0, 1)]
    # The separators and digits of a table have their zeros on one side only.
    if max(zeros) < 8 * min(zeros) or max(zeros) * 20 < len(sample) or len(raw) % 2:
        raise UnusableFile(_NO_TEXT)
    encoding = "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"
    text = _strict(raw, encoding)
    known = sum(char in LETTERS or char.isascii() for char in text[:SAMPLE])
    if known * 10 < len(text[:SAMPLE]) * 8:
        raise UnusableFile(_NO_TEXT)
    return Decoded(text, encoding)


def _is_spoilt_utf8(sample: bytes) -> bool:
    """Say whether nearly all that is not ASCII is UTF-8."""
    text = sample.decode("utf-8", "replace")
    strange = [char for char in text if not char.isascii()]
    lost = strange.count("\ufffd")
    return len(strange) >= 10 and lost * 10 < len(strange)


def _code_page(raw: bytes, knows: Callable[[str], int]) -> Decoded:
    """Choose the one-byte code page whose words look like words."""
    sample = _with_letters(raw)
    readings: dict[str, str] = {}
    for encoding in CODE_PAGES:
        try:
            readings[encoding] = sample.decode(encoding)
        except UnicodeDecodeError:
            continue
    scores = {e: _score(text) + 0.2 * knows(text) for e, text in readings.items()}
    ranked = sorted(scores, key=lambda e: scores[e], reverse=True)
    best = ranked[0] if ranked else ""
    rivals = [
        e
        for e in ranked[1:]
        if readings[e] != readings[best] and scores[e] > scores[best] - 0.1
    ]
    if not best or scores[best] < 0.5 or rivals:
        likely = [NAMES.get(e, e) for e in (best, *rivals) if e]
        guess = f"it looks like {' or '.join(likely[:3])}; " if likely else ""
        raise UnusableFile(
            f"the encoding of this file is not certain: {guess}save it as CSV in UTF-8"
        )
    try:
        return Decoded(raw.decode(best), NAMES.get(best, best))
    except UnicodeDecodeError:
        return Decoded(raw.decode(best, "replace"), NAMES.get(best, best))


def _with_letters(raw: bytes) -> bytes:
    """Take the parts of a file that are not ASCII: they tell, wherever they stand."""
    if len(raw) <= SAMPLE:
        return raw
    head = raw[: SAMPLE // 2]
    lines = re.findall(rb"[^\r\n]{0,200}[\x80-\xff][^\r\n]{0,200}", raw)
    return head + b"\n".join(lines[:500])


def _score(text: str) -> float:
    """Say how much a text looks like one: about 1 for words, below 0 for noise."""
    strange = [char for char in text if not char.isascii()]
    if not strange:
        return 0.0
    good = 0.0
    for word in _WORD.findall(text):
        good += _word_score(word)
    for char, after in zip(text, f"{text[1:]} ", strict=True):
        if not char.isascii() and not char.isalpha():
            # A sign that a word begins with is a capital read in another code page.
            good += (-0.5 if after.isalpha() else 0.3) if char in _SIGNS else -1.0
    return good / len(strange)


def _word_score(word: str) -> float:
    """Count the letters of a word for it, or against it."""
    own = [char for char in word if not char.isascii()]
    if not own:
        return 0.0
    cyrillic = [char for char in own if char in LETTERS]
    if not cyrillic:
        # José and Müller: one accent among Latin letters.
        return 0.8 * len(own) if len(own) * 3 <= len(word) else -1.0 * len(own)
    if len(cyrillic) < len(own) or len(own) < len(word):
        return -1.0 * len(own)
    if not (word.islower() or word.isupper() or word[1:].islower()):
        return -0.5 * len(own)
    common = sum(char in _COMMON for char in own)
    return len(own) * (0.4 + 0.8 * common / len(own))
