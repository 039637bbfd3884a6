"""
The embedded database: a file in WAL mode.

Readers never wait for the writer, and a look-up during a call never queues behind a
batch of records. Write transactions begin IMMEDIATE, so that two processes (the engine
and `callengine apply`) wait for each other instead of failing half-way.
"""

from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

BUSY_TIMEOUT_MS = 5000
POOL_WAIT_S = 5.0
READERS = 4


def sqlite_writer(url: URL) -> AsyncEngine:
    """Prepare the one connection that writes."""
    engine = create_async_engine(
        url,
        pool_size=1,
        max_overflow=0,
        pool_timeout=POOL_WAIT_S,
        hide_parameters=True,
    )
    _prepare(engine)

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    @event.listens_for(engine.sync_engine.pool, "invalidate")
    def given_up(connection: Any, _record: Any, _error: Any) -> None:
        # A write that is cancelled gives its connection up. Closing it is not enough:
        # SQLite keeps it, and its lock, as long as some cursor is not finished.
        if connection is not None:
            connection.rollback()

    return engine


def sqlite_reader(url: URL) -> AsyncEngine:
    """Prepare readers; every statement reads the newest committed state."""
    engine = create_async_engine(
        url,
        pool_size=READERS,
        max_overflow=0,
        pool_timeout=POOL_WAIT_S,
        isolation_level="AUTOCOMMIT",
        pool_reset_on_return=None,
        hide_parameters=True,
    )
    _prepare(engine)
    return engine


def _prepare(engine: AsyncEngine) -> None:
    file = engine.url.database
    if not file or file == ":memory:":
        raise ValueError("the embedded database needs a file: reader and writer share")
    path = Path(file)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Customers and the secrets of phones are in it: nobody else may look.
    path.touch(mode=0o600)

    @event.listens_for(engine.sync_engine, "connect")
    def connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # no BEGIN behind our back
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode = WAL")
        # A crash of the process loses nothing; only a power cut may lose the last
        # commits. Who cannot have that runs PostgreSQL.
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA temp_store = MEMORY")
        cursor.close()
