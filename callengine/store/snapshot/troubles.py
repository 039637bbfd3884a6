"""What goes wrong with a copy of the database, in words."""

import sqlite3
from typing import Any

import asyncpg
from sqlalchemy.exc import DBAPIError

EXPECTED = (
    sqlite3.Error,
    DBAPIError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    OSError,
)
"""What drivers raise when a database does not work."""


class SnapshotError(Exception):
    """The database cannot be copied or filled; the text says what to do."""


class explained:  # noqa: N801 - reads as `with explained():`
    """Turn what a driver raises into a `SnapshotError`."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, EXPECTED):
            cause = getattr(error, "orig", None) or error
            raise SnapshotError(f"the database cannot be used: {cause}") from error
