"""
The database: one writer and several readers on SQLite, one pool on PostgreSQL.

Every use has an end: a lock, a statement, a transaction and the wait for a connection
have their time, whatever the server does. What an error means stands in `troubles`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import wraps
from random import SystemRandom
from typing import Any, ParamSpec, TypeVar

from sqlalchemy import CompoundSelect
from sqlalchemy.engine import URL, Dialect, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.sql.compiler import SQLCompiler

from callengine.engine.ports import StoreBusy, StoreConflict, StoreDown, StoreRefused
from callengine.store.postgres import (
    TRANSACTION_S,
    allow_time,
    postgres_engine,
)
from callengine.store.sqlite import sqlite_reader, sqlite_writer
from callengine.store.troubles import Remedy, conflicts, trouble_of

P = ParamSpec("P")
T = TypeVar("T")

AGAIN_AFTER_S = (0.0, 0.02, 0.1, 0.3)
"""Pauses before a transaction that met another one is tried again."""

_jitter = SystemRandom()


class Database:
    """
    Connections of one process to the database.

    Attributes:
        messages_committed: set whenever outbox messages were committed here.
        orders_committed: set whenever orders became due here.
    """

    def __init__(self, writer: AsyncEngine, reader: AsyncEngine) -> None:
        self._writer = writer
        self._reader = reader
        self.messages_committed = asyncio.Event()
        self.orders_committed = asyncio.Event()

    @classmethod
    def open(cls, url: str | URL) -> "Database":
        """
        Prepare connections to `url`; the first use connects.

        Raises:
            ValueError: neither `sqlite+aiosqlite` nor `postgresql+asyncpg`.
            StoreDown: the embedded database's file cannot be made.
        """
        address = make_url(url)
        match address.drivername:
            case "sqlite+aiosqlite":
                with translated():
                    return cls(sqlite_writer(address), sqlite_reader(address))
            case "postgresql+asyncpg":
                engine = postgres_engine(address)
                return cls(engine, engine)
            case other:
                raise ValueError(
                    f"database_url begins with {other}; use sqlite+aiosqlite:///FILE"
                    " or postgresql+asyncpg://USER@HOST/NAME"
                )

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the embedded database."""
        return self._writer.dialect.name == "sqlite"

    @asynccontextmanager
    async def write(
        self, *, within_s: float = TRANSACTION_S
    ) -> AsyncIterator[AsyncConnection]:
        """
        Run one write transaction.

        Args:
            within_s: for PostgreSQL; SQLite's file is on this machine, and waits for
                its lock have their own end.

        Raises:
            StoreDown: it was not, or perhaps not, committed; try again.
            StoreRefused: it never will be.
        """
        with translated():
            async with asyncio.timeout(None if self.is_sqlite else within_s):
                async with self._writer.begin() as connection:
                    if not self.is_sqlite and within_s > TRANSACTION_S:
                        await allow_time(connection, within_s)
                    yield connection

    @asynccontextmanager
    async def read(
        self, *, within_s: float = TRANSACTION_S
    ) -> AsyncIterator[AsyncConnection]:
        """Lend a connection for reading. Raises as `write` does."""
        with translated():
            async with asyncio.timeout(None if self.is_sqlite else within_s):
                async with self._reader.connect() as connection:
                    if not self.is_sqlite and within_s > TRANSACTION_S:
                        await allow_time(connection, within_s)
                    yield connection

    async def fetch(
        self, prepared: "Prepared", values: Mapping[str, Any]
    ) -> list[tuple[Any, ...]]:
        """
        Read all rows of a statement that runs for every call.

        On SQLite it goes past SQLAlchemy's cursor, which crosses to the driver's
        thread four times per statement: 0.3 ms of CPU instead of 0.9 ms, measured.
        """
        async with self.read() as connection:
            if not self.is_sqlite:
                rows = await connection.execute(prepared.statement, dict(values))
                return [tuple(row) for row in rows]
            raw = await connection.get_raw_connection()
            driver = raw.driver_connection
            assert driver is not None
            sql, arguments = prepared.on(connection.dialect, values)
            return [tuple(row) for row in await driver.execute_fetchall(sql, arguments)]

    async def close(self) -> None:
        """Close every connection."""
        await self._writer.dispose()
        if self._reader is not self._writer:
            await self._reader.dispose()


class Prepared:
    """A statement compiled once for SQLite's positional parameters."""

    def __init__(self, statement: CompoundSelect[Any]) -> None:
        self.statement = statement
        self._sql = ""
        self._names: Sequence[str] = ()
        self._fixed: Mapping[str, Any] = {}

    def on(
        self, dialect: Dialect, values: Mapping[str, Any]
    ) -> tuple[str, tuple[Any, ...]]:
        """Give the text and the parameters in their order."""
        if not self._sql:
            compiled = self.statement.compile(dialect=dialect)
            assert isinstance(compiled, SQLCompiler)
            self._names = compiled.positiontup or ()
            self._fixed = compiled.params
            self._sql = compiled.string
        known = {**self._fixed, **values}
        return self._sql, tuple(known[name] for name in self._names)


class translated:  # noqa: N801 - reads as `with translated():`
    """
    Turn the database's errors into ours, by what helps.

    What it refuses is raised without the driver's own error, whose text may hold rows.
    """

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        trouble = None if error is None else trouble_of(error)
        if trouble is None:
            return
        match trouble.remedy:
            case Remedy.AGAIN:
                raise StoreBusy(str(trouble)) from error
            case Remedy.WAIT:
                raise StoreDown(str(trouble)) from error
            case Remedy.NONE if conflicts(trouble):
                raise StoreConflict(str(trouble)) from None
            case Remedy.NONE:
                raise StoreRefused(str(trouble)) from None


def persistent(
    work: Callable[P, Coroutine[Any, Any, T]],
) -> Callable[P, Coroutine[Any, Any, T]]:
    """
    Run a transaction again when another one was in its way, a few times.

    For functions that hold one whole transaction and nothing else.
    """

    @wraps(work)
    async def run(*args: P.args, **more: P.kwargs) -> T:
        for pause_s in AGAIN_AFTER_S:
            try:
                return await work(*args, **more)
            except StoreBusy:
                # Two that met would meet again if they paused alike.
                await asyncio.sleep(_jitter.uniform(pause_s / 2, pause_s))
        return await work(*args, **more)

    return run
