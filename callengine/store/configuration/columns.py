"""`[shops.columns]`: what a shop calls the columns of its files."""

import difflib
from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from callengine.store.files.headings import MEANINGS, plain

MAX_HEADING = 200


def guess(wrong: str, known: Iterable[str]) -> str:
    """Say what was probably meant; '' when nothing is near."""
    near = difflib.get_close_matches(wrong, sorted(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _columns(value: Any) -> Any:
    """Check the headings, and what they are said to mean."""
    if not isinstance(value, dict):
        return value
    seen: dict[str, str] = {}
    for heading, column in value.items():
        if column not in MEANINGS:
            near = guess(str(column), MEANINGS)
            raise ValueError(
                f"{heading!r}: there is no column {column!r}{near}; columns:"
                f" {', '.join(MEANINGS)}"
            )
        same = plain(heading)
        if not same or len(heading) > MAX_HEADING:
            raise ValueError(f"{heading[:40]!r} is no heading")
        if same in seen:
            raise ValueError(f"{seen[same]!r} and {heading!r} are the same heading")
        seen[same] = heading
    return value


Columns = Annotated[dict[str, str], Field(max_length=200), BeforeValidator(_columns)]
