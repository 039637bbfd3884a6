"""A world on real Asterisk: SIPp for people, the engine's telephony in between."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from callengine.asterisk.ari.client import AriClient
from callengine.asterisk.ari.http import HttpSettings
from callengine.asterisk.ari.telephony import AriTelephony
from callengine.asterisk.pbx import Pbx
from callengine.asterisk.provision import Provision
from callengine.core.facts import CallArrived, Fact
from callengine.core.ids import AgentId, ChannelId, ShopId
from callengine.core.roster import Shop
from callengine.engine.ports import Living, PhoneAccount, ResourceGone
from tests.contracts.telephony_contract import DIALLED
from tests.integration.ari.people import caller, customers
from tests.support.facts import FactLog
from tests.support.ports import free_port
from tests.support.waiting import until

SHOP = Shop(
    shop=ShopId("teplo"),
    name="Teplo",
    language="ru",
    region="RU",
    currency="RUB",
    zone="Europe/Moscow",
    numbers=(DIALLED,),
    queue="teplo",
    greeting="",
)
PHONE_PORT = free_port(udp=True)


def account(login: str) -> PhoneAccount:
    """Make an agent's account."""
    return PhoneAccount(
        agent=AgentId(login),
        login=login,
        name=login.title(),
        sip_password="password-of-a-test",
        phone_mode="ring",
        shops=(ShopId("teplo"),),
    )


@dataclass
class AsteriskWorld:
    """People on SIPp around the Asterisk of the test run."""

    telephony: AriTelephony
    facts: FactLog
    pbx: Pbx
    folder: Path
    people: ExitStack
    bridge_prefix: str
    answering: str = "PJSIP/+79160000000@trunk"
    busy: str = "PJSIP/+79160000005@trunk"
    absent: str = "PJSIP/+79160000006@trunk"
    unreachable: str = "PJSIP/dmitri"

    async def arrive(
        self, dialled: str, number: str, *, stays_s: float | None = None
    ) -> None:
        """Let a caller dial in."""
        one = caller(
            self.pbx, self.folder, dialled=dialled, number=number, stays_s=stays_s
        )
        # It sleeps while SIPp starts, and the event loop has a socket to read.
        await asyncio.to_thread(self.people.enter_context, one)


@pytest.fixture(scope="session")
def inhabited_pbx(pbx: Pbx, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pbx]:
    """An Asterisk with a shop, two phones of which one is there, and customers."""
    provision = Provision(
        shops=(SHOP,),
        accounts=(account("dmitri"), account("elena")),
        contacts={"elena": f"sip:elena@127.0.0.1:{PHONE_PORT}"},
    )
    asyncio.run(pbx.provision(provision))
    with customers(pbx, tmp_path_factory.mktemp("sipp")):
        yield pbx


@asynccontextmanager
async def telephony_on(
    pbx: Pbx,
    facts: FactLog,
    *,
    port: int = 0,
    lists: list[Living] | None = None,
    takes_charge: bool = True,
) -> AsyncIterator[AriTelephony]:
    """
    A connected telephony, as the engine has it.

    Args:
        port: a relay's, when not Asterisk's own.
        lists: gets what lived at each (re)connect.
        takes_charge: of every caller at once, as the engine's performer does.
    """
    config = pbx.config
    http = HttpSettings(port=port or config.ari_port, password=config.ari_password)
    client = AriClient(http)

    charges: set[asyncio.Task[None]] = set()

    def sink(fact: Fact) -> None:
        facts(fact)
        if takes_charge and isinstance(fact, CallArrived):
            charges.add(asyncio.create_task(charge(fact.channel)))

    async def charge(channel: ChannelId) -> None:
        with suppress(ResourceGone):
            await telephony.take_charge(channel)

    async def on_connected() -> None:
        living = await telephony.living()
        if lists is not None:
            lists.append(living)

    telephony = AriTelephony(
        client,
        config.app_name,
        sink=sink,
        clock=asyncio.get_running_loop().time,
        rng=Random(1),
        on_connected=on_connected,
    )
    running = asyncio.create_task(telephony.run())
    try:
        await until(lambda: telephony.stream.up, within_s=10)
        await until(lambda: telephony.door.beats > 0, within_s=10)
        yield telephony
    finally:
        running.cancel()
        await asyncio.wait({running})
        await client.close()


@pytest.fixture
async def world(inhabited_pbx: Pbx, tmp_path: Path) -> AsyncIterator[AsteriskWorld]:
    """A connected telephony; afterwards nothing of it lives in Asterisk."""
    facts = FactLog(within_s=10.0)
    with ExitStack() as people:
        async with telephony_on(inhabited_pbx, facts) as telephony:
            yield AsteriskWorld(
                telephony=telephony,
                facts=facts,
                pbx=inhabited_pbx,
                folder=tmp_path,
                people=people,
                bridge_prefix=f"{inhabited_pbx.config.app_name}-",
            )
        await clear(inhabited_pbx)


async def clear(pbx: Pbx) -> None:
    """Hang everybody up and destroy every bridge."""
    config = pbx.config
    client = AriClient(HttpSettings(port=config.ari_port, password=config.ari_password))
    for channel in await client.channels.list():
        with suppress(ResourceGone):
            await client.channels.hang_up(channel.channel, cause=16)
    for bridge in await client.bridges.list():
        with suppress(ResourceGone):
            await client.bridges.close(bridge.bridge)
    await client.close()
