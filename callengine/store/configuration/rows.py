"""Writing a row only when it differs."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table, and_, insert, update
from sqlalchemy.ext.asyncio import AsyncConnection


async def put_row(
    connection: AsyncConnection,
    table: Table,
    own: Mapping[str, Any],
    row: Mapping[str, Any],
    kept: Mapping[str, Any] | None,
) -> bool:
    """Insert a row, or update what differs; whether anything did."""
    if kept is None:
        await connection.execute(insert(table).values({**own, **row}))
        return True
    changed = {name: value for name, value in row.items() if kept[name] != value}
    if not changed:
        return False
    here = and_(*(table.c[name] == value for name, value in own.items()))
    await connection.execute(update(table).where(here).values(changed))
    return True
