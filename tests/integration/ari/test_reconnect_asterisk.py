"""Real Asterisk loses us, and we it: what lives on, and who gets to know."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field, replace

import pytest

from callengine.asterisk.ari.client import AriClient
from callengine.asterisk.ari.http import HttpSettings
from callengine.core.facts import (
    CallArrived,
    ChannelAnswered,
    ChannelGone,
    ChannelJoined,
    ChannelRinging,
)
from callengine.core.ids import ChannelId
from callengine.engine.ports import Living, ResourceGone
from tests.contracts.telephony_contract import DIALLED, answered, dial, found, opened
from tests.integration.ari.conftest import AsteriskWorld, telephony_on
from tests.support.facts import FactLog
from tests.support.relay import Relay, relay_to
from tests.support.waiting import until


@dataclass
class Network:
    """A world whose telephony is connected through a relay."""

    world: AsteriskWorld
    relay: Relay
    lists: list[Living] = field(default_factory=list)

    async def mended(self) -> Living:
        """Mend the relay and return what the engine would reconcile with."""
        count = len(self.lists)
        self.relay.mend()
        stream = self.world.telephony.stream
        await until(lambda: stream.up and len(self.lists) > count, within_s=10)
        return self.lists[-1]

    async def cut(self) -> None:
        """Cut the relay and wait until that is noticed."""
        self.relay.cut()
        stream = self.world.telephony.stream
        await until(lambda: not stream.listening, within_s=10)


@pytest.fixture
async def network(world: AsteriskWorld) -> AsyncIterator[Network]:
    config = world.pbx.config
    lists: list[Living] = []
    facts = FactLog(within_s=10.0)
    async with (
        relay_to(config.ari_host, config.ari_port) as relay,
        telephony_on(world.pbx, facts, port=relay.port, lists=lists) as telephony,
    ):
        cut_off = replace(world, telephony=telephony, facts=facts)
        yield Network(cut_off, relay, lists)


async def bridged(world: AsteriskWorld) -> tuple[ChannelId, ChannelId]:
    """A caller in a bridge with somebody whom we called."""
    await world.arrive(DIALLED, "+79161234567")
    call = await world.facts.wait(CallArrived)
    channel = await answered(world)
    bridge = await opened(world)
    await world.telephony.join(bridge, [call.channel, channel])
    await world.facts.wait(ChannelJoined, channel=call.channel)
    await world.facts.wait(ChannelJoined, channel=channel)
    return call.channel, channel


async def test_a_bridged_call_lives_through_a_cut(network: Network) -> None:
    world = network.world
    caller, callee = await bridged(world)
    await network.cut()
    living = await network.mended()
    assert {caller, callee} <= {c.channel for c in living.channels if c.ours}
    assert {caller, callee} in [set(inside) for inside in living.bridges.values()]
    assert not world.facts.all(ChannelGone)
    await world.telephony.hang_up(caller, cause=16)
    await world.telephony.hang_up(callee, cause=16)
    await world.facts.wait(ChannelGone, channel=caller)
    await world.facts.wait(ChannelGone, channel=callee)


async def test_who_hangs_up_during_a_cut_is_told_gone_after_it(
    network: Network,
) -> None:
    world = network.world
    await world.arrive(DIALLED, "+79161234567", stays_s=1.5)
    call = await world.facts.wait(CallArrived)
    await network.cut()
    await until_hung_up(world, call.channel)
    await network.mended()
    await world.facts.wait(ChannelGone, channel=call.channel)


async def test_a_phone_answered_during_a_cut_is_ours_after_it(
    network: Network,
) -> None:
    world = network.world
    channel = await dial(world, world.answering)
    await world.facts.wait(ChannelRinging, channel=channel)
    await network.cut()
    # Asterisk lets nobody into an application that nobody listens to.
    await until_hung_up(world, channel)
    living = await network.mended()
    assert channel not in [c.channel for c in living.channels]
    assert not world.facts.all(ChannelAnswered, channel=channel)
    await world.facts.wait(ChannelGone, channel=channel)


async def test_a_phone_still_ringing_after_a_cut_is_told_as_before(
    network: Network,
) -> None:
    world = network.world
    channel = await dial(world, world.absent)
    await world.facts.wait(ChannelRinging, channel=channel)
    await network.cut()
    living = await network.mended()
    assert found(living, channel).state == "Ringing"
    await world.telephony.hang_up(channel, cause=16)
    await world.facts.wait(ChannelGone, channel=channel)


async def test_a_new_process_takes_over_what_the_dead_one_left(
    network: Network,
) -> None:
    caller, callee = await bridged(network.world)
    ringing = await dial(network.world, network.world.absent)
    await network.world.facts.wait(ChannelRinging, channel=ringing)
    await network.cut()
    facts, lists = FactLog(within_s=10.0), []
    async with telephony_on(network.world.pbx, facts, lists=lists) as successor:
        listed = {c.channel: c for c in lists[0].channels}
        assert listed[caller].arguments[:2] == ("inbound", DIALLED)
        assert listed[callee].arguments == ("outbound", callee)
        assert not listed[ringing].ours
        assert successor.legs == 3
        for channel in (caller, callee, ringing):
            await successor.hang_up(channel, cause=16)
            await facts.wait(ChannelGone, channel=channel)
    assert not facts.all(CallArrived)
    assert not facts.all(ChannelAnswered)


async def test_a_second_socket_with_our_name_fences_us(world: AsteriskWorld) -> None:
    stream = world.telephony.stream
    async with telephony_on(world.pbx, FactLog()) as rival:
        await until(lambda: not stream.up, within_s=10)
        assert rival.stream.up


async def until_hung_up(world: AsteriskWorld, channel: ChannelId) -> None:
    """Wait until Asterisk itself says that a channel is no more."""
    config = world.pbx.config
    client = AriClient(HttpSettings(port=config.ari_port, password=config.ari_password))
    try:
        async with asyncio.timeout(10):
            with suppress(ResourceGone):
                while True:
                    await client.channels.get(channel)
                    await asyncio.sleep(0.05)
    finally:
        await client.close()
