"""Times as people, shops and spreadsheets write them."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from callengine.core.ids import Instant
from callengine.engine.reading import BadValue

_CLOCK = (
    r"(?:[\st,]+(?:в|о|at)?\s*(?P<hour>\d{1,2})[:.](?P<minute>\d{2})"
    r"(?:[:.](?P<second>\d{2}))?)?(?P<offset>z|[+-]\d{2}:?\d{2})?"
)
_DOTTED = re.compile(
    rf"(\d{{1,2}})([.-])(\d{{1,2}})\2(\d{{4}}|\d{{2}})(?:\s?(?:г|р)\.?)?{_CLOCK}"
)
_SLASHED = re.compile(rf"(\d{{1,2}})[/](\d{{1,2}})[/](\d{{4}}|\d{{2}}){_CLOCK}")
_WORDED = re.compile(
    rf"(\d{{1,2}})\s+([а-яіїєґ]{{3,10}}|[a-z]{{3,9}})\.?,?(?:\s+(\d{{4}}))?"
    rf"(?:\s*(?:г|р|року|года)\.?)?{_CLOCK}"
)
_OFFSET = re.compile(r"\s+(?=(?:[+-]\d{2}:?\d{2}|z|utc)$)")
_STAMP = re.compile(r"1\d{9}(?:\d{3})?")
"""Unix seconds or milliseconds, from 2001 to 2033."""
_SERIAL = re.compile(r"(\d{5})(?:[.,](\d+))?")
_MONTHS = (
    ("янв", "січ", "jan"),
    ("фев", "лют", "feb"),
    ("мар", "бер", "mar"),
    ("апр", "кві", "apr"),
    ("мая", "тра", "may"),
    ("июн", "чер", "jun"),
    ("июл", "лип", "jul"),
    ("авг", "сер", "aug"),
    ("сен", "вер", "sep"),
    ("окт", "жов", "oct"),
    ("ноя", "лис", "nov"),
    ("дек", "гру", "dec"),
)
_EPOCH_OF_SHEETS = datetime(1899, 12, 30)  # noqa: DTZ001 - a zone is given later
SERIALS = range(36526, 80_000)
"""2000 to 2119 as the day numbers of spreadsheets."""


def read_instant(
    text: str, zone: str, what: str = "placed_at", *, now: Instant | None = None
) -> Instant:
    """
    Read a time; one without an offset is in `zone`.

    Args:
        now: a date without a year is the last such day before it.

    Raises:
        BadValue: no time, two possible ones (`05/06/2026`), or out of 2000 to 2200.
    """
    plain = _OFFSET.sub("", " ".join(text.lower().split()))
    at = _iso(plain)
    for read in (_dotted, _slashed, _serial):
        at = at or read(plain)
    at = at or _worded(plain, zone, now)
    if at is None:
        raise BadValue(
            f"{what} {text.strip()[:30]!r} is no time, or could be two; write"
            " 2026-11-20 09:00 or 20.11.2026 09:00"
        )
    if not 2000 <= at.year <= 2200:
        raise BadValue(f"{what} {text.strip()[:30]!r} is no time within 2000 to 2200")
    aware = at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))
    return aware.astimezone(UTC).timestamp()


def _iso(text: str) -> datetime | None:
    if _STAMP.fullmatch(text):
        return datetime.fromtimestamp(int(text[:10]), UTC)
    if not re.match(r"\d{4}([-/.]?)\d{2}\1\d{2}(?!\d)", text):
        return None
    iso = re.sub(r"^(\d{4})[/.](\d{2})[/.]", r"\1-\2-", text)
    try:
        return datetime.fromisoformat(iso.upper().replace("UTC", "Z"))
    except ValueError:
        return None


def _dotted(text: str) -> datetime | None:
    found = _DOTTED.fullmatch(text)
    if found is None:
        return None
    return _made(found, int(found[1]), int(found[3]), int(found[4]))


def _slashed(text: str) -> datetime | None:
    """Read day/month or month/day where only one of them can be."""
    found = _SLASHED.fullmatch(text)
    if found is None:
        return None
    one, two, year = map(int, found.groups()[:3])
    if one > 12 >= two or one == two:
        return _made(found, one, two, year)
    return _made(found, two, one, year) if two > 12 >= one else None


def _serial(text: str) -> datetime | None:
    found = _SERIAL.fullmatch(text)
    if found is None or int(found[1]) not in SERIALS:
        return None
    part = float(f"0.{found[2] or 0}")
    return _EPOCH_OF_SHEETS + timedelta(
        days=int(found[1]), seconds=round(part * 86_400)
    )


def _worded(text: str, zone: str, now: Instant | None) -> datetime | None:
    found = _WORDED.fullmatch(text)
    if found is None:
        return None
    month = next((n for n, m in enumerate(_MONTHS, 1) if found[2].startswith(m)), 0)
    month = month or (5 if found[2] == "май" else 0)
    if not month:
        return None
    if found[3]:
        return _made(found, int(found[1]), month, int(found[3]))
    if now is None:
        return None
    today = datetime.fromtimestamp(now, ZoneInfo(zone)).replace(tzinfo=None)
    years: Iterable[int] = (today.year, today.year - 1)
    days = [_made(found, int(found[1]), month, year) for year in years]
    return next((at for at in days if at and at.date() <= today.date()), None)


def _made(found: re.Match[str], day: int, month: int, year: int) -> datetime | None:
    try:
        at = datetime(  # noqa: DTZ001 - the zone is the caller's
            year + 2000 if year < 100 else year,
            month,
            day,
            int(found["hour"] or 0),
            int(found["minute"] or 0),
            int(found["second"] or 0),
        )
        offset = found["offset"]
        return datetime.fromisoformat(f"{at.isoformat()}{offset}") if offset else at
    except ValueError:
        return None
