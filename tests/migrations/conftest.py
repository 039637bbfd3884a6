"""An empty database of each kind."""

from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import pytest

from callengine.store import Database
from tests.support.servers import PostgresServer

_names = count(1)


@pytest.fixture(params=["sqlite", "postgresql"])
async def empty(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[Database]:
    """A database without any table."""
    if request.param == "sqlite":
        url = f"sqlite+aiosqlite:///{tmp_path}/callengine.db"
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        url = server.create_database(f"migrations_{next(_names)}")
    database = Database.open(url)
    yield database
    await database.close()
