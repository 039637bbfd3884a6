"""Why an offer failed is told truly; only the phone's own faults touch its agent."""

import re
from pathlib import Path

import pytest

from callengine.core import effects as do
from callengine.core.call import Leg
from callengine.core.facts import ChannelGone, EndpointChanged
from callengine.core.ids import AgentId, ChannelId
from callengine.core.machines import AgentState, CallState
from callengine.core.offer_failures import CONSEQUENCES, OfferFailure, failure_of
from callengine.core.rules import Rules
from tests.support.pool_kit import Play, make_agent, play

TEXTS = Path("callengine/desktop/js/i18n")
F = OfferFailure


@pytest.mark.parametrize("failure", OfferFailure)
def test_every_failure_has_a_consequence(failure: OfferFailure) -> None:
    assert failure in CONSEQUENCES


@pytest.mark.parametrize("language", ["en", "ru", "uk"])
@pytest.mark.parametrize("failure", OfferFailure)
def test_every_failure_has_its_words_in_every_language(
    failure: OfferFailure, language: str
) -> None:
    words = (TEXTS / f"{language}.js").read_text()
    for key in (f"reason.{failure}", f"idle.closed.{failure}"):
        assert re.search(rf'(?m)^  "{re.escape(key)}": "[^"]+",$', words), key


def leg(*, rang: bool = True, answered: bool = False, failure: str = "") -> Leg:
    """An agent's leg that is about to end."""
    return Leg(
        channel=ChannelId("c.agt.1"),
        role="agent",
        agent=AgentId("anna"),
        started_at=0.0,
        ringing_at=1.0 if rang else None,
        answered_at=2.0 if answered else None,
        failure=failure,
    )


def gone(cause: int = 0, code: int | None = None, **more: bool) -> ChannelGone:
    """The end of the leg, as Asterisk tells it."""
    channel = ChannelId("c.agt.1")
    return ChannelGone(at=9.0, channel=channel, cause=cause, sip_code=code, **more)


# Causes and codes as Asterisk 22.10.1 was seen to give them (docs/asterisk-notes.md).
@pytest.mark.parametrize(
    ("rang", "end", "said"),
    [
        (True, gone(19, 480, rang_out=True), F.NO_ANSWER),
        (False, gone(19, 480, rang_out=True), F.SILENT),
        (True, gone(19, 480), F.UNAVAILABLE),
        (False, gone(19, 480), F.UNAVAILABLE),
        (True, gone(23, 302), F.FORWARDED),
        (True, gone(23, 301), F.FORWARDED),
        (True, gone(1, 404), F.UNAVAILABLE),
        (True, gone(22, 410), F.UNAVAILABLE),
        (True, gone(17, 486), F.BUSY),
        (True, gone(17, 600), F.BUSY),
        (True, gone(21, 603), F.DECLINED),
        (True, gone(58, 488), F.NO_CODEC),
        (True, gone(58, 606), F.NO_CODEC),
        (True, gone(58, None), F.NO_CODEC),
        (True, gone(38, 500), F.BROKEN),
        (False, gone(38, 500), F.BROKEN),
        (True, gone(21, 401), F.BROKEN),
        (True, gone(3, 420), F.BROKEN),
        (True, gone(18, 408), F.NO_ANSWER),
        (False, gone(18, 408), F.SILENT),
        (False, gone(34, 503), F.SILENT),
        (True, gone(34, 503), F.BROKEN),
        (True, gone(19, 487), F.NO_ANSWER),
        (True, gone(16, 299), F.NO_ANSWER),
        (False, gone(0, unreachable=True), F.UNREGISTERED),
        (False, gone(0), F.OUTAGE),
        (True, gone(0), F.OUTAGE),
        (False, gone(41), F.OUTAGE),
        (True, gone(44, vanished=True), F.VANISHED),
    ],
)
def test_what_asterisk_says_of_a_leg_is_read(
    rang: bool, end: ChannelGone, said: OfferFailure
) -> None:
    assert failure_of(leg(rang=rang), end) is said


def test_an_answer_without_a_usable_description_of_sound_is_no_rejection() -> None:
    assert failure_of(leg(answered=True), gone(127, 406)) is F.NO_CODEC
    assert failure_of(leg(answered=True), gone(16)) is F.DECLINED


def test_what_ended_unseen_is_held_against_nobody() -> None:
    assert failure_of(leg(failure="no_pick_up"), gone(0)) is F.OUTAGE
    assert failure_of(leg(failure="no_pick_up"), gone(16)) is F.NO_PICK_UP
    assert failure_of(leg(failure="join_failed"), gone(0)) is F.NOT_JOINED


def offered(**rules: bool) -> tuple[Play, ChannelId]:
    """A caller whose offer rings at anna's phone; boris comes later."""
    p = play(make_agent("anna"), make_agent("boris"), rules=Rules(**rules))  # type: ignore[arg-type]
    p.ready("anna")
    call = p.calls_in()
    assert call.agent_leg is not None
    return p, call.agent_leg.channel


@pytest.mark.parametrize(
    ("cause", "code", "reason"),
    [
        (23, 302, "forwarded"),
        (1, 404, "phone_unavailable"),
        (58, 488, "no_codec"),
        (38, 500, "phone_error"),
        (21, 603, "declined"),
        (17, 486, "busy"),
    ],
)
def test_a_phone_that_refuses_pauses_its_agent_with_the_phones_reason(
    cause: int, code: int, reason: str
) -> None:
    p, channel = offered()
    p.ends(channel, cause, sip_code=code)
    anna = p.agent("anna")
    assert (anna.state, anna.reason) == (AgentState.PAUSED, reason)
    assert p.last(do.RetractCard).reason == reason
    assert (p.now, reason, "anna") in p.call("ch1").events


def test_a_busy_phone_pauses_nobody_where_the_policy_says_so() -> None:
    p, channel = offered(pause_when_busy=False)
    p.ends(channel, 17, sip_code=486)
    assert p.agent("anna").state is AgentState.READY


def test_an_outage_pauses_nobody() -> None:
    p, channel = offered()
    p.rings(channel)
    p.ends(channel, 0)
    anna = p.agent("anna")
    assert (anna.state, anna.reason) == (AgentState.READY, "")
    assert p.call("ch1").state is CallState.WAITING


def test_a_phone_that_is_away_is_left_alone_until_asterisk_sees_it() -> None:
    p, channel = offered()
    p.ends(channel, 0, unreachable=True)
    anna = p.agent("anna")
    assert (anna.state, anna.reason) == (AgentState.READY, "unreachable")
    assert not anna.offerable
    p.see(EndpointChanged(at=p.now, endpoint="PJSIP/anna", reachable=True))
    assert (anna.reason, p.call("ch1").agent) == ("", "anna")


def test_a_phone_that_never_rang_pauses_nobody_and_is_left_alone() -> None:
    p, channel = offered()
    p.ends(channel, 19, sip_code=480, rang_out=True)
    anna = p.agent("anna")
    assert (anna.state, anna.reason) == (AgentState.READY, "no_response")
    assert not anna.offerable


def test_the_caller_keeps_the_place_whatever_the_reason() -> None:
    p, channel = offered()
    first = p.call("ch1")
    since = first.enqueued_at
    p.wait(5)
    p.calls_in("ch2")
    p.ends(channel, 38, sip_code=500)
    p.ready("boris")
    assert (first.agent, first.enqueued_at) == ("boris", since)
