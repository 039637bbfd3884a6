"""What pydantic and tomllib find, in the words of the file."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from callengine.core.rulebook.errors import Mistake, did_you_mean
from callengine.core.rulebook.positions import Path as Place
from callengine.core.rulebook.positions import Positions
from sim.centre.model import Centre

_AT = re.compile(r" \(at line (\d+), column (\d+)\)")
_NAMED = {"shops": "shop", "teams": "team", "trunks": "trunk"}
_EXPECTED: Mapping[str, str] = {
    "int": "a whole number",
    "float": "a number",
    "string": "a text",
    "dict": "a table",
    "model": "a table",
    "tuple": "a list",
    "date": "a date such as 2026-03-02",
    "bool": "true or false",
}


def toml_mistake(error: Exception, text: str) -> Mistake:
    """Say where the text stops being TOML."""
    if isinstance(error, RecursionError):
        return Mistake(message="tables or lists nested too deep", line=1, column=1)
    at = _AT.search(str(error))
    line, column = (int(at[1]), int(at[2])) if at else (1, 1)
    if "at end of document" in str(error):
        line = max(1, len(text.splitlines()))
    said = _AT.sub("", str(error)).replace("(at end of document)", "at the end")
    return Mistake(message=f"this is no TOML: {said}", line=line, column=column)


def explained(
    detail: ErrorDetails, data: Any, where: list[Place], places: Positions
) -> tuple[Place, str, str]:
    """
    Say where, what and what instead.

    Args:
        data: what was validated, days and variants laid over the file.
        where: tables whose keys go before the file's own, e.g. ("days", "promo").
    """
    path = tuple(part for part in detail["loc"] if part != "[key]")
    kind = detail["type"]
    message, hint = _words(detail, path, data)
    name = ".".join(str(p + 1) if isinstance(p, int) else p for p in path)
    if kind == "missing":
        parent = path[:-1]
        owner = _stranger(parent, where, places)
        if owner:
            return owner
        return place_of(parent, where, places), f"{name}: {message}", hint
    return (
        place_of(path, where, places),
        f"{name}: {message}" if name else message,
        hint,
    )


def _words(detail: ErrorDetails, path: Place, data: Any) -> tuple[str, str]:
    kind, given = detail["type"], detail["input"]
    bounds = detail.get("ctx", {})
    shown = _shown(given)
    if kind == "extra_forbidden":
        model = model_at(path[:-1])
        known = model.model_fields if model else ()
        return "there is no such key", did_you_mean(str(path[-1]), known)
    if kind == "missing":
        return "this key is missing", _purpose(path)
    if kind == "greater_than_equal":
        return f"{shown} is too little; at least {bounds['ge']:g}", ""
    if kind == "greater_than":
        return f"{shown} is too little; above {bounds['gt']:g}", ""
    if kind == "less_than_equal":
        return f"{shown} is too much; at most {bounds['le']:g}", ""
    if kind in ("literal_error", "enum"):
        words = re.findall(r"'([^']+)'", str(bounds["expected"]))
        return f"{shown} is not known", did_you_mean(str(given), words)
    if kind in ("too_short", "too_long"):
        few = kind == "too_short"
        return ("none is given; at least one" if few else "there are too many"), ""
    if kind == "value_error":
        return detail["msg"].removeprefix("Value error, "), ""
    if kind == "finite_number":
        return f"{shown} is no number to work with", ""
    if kind == "string_pattern_mismatch":
        return f"{shown} is not like {bounds['pattern']}", ""
    expected = _EXPECTED.get(kind.split("_")[0])
    if expected:
        return f"{expected} is expected, not {shown}", ""
    return f"{detail['msg'][:1].lower()}{detail['msg'][1:]}, not {shown}", ""


def _shown(given: Any) -> str:
    text = "a table" if isinstance(given, dict) else repr(given)
    if isinstance(given, bool):
        text = str(given).lower()
    elif isinstance(given, date):
        text = given.isoformat()
    return text if len(text) <= 60 else f"{text[:57]}..."


def _purpose(path: Place) -> str:
    """Say how a missing key is written."""
    examples = {
        "title": 'title = "A small shop"',
        "date": "write date = 2026-03-02 into the day",
        "shops": 'write [shops.NAME]; a team says which ones: shops = ["NAME"]',
        "teams": "write [teams.NAME] with agents, shops and shift",
        "agents": "agents = 5",
        "shift": 'shift = "09:00-18:00"',
        "at": 'at = "12:00"',
        "minutes": "minutes = 30",
        "times": "times = 2",
        "seconds": "seconds = -30",
    }
    return examples.get(str(path[-1]) if path else "", "")


def _stranger(
    parent: Place, where: list[Place], places: Positions
) -> tuple[Place, str, str] | None:
    """See a day or variant change a team or shop that the file does not have."""
    if len(parent) != 2 or parent[0] not in _NAMED or parent in places.keys:
        return None
    for prefix in where:
        if (*prefix, *parent) in places.keys:
            table = str(parent[0])
            known = [str(p[1]) for p in places.keys if len(p) == 2 and p[0] == table]
            what = _NAMED[table]
            message = f"there is no {what} {parent[1]}"
            return (*prefix, *parent), message, did_you_mean(str(parent[1]), known)
    return None


def place_of(path: Place, where: list[Place], places: Positions) -> Place:
    """
    Find where a key is written: in a variant, in a day, or in the file itself.

    One that is written nowhere is looked for in what it is part of.
    """
    for cut in range(len(path)):
        part = path[: len(path) - cut]
        wholes = [(*prefix, *part) for prefix in (*where, ())]
        for whole in wholes:
            if whole in places.keys:
                return whole
        for whole in wholes:
            # `[shops.a.calls]` makes `shops.a` without writing it.
            for key in places.keys:
                if key[: len(whole)] == whole:
                    return key
    return where[0] if where else ()


def model_at(path: Place) -> type[BaseModel] | None:
    """Find the table that a path leads to."""
    model: type[BaseModel] | None = Centre
    for part in path:
        if model is None:
            return None
        known = model.model_fields.get(str(part))
        # A name or a number within a table of tables leads nowhere else.
        if known is not None:
            model = _model_in(known.annotation)
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in get_args(annotation):
        found = _model_in(inner)
        if found is not None:
            return found
    return None
