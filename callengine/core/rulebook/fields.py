"""Typed fields of a TOML document; what is wrong is collected, not raised."""

import math
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

from callengine.core.match.requirement import Expr
from callengine.core.rulebook.errors import (
    BadExpression,
    Mistake,
    did_you_mean,
)
from callengine.core.rulebook.grammar import Known, parse
from callengine.core.rulebook.positions import Path, Positions

MAX_TEXT = 200
MAX_ITEMS = 200

_KINDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    list: "a list",
    dict: "a table",
    date: "a date",
}


def kind_of(value: Any) -> str:
    """Name the kind of a TOML value."""
    if isinstance(value, datetime):
        return "a date and time"
    return _KINDS.get(type(value), "a time of day")


class Fields:
    """
    Reads fields and remembers every mistake with its place.

    Args:
        positions: of the text that the document comes from.
    """

    def __init__(self, positions: Positions) -> None:
        self.positions = positions
        self.mistakes: list[Mistake] = []

    def wrong(self, message: str, path: Path, hint: str = "", within: int = 0) -> None:
        """Add a mistake at a value."""
        self._add(message, self.positions.of_value(path, within), hint)

    def wrong_key(self, message: str, path: Path, hint: str = "") -> None:
        """Add a mistake at a key."""
        self._add(message, self.positions.of_key(path), hint)

    def _add(self, message: str, offset: int, hint: str) -> None:
        line, column = self.positions.line_column(offset)
        self.mistakes.append(
            Mistake(message=message, line=line, column=column, hint=hint)
        )

    def table(self, parent: dict[str, Any], key: str, path: Path) -> dict[str, Any]:
        """Return a table, empty when it is not there."""
        value = parent.get(key, {})
        if isinstance(value, dict):
            return value
        self.wrong(f'"{key}" is a table, not {kind_of(value)}', (*path, key))
        return {}

    def tables(self, parent: dict[str, Any], key: str, path: Path) -> list[Any]:
        """Return a list of tables, empty when it is not there."""
        value = parent.get(key, [])
        if isinstance(value, list) and all(isinstance(item, dict) for item in value):
            return value
        hint = f"begin each with [[{key}]]" if not path else ""
        message = f'"{key}" is a list of tables, not {kind_of(value)}'
        self.wrong(message, (*path, key), hint)
        return []

    def only(self, table: dict[str, Any], keys: Iterable[str], path: Path) -> None:
        """Refuse keys that nobody reads."""
        known = list(keys)
        for key in table:
            if key not in known:
                hint = did_you_mean(key, known)
                self.wrong_key(f'nothing is called "{key}" here', (*path, key), hint)

    def text(self, table: dict[str, Any], key: str, path: Path) -> str:
        """Return a text, '' when it is not there."""
        value = table.get(key, "")
        if isinstance(value, str) and len(value) <= MAX_TEXT:
            return value
        if isinstance(value, str):
            message = f'"{key}" has at most {MAX_TEXT} characters, not {len(value)}'
        else:
            message = f'"{key}" is a text, not {kind_of(value)}'
        self.wrong(message, (*path, key))
        return ""

    def texts(self, table: dict[str, Any], key: str, path: Path) -> tuple[str, ...]:
        """Return one text or a list of texts as a tuple."""
        value = table.get(key, [])
        if isinstance(value, str):
            return (value,)
        here = (*path, key)
        if not isinstance(value, list):
            self.wrong(f'"{key}" is a text or a list, not {kind_of(value)}', here)
            return ()
        if len(value) > MAX_ITEMS:
            self.wrong(f'"{key}" has at most {MAX_ITEMS} items', here)
            return ()
        for number, item in enumerate(value):
            if not isinstance(item, str):
                message = f'"{key}" is a list of texts, not of {kind_of(item)}'
                self.wrong(message, (*here, number))
        return tuple(item for item in value if isinstance(item, str))

    def flag(self, table: dict[str, Any], key: str, path: Path) -> bool:
        """Return true or false, false when it is not there."""
        value = table.get(key, False)
        if isinstance(value, bool):
            return value
        message = f'"{key}" is true or false, not {kind_of(value)}'
        self.wrong(message, (*path, key))
        return False

    def number(
        self,
        table: dict[str, Any],
        key: str,
        path: Path,
        *,
        default: float,
        least: float,
        most: float,
        whole: bool = False,
    ) -> float:
        """Return a number within limits."""
        value = table.get(key, default)
        here = (*path, key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.wrong(f'"{key}" is a number, not {kind_of(value)}', here)
            return default
        if whole and not isinstance(value, int):
            self.wrong(f'"{key}" is a whole number, not {value}', here)
            return default
        if not (math.isfinite(value) and least <= value <= most):
            shown = value if abs(value) < 1e15 else f"{value:.0e}"
            message = f'"{key}" is {_plain(least)} to {_plain(most)}, not {shown}'
            self.wrong(message, here)
            return default
        return value

    def instant(self, table: dict[str, Any], key: str, path: Path) -> float | None:
        """Return a date and time with its offset as an instant."""
        value = table.get(key)
        here = (*path, key)
        if value is None:
            self.wrong_key(f'"{key}" is missing', path)
            return None
        if isinstance(value, datetime) and value.tzinfo is not None:
            return value.timestamp()
        hint = "write it with its offset, as in 2026-11-27T00:00:00+03:00"
        what = "has no offset" if isinstance(value, datetime) else "is no instant"
        self.wrong(f'"{key}" {what}', here, hint)
        return None

    def expression(
        self, table: dict[str, Any], key: str, path: Path, known: Known
    ) -> Expr | None:
        """Return an expression, None when it is not there or is none."""
        if key not in table:
            return None
        return self.expression_of(table[key], (*path, key), known)

    def expression_of(self, value: Any, path: Path, known: Known) -> Expr | None:
        """Read one value as an expression."""
        if not isinstance(value, str):
            message = f"an expression is a text, not {kind_of(value)}"
            self.wrong(message, path, 'write it as "lang.ru>=5"')
            return None
        return self.attempt(lambda: parse(value, known), path)

    def attempt(self, read: Callable[[], Expr], path: Path) -> Expr | None:
        """Do a reading; a bad expression becomes a mistake at its character."""
        try:
            return read()
        except BadExpression as error:
            self.wrong(error.message, path, error.hint, error.offset)
            return None


def _plain(number: float) -> str:
    return f"{number:g}" if abs(number) < 1e6 else f"{number:.0f}"
