"""What we rely on and Asterisk's documents do not say (docs/asterisk-notes.md)."""

import pytest

from callengine.asterisk.ari.client import AriClient
from callengine.asterisk.ari.http import HttpSettings
from callengine.core.facts import (
    ChannelAnswered,
    ChannelGone,
    ChannelJoined,
    TalkingStarted,
)
from callengine.core.ids import ChannelId, PlaybackId
from callengine.core.phones import AutoAnswer
from tests.contracts.telephony_contract import answered, dial, inside, opened
from tests.integration.ari.conftest import PHONE_PORT, AsteriskWorld
from tests.support.sip_phone import Answer, SipPhone

MACHINE = "PJSIP/+79160000008@trunk"


async def test_a_bridge_keeps_no_music_and_no_prompt_for_the_next_call(
    world: AsteriskWorld,
) -> None:
    bridge = await opened(world)
    first = await joined(world, bridge)
    await world.telephony.start_music(bridge, "default")
    await world.telephony.play(PlaybackId("left-over"), bridge, "sound:tt-monkeys")
    await world.telephony.hang_up(first, cause=16)
    await world.facts.wait(ChannelGone, channel=first)
    client = client_of(world)
    try:
        living = await client.channels.list()
        assert living == ()  # announcers would be listed too
        await joined(world, bridge)
        assert len(await client.channels.list()) == 1
    finally:
        await client.close()


async def test_speech_is_told_also_when_asked_for_in_the_middle_of_a_call(
    world: AsteriskWorld,
) -> None:
    bridge = await opened(world)
    machine = await dial(world, MACHINE)
    await world.facts.wait(ChannelAnswered, channel=machine)
    person = await answered(world)
    await world.telephony.join(bridge, [machine, person])
    await world.facts.wait(ChannelJoined, channel=person)
    assert set(await inside(world, bridge)) == {machine, person}
    await world.telephony.detect_talk(machine)
    await world.facts.wait(TalkingStarted, channel=machine)


@pytest.mark.parametrize(
    ("wanted", "heard"),
    [
        (None, ["", ""]),
        (AutoAnswer.NONE, ["", ""]),
        (AutoAnswer.CALL_INFO, ["<sip:callengine>;answer-after=0", ""]),
        (AutoAnswer.ALERT_INFO, ["", "<sip:callengine>;info=alert-autoanswer;delay=0"]),
        (
            AutoAnswer.BOTH,
            [
                "<sip:callengine>;answer-after=0",
                "<sip:callengine>;info=alert-autoanswer;delay=0",
            ],
        ),
    ],
)
async def test_a_phone_is_asked_to_answer_by_itself_in_its_own_way(
    world: AsteriskWorld, wanted: AutoAnswer | None, heard: list[str]
) -> None:
    refusing = SipPhone(port=PHONE_PORT, answers=[Answer(code=486, rings=False)])
    async with refusing as phone:
        channel = ChannelId(f"auto-{wanted}.agt.1")
        await world.telephony.originate(
            channel,
            "PJSIP/elena",
            caller_id="+74951112233",
            timeout_s=5,
            auto_answer=wanted,
        )
        await world.facts.wait(ChannelGone, channel=channel)
        (asked,) = phone.requests("INVITE")
    assert [asked.get("Call-Info"), asked.get("Alert-Info")] == heard


async def test_the_caller_id_is_shown_as_given(world: AsteriskWorld) -> None:
    channel = await dial(world, world.absent)
    client = client_of(world)
    try:
        listed = await client.channels.get(channel)
    finally:
        await client.close()
    assert listed.caller_number == "+74951112233"


async def joined(world: AsteriskWorld, bridge: str) -> ChannelId:
    """Somebody alone in a bridge."""
    channel = await answered(world)
    await world.telephony.join(bridge, [channel])  # type: ignore[arg-type]
    await world.facts.wait(ChannelJoined, channel=channel)
    return channel


def client_of(world: AsteriskWorld) -> AriClient:
    """A client of its own, to look behind the telephony."""
    config = world.pbx.config
    return AriClient(HttpSettings(port=config.ari_port, password=config.ari_password))


@pytest.mark.parametrize(
    ("digit", "cause", "sip_code"),
    [(5, 17, 486), (7, 21, 603), (9, 34, 503), (6, 19, 480)],
    ids=["busy", "rejects", "congested", "no answer"],
)
async def test_what_the_network_says_is_told_with_its_codes(
    world: AsteriskWorld, digit: int, cause: int, sip_code: int | None
) -> None:
    channel = await dial(world, f"PJSIP/+7916000000{digit}@trunk", timeout_s=1)
    gone = await world.facts.wait(ChannelGone, channel=channel)
    assert (gone.cause, gone.sip_code) == (cause, sip_code)
