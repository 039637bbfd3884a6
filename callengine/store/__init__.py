"""
The database behind the ports: SQLite by default, PostgreSQL in production.

`Store` holds one of each repository over one `Database`; boot builds it once.
"""

from collections.abc import Callable
from dataclasses import dataclass

from argon2 import PasswordHasher

from callengine.core.ids import Instant
from callengine.store.accounts import SqlAgentAccounts, SqlShopKeys
from callengine.store.archive import SqlArchive
from callengine.store.crm import SpokenLanguages, SqlCrm
from callengine.store.database import Database
from callengine.store.deliveries import SqlDeliveries
from callengine.store.directory import SqlDirectory
from callengine.store.do_not_call import SqlDoNotCall
from callengine.store.intake import SqlIntake
from callengine.store.ledger import SqlLedger
from callengine.store.order_book import SqlOrderBook
from callengine.store.order_changes import SqlOrderChanges
from callengine.store.outbox import SqlOutbox

__all__ = ["Database", "Store"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """Every repository of one process."""

    db: Database
    directory: SqlDirectory
    """Also the `PhoneAccounts`."""
    crm: SqlCrm
    order_book: SqlOrderBook
    ledger: SqlLedger
    intake: SqlIntake
    order_changes: SqlOrderChanges
    outbox: SqlOutbox
    deliveries: SqlDeliveries
    accounts: SqlAgentAccounts
    keys: SqlShopKeys
    archive: SqlArchive
    do_not_call: SqlDoNotCall

    @classmethod
    def over(
        cls,
        db: Database,
        *,
        clock: Callable[[], Instant],
        new_id: Callable[[], str],
        hasher: PasswordHasher | None = None,
    ) -> "Store":
        """
        Build the repositories over a database.

        Args:
            clock: Unix time in seconds.
            new_id: mints identities, unique for all time, at most 64 characters.
        """
        languages = SpokenLanguages(db, clock)
        intake = SqlIntake(db, new_id)
        return cls(
            db=db,
            directory=SqlDirectory(db, clock),
            crm=SqlCrm(db, languages),
            order_book=SqlOrderBook(db, languages, new_id),
            ledger=SqlLedger(db, new_id),
            intake=intake,
            order_changes=SqlOrderChanges(db, intake, new_id),
            outbox=SqlOutbox(db),
            deliveries=SqlDeliveries(db, new_id),
            accounts=SqlAgentAccounts(db, clock, hasher),
            keys=SqlShopKeys(db, clock),
            archive=SqlArchive(db),
            do_not_call=SqlDoNotCall(db),
        )

    async def close(self) -> None:
        """Close every connection."""
        await self.db.close()
