"""
Logs: constant messages plus fields, to standard error.

Lines for people, coloured, on a terminal; one JSON object per line otherwise. Personal
data sits under keys that begin with `pii_` and is hidden unless `log.pii = "show"`.
No secret and no line of somebody else's gets through: `log_safety`.
"""

import logging
import os
import sys
from typing import TextIO

import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, Processor, WrappedLogger

from callengine.boot.log_safety import (
    HIDDEN,
    LogHandler,
    dump_json,
    safe_values,
    single_lines,
    write_trace,
)

PII_PREFIX = "pii_"
QUIET = {
    "aiohttp.access": logging.WARNING,
    "aiosqlite": logging.WARNING,
    "alembic": logging.WARNING,
    "asyncio": logging.WARNING,
    "panoramisk": logging.WARNING,
}
"""Libraries whose chatter below this level says nothing to an admin."""


def configure_logs(
    *,
    json_lines: bool | None = None,
    level: str = "info",
    show_pii: bool = False,
    stream: TextIO | None = None,
) -> None:
    """
    Set up structlog and the standard library's logging, once per process.

    Args:
        json_lines: None means: people on a terminal, JSON otherwise.
        level: debug, info, warning or error.
        show_pii: Keep the values of `pii_` fields.
        stream: Default standard error.
    """
    stream = stream or sys.stderr
    if json_lines is None:
        json_lines = not stream.isatty()
    shared = _shared_processors(show_pii)
    handler = LogHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_renderers(json_lines, colours=wants_colour(stream)),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name, floor in QUIET.items():
        logging.getLogger(name).setLevel(max(floor, root.level))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def wants_colour(stream: TextIO) -> bool:
    """Whether to colour: a terminal, and the person did not say NO_COLOR."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


def hide_pii(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Replace the value of every `pii_` field, keeping that there was one."""
    for key, value in event.items():
        if key.startswith(PII_PREFIX) and value is not None:
            event[key] = HIDDEN
    return event


def _shared_processors(show_pii: bool) -> list[Processor]:
    processors: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    return processors if show_pii else [*processors, hide_pii]


def _renderers(json_lines: bool, *, colours: bool) -> list[Processor]:
    if json_lines:
        # Without the local variables of each frame: passwords are among them.
        trace = ExceptionDictTransformer(show_locals=False, use_rich=False)
        return [
            structlog.processors.ExceptionRenderer(trace),
            safe_values,
            structlog.processors.EventRenamer("message"),
            structlog.processors.JSONRenderer(serializer=dump_json),
        ]
    return [
        safe_values,
        single_lines,
        structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=write_trace),
    ]
