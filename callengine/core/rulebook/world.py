"""What a rule file may refer to, and patterns that match it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from callengine.core.rulebook.errors import did_you_mean
from callengine.core.rulebook.fields import Fields
from callengine.core.rulebook.positions import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """
    What there is; None where anything goes.

    Attributes:
        skills: names of skills, from the roster and the products.
        values: per condition (`shop`, `language`, ...) the values there are.
    """

    skills: frozenset[str] | None = None
    values: Mapping[str, frozenset[str]] | None = None

    def there(self, kind: str) -> frozenset[str] | None:
        """Return the values of a condition."""
        return None if self.values is None else self.values.get(kind)


ANYTHING = World()


@dataclass(frozen=True, slots=True)
class Condition:
    """
    A list of patterns in a file.

    Attributes:
        key: where they are written.
        kind: what they match, such as `shop`.
        there: the values there are.
    """

    key: str
    kind: str
    there: frozenset[str] | None = None


def name_of(fields: Fields, table: dict[str, Any], path: Path) -> str:
    """Read the name of a promo or a rule."""
    name = fields.text(table, "name", path)
    if "name" not in table:
        fields.wrong_key('"name" is missing', path)
    elif not name.strip() and isinstance(table["name"], str):
        fields.wrong("a name has letters", (*path, "name"))
    return name


def patterns_of(
    fields: Fields, table: dict[str, Any], path: Path, condition: Condition
) -> tuple[str, ...]:
    """Read patterns, and see that each can match something there is."""
    key, there = condition.key, condition.there
    patterns = fields.texts(table, key, path)
    for place, pattern in enumerate(patterns):
        where: Path = (*path, key)
        if isinstance(table[key], list):
            where = (*where, place)
        if not pattern.strip() or len(pattern) > 100:
            fields.wrong(f'"{pattern[:20]}" matches nothing', where)
        elif there is not None and not any(
            fnmatchcase(value.lower(), pattern.lower()) for value in there
        ):
            hint = did_you_mean(pattern, there)
            fields.wrong(f'there is no {condition.kind} "{pattern}"', where, hint)
    if table.get(key) == []:
        fields.wrong(f'"{key}" is an empty list', (*path, key))
    return tuple(_tidy(pattern, condition.kind) for pattern in patterns)


def _tidy(pattern: str, kind: str) -> str:
    """Bring a pattern into the form that facts have: lower case, numbers bare."""
    if kind == "dialled":
        return re.sub(r"[\s()-]", "", pattern)
    return pattern.lower()
