"""The run's database, of either kind, and what the next run may take of it."""

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Protocol

from sim.world.plan import Plan
from sim.world.postgres import OwnPostgres
from sim.world.template import DATA, DATABASE, Template


class RunDatabase(Protocol):
    """Where a run's books are."""

    async def open(self, template: Template | None = None) -> bool:
        """Have it there: True when loaded already, from the template of a run."""
        ...

    async def keep(self, template: Template, *, receiver_port: int) -> None:
        """Make the template from it, once it is loaded."""
        ...

    async def close(self) -> None:
        """End what serves it."""
        ...


class Sqlite:
    """A file in the run's folder."""

    def __init__(self, plan: Plan) -> None:
        self._folder = plan.folder

    async def open(self, template: Template | None = None) -> bool:
        """Copy an earlier run's file, if there is one."""
        if template is None:
            return False
        return await asyncio.to_thread(template.use, self._folder)

    async def keep(self, template: Template, *, receiver_port: int) -> None:
        """Copy the file while nobody writes."""
        await template.keep(self._folder, self._copy, receiver_port=receiver_port)

    async def close(self) -> None:
        """Nothing serves a file."""

    async def _copy(self, draft: Path) -> None:
        await asyncio.to_thread(vacuum_into, self._folder / DATABASE, draft / DATABASE)


class Postgres:
    """A server of the run's own."""

    def __init__(self, plan: Plan) -> None:
        self._folder = plan.folder
        self.server = OwnPostgres(
            port=plan.postgres_port,
            password=plan.postgres_password,
            log=plan.folder / "postgres.log",
        )

    async def open(self, template: Template | None = None) -> bool:
        """Start the server, on a copy of an earlier run's data if there is one."""
        loaded = template is not None and template.use(self._folder)
        data = template.folder / DATA if loaded and template is not None else None
        await self.server.start(data)
        return loaded

    async def keep(self, template: Template, *, receiver_port: int) -> None:
        """Copy the data; the server is down for a moment."""
        await template.keep(
            self._folder,
            lambda draft: self.server.keep(draft / DATA),
            receiver_port=receiver_port,
        )

    async def close(self) -> None:
        """End the server."""
        await self.server.stop()


def database_of(plan: Plan) -> Sqlite | Postgres:
    """Make what the plan says; nothing is started."""
    return Sqlite(plan) if plan.database_kind == "sqlite" else Postgres(plan)


def vacuum_into(source: Path, target: Path) -> None:
    """Copy a SQLite database, with what is still in its write-ahead log."""
    with closing(sqlite3.connect(source)) as connection:
        connection.execute("VACUUM INTO ?", (str(target),))
    os.chmod(target, 0o600)
