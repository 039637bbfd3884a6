"""
Phone numbers of one cell: two numbers are two, and what is said beside them is kept.

`8 916 123-45-10, 8 916 123-45-11 (жена, после 18:00)` is two numbers and a note.
"""

import re
from dataclasses import dataclass

from callengine.core.numbers import BadNumber, read_number

MAX_CELL = 300
MAX_PHONES = 5
MIN_DIGITS = 7
"""Fewer are an extension, an hour or a flat."""
MAX_DIGITS = 15

_EXPONENT = re.compile(r"\d+(?:[.,]\d+)?[eе]\s?\+?\d{1,2}", re.IGNORECASE)
_EXTENSION = re.compile(
    r"(?:доб(?:авочный)?|дод(?:атковий)?|внутр(?:енний|ішній)?|вн|ext(?:ension)?|x|#)"
    r"[\s.:]*(\d{1,8})(?!\d)",
    re.IGNORECASE,
)
_BRACKETED = re.compile(r"[(\[]([^()\[\]]*[^\W\d_][^()\[\]]*)[)\]]")
_RUN = re.compile(r"\+?[\d(](?:[\d()\s.\u00a0\u2010-\u2015-]|(?<=\d)['’](?=\d))*")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3}){2,4}")
_LABEL = re.compile(r"^(?:тел(?:ефон)?|моб(?:ильный)?|т|м|tel|phone|mob|номер)[\s.:]*$")
_JOINTS = re.compile(r"^(?:и|или|та|або|and|or|й|і)$", re.IGNORECASE)
_NOT_DIGIT = re.compile(r"\D+")


@dataclass(frozen=True, slots=True)
class Phones:
    """
    What a text says of how to reach somebody.

    Attributes:
        number: E.164, the first one.
        others: E.164, further ones.
        notes: extensions and comments, each as it was written.
    """

    number: str
    others: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def read_phones(text: str, region: str) -> Phones:
    """
    Read every number of a text, and keep the rest as notes.

    Raises:
        BadNumber: there is none, or the text is too long; the message says why.
    """
    plain = text.strip().strip("'\"=").strip()
    if len(plain) > MAX_CELL:
        raise BadNumber(f"longer than {MAX_CELL} characters is no phone number")
    if not plain or _EXPONENT.fullmatch(plain) or _is_plain(plain):
        return Phones(read_number(plain, region))
    rest, notes = _without_notes(plain)
    numbers, unread = _numbers(rest, region, notes)
    if not numbers:
        # Say what is wrong with the likeliest piece, as for a number alone.
        raise BadNumber(_why(unread, region))
    if len(numbers) > MAX_PHONES:
        raise BadNumber(f"more than {MAX_PHONES} phone numbers")
    kept = (*notes, *(f"{piece} ?" for piece in unread))
    return Phones(numbers[0], tuple(numbers[1:]), kept)


def _is_plain(text: str) -> bool:
    """Say whether a text is nothing but one number, however it is grouped."""
    if _THOUSANDS.fullmatch(text):
        return True
    digits = _NOT_DIGIT.sub("", text)
    runs = _RUN.fullmatch(text) or re.fullmatch(r"\+?\d{7,15}[.,]0+", text)
    return runs is not None and len(digits) <= MAX_DIGITS + 1 and "+" not in text[1:]


def _without_notes(text: str) -> tuple[str, list[str]]:
    """Take comments in brackets and extensions out of a text."""
    notes: list[str] = []

    def keep(found: re.Match[str], spoken: str) -> str:
        notes.append(spoken.strip())
        return " ; "

    rest = _BRACKETED.sub(lambda found: keep(found, found[1]), text)
    rest = _EXTENSION.sub(lambda found: keep(found, f"ext. {found[1]}"), rest)
    return rest, notes


def _numbers(text: str, region: str, notes: list[str]) -> tuple[list[str], list[str]]:
    """Read the runs of digits; words between them join the notes."""
    numbers: list[str] = []
    unread: list[str] = []
    for piece in re.split(r"[,;/\\|\n]+|\s(?=\+)", text):
        words: list[str] = []
        end = 0
        for run in _RUN.finditer(piece):
            if len(_NOT_DIGIT.sub("", run[0])) < MIN_DIGITS:
                continue
            words.append(piece[end : run.start()])
            end = run.end()
            found = _split(run[0].strip(), region)
            if not found:
                unread.append(run[0].strip())
            numbers += [number for number in found if number not in numbers]
        words.append(piece[end:])
        notes += [said for said in map(_spoken, words) if said]
    return numbers, unread


def _split(run: str, region: str) -> list[str]:
    """Read one number, or two that only a gap parts."""
    try:
        return [read_number(run, region)]
    except BadNumber:
        pass
    readings: set[tuple[str, str]] = set()
    for gap in re.finditer(r"\s+", run):
        try:
            one = read_number(run[: gap.start()], region)
            readings.add((one, read_number(run[gap.end() :], region)))
        except BadNumber:
            continue
    return list(readings.pop()) if len(readings) == 1 else []


def _spoken(words: str) -> str:
    plain = " ".join(words.split()).strip(" .,:;-()")
    if _LABEL.match(plain.lower()) or _JOINTS.match(plain):
        return ""
    return plain


def _why(unread: list[str], region: str) -> str:
    if len(unread) > 1:
        return f"two numbers in one field, and neither is a phone number of {region}"
    try:
        read_number(unread[0] if unread else "", region)
    except BadNumber as bad:
        return str(bad) if unread else "there are no digits of a phone number"
    return "there is no phone number"
