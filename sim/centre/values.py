"""Values of scenario files: times of day, shares, rates, each with its bounds."""

import re
from itertools import pairwise
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field

from callengine.core.rulebook.errors import did_you_mean

MINUTES_A_DAY = 24 * 60
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})")


def minute_of(text: str) -> int:
    """Read `HH:MM` as minutes after midnight. Raises `ValueError`."""
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no time of day; write it like '09:30'")
    minute = int(match[1]) * 60 + int(match[2])
    if int(match[2]) > 59 or minute > MINUTES_A_DAY:
        raise ValueError(f"{text!r} is no time of day; a day is 00:00 to 24:00")
    return minute


def span_of(text: str) -> tuple[int, int]:
    """Read `HH:MM-HH:MM` as two minutes of the day. Raises `ValueError`."""
    begin, dash, end = text.partition("-")
    if not dash:
        raise ValueError(f"{text!r} is no span; write it like '09:00-18:00'")
    minutes = minute_of(begin), minute_of(end)
    if minutes[0] >= minutes[1]:
        raise ValueError(f"{text!r} ends before it begins")
    return minutes


def _clock(text: str) -> str:
    minute_of(text)
    return text


def _span(text: str) -> str:
    span_of(text)
    return text


def zone_name(text: str) -> str:
    """Take an IANA time zone. Raises `ValueError`."""
    if text not in available_timezones():
        hint = did_you_mean(text, available_timezones())
        raise ValueError(f"{text!r} is no time zone" + (f"; {hint}" if hint else ""))
    ZoneInfo(text)
    return text


def skill_names(skills: dict[str, int]) -> dict[str, int]:
    """Take skills by name. Raises `ValueError`."""
    for name in skills:
        if not re.fullmatch(r"[a-z0-9]+(?:\.[a-z0-9_-]+)+", name):
            raise ValueError(f"{name!r} is no skill; write it like 'lang.uk'")
    return skills


def no_overlap(rates: dict[str, float]) -> dict[str, float]:
    """Take rates by span. Raises `ValueError`."""
    spans = sorted(span_of(text) for text in rates)
    for before, after in pairwise(spans):
        if after[0] < before[1]:
            raise ValueError("two spans overlap; every minute has one rate")
    return rates


def _shares(shares: dict[str, float]) -> dict[str, float]:
    total = sum(shares.values())
    if total > 1 + 1e-9:
        raise ValueError(f"the shares add up to {total:.2f}; at most 1")
    return shares


def _spare(value: Any) -> Any:
    if isinstance(value, str) and value != "never":
        raise ValueError(f"{value!r} is no number; write one, or 'never'")
    return None if value == "never" else value


Clock = Annotated[str, AfterValidator(_clock)]
Span = Annotated[str, AfterValidator(_span)]
Share = Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)]
Seconds = Annotated[float, Field(strict=True, ge=0, le=86_400, allow_inf_nan=False)]
Length = Annotated[float, Field(strict=True, ge=1, le=14_400, allow_inf_nan=False)]
Rate = Annotated[float, Field(strict=True, ge=0, le=100_000, allow_inf_nan=False)]
Times = Annotated[float, Field(strict=True, ge=0, le=100, allow_inf_nan=False)]
Level = Annotated[int, Field(strict=True, ge=0, le=10)]
Title = Annotated[str, Field(min_length=1, max_length=120)]
Shares = Annotated[dict[str, Share], AfterValidator(_shares)]
Spare = Annotated[
    Annotated[float, Field(strict=True, ge=0, le=100)] | None, BeforeValidator(_spare)
]
