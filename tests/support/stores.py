"""Stores of every kind with two shops in them, for the contract tests."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from argon2 import PasswordHasher

from callengine.core.facts import Disposition
from callengine.core.ids import AgentId, CallId, Instant, OrderId, ShopId
from callengine.core.records import AttemptRecord, CallRecord, Outcome
from callengine.core.roster import AgentProfile, Shop
from callengine.engine.deliveries import Answer, Deliveries, Outbox, OutboxMessage
from callengine.engine.do_not_call import DoNotCall
from callengine.engine.order_changes import OrderChanges
from callengine.engine.ports import (
    Archive,
    Crm,
    DeliveryAgreement,
    Directory,
    Ledger,
    NewItem,
    NewOrder,
    OrderBook,
    OrderIntake,
    SavedDisposition,
)
from callengine.store import Database, Store, migrate
from callengine.store import tables as t
from callengine.store.configuration import Plan, apply_plan
from callengine.testing.books import MemoryBooks
from callengine.testing.crm import MemoryCrm, MemoryIntake
from callengine.testing.deliveries import MemoryDeliveries
from callengine.testing.directory import MemoryDirectory
from callengine.testing.do_not_call import MemoryDoNotCall
from callengine.testing.ledger import MemoryArchive, MemoryLedger
from callengine.testing.order_book import MemoryOrderBook
from callengine.testing.order_changes import MemoryOrderChanges

NOON = 1_795_255_200.0
"""2026-11-21 10:00 UTC: 13:00 in Moscow, noon in Kyiv."""
TEPLO, SVITLO = ShopId("teplo"), ShopId("svitlo")
QUICK_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

PLAN = Plan.model_validate(
    {
        "shops": [
            {
                "slug": "teplo",
                "name": "Тепло",
                "language": "ru",
                "region": "RU",
                "currency": "RUB",
                "zone": "Europe/Moscow",
                "numbers": ["84950000101"],
                "greeting": "sound:callengine/greeting-ru",
                "receivers": {
                    "shop_url": "https://shop.example/",
                    "logistics_url": "https://logistics.example/",
                },
            },
            {
                "slug": "svitlo",
                "name": "Світло",
                "language": "uk",
                "region": "UA",
                "currency": "UAH",
                "zone": "Europe/Kyiv",
                "numbers": ["0440000101"],
                "receivers": {
                    "shop_url": "https://shop.example/",
                    "logistics_url": "https://logistics.example/",
                },
            },
        ],
        "agents": [
            {
                "login": "a01",
                "name": "Анна",
                "phone_mode": "auto_answer",
                "phone_model": "yealink",
                "shops": {"teplo": 8},
                "skills": {"lang.ru": 10, "product.phones": 7},
            },
            {
                "login": "a02",
                "name": "Богдан",
                "auto_answer": "both",
                "srtp": False,
                "shops": {"teplo": 5, "svitlo": 6},
                "skills": {"lang.ru": 6, "lang.uk": 9, "lang.en": 3},
            },
        ],
    }
)


@dataclass
class Bench:
    """The ports of one store, and what has been made with them."""

    directory: Directory
    crm: Crm
    intake: OrderIntake
    order_changes: OrderChanges
    order_book: OrderBook
    ledger: Ledger
    archive: Archive
    outbox: Outbox
    deliveries: Deliveries
    do_not_call: DoNotCall
    shops: dict[ShopId, Shop]
    ask_for_attempts: Callable[[], Awaitable[None]]
    """The first shop's own receiver wants to be told of attempts too."""

    async def told(self, at: Instant = NOON) -> list[OutboxMessage]:
        """Take every message that is due, and call it delivered."""
        messages: list[OutboxMessage] = []
        while claimed := await self.outbox.claim(at, 100, lease_s=60):
            for message in claimed:
                await self.outbox.delivered(message.message, Answer(at=at, status=200))
            messages += claimed
        return sorted(messages, key=lambda m: (m.receiver, m.type))

    async def ordered(self, number: str = "T-1", **changes: object) -> OrderId:
        """Take an order; its id."""
        taken = await self.intake.take(TEPLO, order(number, **changes), NOON)
        return taken.order.order.order


def order(number: str = "T-1", **changes: object) -> NewOrder:
    """An order of one phone."""
    values: dict[str, object] = {
        "number": number,
        "phone": "8 (916) 123-45-67",
        "items": (item(),),
        "name": "Ирина",
    }
    return NewOrder(**{**values, **changes})  # type: ignore[arg-type]


def item(category: str = "phones", quantity: int = 1, sku: str = "P-1") -> NewItem:
    """A line of an order."""
    return NewItem(
        sku=sku,
        name=f"Вещь {sku}",
        category=category,
        quantity=quantity,
        price_minor=129900,
    )


def said(
    disposition: Disposition, order_id: OrderId | None, **changes: object
) -> SavedDisposition:
    """A disposition as the agent saves it."""
    values: dict[str, object] = {
        "call": CallId("call-1"),
        "agent": AgentId("a01"),
        "shop": TEPLO,
        "customer": None,
        "order": order_id,
        "disposition": disposition,
        "note": "",
        "delivery": None,
        "at": NOON,
    }
    return SavedDisposition(**{**values, **changes})  # type: ignore[arg-type]


def delivery(**changes: str) -> DeliveryAgreement:
    """A delivery that can be made."""
    values = {
        "method": "courier",
        "address": "Лесная, 7",
        "date": "2026-11-22",
        "time_from": "10:00",
        "time_to": "14:00",
    }
    return DeliveryAgreement(**{**values, **changes})


def attempt_of(lead: object, outcome: Outcome, **changes: object) -> AttemptRecord:
    """The record of a lead's attempt."""
    values: dict[str, object] = {
        "attempt": lead.attempt,  # type: ignore[attr-defined]
        "order": lead.order,  # type: ignore[attr-defined]
        "shop": lead.shop,  # type: ignore[attr-defined]
        "call": CallId("call-1"),
        "number": lead.number,  # type: ignore[attr-defined]
        "tries": lead.tries + 1,  # type: ignore[attr-defined]
        "started_at": NOON + 1,
        "answered_at": None,
        "bridged_at": None,
        "ended_at": NOON + 30,
        "outcome": outcome,
        "cause": 17,
        "sip_code": 486,
        "ring_s": 3.5,
        "agent": None,
        "next_try_at": None,
        "rule": "busy: after 300 s",
    }
    return AttemptRecord(**{**values, **changes})  # type: ignore[arg-type]


def call_record(call: str = "call-1", **changes: object) -> CallRecord:
    """A finished call."""
    values: dict[str, object] = {
        "call": CallId(call),
        "shop": TEPLO,
        "direction": "inbound",
        "number": "+79161234567",
        "dialled_number": "+74950000101",
        "customer": None,
        "order": None,
        "agent": AgentId("a01"),
        "requirement": "lang.ru>=5",
        "enqueued_at": NOON,
        "answered_at": NOON,
        "bridged_at": NOON + 5,
        "ended_at": NOON + 60,
        "ending": "answered",
    }
    return CallRecord(**{**values, **changes})  # type: ignore[arg-type]


# --- making them -----------------------------------------------------------------


def memory_bench() -> Bench:
    """The in-memory store with the plan's shops and agents."""
    shops = [
        Shop(
            shop=ShopId(s.slug),
            name=s.name,
            language=s.language,
            region=s.region,
            currency=s.currency,
            zone=s.zone,
            numbers=tuple(s.numbers),
            queue=s.queue_name,
            greeting=s.greeting,
            music=s.music,
            caller_id=s.caller_id,
            dial_orders=s.dial_orders,
            trunks=tuple(s.trunks),
        )
        for s in PLAN.shops
    ]
    agents = [
        AgentProfile(
            agent=AgentId(a.login),
            login=a.login,
            name=a.name,
            endpoint=f"PJSIP/{a.login}",
            phone_mode=a.phone_mode,
            auto_answer=a.header,
            srtp=a.srtp,
            skills={name: held.level for name, held in a.sheet.items()},
            shops=tuple(ShopId(shop) for shop in sorted(a.shops)),
        )
        for a in PLAN.agents
    ]
    books = MemoryBooks.of(shops, agents)

    async def ask() -> None:
        books.attempts_wanted.add((TEPLO, "shop"))

    return Bench(
        directory=MemoryDirectory(books),
        crm=MemoryCrm(books),
        intake=MemoryIntake(books),
        order_changes=MemoryOrderChanges(books),
        order_book=MemoryOrderBook(books),
        ledger=MemoryLedger(books),
        archive=MemoryArchive(books),
        outbox=books.outbox,
        deliveries=MemoryDeliveries(books.outbox),
        do_not_call=MemoryDoNotCall(books),
        shops=books.shops,
        ask_for_attempts=ask,
    )


def ids() -> Callable[[], str]:
    """Ids that are unique in a test."""
    numbers = count(1)
    return lambda: f"id-{next(numbers):05d}"


async def sql_bench(store: Store) -> Bench:
    """A migrated, empty database with the plan applied."""
    await apply_plan(store.db, PLAN, NOON, hasher=QUICK_HASHER)
    roster = await store.directory.roster()

    async def ask() -> None:
        async with store.db.write() as connection:
            await connection.execute(
                t.shops.update()
                .where(t.shops.c.shop == TEPLO)
                .values(shop_attempts=True)
            )

    return Bench(
        directory=store.directory,
        crm=store.crm,
        intake=store.intake,
        order_changes=store.order_changes,
        order_book=store.order_book,
        ledger=store.ledger,
        archive=store.archive,
        outbox=store.outbox,
        deliveries=store.deliveries,
        do_not_call=store.do_not_call,
        shops={shop.shop: shop for shop in roster.shops},
        ask_for_attempts=ask,
    )


def store_over(db: Database, clock: Callable[[], float] = lambda: NOON) -> Store:
    """The repositories with quick passwords and small ids."""
    return Store.over(db, clock=clock, new_id=ids(), hasher=QUICK_HASHER)


async def _once(url: str, work: Callable[[Database], Awaitable[None]]) -> None:
    db = Database.open(url)
    try:
        await work(db)
    finally:
        await db.close()


def migrated(url: str) -> str:
    """Migrate a database, once; the URL again."""

    def run() -> None:
        asyncio.run(_once(url, migrate.upgrade))

    # Asked for by an async fixture, this runs while a loop of the thread's does.
    with ThreadPoolExecutor(1) as other:
        other.submit(run).result(timeout=60)
    return url


def copy_of(original: Path, folder: Path) -> str:
    """Copy a migrated SQLite file; the URL of the copy."""
    copied = folder / "callengine.db"
    shutil.copyfile(original, copied)
    return f"sqlite+aiosqlite:///{copied}"


async def empty_all_tables(db: Database) -> None:
    """Make a PostgreSQL database as good as new."""
    async with db.write() as connection:
        # Of a few rows each; TRUNCATE would make new files for every index.
        for table in reversed(t.metadata.sorted_tables):
            await connection.execute(table.delete())
