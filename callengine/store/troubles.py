"""
What a database's error means for us: again at once, wait, or a mistake of ours.

By SQLSTATE (PostgreSQL, appendix A; the first two characters are its class) and by
result code (SQLite, sqlite.org/rescode.html). What nobody has listed is a mistake of
ours: it is set aside and told, and never tried for ever. See ADR 0013.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.exc import (
    DBAPIError,
    InterfaceError,
    InternalError,
    OperationalError,
    PendingRollbackError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout


class Remedy(StrEnum):
    """What helps."""

    AGAIN = "again"
    """The same transaction, at once: another one was in the way."""
    WAIT = "wait"
    """Try again in a while: somebody or something has to come back first."""
    NONE = "none"
    """Nothing: what we asked for is wrong."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """
    An error, judged.

    Attributes:
        what: for people, to be read after "the database ".
        code: SQLSTATE or SQLite's result code; empty where there is none.
        reconnect: other connections of the pool are no better than this one.
    """

    remedy: Remedy
    what: str
    code: str = ""
    reconnect: bool = False

    def __str__(self) -> str:
        return f"the database {self.what}" + (f" ({self.code})" if self.code else "")


AWAY = "does not work"

SQLSTATES: dict[str, tuple[Remedy, str]] = {
    "40001": (Remedy.AGAIN, "could not serialize"),
    "40P01": (Remedy.AGAIN, "found a deadlock"),
    "40002": (Remedy.NONE, "refuses it by a constraint"),
    "40": (Remedy.WAIT, "rolled back"),
    "08": (Remedy.WAIT, "closed the connection"),
    "25006": (Remedy.WAIT, "is read-only"),
    "25P03": (Remedy.WAIT, "gave up an idle transaction"),
    "25P04": (Remedy.WAIT, "gave up a long transaction"),
    # Plans and snapshots that outlived a migration or a pooler's other server.
    "0A000": (Remedy.AGAIN, "changed under a prepared statement"),
    "26000": (Remedy.AGAIN, "forgot a prepared statement"),
    "72000": (Remedy.AGAIN, "gave up a snapshot"),
    "28": (Remedy.WAIT, "refuses our login"),
    "3D000": (Remedy.WAIT, "is not on its server"),
    "42501": (Remedy.WAIT, "refuses us the right"),
    "53100": (Remedy.WAIT, "has no room on its disk"),
    "53200": (Remedy.WAIT, "has no memory"),
    "53300": (Remedy.WAIT, "has no connection left"),
    "53": (Remedy.WAIT, "is short of something"),
    "55P03": (Remedy.WAIT, "waited too long for a lock"),
    "55": (Remedy.WAIT, "is not in the state for it"),
    "57014": (Remedy.WAIT, "took too long"),
    "57P01": (Remedy.WAIT, "is shutting down"),
    "57P02": (Remedy.WAIT, "crashed and recovers"),
    "57P03": (Remedy.WAIT, "is starting up"),
    "57P04": (Remedy.WAIT, "was dropped"),
    "57": (Remedy.WAIT, "was told to stop"),
    "58": (Remedy.WAIT, "has trouble with its disk"),
    "F0": (Remedy.WAIT, "has trouble with its configuration"),
    "XX": (Remedy.WAIT, "has trouble inside"),
}
"""By state first, then by class. Absent: 21, 22, 23, 42... are mistakes of ours."""

NEW_CONNECTIONS = frozenset({"25006", "57P01", "57P02", "57P03", "26000"})
"""After these every connection of the pool is made anew: perhaps to another server."""

SQLITE_CODES: dict[int, tuple[Remedy, str]] = {
    sqlite3.SQLITE_BUSY_SNAPSHOT: (Remedy.AGAIN, "gave up a snapshot"),
    sqlite3.SQLITE_PROTOCOL: (Remedy.AGAIN, "lost a race for a lock"),
    sqlite3.SQLITE_SCHEMA: (Remedy.AGAIN, "changed under a prepared statement"),
    sqlite3.SQLITE_BUSY: (Remedy.WAIT, "is locked by another process"),
    sqlite3.SQLITE_LOCKED: (Remedy.WAIT, "is locked"),
    sqlite3.SQLITE_READONLY: (Remedy.WAIT, "is read-only"),
    sqlite3.SQLITE_FULL: (Remedy.WAIT, "has no room on its disk"),
    sqlite3.SQLITE_IOERR: (Remedy.WAIT, "has trouble with its disk"),
    sqlite3.SQLITE_CORRUPT: (Remedy.WAIT, "is damaged: restore a backup"),
    sqlite3.SQLITE_NOTADB: (Remedy.WAIT, "is no database: restore a backup"),
    sqlite3.SQLITE_CANTOPEN: (Remedy.WAIT, "cannot be opened"),
    sqlite3.SQLITE_PERM: (Remedy.WAIT, "may not be opened"),
    sqlite3.SQLITE_AUTH: (Remedy.WAIT, "may not be used"),
    sqlite3.SQLITE_NOMEM: (Remedy.WAIT, "has no memory"),
    sqlite3.SQLITE_NOLFS: (Remedy.WAIT, "is too large for its disk"),
    sqlite3.SQLITE_INTERRUPT: (Remedy.WAIT, "was interrupted"),
    sqlite3.SQLITE_ABORT: (Remedy.WAIT, "was interrupted"),
}
"""By extended code first, then by primary code (its lowest byte)."""


def trouble_of(error: BaseException) -> Trouble | None:
    """Judge an error; None when it is not the database's."""
    ours = isinstance(error, SQLAlchemyError | OSError | sqlite3.Error)
    if not ours and getattr(error, "sqlstate", None) is None:
        return None
    for inner in _causes(error):
        state = getattr(inner, "sqlstate", None)
        if isinstance(state, str) and state:
            return _by_state(state, inner)
        code = getattr(inner, "sqlite_errorcode", None)
        if isinstance(code, int):
            return _by_code(code, inner)
    if isinstance(error, TimeoutError):
        return Trouble(Remedy.WAIT, "does not answer")
    if isinstance(error, PoolTimeout):
        return Trouble(Remedy.WAIT, "has no connection free")
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return Trouble(Remedy.WAIT, "closed the connection")
    if isinstance(error, PendingRollbackError):
        return Trouble(Remedy.WAIT, "lost the transaction")
    if isinstance(error, DBAPIError | OSError):
        return _unnumbered(error)
    return None


def conflicts(trouble: Trouble) -> bool:
    """Say whether somebody else wrote the same key first."""
    unique = ("23505", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY")
    return trouble.code in unique


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Give an error and what it wraps: SQLAlchemy's, its adapter's, the driver's."""
    seen: set[int] = set()
    at: BaseException | None = error
    while at is not None and id(at) not in seen:
        seen.add(id(at))
        yield at
        at = getattr(at, "orig", None) or at.__cause__


def _by_state(state: str, error: BaseException) -> Trouble:
    found = SQLSTATES.get(state) or SQLSTATES.get(state[:2])
    # What a value looks like stands in texts of class 22, and in DETAIL lines.
    told = f"refuses it: {_first_line(error)}" if state[:2] != "22" else "refuses it"
    remedy, what = found or (Remedy.NONE, told)
    return Trouble(remedy, what, state, reconnect=state in NEW_CONNECTIONS)


def _by_code(code: int, error: BaseException) -> Trouble:
    found = SQLITE_CODES.get(code) or SQLITE_CODES.get(code & 0xFF)
    remedy, what = found or (Remedy.NONE, f"refuses it: {_first_line(error)}")
    return Trouble(remedy, what, getattr(error, "sqlite_errorname", "") or str(code))


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0][:200]


def _unnumbered(error: DBAPIError | OSError) -> Trouble:
    """Judge what has no code: the driver's own errors and the network's."""
    if isinstance(error, OSError):
        return Trouble(Remedy.WAIT, f"{AWAY}: {error.strerror or error}")
    mistake = any(isinstance(e, ValueError | TypeError) for e in _causes(error))
    if not mistake and isinstance(
        error, InterfaceError | InternalError | OperationalError
    ):
        return Trouble(Remedy.WAIT, f"{AWAY}: {error.orig}")
    return Trouble(Remedy.NONE, "refuses it")
