"""Databases for the contract tests: one of each kind is migrated per run."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from callengine.store import Database, Store
from tests.support.servers import PostgresServer
from tests.support.stores import (
    Bench,
    copy_of,
    empty_all_tables,
    memory_bench,
    migrated,
    sql_bench,
    store_over,
)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite database to copy."""
    file = tmp_path_factory.mktemp("migrated") / "callengine.db"
    migrated(f"sqlite+aiosqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def migrated_url(postgres_server: PostgresServer) -> str:
    """A migrated PostgreSQL database that tests empty before use."""
    return migrated(postgres_server.create_database("contracts"))


@pytest.fixture(params=["sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """A migrated database without any row."""
    if request.param == "sqlite":
        db = Database.open(copy_of(request.getfixturevalue("migrated_file"), tmp_path))
    else:
        db = Database.open(request.getfixturevalue("migrated_url"))
        await empty_all_tables(db)
    yield store_over(db)
    await db.close()


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bench]:
    """Every kind of store, with two shops and two agents."""
    if request.param == "memory":
        yield memory_bench()
        return
    if request.param == "sqlite":
        db = Database.open(copy_of(request.getfixturevalue("migrated_file"), tmp_path))
    else:
        db = Database.open(request.getfixturevalue("migrated_url"))
        await empty_all_tables(db)
    yield await sql_bench(store_over(db))
    await db.close()
