"""What the telephony makes of an Asterisk that drops, repeats, forgets and lies."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from random import Random

import pytest

from callengine.asterisk.ari.client import AriClient
from callengine.asterisk.ari.http import HttpSettings
from callengine.asterisk.ari.stream import StreamSettings
from callengine.asterisk.ari.telephony import AriTelephony
from callengine.core.facts import (
    CallArrived,
    ChannelAnswered,
    ChannelGone,
    ChannelJoined,
    ChannelRinging,
    PlaybackEnded,
)
from callengine.core.ids import BridgeId, ChannelId, PlaybackId
from callengine.engine.ports import (
    Fenced,
    Living,
    TelephonyDown,
    TelephonyError,
)
from callengine.testing.fake_ari import FakeAri, Fault
from callengine.testing.people import ABSENT, PROMPT
from tests.support.facts import FactLog
from tests.support.waiting import until

APP = "callengine-n1"
BRIDGE = BridgeId(f"{APP}-br-1")
QUICK = StreamSettings(
    connect_s=0.5,
    probe_s=0.2,
    probe_every_s=0.05,
    reconcile_s=0.5,
    backoff_s=(0.01, 0.02),
    buffered=100,
)


@dataclass
class World:
    """A telephony, its fake Asterisk, and what the engine was told."""

    fake: FakeAri
    telephony: AriTelephony
    facts: FactLog
    running: "asyncio.Task[None]" = field(init=False)
    ups: "asyncio.Queue[Living]" = field(default_factory=asyncio.Queue)
    losses: int = 0
    during_reconcile: "asyncio.Event | None" = None
    """When set, reconciling lasts until this happens."""

    async def reconcile(self) -> None:
        """Do as the engine does after each connect."""
        living = await self.telephony.living()
        self.ups.put_nowait(living)
        if self.during_reconcile is not None:
            await self.during_reconcile.wait()

    def lost(self) -> None:
        """Count losses."""
        self.losses += 1

    async def up(self) -> Living:
        """Wait for the next (re)connect."""
        async with asyncio.timeout(5):
            return await self.ups.get()

    async def settled(self) -> None:
        """Wait until events flow, not only wait in the buffer."""
        await until(lambda: self.telephony.stream.up, within_s=5)

    async def dial(self, channel: str, endpoint: str = "PJSIP/anna") -> ChannelId:
        """Originate."""
        named = ChannelId(channel)
        await self.telephony.originate(
            named, endpoint, caller_id="1", timeout_s=20, auto_answer=None
        )
        return named


@asynccontextmanager
async def connected(settings: StreamSettings = QUICK) -> AsyncIterator[World]:
    """A world whose telephony has connected once."""
    facts = FactLog()
    fake = FakeAri(APP, user="callengine", password="secret")
    fake.twin.people = {"PJSIP/anna": PROMPT, "PJSIP/clara": ABSENT}
    await fake.start()
    http = HttpSettings(port=fake.port, password="secret", within_s=0.3)
    client = AriClient(http)
    world: World

    async def on_connected() -> None:
        await world.reconcile()

    telephony = AriTelephony(
        client,
        APP,
        sink=facts,
        clock=asyncio.get_running_loop().time,
        rng=Random(1),
        on_connected=on_connected,
        on_lost=lambda: world.lost(),
        settings=settings,
    )
    world = World(fake, telephony, facts)
    world.running = running = asyncio.create_task(telephony.run())
    try:
        await world.up()
        await world.settled()
        yield world
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError, Fenced):
            await running
        await client.close()
        await fake.stop()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with connected() as world:
        yield world


# --- the socket ----------------------------------------------------------------------


async def test_a_dropped_socket_is_connected_again_and_the_filter_set_again(
    world: World,
) -> None:
    world.fake.disallowed = []
    await world.fake.drop_sockets()
    await world.up()
    await world.settled()
    assert world.losses == 1
    assert "ChannelVarset" in world.fake.disallowed
    assert world.fake.connects == 2
    channel = await world.dial("after.agt.1")
    await world.facts.wait(ChannelAnswered, channel=channel)


async def test_an_open_socket_that_brings_nothing_is_left(world: World) -> None:
    world.fake.deaf = True
    await until(lambda: world.fake.connects >= 3, within_s=5)
    assert not world.telephony.stream.up
    world.fake.deaf = False
    await world.settled()
    assert world.losses == 1


async def test_asterisk_may_go_away_and_come_back_empty(world: World) -> None:
    channel = await world.dial("lost.agt.1")
    await world.facts.wait(ChannelAnswered, channel=channel)
    port = world.fake.port
    await world.fake.stop()
    with pytest.raises(TelephonyDown):
        await world.dial("meanwhile.agt.1")
    world.fake.twin.channels.clear()
    await world.fake.start(port)
    await world.up()
    gone = await world.facts.wait(ChannelGone, channel=channel)
    assert gone.cause == 0
    await world.facts.wait(ChannelGone, channel="meanwhile.agt.1")


async def test_another_socket_with_our_name_fences_us(world: World) -> None:
    await world.fake.take_over()
    with pytest.raises(Fenced):
        await world.running
    assert world.losses == 1
    assert world.fake.connects == 1


async def test_unknown_and_broken_messages_are_counted_and_do_no_harm(
    world: World,
) -> None:
    for message in (
        '{"type": "ChannelSang"}',
        '{"type": "StasisStart"}',
        '{"type": ["x"]}',
        "[]",
        "no json",
        "\x00",
    ):
        world.fake.send_raw(message)
    channel = await world.dial("fine.agt.1")
    await world.facts.wait(ChannelAnswered, channel=channel)
    assert world.telephony.stream.unrecognised == {
        "ChannelSang": 1,
        "malformed StasisStart": 1,
        "no event": 4,
    }
    assert world.losses == 0


async def test_repeated_events_are_told_once(world: World) -> None:
    world.fake.repeat_events = 3
    caller = world.fake.twin.arrive("+74951112233", "+79161234567")
    channel = await world.dial("twice.agt.1")
    await world.facts.wait(ChannelAnswered, channel=channel)
    await world.telephony.open_bridge(BRIDGE)
    await world.telephony.join(BRIDGE, [caller, channel])
    prompt = PlaybackId("prompt")
    await world.telephony.play(prompt, BRIDGE, "sound:x")
    await world.telephony.stop_play(prompt)
    await world.telephony.hang_up(caller, cause=16)
    await world.telephony.hang_up(channel, cause=16)
    await world.facts.wait(ChannelGone, channel=channel)
    last = await world.dial("last.agt.1")
    await world.facts.wait(ChannelAnswered, channel=last)
    for kind in (CallArrived, PlaybackEnded):
        assert len(world.facts.all(kind)) == 1
    for kind in (ChannelJoined, ChannelGone):
        assert len(world.facts.all(kind)) == 2
    assert len(world.facts.all(ChannelRinging, channel=channel)) == 1


# --- reconnecting --------------------------------------------------------------------


async def test_a_leg_that_ended_unseen_is_told_before_reconciling(world: World) -> None:
    channel = await world.dial("unseen.agt.1")
    await world.facts.wait(ChannelAnswered, channel=channel)
    world.fake.deaf = True
    world.fake.twin.hang_up_far_end(channel)
    await world.fake.drop_sockets()
    world.fake.deaf = False
    living = await world.up()
    assert channel not in [c.channel for c in living.channels]
    assert len(world.facts.all(ChannelGone, channel=channel)) == 1


async def test_a_prompt_that_ended_unseen_is_told(world: World) -> None:
    await world.telephony.open_bridge(BRIDGE)
    ended, playing = PlaybackId("ended"), PlaybackId("playing")
    await world.telephony.play(ended, BRIDGE, "sound:x")
    await world.telephony.play(playing, BRIDGE, "sound:x")
    world.fake.deaf = True
    world.fake.twin.end_playback(ended)
    await world.fake.drop_sockets()
    world.fake.deaf = False
    await world.up()
    await world.facts.wait(PlaybackEnded, playback=ended)
    assert not world.facts.all(PlaybackEnded, playback=playing)


async def test_events_while_reconciling_wait_and_adopted_legs_are_not_told_twice(
    world: World,
) -> None:
    known = world.fake.twin.arrive("+74951112233", "+79160000001")
    await world.facts.wait(CallArrived, channel=known)
    world.fake.deaf = True
    unseen = world.fake.twin.arrive("+74951112233", "+79160000002")
    world.during_reconcile = asyncio.Event()
    await world.fake.drop_sockets()
    world.fake.deaf = False
    living = await world.up()
    assert {known, unseen} <= {c.channel for c in living.channels}
    late = world.fake.twin.arrive("+74951112233", "+79160000003")
    world.fake.twin.hang_up_far_end(unseen)
    assert not world.facts.all(CallArrived, channel=late)
    world.during_reconcile.set()
    await world.facts.wait(CallArrived, channel=late)
    # The engine learnt of it from the list; its end is told all the same.
    assert not world.facts.all(CallArrived, channel=unseen)
    await world.facts.wait(ChannelGone, channel=unseen)
    assert len(world.facts.all(CallArrived, channel=known)) == 1


async def test_reconciling_that_fails_is_done_again(world: World) -> None:
    world.fake.faults.append(Fault("GET /ari/bridges", times=2, status=500))
    await world.fake.drop_sockets()
    await world.up()
    await world.settled()
    assert world.fake.connects >= 3


async def test_reconciling_without_end_is_cut_off(world: World) -> None:
    world.during_reconcile = asyncio.Event()
    await world.fake.drop_sockets()
    await world.up()
    await world.up()  # it was started again
    world.during_reconcile = None
    await world.settled()


async def test_too_many_events_while_reconciling_start_it_again(world: World) -> None:
    world.during_reconcile = asyncio.Event()
    await world.fake.drop_sockets()
    await world.up()
    for n in range(QUICK.buffered + 1):
        world.fake.twin.arrive("+74951112233", f"+7916{n:07}")
    living = await world.up()
    assert len(living.channels) == QUICK.buffered + 1


# --- commands ------------------------------------------------------------------------


async def test_a_bridge_that_is_just_going_is_gone(world: World) -> None:
    # Asterisk 22.10.1 says so of a bridge whose first DELETE it still works on.
    said = {"message": "Bridge not in Stasis application"}
    world.fake.faults.append(Fault("DELETE /ari/bridges", status=409, body=said))
    await world.telephony.close_bridge(BridgeId("callengine-n1-br-1"))
    assert not world.fake.faults


async def test_a_lost_reply_to_originate_is_no_lost_channel(world: World) -> None:
    world.fake.faults.append(Fault("POST /ari/channels", lose_reply=True))
    with pytest.raises(TelephonyDown):
        await world.dial("reply.agt.1")
    await world.facts.wait(ChannelAnswered, channel="reply.agt.1")
    await world.telephony.hang_up(ChannelId("reply.agt.1"), cause=16)
    await world.facts.wait(ChannelGone, channel="reply.agt.1")


async def test_a_lost_request_to_originate_is_told_gone(world: World) -> None:
    world.fake.faults.append(Fault("POST /ari/channels", lose_request=True))
    with pytest.raises(TelephonyDown):
        await world.dial("request.agt.1")
    gone = await world.facts.wait(ChannelGone, channel="request.agt.1")
    assert not gone.unreachable


async def test_a_channel_made_too_late_is_hung_up(world: World) -> None:
    world.fake.faults.append(Fault("POST /ari/channels", delay_s=0.6))
    with pytest.raises(TelephonyDown):
        await world.dial("late.agt.1", "PJSIP/anna")
    await world.facts.wait(ChannelGone, channel="late.agt.1")
    hang_up = "DELETE /ari/channels/late.agt.1"
    await until(lambda: hang_up in str(world.fake.requests), within_s=5)
    assert not world.facts.all(ChannelAnswered, channel="late.agt.1")
    assert len(world.facts.all(ChannelGone, channel="late.agt.1")) == 1


async def test_a_caller_with_strange_arguments_goes_back_to_the_dialplan(
    world: World,
) -> None:
    channel = world.fake.twin.arrive("+74951112233", "+79161234567")
    await world.facts.wait(CallArrived, channel=channel)
    raw = (
        '{"type":"StasisStart","args":["surprise"],'
        '"channel":{"id":"%s","caller":{"number":""}}}'
    )
    world.fake.send_raw(raw % channel)
    await until(lambda: channel in world.fake.twin.given_back, within_s=5)


async def test_not_connected_nothing_is_dialled(world: World) -> None:
    await world.fake.stop()
    await until(lambda: not world.telephony.stream.listening, within_s=5)
    with pytest.raises(TelephonyDown):
        await world.dial("nobody.agt.1")
    assert world.facts.all(ChannelGone, channel="nobody.agt.1")


@pytest.mark.parametrize("status", [400, 401, 403, 409, 412, 422, 500, 503])
async def test_every_refusal_is_a_telephony_error(world: World, status: int) -> None:
    world.fake.faults.append(Fault("addChannel", status=status))
    await world.telephony.open_bridge(BRIDGE)
    with pytest.raises(TelephonyError):
        await world.telephony.join(BRIDGE, [ChannelId("x")])


async def test_slow_commands_end_by_their_deadline(world: World) -> None:
    world.fake.faults.append(Fault("POST /ari/bridges", delay_s=2.0))
    with pytest.raises(TelephonyDown):
        await world.telephony.open_bridge(BRIDGE)
