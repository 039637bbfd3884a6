"""
What must never come out of a log: secrets, and lines that somebody else wrote.

Callers choose their names, their phones' user agents and the texts of orders; whatever
they put there stays inside the value of one field of one line. Secrets are not logged
on purpose anywhere; this is the net under errors of libraries that quote their input.
"""

import json
import re
import sys
import traceback
from collections.abc import Callable
from logging import LogRecord, StreamHandler
from typing import Any, TextIO

from structlog.typing import EventDict, ExcInfo, WrappedLogger

HIDDEN = "***"
INDENT = "    "
"""Lines of a traceback begin with it, so that none looks like a line of the log."""

_SECRET_FIELD = re.compile(
    r"password|passwd|secret|api_?key|(admin|session)_(token|key)|authorization|cookie",
    re.IGNORECASE,
)
_WORDS = r"(?:[a-z_]*(?:password|passwd|secret|api_?key)|admin_token|session_key)"
_SECRETS: tuple[tuple[re.Pattern[str], str], ...] = (
    # postgresql://user:PASSWORD@host, also when the password holds an @
    (re.compile(r"(://[^\s:@/'\"]*):[^\s'\"/]*@"), rf"\1:{HIDDEN}@"),
    (
        re.compile(
            r"((?:proxy-)?authorization|(?:set-)?cookie)(['\"]?\s*[:=]\s*)[^\n]*", re.I
        ),
        rf"\1\2{HIDDEN}",
    ),
    (re.compile(r"\b(bearer|basic|digest)\s+[\w.~+/=-]{6,}", re.I), rf"\1 {HIDDEN}"),
    (re.compile(r"\b(cek|whsec)_[\w+/=-]+"), rf"\1_{HIDDEN}"),
    (re.compile(r"(callengine_session=)[^;\s'\"]+"), rf"\1{HIDDEN}"),
    (
        re.compile(
            rf"({_WORDS}['\"]?\s*[:=]\s*)('[^']*'|\"[^\"]*\"|[^\s,;)}}\]]+)", re.I
        ),
        rf"\1{HIDDEN}",
    ),
    # PostgreSQL tells the row that offends: it is a customer's.
    (re.compile(r"(DETAIL:)[^\n]*"), rf"\1 {HIDDEN}"),
)


def redact(text: str) -> str:
    """Replace what looks like a secret of ours, or a row of the database."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


def one_line(text: str) -> str:
    r"""Write control, bidirectional and line-breaking characters as `\n`, `\u202e`."""
    if text.isprintable():
        return text
    return "".join(map(_visible, text))


def _visible(character: str) -> str:
    if character.isprintable() or character == "\u00a0":
        return character
    return character.encode("unicode_escape").decode()


def safe_values(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Redact every text of an event, however deep; a processor of structlog."""
    for key, value in event.items():
        if isinstance(key, str) and _SECRET_FIELD.search(key) and value is not None:
            event[key] = HIDDEN
        elif not isinstance(value, bool | int | float | None) and key[:1] != "_":
            event[key] = _each_text(value, redact)
    return event


def single_lines(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Keep every text on one line, for lines that people read."""
    for key, value in event.items():
        if key in ("stack", "exception") and isinstance(value, str):
            event[key] = indented(value)
        elif key != "exc_info":
            event[key] = _each_text(value, one_line)
    return event


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    match value:
        case str():
            return change(value)
        case bytes():
            return change(value.decode("utf-8", "backslashreplace"))
        case list() | tuple() | set() | frozenset():
            return [_each_text(item, change) for item in value]
        case dict():
            return {
                _each_text(key, change): HIDDEN
                if isinstance(key, str) and _SECRET_FIELD.search(key)
                else _each_text(item, change)
                for key, item in value.items()
            }
        case BaseException():
            return change(f"{type(value).__name__}: {value}")
        case _:
            return value


def indented(text: str) -> str:
    """Shift every line, and leave no other line break than ours."""
    return "\n".join(INDENT + one_line(line) for line in text.split("\n"))


def write_trace(stream: TextIO, exc_info: ExcInfo) -> None:
    """Write a traceback for people: where and what, never the values of variables."""
    text = "".join(traceback.format_exception(*exc_info)).rstrip("\n")
    stream.write("\n" + indented(redact(text)))


def dump_json(event: Any, **options: Any) -> str:
    """
    Write one line of JSON that every reader takes for one.

    Some readers also end a line at U+0085 or U+2028, and terminals obey others: they
    are escaped, while letters of every language stay readable.
    """
    text = json.dumps(event, ensure_ascii=False, **options)
    return text if text.isprintable() else "".join(map(_json_escaped, text))


def _json_escaped(character: str) -> str:
    if character.isprintable() or character == "\u00a0":
        return character
    return json.dumps(character)[1:-1]


class LogHandler(StreamHandler[TextIO]):
    """Writes lines; a line that cannot be written says so and nothing else."""

    def handleError(self, record: LogRecord) -> None:  # noqa: N802
        """Tell the kind of failure, not the line: it may hold what must be hidden."""
        failure = sys.exc_info()[0]
        kind = failure.__name__ if failure else "failure"
        try:
            sys.__stderr__ and sys.__stderr__.write(f"log line lost: {kind}\n")
        except (OSError, ValueError):
            return
