"""Phones that do not pick up, vanish, talk in the clear: the customer is saved."""

from dataclasses import replace

import pytest

from callengine.core import effects as do
from callengine.core.call import Call
from callengine.core.facts import (
    EndpointChanged,
    PacketsCounted,
    PlaybackEnded,
    SecurityChecked,
)
from callengine.core.ids import ChannelId
from callengine.core.machines import AgentState, CallState
from callengine.core.phones import AutoAnswer
from callengine.core.records import Outcome
from callengine.core.rules import PacingRules, Rules
from tests.support.pool_kit import Play, make_agent, make_lead, make_shop, play

RULES = Rules(pacing=PacingRules(keep_free=0))


def answered(*agents: str, rules: Rules = RULES) -> tuple[Play, Call]:
    """An order call whose customer answered; the first agent's phone is rung."""
    p = play(*map(make_agent, agents), rules=rules)
    p.ready(*agents)
    p.offered(make_lead())
    (call,) = p.pool.calls.values()
    p.answers(call.customer.channel)
    assert call.agent_leg is not None
    return p, call


def test_a_phone_that_does_not_pick_up_by_itself_pauses_its_agent() -> None:
    p, call = answered("anna")
    leg = call.agent_leg
    assert leg is not None
    p.rings(leg.channel)
    p.wait(1.6)
    assert p.last(do.HangUp).channel == leg.channel
    assert p.last(do.RetractCard).reason == "no_pick_up"
    p.ends(leg.channel, 16)
    anna = p.agent("anna")
    assert (anna.state, anna.reason) == (AgentState.PAUSED, "no_pick_up")


def test_the_customer_of_such_a_phone_goes_to_another_agent_in_time() -> None:
    p, call = answered("anna", "boris")
    first = call.agent
    p.wait(1.6)
    assert call.agent not in (None, first)
    assert call.state is CallState.OFFERED
    assert call.agent_leg is not None
    p.answers(call.agent_leg.channel)
    p.joins(call.customer.channel, call.agent_leg.channel)
    assert call.state is CallState.TALKING
    assert call.bridged_at is not None
    assert call.answered_at is not None
    assert call.bridged_at - call.answered_at < 2.0


def test_without_another_agent_the_customer_gets_what_the_regime_says() -> None:
    p, call = answered("anna")
    p.wait(2.1)
    assert p.last(do.HangUp).channel == call.customer.channel
    p.ends(call.customer.channel)
    p.ends(call.past_legs[0].channel)
    assert p.last(do.RecordAttempt).record.outcome is Outcome.NUISANCE


def test_a_phone_that_answers_after_we_gave_up_is_hung_up_and_talks_to_nobody() -> None:
    p, call = answered("anna", "boris")
    late = call.agent_leg
    assert late is not None
    p.wait(1.6)
    p.answers(late.channel)
    assert p.last(do.HangUp).channel == late.channel
    assert call.state is CallState.OFFERED
    assert late.answered_at is None


def test_a_phone_that_answers_twice_is_one_answer() -> None:
    p, call = answered("anna")
    leg = call.agent_leg
    assert leg is not None
    p.answers(leg.channel)
    p.joins(call.customer.channel, leg.channel)
    p.answers(leg.channel)
    assert p.asked(do.HangUp) == []
    assert call.state is CallState.TALKING
    assert p.agent("anna").state is AgentState.TALKING


def test_no_agent_is_offered_a_call_while_the_leg_taken_back_lives() -> None:
    p, call = answered("anna")
    leg = call.agent_leg
    assert leg is not None
    p.wait(1.6)
    assert not p.agent("anna").offerable
    p.ends(leg.channel, 0)
    # It ended unseen: not the phone's fault, so the agent may have the next call.
    assert p.agent("anna").offerable


def test_an_incoming_call_rings_as_long_as_it_may() -> None:
    p = play(make_agent("anna"), rules=RULES)
    p.ready("anna")
    call = p.calls_in()
    p.wait(10)
    assert call.state is CallState.OFFERED
    assert p.last(do.Originate).auto_answer is None


@pytest.mark.parametrize("header", AutoAnswer)
def test_a_phone_is_asked_as_its_agents_setting_says(header: AutoAnswer) -> None:
    p = play(replace(make_agent("anna"), auto_answer=header), rules=RULES)
    p.ready("anna")
    p.offered(make_lead())
    (call,) = p.pool.calls.values()
    p.answers(call.customer.channel)
    assert p.last(do.Originate).auto_answer is header


# --- vanished -----------------------------------------------------------------------


def talking(*agents: str, **shop: object) -> tuple[Play, Call]:
    """A caller who talks to the first agent."""
    p = play(*map(make_agent, agents), shops=[make_shop(**shop)], rules=RULES)
    p.ready(agents[0])
    p.calls_in()
    return p, p.talk()


def test_a_caller_whose_agent_vanished_goes_back_to_their_place_and_is_told() -> None:
    p, call = talking("anna", "boris", music="default")
    since = call.enqueued_at
    p.wait(30)
    p.calls_in("ch2")
    leg = call.agent_leg
    assert leg is not None
    p.ends(leg.channel, 44, vanished=True)
    assert call.state is CallState.WAITING
    assert p.last(do.Play).media == "sound:callengine/reconnect-ru"
    anna = p.agent("anna")
    assert (anna.state, anna.reason) == (AgentState.PAUSED, "phone_lost")
    assert p.last(do.RetractCard).reason == "phone_lost"
    p.ready("boris")
    assert (call.agent, call.enqueued_at) == ("boris", since)
    assert p.call("ch2").agent is None
    assert call.agent_leg is not None
    p.answers(call.agent_leg.channel)
    p.joins(call.agent_leg.channel)
    assert call.state is CallState.TALKING


def test_the_request_to_wait_is_followed_by_music() -> None:
    p, call = talking("anna", music="default")
    assert call.agent_leg is not None
    p.ends(call.agent_leg.channel, 44, vanished=True)
    p.see(PlaybackEnded(at=p.now, playback=p.last(do.Play).playback))
    assert p.last(do.StartMusic).music == "default"


def test_a_long_talk_before_the_loss_is_no_long_wait() -> None:
    p, call = talking("anna")
    p.wait(1000)
    assert call.agent_leg is not None
    p.ends(call.agent_leg.channel, 44, vanished=True)
    p.wait(200)
    assert call.state is CallState.WAITING
    assert p.asked(do.LeaveToDialplan) == []
    p.wait(101)
    assert p.last(do.LeaveToDialplan).channel == call.customer.channel


def test_the_request_to_wait_is_said_once() -> None:
    p, call = talking("anna", "boris")
    assert call.agent_leg is not None
    p.ends(call.agent_leg.channel, 44, vanished=True)
    p.ready("boris")
    assert call.agent_leg is not None
    p.ends(call.agent_leg.channel, 17, sip_code=486)
    assert len(p.asked(do.Play)) == 1


def test_an_agent_who_comes_back_may_have_the_very_caller() -> None:
    p, call = talking("anna")
    assert call.agent_leg is not None
    p.ends(call.agent_leg.channel, 44, vanished=True)
    p.wait(10)
    p.ready("anna")
    # Whoever presses Ready with a dead phone is not rung for nothing.
    assert call.agent is None
    p.see(EndpointChanged(at=p.now, endpoint="PJSIP/anna", reachable=True))
    assert call.agent == "anna"


def test_an_agent_whose_caller_vanished_wraps_up_and_is_told() -> None:
    p, call = talking("anna")
    assert call.agent_leg is not None
    p.ends("ch1", 44, vanished=True)
    assert p.last(do.HangUp).channel == call.agent_leg.channel
    shown = p.last(do.ShowCard)
    assert (shown.state, shown.notice) == ("wrap_up", "customer_lost")
    assert p.agent("anna").state is AgentState.WRAP_UP
    p.ends(call.agent_leg.channel)
    record = p.last(do.RecordCall).record
    assert record.ending == "answered"
    assert "customer_lost" in [name for _, name, _ in record.events]


def called(*agents: str) -> tuple[Play, Call]:
    """A customer whom we called talks to the first agent."""
    p, call = answered(*agents)
    assert call.agent_leg is not None
    p.answers(call.agent_leg.channel)
    p.joins(call.customer.channel, call.agent_leg.channel)
    p.wait(20)
    return p, call


def test_a_called_customer_whose_agent_vanished_gets_another_at_once() -> None:
    p, call = called("anna", "boris")
    first, leg = call.agent, call.agent_leg
    assert leg is not None
    p.ends(leg.channel, 44, vanished=True)
    assert call.agent not in (None, first)
    assert call.state is CallState.OFFERED


def test_a_called_customer_left_alone_is_kept_for_a_while_then_called_again() -> None:
    p, call = called("anna")
    leg = call.agent_leg
    assert leg is not None
    p.ends(leg.channel, 44, vanished=True)
    p.wait(29)
    assert call.state is CallState.WAITING
    p.wait(2)
    assert p.last(do.HangUp).channel == call.customer.channel
    p.ends(call.customer.channel)
    record = p.last(do.RecordAttempt).record
    assert (record.outcome, record.fault) == (Outcome.FAILED, "ours")
    assert record.next_try_at is not None


def test_a_called_customer_who_does_not_wait_is_called_again_and_no_nuisance() -> None:
    p, call = called("anna")
    leg = call.agent_leg
    assert leg is not None
    before = p.pool.campaign(call.shop).detail(p.now)
    p.ends(leg.channel, 44, vanished=True)
    p.wait(5)
    p.ends(call.customer.channel)
    assert p.last(do.RecordAttempt).record.outcome is Outcome.FAILED
    after = p.pool.campaign(call.shop).detail(p.now)
    assert after.get("nuisance") == before.get("nuisance")


def test_a_conversation_is_counted_for_the_law_once() -> None:
    p, call = called("anna", "boris")
    answers = p.pool.campaign(call.shop).detail(p.now)
    leg = call.agent_leg
    assert leg is not None
    p.ends(leg.channel, 44, vanished=True)
    assert call.agent_leg is not None
    p.answers(call.agent_leg.channel)
    p.joins(call.agent_leg.channel)
    assert p.pool.campaign(call.shop).detail(p.now) == answers


# --- a binding that is gone ---


def unbound(p: Play) -> Call:
    """The binding of anna's phone is gone in the middle of her talk."""
    call = p.call("ch1")
    p.see(EndpointChanged(at=p.now, endpoint="PJSIP/anna", reachable=False))
    assert call.agent_leg is not None
    assert p.last(do.CountPackets).channel == call.agent_leg.channel
    return call


def counted(p: Play, channel: ChannelId, packets: int) -> None:
    """Asterisk counts the packets of a channel."""
    p.see(PacketsCounted(at=p.now, channel=channel, packets=packets))


def test_a_phone_whose_binding_and_sound_are_gone_has_vanished_even_on_hold() -> None:
    p, _ = talking("anna")
    call = unbound(p)
    leg = call.agent_leg
    assert leg is not None
    counted(p, leg.channel, 700)
    p.wait(6)
    assert len(p.asked(do.CountPackets)) == 2
    counted(p, leg.channel, 700)
    assert p.last(do.HangUp).channel == leg.channel
    assert call.state is CallState.WAITING
    p.ends(leg.channel, 16)
    assert p.agent("anna").reason == "phone_lost"


def test_a_phone_whose_binding_is_gone_but_whose_sound_comes_keeps_its_call() -> None:
    p, _ = talking("anna")
    call = unbound(p)
    leg = call.agent_leg
    assert leg is not None
    counted(p, leg.channel, 700)
    p.wait(6)
    counted(p, leg.channel, 950)
    p.wait(60)
    assert call.state is CallState.TALKING
    assert len(p.asked(do.CountPackets)) == 2


def test_a_phone_whose_binding_comes_back_in_time_keeps_its_call() -> None:
    p, _ = talking("anna")
    call = unbound(p)
    leg = call.agent_leg
    assert leg is not None
    counted(p, leg.channel, 700)
    p.see(EndpointChanged(at=p.now, endpoint="PJSIP/anna", reachable=True))
    p.wait(6)
    counted(p, leg.channel, 700)
    assert call.state is CallState.TALKING


# --- encryption ---------------------------------------------------------------------


def test_a_phone_that_talks_in_the_clear_loses_the_call_and_its_agent_is_told() -> None:
    p = play(make_agent("anna"), make_agent("boris"), rules=Rules(srtp=True))
    p.ready("anna")
    p.calls_in()
    call = p.talk()
    leg = call.agent_leg
    assert leg is not None
    assert p.last(do.CheckSecurity).channel == leg.channel
    p.see(SecurityChecked(at=p.now, channel=leg.channel, secure=False))
    assert p.last(do.HangUp).channel == leg.channel
    p.ends(leg.channel, 16)
    assert p.agent("anna").reason == "insecure"
    p.ready("boris")
    assert call.agent == "boris"


def test_a_phone_that_encrypts_keeps_the_call() -> None:
    p = play(make_agent("anna"), rules=Rules(srtp=True))
    p.ready("anna")
    p.calls_in()
    call = p.talk()
    assert call.agent_leg is not None
    channel = call.agent_leg.channel
    p.see(SecurityChecked(at=p.now, channel=channel, secure=True))
    assert call.state is CallState.TALKING


def test_nobody_asks_where_no_encryption_is_demanded() -> None:
    p = play(make_agent("anna"))
    p.ready("anna")
    p.calls_in()
    p.talk()
    assert p.asked(do.CheckSecurity) == []
