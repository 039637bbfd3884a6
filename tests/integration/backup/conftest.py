"""An admin with a database of either kind, in a folder of their own."""

import asyncio
import itertools
import os
from pathlib import Path

import pytest
from sqlalchemy import MetaData, text

from callengine.boot.cli import main
from callengine.store import Database
from tests.support.commands import Said
from tests.support.servers import PostgresServer, RedisServer
from tests.support.stores import copy_of, migrated, sql_bench, store_over

Rows = dict[str, list[tuple[object, ...]]]
_numbers = itertools.count(1)


class Admin:
    """Commands given in a folder, in this process."""

    def __init__(
        self,
        folder: Path,
        url: str,
        monkeypatch: pytest.MonkeyPatch,
        capfd: pytest.CaptureFixture[str],
    ) -> None:
        self.folder = folder
        self.url = url
        self._monkeypatch = monkeypatch
        self._capfd = capfd

    def does(self, *arguments: str, at: Path | None = None, code: int = 0) -> Said:
        """Run a command in a folder and check its exit code."""
        self._monkeypatch.chdir(at or self.folder)
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        said = Said(int(ended.value.code or 0), *self._capfd.readouterr())
        assert said.code == code, said.err
        return said

    def rows(self, url: str = "") -> Rows:
        """Everything in a database."""
        return asyncio.run(rows_of(url or self.url))


async def rows_of(url: str) -> Rows:
    """Everything in a database."""
    database = Database.open(url)
    try:
        async with database.read() as connection:
            found = MetaData()
            await connection.run_sync(found.reflect)
            rows = {}
            for name in sorted(found.tables):
                result = await connection.execute(text(f'SELECT * FROM "{name}"'))
                rows[name] = sorted((tuple(row) for row in result), key=repr)
            return rows
    finally:
        await database.close()


@pytest.fixture(scope="session")
def sample_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database with two shops in it, to copy."""
    file = tmp_path_factory.mktemp("sample") / "callengine.db"
    filled(f"sqlite+aiosqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def sample_server(postgres_server: PostgresServer) -> str:
    """The name of a PostgreSQL database with the same, to copy."""
    filled(postgres_server.create_database("backup_sample"))
    return "backup_sample"


def filled(url: str) -> None:
    """Migrate a database and apply the sample."""
    migrated(url)

    async def fill() -> None:
        database = Database.open(url)
        await sql_bench(store_over(database))
        await database.close()

    asyncio.run(fill())


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    """Either kind of database."""
    return str(request.param)


@pytest.fixture
def admin(
    kind: str,
    tmp_path: Path,
    redis_server: RedisServer,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Admin:
    """An admin with an instance and the sample shops in its database."""
    for name in list(os.environ):
        if name.startswith("CALLENGINE_"):
            monkeypatch.delenv(name)
    site = tmp_path / "site"
    url = f"sqlite+aiosqlite:///{site}/var/callengine.db"
    if kind == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        template = request.getfixturevalue("sample_server")
        name = f"backup_{next(_numbers)}"
        url = server.create_database(name, template)
    site.mkdir()
    admin = Admin(site, url, monkeypatch, capfd)
    admin.does("init", str(site))
    if kind == "sqlite":
        copy_of(request.getfixturevalue("sample_file"), site / "var")
    settings = site / "callengine.toml"
    text = settings.read_text()
    text = f'redis_url = "{redis_server.database(4)}"\n{text}'
    if kind == "postgresql":
        text = f'database_url = "{url}"\n{text}'
    settings.write_text(text)
    return admin
