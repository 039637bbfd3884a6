"""
Regimes written by admins: a preset and what differs from it, in TOML.

    name = "our uk"
    base = "uk"
    least_ring_s = 18
    nuisance = { limit = 0.01, window = "rolling", length_h = 24 }
    caps = { per_day = 2 }
    hours = { workdays = "09:00-20:00", sat = "10:00-18:00", sun = "closed" }
    holidays = { 2026-12-25 = "closed" }

Every mistake is found at once and said with its place and what was expected.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from callengine.core.compliance.presets import PRESETS
from callengine.core.compliance.regime import (
    HOUR_S,
    BadRegime,
    CallingWindow,
    Denominator,
    Hours,
    Regime,
    StartPoint,
    WindowKind,
)

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_GROUPS = {"all": DAYS, "workdays": DAYS[:5], "weekend": DAYS[5:]}

Word = TypeVar("Word", bound=StrEnum)
Reader = Callable[[Any], Any]


def regime_of(data: Mapping[str, Any]) -> Regime:
    """
    Build a regime from parsed TOML.

    Raises:
        BadRegime: with one line for each mistake.
    """
    mistakes: list[str] = []
    base = _base(data, mistakes)
    fields = _read(data, _REGIME, "", mistakes)
    parts: dict[str, Any] = {}
    for part, readers in (("nuisance", _NUISANCE), ("caps", _CAPS)):
        given = data.get(part, {})
        if not isinstance(given, Mapping):
            mistakes.append(f"{part}: a table is expected, not {given!r}")
            continue
        parts[part] = _read(given, readers, f"{part}.", mistakes)
    hours = _hours(data, base.hours, mistakes)
    if mistakes:
        raise BadRegime("\n".join(mistakes))
    return replace(
        base,
        **fields,
        nuisance=replace(base.nuisance, **parts["nuisance"]),
        caps=replace(base.caps, **parts["caps"]),
        hours=hours,
    )


def _base(data: Mapping[str, Any], mistakes: list[str]) -> Regime:
    name = data.get("base", "strict")
    if isinstance(name, str) and name in PRESETS:
        return PRESETS[name]
    mistakes.append(f"base: {name!r} is no preset{_meant(name, PRESETS)}")
    return PRESETS["strict"]


def _read(
    data: Mapping[str, Any],
    readers: Mapping[str, tuple[str, Reader]],
    prefix: str,
    mistakes: list[str],
) -> dict[str, Any]:
    """Read known keys; say which are unknown and which values are wrong."""
    fields: dict[str, Any] = {}
    for key, value in data.items():
        if not prefix and key in _ELSEWHERE:
            continue
        if key not in readers:
            known = [*readers, *(() if prefix else _ELSEWHERE)]
            mistakes.append(f"{prefix}{key}: unknown{_meant(key, known)}")
            continue
        field, reader = readers[key]
        try:
            fields[field] = reader(value)
        except ValueError as error:
            mistakes.append(f"{prefix}{key}: {error}")
    return fields


def _hours(
    data: Mapping[str, Any], base: CallingWindow, mistakes: list[str]
) -> CallingWindow:
    weekdays = list(base.weekdays)
    for key, value in _table(data, "hours", mistakes).items():
        days = _GROUPS.get(key, (key,) if key in DAYS else ())
        if not days:
            meant = _meant(key, [*_GROUPS, *DAYS])
            mistakes.append(f"hours.{key}: no day{meant}")
            continue
        try:
            hours = _span(value)
        except ValueError as error:
            mistakes.append(f"hours.{key}: {error}")
            continue
        for day in days:
            weekdays[DAYS.index(day)] = hours
    holidays = dict(base.holidays)
    for key, value in _table(data, "holidays", mistakes).items():
        try:
            holidays[_day(key)] = _span(value)
        except ValueError as error:
            mistakes.append(f"holidays.{key}: {error}")
    return CallingWindow(weekdays=tuple(weekdays), holidays=holidays)


def _table(data: Mapping[str, Any], key: str, mistakes: list[str]) -> Mapping[str, Any]:
    given = data.get(key, {})
    if isinstance(given, Mapping):
        return given
    mistakes.append(f"{key}: a table is expected, not {given!r}")
    return {}


def _span(value: Any) -> Hours | None:
    """Read `09:00-21:00` or `closed`."""
    if value == "closed":
        return None
    said = f"{value!r} is not like '09:00-21:00' or 'closed'"
    if not isinstance(value, str):
        raise BadRegime(said)
    minutes = []
    for clock in value.split("-"):
        hour, colon, minute = clock.strip().partition(":")
        if not (colon and hour.isdecimal() and minute.isdecimal()):
            raise BadRegime(said)
        if int(minute) > 59 or int(hour) > 24:
            raise BadRegime(f"{clock.strip()} is no time of day")
        minutes.append(int(hour) * 60 + int(minute))
    if len(minutes) != 2:
        raise BadRegime(said)
    return Hours(*minutes)


def _day(key: str) -> str:
    try:
        return date.fromisoformat(key).isoformat()
    except ValueError:
        raise BadRegime("a date like 2026-12-25 is expected") from None


def _meant(word: object, known: Any) -> str:
    close = get_close_matches(str(word), list(known), 1)
    return f", did you mean {close[0]!r}?" if close else f"; known: {', '.join(known)}"


def _number(low: float, high: float, times: float = 1.0) -> Reader:
    def read(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise BadRegime(f"a number is expected, not {value!r}")
        if not low <= value <= high:
            raise BadRegime(f"{value} is not within {low:g}..{high:g}")
        return float(value) * times

    return read


def _whole(low: int, high: int) -> Reader:
    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise BadRegime(f"a whole number is expected, not {value!r}")
        if not low <= value <= high:
            raise BadRegime(f"{value} is not within {low}..{high}")
        return value

    return read


def _word(kind: type[Word]) -> Reader:
    def read(value: Any) -> Word:
        known = [word.value for word in kind]
        if value not in known:
            raise BadRegime(f"{value!r} is unknown{_meant(value, known)}")
        return kind(value)

    return read


def _yes(value: Any) -> bool:
    if not isinstance(value, bool):
        raise BadRegime(f"true or false is expected, not {value!r}")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= 64:
        raise BadRegime(f"a short text is expected, not {value!r}")
    return value


def _zone_name(value: Any) -> str:
    try:
        return ZoneInfo(_text(value)).key
    except (KeyError, OSError, ValueError):
        raise BadRegime(f"{value!r} is no IANA zone such as 'Europe/Kyiv'") from None


_ELSEWHERE = ("base", "nuisance", "caps", "hours", "holidays")

_REGIME: Mapping[str, tuple[str, Reader]] = {
    "name": ("name", _text),
    "least_ring_s": ("least_ring_s", _number(0, 60)),
    "message": ("message", _yes),
    "lock_out_h": ("lock_out_s", _number(0, 8760, HOUR_S)),
    "consent": ("consent", _yes),
    "advertising_by_hand": ("advertising_by_hand", _yes),
    "unknown_zone": ("unknown_zone", _zone_name),
}

_NUISANCE: Mapping[str, tuple[str, Reader]] = {
    "limit": ("limit", _number(0, 0.5)),
    "window": ("window", _word(WindowKind)),
    "length_h": ("length_s", _number(1, 8760, HOUR_S)),
    "denominator": ("denominator", _word(Denominator)),
    "threshold_s": ("threshold_s", _number(0.1, 30)),
    "start": ("start", _word(StartPoint)),
    "surety": ("surety", _number(0.51, 0.9999)),
}

_CAPS: Mapping[str, tuple[str, Reader]] = {
    "per_day": ("per_day", _whole(1, 50)),
    "per_week": ("per_week", _whole(1, 200)),
    "in_all": ("in_all", _whole(1, 500)),
}
