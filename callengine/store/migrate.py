"""Bringing the database to the schema this version needs, and back."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import structlog
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from callengine.engine.ports import StoreDown
from callengine.shipped import shipped
from callengine.store.database import Database
from callengine.store.tables import metadata

T = TypeVar("T")

log = structlog.get_logger(__name__)

REVISION_TABLE = "alembic_version"
"""Where the database says which schema it has."""

MIGRATION_S = 4 * 3600.0
"""New columns and indexes of large tables take their time."""


class SchemaMismatch(Exception):
    """The database's schema is not this version's; the text says what to run."""


def _config(connection: Any = None) -> Config:
    config = Config()
    folder = str(shipped("migrations")).replace("%", "%%")
    config.set_main_option("script_location", folder)
    config.attributes["connection"] = connection
    return config


def newest() -> str:
    """Name the schema this version of the program needs."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


async def current(db: Database) -> str | None:
    """Name the schema the database has; None when it is empty."""
    return await _run(
        db, lambda c: MigrationContext.configure(c).get_current_revision()
    )


async def upgrade(db: Database, to: str = "head") -> None:
    """Migrate up, in one transaction: all of it or nothing."""
    await _run(db, lambda c: upgrade_on(c, to))


def upgrade_on(connection: Any, to: str = "head") -> None:
    """Migrate up within a transaction that others hold. Raises `SchemaMismatch`."""
    _migrate(command.upgrade, connection, to)


def knows(schema: str) -> bool:
    """Whether this version has, or ever had, that schema."""
    return schema in revisions()


async def downgrade(db: Database, to: str = "base") -> None:
    """Migrate down, in one transaction."""
    await _run(db, lambda c: _migrate(command.downgrade, c, to))


async def differences(db: Database) -> list[Any]:
    """List where the database's schema is not what the tables say."""

    def compare(connection: Any) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))

    return await _run(db, compare)


async def require_current(db: Database, *, patience_s: float = 0.0) -> None:
    """
    Refuse to work on another schema. Raises `SchemaMismatch`, `StoreDown`.

    Args:
        patience_s: how long a database that starts beside us is waited for.
    """
    have, need = await _current_soon(db, patience_s), newest()
    if have == need:
        return
    if have is None:
        raise SchemaMismatch("the database is empty; run `callengine migrate`")
    if knows(have):
        raise SchemaMismatch(
            f"the database has schema {have}, this version needs {need}; run"
            " `callengine migrate`"
        )
    raise SchemaMismatch(
        f"the database has schema {have}, which a newer callengine made; install that"
    )


def revisions() -> set[str]:
    """Name every schema that this version has, or ever had."""
    scripts = ScriptDirectory.from_config(_config()).walk_revisions()
    return {script.revision for script in scripts}


def _migrate(move: Callable[[Config, str], None], connection: Any, to: str) -> None:
    known = revisions()
    if to not in {"head", "base"} and to not in known:
        raise SchemaMismatch(
            f"there is no schema {to!r}; this version knows {', '.join(sorted(known))}"
        )
    try:
        move(_config(connection), to)
    except CommandError as error:
        raise SchemaMismatch(f"{error}") from error


async def _current_soon(db: Database, patience_s: float) -> str | None:
    loop = asyncio.get_running_loop()
    until = loop.time() + patience_s
    while True:
        try:
            return await current(db)
        except StoreDown as error:
            if loop.time() >= until:
                raise
            log.info("waiting for the database", error=str(error))
            await asyncio.sleep(0.5)


async def _run(db: Database, work: Callable[[Any], T]) -> T:
    async with db.write(within_s=MIGRATION_S) as connection:
        return await connection.run_sync(work)
