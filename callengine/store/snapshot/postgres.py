"""
PostgreSQL: every table by COPY within one read-only REPEATABLE READ transaction.

No client tools of the server's version are needed where the engine runs. Back it goes
through the migrations: to the schema of the copy, its rows, then to this version's.
"""

import csv
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from callengine.store import migrate
from callengine.store.postgres import postgres_engine
from callengine.store.snapshot.troubles import SnapshotError, explained
from callengine.store.tables import metadata

LOCK_S = 10
"""Longer nobody waits for whoever uses a table."""


async def save(url: str, folder: Path) -> str:
    """Copy every table into a folder; return the schema. Raises `SnapshotError`."""
    with explained():
        async with _transaction(url, reading=True) as connection:
            found = await connection.run_sync(_columns)
            query = text(f"SELECT version_num FROM {migrate.REVISION_TABLE}")
            there = migrate.REVISION_TABLE in found
            schema = await connection.scalar(query) if there else None
            if not schema:
                raise SnapshotError("the database is empty; there is nothing to save")
            driver = await _driver(connection)
            for table, columns in found.items():
                path = folder / f"{table}.csv"
                path.touch(mode=0o600)
                await driver.copy_from_table(
                    table, columns=columns, output=path, format="csv", header=True
                )
            return str(schema)


async def load(url: str, folder: Path, schema: str) -> None:
    """Put a copy in the place of all our tables. Raises `SnapshotError`."""
    ours = {table.name for table in metadata.sorted_tables} | _copied(folder)
    with explained():
        async with _transaction(url) as connection:
            there = set(await connection.run_sync(_columns))
            for table in sorted(ours & there | {migrate.REVISION_TABLE}):
                query = f'DROP TABLE IF EXISTS "{table}" CASCADE'
                await connection.execute(text(query))
            await connection.run_sync(migrate.upgrade_on, schema)
            await _fill(connection, folder)
            await connection.run_sync(migrate.upgrade_on, "head")


@asynccontextmanager
async def _transaction(
    url: str, *, reading: bool = False
) -> AsyncIterator[AsyncConnection]:
    """One transaction that takes as long as it takes."""
    engine = postgres_engine(make_url(url))
    if reading:
        engine = engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SET LOCAL statement_timeout = 0"))
            await connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_S}s'"))
            yield connection
    finally:
        await engine.dispose()


async def _driver(connection: AsyncConnection) -> Any:
    raw = await connection.get_raw_connection()
    return raw.driver_connection


def _copied(folder: Path) -> set[str]:
    return {path.stem for path in folder.glob("*.csv")}


def _columns(connection: Any) -> dict[str, list[str]]:
    """Every table of the database and its columns."""
    found = inspect(connection)
    return {
        table: [column["name"] for column in found.get_columns(table)]
        for table in sorted(found.get_table_names())
    }


async def _fill(connection: AsyncConnection, folder: Path) -> None:
    driver = await _driver(connection)
    for table in await connection.run_sync(_in_order):
        path = folder / f"{table}.csv"
        if table == migrate.REVISION_TABLE or not path.exists():
            continue
        await driver.execute(f'TRUNCATE "{table}" CASCADE')  # what a migration put in
        await driver.copy_to_table(
            table, columns=_header(path), source=path, format="csv", header=True
        )


def _in_order(connection: Any) -> list[str]:
    """Tables such that each comes after those that it refers to."""
    found = MetaData()
    found.reflect(connection)
    return [table.name for table in found.sorted_tables]


def _header(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return next(iter(csv.reader(file)))
