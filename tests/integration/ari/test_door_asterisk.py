"""The door on real Asterisk: who takes a caller, and who takes them back."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from callengine.asterisk.ari.client import AriClient
from callengine.asterisk.ari.http import HttpSettings
from callengine.asterisk.ari.models import Channel
from callengine.asterisk.ari.telephony import AriTelephony
from callengine.asterisk.pbx import Pbx
from callengine.core.facts import CallArrived, ChannelGone
from callengine.core.ids import ChannelId
from callengine.engine.ports import ResourceGone
from sim.waiting import until as seen
from tests.contracts.telephony_contract import DIALLED
from tests.integration.ari.conftest import AsteriskWorld, telephony_on
from tests.support.facts import FactLog
from tests.support.waiting import until

NUMBER = "+79161234567"
CLAIM_S = 0.7
CHARGE_S = 2.0
BEAT_S = 3.0


class Dialplan:
    """What Asterisk itself says of its channels."""

    def __init__(self, pbx: Pbx) -> None:
        config = pbx.config
        http = HttpSettings(port=config.ari_port, password=config.ari_password)
        self.client = AriClient(http)

    async def caller(self) -> Channel | None:
        """Find the one who called, wherever they are."""
        found = [c for c in await self.client.channels.list() if "trunk" in c.name]
        return found[0] if found else None

    async def until_in(self, application: str, *, within_s: float = 10.0) -> float:
        """Wait until the caller is in a dialplan application; how long it took."""
        began = time.monotonic()
        async with asyncio.timeout(within_s):
            while True:
                caller = await self.caller()
                if caller is not None and caller.app_name == application:
                    return time.monotonic() - began
                await asyncio.sleep(0.02)

    async def beat(self, app: str, value: int | None = None) -> None:
        """Beat by hand, as an engine that has just hung did."""
        now = await self.client.applications.now() if value is None else value
        await self.client.applications.set_global(f"BEAT_{app}", str(now))


@pytest.fixture
async def dialplan(inhabited_pbx: Pbx) -> AsyncIterator[Dialplan]:
    dialplan = Dialplan(inhabited_pbx)
    yield dialplan
    await dialplan.client.close()


@pytest.fixture
async def careless(world: AsteriskWorld) -> AsyncIterator[AsteriskWorld]:
    """A world whose engine claims callers and never takes charge of one."""
    facts = FactLog(within_s=10.0)
    async with telephony_on(world.pbx, facts, takes_charge=False) as telephony:
        yield replace(world, telephony=telephony, facts=facts)


def closed(world: AsteriskWorld) -> AriTelephony:
    """Have an engine that hears everything and claims nobody: it as good as hangs."""
    assert isinstance(world.telephony, AriTelephony)
    world.telephony.door.open = False
    return world.telephony


async def test_a_caller_who_was_taken_charge_of_stays(
    world: AsteriskWorld, dialplan: Dialplan
) -> None:
    await world.arrive(DIALLED, NUMBER)
    arrived = await world.facts.wait(CallArrived)
    assert arrived.dialled_number == DIALLED
    assert arrived.caller_number == NUMBER
    await asyncio.sleep(CHARGE_S + 1.0)
    caller = await dialplan.caller()
    assert caller is not None
    assert caller.app_name == "StasisBroadcast"
    assert not world.facts.all(ChannelGone)


async def test_one_whom_nobody_takes_charge_of_is_taken_back(
    careless: AsteriskWorld, dialplan: Dialplan
) -> None:
    await careless.arrive(DIALLED, NUMBER)
    arrived = await careless.facts.wait(CallArrived)
    await dialplan.until_in("Queue", within_s=CHARGE_S + 5.0)
    # The engine is told, and what it wants of the caller now is refused.
    await careless.facts.wait(ChannelGone, channel=arrived.channel)
    with pytest.raises(ResourceGone):
        await careless.telephony.leave(arrived.channel)


async def test_without_a_heartbeat_a_caller_goes_straight_to_the_queue(
    world: AsteriskWorld, dialplan: Dialplan
) -> None:
    telephony = closed(world)
    app = telephony.stream.app
    await dialplan.beat(app, 0)
    await world.arrive(DIALLED, NUMBER)
    await dialplan.until_in("Queue")
    assert telephony.door.late == 0
    assert not world.facts.all(CallArrived)


async def test_an_engine_that_hangs_with_a_fresh_heartbeat_loses_the_caller_soon(
    world: AsteriskWorld, dialplan: Dialplan
) -> None:
    telephony = closed(world)
    await dialplan.beat(telephony.stream.app)
    await world.arrive(DIALLED, NUMBER)
    await dialplan.until_in("StasisBroadcast")
    waited_s = await dialplan.until_in("Queue")
    assert waited_s < CLAIM_S + 2.0  # 0.7 s, and whatever this machine does else
    caller = await dialplan.caller()
    assert caller is not None
    # It wakes: too late.
    telephony.door.open = True
    telephony.door.on_offered(caller.channel)
    await until(lambda: telephony.door.late == 1, within_s=10)
    assert not world.facts.all(CallArrived)


async def test_one_who_waits_at_the_door_is_nobodys_yet(
    world: AsteriskWorld, dialplan: Dialplan
) -> None:
    telephony = closed(world)
    await dialplan.beat(telephony.stream.app)
    await world.arrive(DIALLED, NUMBER)
    await dialplan.until_in("StasisBroadcast")
    (caller,) = [
        c for c in (await telephony.living()).channels if "trunk" in c.endpoint
    ]
    assert not caller.ours


async def test_one_whom_the_engine_gives_back_reaches_the_queue(
    world: AsteriskWorld, dialplan: Dialplan
) -> None:
    await world.arrive(DIALLED, NUMBER)
    arrived = await world.facts.wait(CallArrived)
    await world.telephony.leave(arrived.channel)
    await dialplan.until_in("Queue")


async def test_one_whom_the_engine_hangs_up_does_not(
    world: AsteriskWorld, dialplan: Dialplan
) -> None:
    await world.arrive(DIALLED, NUMBER)
    arrived = await world.facts.wait(CallArrived)
    await world.telephony.hang_up(arrived.channel, cause=16)
    await world.facts.wait(ChannelGone, channel=arrived.channel)

    async def gone() -> bool:
        caller = await dialplan.caller()
        assert caller is None or caller.app_name != "Queue"
        return caller is None

    assert await seen(gone, every_s=0.02, within_s=10)


async def test_a_claimed_caller_is_found_again_after_a_restart(
    world: AsteriskWorld, dialplan: Dialplan
) -> None:
    await world.arrive(DIALLED, NUMBER)
    arrived = await world.facts.wait(CallArrived)
    living = await world.telephony.living()
    (caller,) = [c for c in living.channels if c.channel == arrived.channel]
    assert caller.ours
    assert caller.arguments[:2] == ("inbound", DIALLED)


async def test_a_dialplan_of_the_admins_own_keeps_its_time_outs(
    world: AsteriskWorld, dialplan: Dialplan
) -> None:
    """Plain `Stasis()`: nothing of ours is written into such a channel."""
    assert isinstance(world.telephony, AriTelephony)
    await world.telephony.take_charge(ChannelId("nobody"))  # no request: no error
