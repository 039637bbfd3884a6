"""Loading many rows at once, for sample data and moves from other systems."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Table, insert

from callengine.store.database import Database

CHUNK = 2000
LOAD_S = 3600.0


async def insert_rows(
    db: Database, rows: Mapping[Table, Sequence[Mapping[str, Any]]]
) -> int:
    """
    Insert rows of several tables in one transaction, table by table in their order.

    Rows of one table must all have the same columns. Returns how many.
    """
    count = 0
    async with db.write(within_s=LOAD_S) as connection:
        for table, all_of_it in rows.items():
            for chunk in _chunks(all_of_it):
                await connection.execute(insert(table), [dict(row) for row in chunk])
            count += len(all_of_it)
    return count


def _chunks(
    rows: Sequence[Mapping[str, Any]],
) -> Iterator[Sequence[Mapping[str, Any]]]:
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]
