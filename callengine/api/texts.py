"""Text fields of every model: bounded, trimmed, free of control characters."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

_ALLOWED_CONTROLS = frozenset("\n\t\r")


def without_controls(text: str) -> str:
    """Refuse control characters; PostgreSQL and logs choke on some of them."""
    if any(c < " " and c not in _ALLOWED_CONTROLS for c in text) or "\x7f" in text:
        raise ValueError("Control characters are not allowed.")
    return text


def _text(longest: int, shortest: int = 0) -> StringConstraints:
    return StringConstraints(
        strip_whitespace=True, min_length=shortest, max_length=longest
    )


_Clean = AfterValidator(without_controls)

Name = Annotated[str, _text(100, 1), _Clean]
"""A number, id or code that must be there."""
Word = Annotated[str, _text(64), _Clean]
Code = Annotated[str, _text(100), _Clean]
Line = Annotated[str, _text(200), _Clean]
Address = Annotated[str, _text(500), _Clean]
Note = Annotated[str, _text(2000), _Clean]
Secret = Annotated[str, StringConstraints(min_length=1, max_length=256)]
"""A password: kept as typed."""


class Strict(BaseModel):
    """A body from outside: an unknown field is a typing error worth telling."""

    model_config = ConfigDict(extra="forbid", frozen=True)
