"""
What every `ports.Telephony` obeys, in memory, on the fake and on real Asterisk.

Subclass `TelephonyContract` and give it a fixture `world`.
"""

import asyncio
import itertools
from typing import Protocol

import pytest

from callengine.core.facts import (
    CallArrived,
    ChannelAnswered,
    ChannelGone,
    ChannelJoined,
    ChannelRinging,
    PlaybackEnded,
    TalkingEnded,
    TalkingStarted,
)
from callengine.core.ids import BridgeId, ChannelId, PlaybackId
from callengine.engine.ports import (
    Living,
    LivingChannel,
    ResourceGone,
    Telephony,
    TelephonyError,
    Unreachable,
)
from tests.support.facts import FactLog
from tests.support.waiting import destroyed

DIALLED = "+74951112233"
NORMAL = 16
_numbers = itertools.count(1)


class TelephonyWorld(Protocol):
    """A telephony with people in it."""

    telephony: Telephony
    facts: FactLog
    bridge_prefix: str
    answering: str
    """An endpoint that rings, answers and says hello."""
    busy: str
    absent: str
    """An endpoint that rings and is never answered."""
    unreachable: str

    async def arrive(
        self, dialled: str, number: str, *, stays_s: float | None = None
    ) -> None:
        """Let a caller dial in, who hangs up after `stays_s`, if ever."""


class TelephonyContract:
    """Laws of telephony."""

    # --- channels we ask for ---------------------------------------------------------

    async def test_an_answered_channel_rings_answers_and_ends_once(
        self, world: TelephonyWorld
    ) -> None:
        channel = await answered(world)
        await world.telephony.hang_up(channel, cause=NORMAL)
        gone = await world.facts.wait(ChannelGone, channel=channel)
        told = [f for f in world.facts.facts if getattr(f, "channel", "") == channel]
        kinds = [type(fact) for fact in told]
        assert kinds == [ChannelRinging, ChannelAnswered, ChannelGone]
        assert gone.cause == NORMAL
        assert not gone.unreachable

    async def test_a_busy_phone_ends_with_its_cause_and_sip_code(
        self, world: TelephonyWorld
    ) -> None:
        channel = await dial(world, world.busy)
        gone = await world.facts.wait(ChannelGone, channel=channel)
        assert (gone.cause, gone.sip_code) == (17, 486)
        assert not world.facts.all(ChannelAnswered, channel=channel)

    async def test_a_phone_that_nobody_answers_ends_when_its_time_is_over(
        self, world: TelephonyWorld
    ) -> None:
        channel = await dial(world, world.absent, timeout_s=1)
        await world.facts.wait(ChannelRinging, channel=channel)
        gone = await world.facts.wait(ChannelGone, channel=channel)
        assert (gone.cause, gone.sip_code) == (19, 480)
        assert not gone.unreachable

    async def test_an_unregistered_phone_is_unreachable_and_told_gone(
        self, world: TelephonyWorld
    ) -> None:
        with pytest.raises(Unreachable):
            await dial(world, world.unreachable, channel="unreachable-1")
        gone = await world.facts.wait(ChannelGone, channel="unreachable-1")
        assert gone.unreachable
        assert len(world.facts.all(ChannelGone, channel="unreachable-1")) == 1

    async def test_an_id_in_use_is_refused_and_its_channel_goes_on(
        self, world: TelephonyWorld
    ) -> None:
        channel = await answered(world)
        with pytest.raises(TelephonyError):
            await dial(world, world.answering, channel=channel)
        living = await world.telephony.living()
        assert channel in [c.channel for c in living.channels]
        assert not world.facts.all(ChannelGone, channel=channel)

    async def test_a_ringing_phone_can_be_hung_up(self, world: TelephonyWorld) -> None:
        channel = await dial(world, world.absent)
        await world.facts.wait(ChannelRinging, channel=channel)
        await world.telephony.hang_up(channel, cause=NORMAL)
        await world.facts.wait(ChannelGone, channel=channel)

    async def test_hanging_up_twice_is_success(self, world: TelephonyWorld) -> None:
        channel = await answered(world)
        await world.telephony.hang_up(channel, cause=NORMAL)
        await world.facts.wait(ChannelGone, channel=channel)
        await world.telephony.hang_up(channel, cause=NORMAL)
        assert len(world.facts.all(ChannelGone, channel=channel)) == 1

    # --- callers ---------------------------------------------------------------------

    async def test_a_caller_arrives_with_both_numbers(
        self, world: TelephonyWorld
    ) -> None:
        await world.arrive(DIALLED, "+79161234567")
        call = await world.facts.wait(CallArrived)
        assert (call.dialled_number, call.caller_number) == (DIALLED, "+79161234567")

    async def test_a_withheld_number_is_none(self, world: TelephonyWorld) -> None:
        await world.arrive(DIALLED, "anonymous")
        call = await world.facts.wait(CallArrived)
        assert call.caller_number is None

    async def test_a_caller_who_hangs_up_is_gone_with_a_normal_cause(
        self, world: TelephonyWorld
    ) -> None:
        # The dialplan's Answer() alone takes half a second with a silent caller.
        await world.arrive(DIALLED, "+79161234567", stays_s=1.0)
        call = await world.facts.wait(CallArrived)
        gone = await world.facts.wait(ChannelGone, channel=call.channel)
        assert gone.cause == NORMAL

    async def test_a_caller_whom_we_hang_up_is_gone_with_our_cause(
        self, world: TelephonyWorld
    ) -> None:
        await world.arrive(DIALLED, "+79161234567")
        call = await world.facts.wait(CallArrived)
        await world.telephony.hang_up(call.channel, cause=21)
        gone = await world.facts.wait(ChannelGone, channel=call.channel)
        assert gone.cause == 21

    async def test_a_caller_given_back_is_gone_for_us_and_lives_on(
        self, world: TelephonyWorld
    ) -> None:
        await world.arrive(DIALLED, "+79161234567")
        call = await world.facts.wait(CallArrived)
        await world.telephony.leave(call.channel)
        gone = await world.facts.wait(ChannelGone, channel=call.channel)
        assert (gone.cause, gone.sip_code) == (0, None)
        with pytest.raises(ResourceGone):
            await world.telephony.leave(call.channel)

    # --- bridges ---------------------------------------------------------------------

    async def test_joined_channels_are_proven_by_facts(
        self, world: TelephonyWorld
    ) -> None:
        bridge = await opened(world)
        first, second = await answered(world), await answered(world)
        await world.telephony.join(bridge, [first, second])
        await world.facts.wait(ChannelJoined, channel=first)
        await world.facts.wait(ChannelJoined, channel=second)
        assert set(await inside(world, bridge)) == {first, second}

    async def test_a_join_with_a_gone_channel_joins_nobody(
        self, world: TelephonyWorld
    ) -> None:
        bridge = await opened(world)
        channel = await answered(world)
        with pytest.raises(ResourceGone):
            await world.telephony.join(bridge, [channel, ChannelId("gone")])
        assert await inside(world, bridge) == ()

    async def test_a_join_into_a_missing_bridge_says_gone(
        self, world: TelephonyWorld
    ) -> None:
        channel = await answered(world)
        with pytest.raises(ResourceGone):
            await world.telephony.join(BridgeId("missing"), [channel])

    async def test_opening_and_closing_a_bridge_twice_is_success(
        self, world: TelephonyWorld
    ) -> None:
        bridge = await opened(world)
        await world.telephony.open_bridge(bridge)
        assert bridge in (await world.telephony.living()).bridges
        await world.telephony.close_bridge(bridge)
        await world.telephony.close_bridge(bridge)
        assert await destroyed(world.telephony, bridge)

    async def test_a_channel_survives_the_end_of_its_bridge(
        self, world: TelephonyWorld
    ) -> None:
        bridge, other = await opened(world), await opened(world)
        channel = await answered(world)
        await world.telephony.join(bridge, [channel])
        await world.facts.wait(ChannelJoined, channel=channel)
        await world.telephony.close_bridge(bridge)
        await world.telephony.join(other, [channel])
        entries = world.facts
        await entries.until(
            lambda: len(entries.all(ChannelJoined, channel=channel)) == 2, "second join"
        )

    async def test_an_emptied_bridge_serves_the_next_call(
        self, world: TelephonyWorld
    ) -> None:
        bridge = await opened(world)
        for _ in range(2):
            pair = [await answered(world), await answered(world)]
            await world.telephony.join(bridge, pair)
            for channel in pair:
                await world.facts.wait(ChannelJoined, channel=channel)
            assert set(await inside(world, bridge)) == set(pair)
            for channel in pair:
                await world.telephony.hang_up(channel, cause=NORMAL)
            for channel in pair:
                await world.facts.wait(ChannelGone, channel=channel)

    # --- prompts, music, speech ------------------------------------------------------

    async def test_a_stopped_prompt_ends_once(self, world: TelephonyWorld) -> None:
        bridge = await opened(world)
        prompt = await played(world, bridge)
        await world.telephony.stop_play(prompt)
        await world.facts.wait(PlaybackEnded, playback=prompt)
        await world.telephony.stop_play(prompt)
        assert len(world.facts.all(PlaybackEnded, playback=prompt)) == 1

    async def test_a_prompt_ends_with_its_bridge(self, world: TelephonyWorld) -> None:
        bridge = await opened(world)
        prompt = await played(world, bridge)
        await world.telephony.close_bridge(bridge)
        await world.facts.wait(PlaybackEnded, playback=prompt)

    async def test_a_prompt_on_a_missing_bridge_ends_at_once(
        self, world: TelephonyWorld
    ) -> None:
        prompt = PlaybackId(f"prompt-{next(_numbers)}")
        with pytest.raises(ResourceGone):
            await world.telephony.play(prompt, BridgeId("missing"), "sound:tt-monkeys")
        await world.facts.wait(PlaybackEnded, playback=prompt)

    async def test_music_starts_stops_and_leaves_room_for_a_prompt(
        self, world: TelephonyWorld
    ) -> None:
        bridge = await opened(world)
        channel = await answered(world)
        await world.telephony.join(bridge, [channel])
        await world.facts.wait(ChannelJoined, channel=channel)
        await world.telephony.start_music(bridge, "default")
        await world.telephony.stop_music(bridge)
        await world.telephony.stop_music(bridge)
        prompt = await played(world, bridge)
        await world.telephony.stop_play(prompt)
        await world.facts.wait(PlaybackEnded, playback=prompt)

    async def test_stopping_music_on_a_missing_bridge_is_success(
        self, world: TelephonyWorld
    ) -> None:
        await world.telephony.stop_music(BridgeId("missing"))

    async def test_speech_is_told_with_its_length(self, world: TelephonyWorld) -> None:
        bridge = await opened(world)
        other, channel = await answered(world), await answered(world)
        await world.telephony.detect_talk(channel)
        await world.telephony.join(bridge, [channel, other])
        await world.facts.wait(TalkingStarted, channel=channel)
        ended = await world.facts.wait(TalkingEnded, channel=channel)
        assert 0.1 < ended.duration_s < 3.0

    async def test_sound_that_comes_is_counted(self, world: TelephonyWorld) -> None:
        bridge = await opened(world)
        other, channel = await answered(world), await answered(world)
        await world.telephony.join(bridge, [channel, other])
        before = await world.telephony.packets_received(channel)
        async with asyncio.timeout(5):
            while await world.telephony.packets_received(channel) < before + 5:  # noqa: ASYNC110 - a count has no events
                await asyncio.sleep(0.05)

    async def test_sound_in_the_clear_is_told(self, world: TelephonyWorld) -> None:
        assert not await world.telephony.is_secure(await answered(world))

    async def test_asking_a_gone_channel_for_its_encryption_says_gone(
        self, world: TelephonyWorld
    ) -> None:
        with pytest.raises(ResourceGone):
            await world.telephony.is_secure(ChannelId("gone"))

    async def test_ringing_that_asterisk_ends_is_told_apart_from_a_refusal(
        self, world: TelephonyWorld
    ) -> None:
        absent = await dial(world, world.absent, timeout_s=1)
        assert (await world.facts.wait(ChannelGone, channel=absent)).rang_out
        busy = await dial(world, world.busy, timeout_s=5)
        assert not (await world.facts.wait(ChannelGone, channel=busy)).rang_out

    async def test_counting_for_a_gone_channel_says_gone(
        self, world: TelephonyWorld
    ) -> None:
        with pytest.raises(ResourceGone):
            await world.telephony.packets_received(ChannelId("gone"))

    async def test_listening_to_a_gone_channel_says_gone(
        self, world: TelephonyWorld
    ) -> None:
        with pytest.raises(ResourceGone):
            await world.telephony.detect_talk(ChannelId("gone"))

    # --- the truth -------------------------------------------------------------------

    async def test_the_living_are_listed_with_what_they_came_for(
        self, world: TelephonyWorld
    ) -> None:
        await world.arrive(DIALLED, "+79161234567")
        call = await world.facts.wait(CallArrived)
        channel = await answered(world)
        living = await world.telephony.living()
        caller, callee = found(living, call.channel), found(living, channel)
        assert caller.ours
        assert caller.arguments[:2] == ("inbound", DIALLED)
        assert caller.caller_number == "+79161234567"
        assert callee.ours
        assert callee.arguments == ("outbound", channel)
        assert callee.state == "Up"
        assert world.answering.split("@")[-1].split("/")[-1] in callee.endpoint

    async def test_a_ringing_phone_is_listed_but_not_ours_yet(
        self, world: TelephonyWorld
    ) -> None:
        channel = await dial(world, world.absent)
        await world.facts.wait(ChannelRinging, channel=channel)
        listed = found(await world.telephony.living(), channel)
        assert not listed.ours
        assert listed.state == "Ringing"


def found(living: Living, channel: str) -> LivingChannel:
    """The one channel with this id."""
    (one,) = [c for c in living.channels if c.channel == channel]
    return one


async def dial(
    world: TelephonyWorld, endpoint: str, *, channel: str = "", timeout_s: int = 20
) -> ChannelId:
    """Originate on an endpoint."""
    named = ChannelId(channel or f"call-{next(_numbers)}.agt.1")
    await world.telephony.originate(
        named,
        endpoint,
        caller_id=DIALLED,
        timeout_s=timeout_s,
        auto_answer=None,
    )
    return named


async def answered(world: TelephonyWorld) -> ChannelId:
    """Originate on somebody who answers, and wait for that."""
    channel = await dial(world, world.answering)
    await world.facts.wait(ChannelAnswered, channel=channel)
    return channel


async def opened(world: TelephonyWorld) -> BridgeId:
    """Open a bridge of ours."""
    bridge = BridgeId(f"{world.bridge_prefix}br-{next(_numbers)}")
    await world.telephony.open_bridge(bridge)
    return bridge


async def played(world: TelephonyWorld, bridge: BridgeId) -> PlaybackId:
    """Start a long prompt."""
    prompt = PlaybackId(f"prompt-{next(_numbers)}")
    await world.telephony.play(prompt, bridge, "sound:tt-monkeys")
    return prompt


async def inside(world: TelephonyWorld, bridge: BridgeId) -> tuple[ChannelId, ...]:
    """Who is in a bridge."""
    return (await world.telephony.living()).bridges[bridge]
