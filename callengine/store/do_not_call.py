"""Numbers that asked a shop not to be called."""

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callengine.core.ids import Instant, ShopId
from callengine.core.numbers import read_number
from callengine.engine.do_not_call import DoNotCallEntry
from callengine.engine.orders import Stage
from callengine.engine.ports import UnknownShop
from callengine.store import tables as t
from callengine.store.database import Database, persistent
from callengine.store.rows import fit, insert_new


class SqlDoNotCall:
    """`DoNotCall` on the database."""

    def __init__(self, db: Database) -> None:
        self._db = db

    @persistent
    async def add(self, shop: ShopId, number: str, at: Instant, note: str = "") -> str:
        """Keep a number; see `DoNotCall`."""
        o = t.orders.c
        async with self._db.write() as connection:
            e164 = read_number(number, await _region(connection, shop))
            entry = {
                "shop": shop,
                "number": e164,
                "added_at": at,
                "note": fit(note, 200),
            }
            await insert_new(connection, t.do_not_call, [entry])
            # What was claimed before is claimed anew, with the number's wish.
            await connection.execute(
                update(t.orders)
                .where(
                    o.shop == shop,
                    o.phone == e164,
                    o.attempt.is_not(None),
                    o.stage != Stage.DIALLING,
                )
                .values(attempt=None, claimed_at=None)
            )
        return e164

    @persistent
    async def remove(self, shop: ShopId, number: str) -> bool:
        """Take a number off; False when it was not listed."""
        d = t.do_not_call.c
        async with self._db.write() as connection:
            e164 = read_number(number, await _region(connection, shop))
            gone = await connection.execute(
                delete(t.do_not_call).where(d.shop == shop, d.number == e164)
            )
            return gone.rowcount > 0

    async def listed(self, shop: ShopId) -> tuple[DoNotCallEntry, ...]:
        """Read the list by number."""
        d = t.do_not_call.c
        async with self._db.read() as connection:
            await _region(connection, shop)
            rows = await connection.execute(
                select(t.do_not_call).where(d.shop == shop).order_by(d.number)
            )
            return tuple(
                DoNotCallEntry(number=row.number, added_at=row.added_at, note=row.note)
                for row in rows
            )


async def _region(connection: AsyncConnection, shop: str) -> str:
    found = await connection.execute(
        select(t.shops.c.region).where(t.shops.c.shop == shop)
    )
    region = found.scalar_one_or_none()
    if region is None:
        raise UnknownShop(f"there is no shop {shop!r}")
    return str(region)
