"""A carrier that says no on real SIP: the same attempt goes on by the next trunk."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest

from callengine.asterisk.pbx import Pbx
from callengine.asterisk.peers import TrunkPeer
from callengine.asterisk.provision import Provision
from callengine.core.ids import AgentId
from callengine.core.rules import PacingRules, Rules
from callengine.core.trunks.formats import NumberFormat, NumberRules
from callengine.core.trunks.trunk import Trunk
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
from tests.support.sip_phone import Answer, Message, SipPhone
from tests.support.waiting import until

AT = {"north": "127.0.0.21", "south": "127.0.0.22"}
PORTS = {name: free_port(udp=True, host=address) for name, address in AT.items()}
ANNA = free_port(udp=True)
NATIONAL = NumberRules(send=NumberFormat.NATIONAL, show=NumberFormat.DIGITS)
CUSTOMER = "+79161234567"
WITHIN_S = 15.0
ORDERS = count(1)


@pytest.fixture(scope="module")
def ours() -> Iterator[Pbx]:
    """Two trunks by address, and one whose name nobody can resolve."""
    peers = [
        TrunkPeer(name=name, host=AT[name], port=PORTS[name], qualify_s=0)
        for name in AT
    ]
    nowhere = TrunkPeer(
        name="nowhere",
        host="nowhere.invalid",
        addresses=("127.0.0.23",),
        qualify_s=0,
    )
    what = Provision(
        shops=(make_shop(),),
        accounts=(account("anna"),),
        contacts={"anna": f"sip:anna@127.0.0.1:{ANNA}"},
    )
    with run_pbx(trunks=(*peers, nowhere)) as pbx:
        asyncio.run(pbx.provision(what))
        yield pbx


@dataclass
class Floor:
    """An engine, an agent, two carriers."""

    engine: Engine
    books: MemoryBooks
    north: SipPhone
    south: SipPhone

    async def orders(self) -> None:
        """An order comes in."""
        item = NewItem(sku="s", name="K", category="k", quantity=1, price_minor=100)
        number = f"T-{next(ORDERS)}"
        order = NewOrder(number=number, phone=CUSTOMER, items=(item,), name="Ivan")
        now = asyncio.get_running_loop().time()
        await MemoryIntake(self.books).take(make_shop().shop, order, now)
        self.engine.poke()

    async def sees(self, within_s: float = WITHIN_S, **wanted: str) -> None:
        """Wait until anna's page would say so."""
        await until(
            lambda: all(
                getattr(self.engine.agent_view(AgentId("anna")), key) == value
                for key, value in wanted.items()
            ),
            within_s=within_s,
        )


def rules(*names: str, regime: str = "aside") -> tuple[Any, Rules]:
    """A shop that names trunks, and the rules that know them."""
    shop = make_shop(numbers=(DIALLED,), caller_id=DIALLED, trunks=names, regime=regime)
    known = {
        "north": Trunk(name="north"),
        "south": Trunk(name="south", numbers=NATIONAL, tech_prefix="77#"),
        "nowhere": Trunk(name="nowhere"),
    }
    pacing = PacingRules(keep_free=0)
    return shop, Rules(wrap_up_s=0, ring_s=5.0, pacing=pacing, trunks=known)


async def floor_on(pbx: Pbx, names: tuple[str, ...], stack: AsyncExitStack) -> Floor:
    """Run an engine whose shop is dialled by these trunks, and ready its agent."""
    shop, own = rules(*names)
    books = MemoryBooks.of([shop], [make_agent("anna")], regimes=REGIMES)
    inbox, ids = Inbox(), count(time.time_ns())
    clock = asyncio.get_running_loop().time
    north, south = (
        SipPhone(host=AT[name], port=PORTS[name]) for name in ("north", "south")
    )
    await stack.enter_async_context(north)
    await stack.enter_async_context(south)
    await stack.enter_async_context(SipPhone(port=ANNA))
    telephony = await stack.enter_async_context(
        telephony_on(pbx, inbox.post)  # type: ignore[arg-type]
    )
    engine = Engine(
        Ports(
            telephony=telephony,
            directory=MemoryDirectory(books),
            crm=MemoryCrm(books),
            order_book=MemoryOrderBook(books),
            ledger=MemoryLedger(books),
            archive=MemoryArchive(books),
            journal=MemoryJournal(MemoryRedis(), clock),
            desktops=MemoryDesktops(),
        ),
        EngineConfig(node="n1", rules=own, identify_s=0.3),
        inbox=inbox,
        clock=clock,
        new_id=lambda: f"call{next(ids)}",
    )
    await engine.start()
    running = asyncio.create_task(engine.run())

    async def stop() -> None:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    stack.push_async_callback(stop)
    floor = Floor(engine, books, north, south)
    await engine.become_ready(AgentId("anna"))
    await floor.sees(state="ready")
    return floor


@pytest.fixture
async def stack(ours: Pbx) -> AsyncIterator[AsyncExitStack]:
    """What ends with the test; afterwards nothing of it lives in Asterisk."""
    async with AsyncExitStack() as entered:
        yield entered
    await clear(ours)


async def one_attempt_is_kept(pbx: Pbx, floor: Floor) -> None:
    """End the talk: however many trunks were tried, it is one attempt."""
    await clear(pbx)
    await until(lambda: bool(floor.books.attempts), within_s=WITHIN_S)
    (attempt,) = floor.books.attempts.values()
    assert (attempt.outcome, attempt.trunk, attempt.tries) == ("bridged", "south", 1)


def stamped(phone: SipPhone) -> list[tuple[float, Message]]:
    """Note when each message comes."""
    seen: list[tuple[float, Message]] = []
    phone.on_message = lambda message: seen.append((time.monotonic(), message))
    return seen


@pytest.mark.parametrize("code", [503, 500, 408, 403, 488])
async def test_the_next_trunk_rings_the_customer_after_the_first_has_said_no(
    ours: Pbx, stack: AsyncExitStack, code: int, record_property: Any
) -> None:
    floor = await floor_on(ours, ("north", "south"), stack)
    floor.north.answers = [Answer(code=code, rings=False)]
    said, rang = stamped(floor.north), stamped(floor.south)
    await floor.orders()
    await floor.sees(state="talking")
    (refused,) = floor.north.requests("INVITE")
    (invite,) = floor.south.requests("INVITE")
    # Order, not time: this machine may be busy. The figure is for the report.
    refused_at = next(at for at, m in said if m.method == "INVITE")
    invited_at = next(at for at, m in rang if m.method == "INVITE")
    assert refused_at < invited_at
    record_property("failover_s", round(invited_at - refused_at, 4))
    print(f"{code}: next INVITE after {1000 * (invited_at - refused_at):.1f} ms")
    # Each carrier is written to in its own way.
    assert refused.start.startswith(f"INVITE sip:{CUSTOMER}@")
    assert invite.start.startswith("INVITE sip:77%2389161234567@")
    assert f"sip:{DIALLED[1:]}@" in invite.get("P-Asserted-Identity")
    (call,) = floor.engine.pool.calls.values()
    assert [leg.trunk for leg in (*call.tries, call.customer)] == ["north", "south"]
    assert [leg.sip_code for leg in call.tries] == [code]
    told = {trunk["trunk"]: trunk for trunk in floor.engine.trunks()}
    assert (told["north"]["failed"], told["south"]["answered"]) == (1, 1)
    assert told["north"]["failures"][0]["code"] == code
    assert (told["north"]["calls"], told["south"]["calls"]) == (0, 1)
    await one_attempt_is_kept(ours, floor)


async def test_a_trunk_that_cannot_be_reached_is_passed_over_in_the_same_attempt(
    ours: Pbx, stack: AsyncExitStack
) -> None:
    floor = await floor_on(ours, ("nowhere", "south"), stack)
    await floor.orders()
    await floor.sees(state="talking")
    assert len(floor.south.requests("INVITE")) == 1
    await one_attempt_is_kept(ours, floor)


async def test_a_carrier_that_does_not_respond_is_followed_by_the_next(
    ours: Pbx, stack: AsyncExitStack
) -> None:
    floor = await floor_on(ours, ("north", "south"), stack)
    floor.north.answers = [Answer(code=0, rings=False)]
    await floor.orders()
    await floor.sees(within_s=60.0, state="talking")
    assert len(floor.south.requests("INVITE")) == 1
    await one_attempt_is_kept(ours, floor)


@pytest.mark.parametrize("code", [486, 603, 404, 480])
async def test_a_customer_who_says_no_is_not_asked_again_by_the_next_trunk(
    ours: Pbx, stack: AsyncExitStack, code: int
) -> None:
    floor = await floor_on(ours, ("north", "south"), stack)
    floor.north.answers = [Answer(code=code, rings=False)]
    await floor.orders()
    await until(
        lambda: any(a.outcome for a in floor.books.attempts.values()), within_s=WITHIN_S
    )
    assert floor.south.requests("INVITE") == []
    assert floor.engine.trunks()[0]["failed"] == 0
