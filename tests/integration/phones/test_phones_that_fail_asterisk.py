"""Phones that refuse, do not pick up or vanish, on real Asterisk."""

import asyncio
import time

import pytest

from callengine.core.ids import AgentId
from callengine.core.machines import CallState
from tests.integration.phones.conftest import LOST_AFTER_S, Centre
from tests.support.sip_phone import Answer
from tests.support.waiting import until

OPUS_ONLY = (
    "v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
    "m=audio {port} RTP/AVP 96\r\na=rtpmap:96 opus/48000\r\n"
)
ELSEWHERE = ("Contact: <sip:+79990001122@10.9.9.9>",)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(302, headers=ELSEWHERE), "forwarded"),
        (Answer(404), "phone_unavailable"),
        (Answer(480), "phone_unavailable"),
        (Answer(480, rings=False), "phone_unavailable"),
        (Answer(486), "busy"),
        (Answer(600, rings=False), "busy"),
        (Answer(603), "declined"),
        (Answer(488), "no_codec"),
        (Answer(606), "no_codec"),
        (Answer(200, sdp=OPUS_ONLY), "no_codec"),
        (Answer(200, sdp="garbage\r\n"), "no_codec"),
        (Answer(200, sdp=""), "no_codec"),
        (Answer(500), "phone_error"),
        (Answer(401), "phone_error"),
        (Answer(420, rings=False), "phone_error"),
        (Answer(408), "rona"),
        (Answer(0), "rona"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value.code}",
)
async def test_a_phone_that_refuses_pauses_its_agent_with_its_own_reason(
    centre: Centre, answer: Answer, reason: str
) -> None:
    centre.phones["anna"].answers = [answer]
    await centre.ready("anna")
    call = await centre.calls_in()
    await centre.sees("anna", state="paused", reason=reason, within_s=8)
    assert reason in centre.noted(call)
    assert call.state is CallState.WAITING
    # Nobody was rung in the phone's stead: a forward leads nowhere.
    assert len(centre.engine.pool.by_channel) == 1


@pytest.mark.parametrize(
    ("agent", "answer", "reason"),
    [
        ("anna", Answer(0, rings=False), "no_response"),
        ("anna", Answer(408, rings=False), "no_response"),
        ("anna", Answer(503, rings=False), "no_response"),
        ("carl", Answer(), "unreachable"),
    ],
    ids=["silent", "408", "503", "unregistered"],
)
async def test_a_phone_that_did_not_ring_pauses_nobody(
    centre: Centre, agent: str, answer: Answer, reason: str
) -> None:
    centre.phones["anna"].answers = [answer]
    await centre.ready(agent)
    call = await centre.calls_in()
    await centre.sees(agent, state="ready", reason=reason, within_s=8)
    assert not centre.engine.pool.agents[agent].offerable  # type: ignore[index]
    assert call.state is CallState.WAITING


@pytest.mark.parametrize("time_of_four", range(1, 5))
async def test_the_customer_of_a_phone_that_does_not_pick_up_is_saved(
    centre: Centre, time_of_four: int
) -> None:
    anna, boris = centre.phones["anna"], centre.phones["boris"]
    anna.answers = [Answer(0)]
    await centre.ready("anna")
    call = await centre.takes_order(f"+7916123456{time_of_four}")
    await until(lambda: bool(anna.requests("INVITE")), within_s=5)
    assert "answer-after=0" in anna.requests("INVITE")[0].get("Call-Info")
    await centre.ready("boris")
    await centre.talks(call)
    assert call.agent == "boris"
    assert boris.requests("ACK")
    await centre.sees("anna", state="paused", reason="no_pick_up")
    # One, which SIP says again to a phone that is slow to answer it.
    assert len({cancel.get("CSeq") for cancel in anna.requests("CANCEL")}) == 1


async def test_a_phone_that_answers_after_we_gave_up_is_hung_up(centre: Centre) -> None:
    anna = centre.phones["anna"]
    anna.answers = [Answer(0)]
    await centre.ready("anna")
    call = await centre.takes_order()
    await until(lambda: bool(anna.requests("CANCEL")), within_s=8)
    # The 200 crosses the CANCEL: Asterisk must not be left with a call of nobody.
    anna.answer(Answer())
    await until(lambda: not any(leg.alive for leg in call.past_legs), within_s=5)
    await centre.sees("anna", state="paused", reason="no_pick_up")


async def test_a_phone_that_vanishes_in_a_talk_gives_the_caller_to_another(
    centre: Centre,
) -> None:
    anna = centre.phones["anna"]
    await centre.ready("anna")
    call = await centre.calls_in()
    await centre.talks(call)
    since = call.enqueued_at
    await asyncio.sleep(0.5)  # so that sound has flowed
    anna.alive = False
    killed_at = time.monotonic()
    await centre.sees("anna", state="paused", reason="phone_lost", within_s=30)
    assert time.monotonic() - killed_at < LOST_AFTER_S + 4
    assert call.state is CallState.WAITING
    heard = centre.carrier.packets
    # The caller is told, not left in silence.
    await until(lambda: centre.carrier.packets > heard + 20, within_s=5)
    await centre.engine.become_ready(AgentId("boris"))
    await centre.talks(call)
    assert (call.agent, call.enqueued_at) == ("boris", since)
    closed = centre.desktops.last("anna", "card_closed")  # type: ignore[arg-type]
    assert closed is not None
    assert closed["reason"] == "phone_lost"


async def test_a_caller_who_vanishes_sends_the_agent_into_wrap_up(
    centre: Centre,
) -> None:
    await centre.ready("anna")
    call = await centre.calls_in()
    await centre.talks(call)
    await asyncio.sleep(0.5)
    centre.carrier.alive = False
    await centre.sees("anna", state="wrap_up", within_s=30)
    (card,) = centre.engine.cards_of("anna")  # type: ignore[arg-type]
    assert card.notice == "customer_lost"
    await until(lambda: bool(centre.phones["anna"].requests("BYE")), within_s=5)


async def test_a_phone_without_sound_that_sends_reports_is_not_lost(
    centre: Centre,
) -> None:
    anna = centre.phones["anna"]
    await centre.ready("anna")
    call = await centre.calls_in()
    await centre.talks(call)
    anna.hush()
    until_at = time.monotonic() + LOST_AFTER_S + 3
    while time.monotonic() < until_at:
        anna.report()
        await asyncio.sleep(1.0)
    assert call.state is CallState.TALKING


async def test_a_phone_that_vanishes_while_it_rings_is_no_conversation(
    centre: Centre,
) -> None:
    anna = centre.phones["anna"]
    anna.answers = [Answer(0)]
    await centre.ready("anna")
    call = await centre.calls_in()
    await until(lambda: call.agent_leg is not None, within_s=5)
    await until(lambda: call.agent_leg.ringing_at is not None, within_s=5)  # type: ignore[union-attr]
    anna.alive = False
    await centre.sees("anna", state="paused", reason="rona", within_s=10)
    assert call.state is CallState.WAITING
