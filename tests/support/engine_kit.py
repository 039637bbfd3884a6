"""A whole engine in virtual time: every port is its in-memory twin."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from callengine.core.facts import Disposition
from callengine.core.ids import AgentId, CallId, ChannelId
from callengine.core.records import CallRecord
from callengine.core.roster import Shop
from callengine.core.rules import PacingRules, Rules
from callengine.engine.face import DispositionForm
from callengine.engine.inbox import Inbox
from callengine.engine.mishaps import NoKeeper
from callengine.engine.ports import (
    Crm,
    DeliveryAgreement,
    Identification,
    NewItem,
    NewOrder,
)
from callengine.engine.service import Engine, EngineConfig, Ports
from callengine.engine.spool import NoSpool
from callengine.testing.books import MemoryBooks
from callengine.testing.crm import MemoryCrm, MemoryIntake
from callengine.testing.desktops import MemoryDesktops
from callengine.testing.directory import MemoryDirectory
from callengine.testing.journal import MemoryJournal, MemoryRedis
from callengine.testing.ledger import MemoryArchive, MemoryLedger
from callengine.testing.order_book import MemoryOrderBook
from callengine.testing.people import Person
from callengine.testing.telephony import TwinTelephony
from callengine.testing.virtual_time import run_virtual
from tests.support.pool_kit import NUMBER, REGIMES, TEPLO, make_agent, make_shop

EPOCH = 1_800_000_000.0
RULES = Rules(wrap_up_s=20, pacing=PacingRules(keep_free=0))
TALKER = Person(rings_after_s=0.05, answers_after_s=2.0, hangs_up_after_s=None)


@dataclass
class SlowCrm:
    """A customer base that takes its time."""

    inner: Crm
    takes_s: float = 0.0

    async def identify(
        self, shop: Shop, dialled_number: str, caller_number: str | None
    ) -> Identification:
        """Answer after `takes_s`."""
        await asyncio.sleep(self.takes_s)
        return await self.inner.identify(shop, dialled_number, caller_number)


class WatchedTelephony(TwinTelephony):
    """Calls `watch` before anything is asked to ring."""

    watch: Callable[[], None] = staticmethod(lambda: None)

    async def originate(self, *args: Any, **more: Any) -> None:
        """Start ringing, seen by the test."""
        self.watch()
        await super().originate(*args, **more)


@dataclass
class Centre:
    """What outlives an engine: Asterisk, Redis, the database, the desktops."""

    books: MemoryBooks = field(
        default_factory=lambda: MemoryBooks.of(
            [make_shop()], [make_agent("anna"), make_agent("boris")], regimes=REGIMES
        )
    )
    redis: MemoryRedis = field(default_factory=MemoryRedis)
    desktops: MemoryDesktops = field(default_factory=MemoryDesktops)
    rules: Rules = RULES
    takes_s: float = 0.0
    mishaps: Any = field(default_factory=NoKeeper)
    spool: Any = field(default_factory=NoSpool)
    ids: Any = field(default_factory=lambda: count(1))
    running: "asyncio.Task[None] | None" = None

    def __post_init__(self) -> None:
        self.sink: Inbox = Inbox()
        self.telephony = WatchedTelephony(lambda fact: self.sink.post(fact), self.clock)
        self.telephony.default_person = TALKER
        self.crm = SlowCrm(MemoryCrm(self.books), self.takes_s)

    def clock(self) -> float:
        """Virtual Unix time."""
        return EPOCH + asyncio.get_running_loop().time()

    @asynccontextmanager
    async def engine(self) -> AsyncIterator[Engine]:
        """Run an engine; leaving kills it, as `kill -9` does."""
        self.sink = Inbox()
        engine = Engine(
            Ports(
                telephony=self.telephony,
                directory=MemoryDirectory(self.books),
                crm=self.crm,
                order_book=MemoryOrderBook(self.books),
                ledger=MemoryLedger(self.books),
                archive=MemoryArchive(self.books),
                journal=MemoryJournal(self.redis, self.clock),
                desktops=self.desktops,
                mishaps=self.mishaps,
                spool=self.spool,
            ),
            EngineConfig(node="n1", rules=self.rules, identify_s=0.3),
            inbox=self.sink,
            clock=self.clock,
            new_id=lambda: f"call{next(self.ids)}",
        )
        await engine.start()
        await engine.reconcile()
        self.running = running = asyncio.create_task(engine.run())
        try:
            yield engine
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    # --- what happens ---

    async def take_order(
        self, number: str = "T-1", phone: str = "+79161234567"
    ) -> None:
        """An order comes in."""
        item = NewItem(
            sku="s", name="Kettle", category="kitchen", quantity=1, price_minor=100
        )
        order = NewOrder(number=number, phone=phone, items=(item,), name="Ivan")
        await MemoryIntake(self.books).take(TEPLO, order, self.clock())

    def calls_in(self, caller: str = "+79160000001") -> ChannelId:
        """A caller comes in."""
        return self.telephony.arrive(NUMBER, caller)

    # --- what is seen ---

    @property
    def records(self) -> list[CallRecord]:
        """Calls on record."""
        return list(self.books.calls.values())

    def journalled(self, kind: str) -> list[str]:
        """States of what the journal holds of a kind."""
        kept = self.redis.nodes["n1"].states
        return [state["state"] for key, state in kept.items() if key[0] == kind]

    def cards(self, agent: str) -> list[dict[str, Any]]:
        """What an agent's desktop was told of cards."""
        sent = self.desktops.shown[AgentId(agent)]
        return [m for m in sent if m["type"].startswith("card")]


async def confirm(engine: Engine, agent: str) -> None:
    """The agent confirms the order on the card and agrees a delivery."""
    (card,) = engine.cards_of(AgentId(agent))
    tomorrow = (
        (datetime.fromtimestamp(EPOCH, UTC) + timedelta(days=1)).date().isoformat()
    )
    delivery = DeliveryAgreement(
        method="courier", address="Lesnaya 5", date=tomorrow,
        time_from="10:00", time_to="14:00",
    )  # fmt: skip
    form = DispositionForm(
        agent=AgentId(agent),
        call=CallId(card.call),
        disposition=Disposition.CONFIRMED,
        delivery=delivery,
    )
    await engine.save_disposition(form)


def virtually(story: Callable[[], Awaitable[None]]) -> Callable[[], None]:
    """Make a test of a story told in virtual time."""

    def test() -> None:
        async def main() -> None:
            await story()

        run_virtual(main())

    test.__name__ = getattr(story, "__name__", "test")
    test.__doc__ = story.__doc__
    return test
