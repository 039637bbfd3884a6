"""An engine on real Asterisk, with phones of bare UDP that can be made to misbehave."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import pytest

from callengine.asterisk.pbx import Pbx
from callengine.asterisk.provision import Provision
from callengine.core.call import Call
from callengine.core.ids import AgentId
from callengine.core.rules import PacingRules, Rules
from callengine.engine.inbox import Inbox
from callengine.engine.ports import NewItem, NewOrder
from callengine.engine.service import Engine, EngineConfig, Ports
from callengine.testing.books import MemoryBooks
from callengine.testing.crm import MemoryCrm, MemoryIntake
from callengine.testing.desktops import MemoryDesktops
from callengine.testing.directory import MemoryDirectory
from callengine.testing.journal import MemoryJournal, MemoryRedis
from callengine.testing.ledger import MemoryArchive, MemoryLedger
from callengine.testing.order_book import MemoryOrderBook
from tests.contracts.telephony_contract import DIALLED
from tests.integration.ari.conftest import account, clear, telephony_on
from tests.support.pool_kit import REGIMES, make_agent, make_shop
from tests.support.ports import free_port
from tests.support.servers import run_pbx
from tests.support.sip_phone import SipPhone
from tests.support.waiting import until

AGENTS = ("anna", "boris")
PHONES = {name: free_port(udp=True) for name in AGENTS}
CUSTOMERS = free_port(udp=True, host="127.0.0.2")
LOST_AFTER_S = 6
RULES = Rules(ring_s=3.0, wrap_up_s=30.0, srtp=False, pacing=PacingRules(keep_free=0))
SHOP = replace(make_shop(numbers=(DIALLED,), caller_id=DIALLED), music="default")


@pytest.fixture(scope="module")
def phones_pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pbx]:
    """An Asterisk that gives silent phones up soon; agents' phones are fixed."""
    contacts = {name: f"sip:{name}@127.0.0.1:{port}" for name, port in PHONES.items()}
    accounts = tuple(account(name) for name in (*AGENTS, "carl"))
    what = Provision(shops=(SHOP,), accounts=accounts, contacts=contacts)
    with run_pbx(
        lost_after_s=LOST_AFTER_S, trunk_contact=f"sip:127.0.0.2:{CUSTOMERS}"
    ) as pbx:
        asyncio.run(pbx.provision(what))
        yield pbx


@dataclass
class Centre:
    """The engine, and everybody's phone."""

    engine: Engine
    books: MemoryBooks
    desktops: MemoryDesktops
    pbx: Pbx
    phones: dict[str, SipPhone]
    carrier: SipPhone
    numbers: Any = field(default_factory=lambda: count(1))

    async def ready(self, *agents: str) -> None:
        """Agents press Ready, one after the other."""
        for name in agents:
            await self.engine.become_ready(AgentId(name))
            await self.sees(name, state="ready")

    async def sees(self, agent: str, *, within_s: float = 5.0, **wanted: str) -> None:
        """Wait until an agent's page would say so."""

        def holds() -> bool:
            view = self.engine.agent_view(AgentId(agent))
            return all(getattr(view, key) == value for key, value in wanted.items())

        try:
            await until(holds, within_s=within_s)
        except TimeoutError:
            view = self.engine.agent_view(AgentId(agent))
            raise AssertionError(f"{view}, not {wanted}") from None

    async def calls_in(self) -> Call:
        """A caller comes in from the carrier."""
        before = set(self.engine.pool.calls)
        config = self.pbx.config
        self.carrier.call((config.sip_host, config.sip_port), DIALLED)
        await until(lambda: bool(set(self.engine.pool.calls) - before), within_s=5)
        (call,) = set(self.engine.pool.calls) - before
        return self.engine.pool.calls[call]

    async def takes_order(self, phone: str = "+79161234567") -> Call:
        """An order comes in and its customer is dialled."""
        before = set(self.engine.pool.calls)
        item = NewItem(sku="s", name="K", category="k", quantity=1, price_minor=100)
        number = f"T-{next(self.numbers)}"
        order = NewOrder(number=number, phone=phone, items=(item,), name="Ivan")
        now = asyncio.get_running_loop().time()
        await MemoryIntake(self.books).take(SHOP.shop, order, now)
        self.engine.poke()
        await until(lambda: bool(set(self.engine.pool.calls) - before), within_s=10)
        (call,) = set(self.engine.pool.calls) - before
        return self.engine.pool.calls[call]

    async def talks(self, call: Call, *, within_s: float = 5.0) -> None:
        """Wait until a call is a conversation."""
        await until(lambda: call.state == "talking", within_s=within_s)

    def noted(self, call: Call) -> list[str]:
        """Names of a call's events."""
        return [name for _, name, _ in call.events]


@asynccontextmanager
async def centre_on(pbx: Pbx, rules: Rules = RULES) -> AsyncIterator[Centre]:
    """Run an engine on an Asterisk; afterwards nothing of it lives there."""
    agents = [make_agent(name) for name in (*AGENTS, "carl")]
    books = MemoryBooks.of([SHOP], agents, regimes=REGIMES)
    desktops, inbox, ids = MemoryDesktops(), Inbox(), count(time.time_ns())
    carrier = SipPhone(host="127.0.0.2", port=CUSTOMERS)
    phones = {name: SipPhone(port=port) for name, port in PHONES.items()}
    async with carrier, phones["anna"], phones["boris"]:
        async with telephony_on(pbx, inbox.post) as telephony:  # type: ignore[arg-type]
            engine = Engine(
                Ports(
                    telephony=telephony,
                    directory=MemoryDirectory(books),
                    crm=MemoryCrm(books),
                    order_book=MemoryOrderBook(books),
                    ledger=MemoryLedger(books),
                    archive=MemoryArchive(books),
                    journal=MemoryJournal(
                        MemoryRedis(), asyncio.get_running_loop().time
                    ),
                    desktops=desktops,
                ),
                EngineConfig(node="n1", rules=rules, identify_s=0.3),
                inbox=inbox,
                clock=asyncio.get_running_loop().time,
                new_id=lambda: f"call{next(ids)}",
            )
            await engine.start()
            running = asyncio.create_task(engine.run())
            try:
                yield Centre(engine, books, desktops, pbx, phones, carrier)
            finally:
                running.cancel()
                with suppress(asyncio.CancelledError):
                    await running
        await clear(pbx)


@pytest.fixture
async def centre(phones_pbx: Pbx) -> AsyncIterator[Centre]:
    """A centre with two agents at misbehaving phones, and a third without one."""
    async with centre_on(phones_pbx) as running:
        yield running
