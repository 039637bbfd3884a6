"""Stories of orders that are dialled, told to the pool as facts."""

import pytest

from callengine.core import effects as do
from callengine.core import facts as saw
from callengine.core.call import Call
from callengine.core.machines import AgentState, CallState
from callengine.core.records import Outcome
from callengine.core.roster import AgentProfile
from callengine.core.rules import PacingRules, Rules
from tests.support.pool_kit import (
    RU_PHONES,
    Play,
    make_agent,
    make_lead,
    make_shop,
    play,
)

ALL_AGENTS = Rules(pacing=PacingRules(keep_free=0), wrap_up_s=0)


def dialling(p: Play) -> Call:
    """The one call there is."""
    (call,) = p.pool.calls.values()
    return call


def set_aside(*agents: AgentProfile, rules: Rules = ALL_AGENTS) -> Play:
    """A pool whose shop may leave nobody without an agent."""
    return play(*agents, shops=[make_shop(regime="aside")], rules=rules)


def one_dialled() -> tuple[Play, Call]:
    """An order being dialled for an agent who is set aside."""
    p = set_aside(make_agent("anna"))
    p.ready("anna")
    p.offered(make_lead())
    return p, dialling(p)


def live() -> tuple[Play, Call]:
    """The customer has answered, the agent's phone is being rung."""
    p, call = one_dialled()
    p.rings(call.customer.channel)
    p.wait(4)
    p.answers(call.customer.channel)
    return p, call


def talking() -> tuple[Play, Call]:
    """Customer and agent talk."""
    p, call = live()
    assert call.agent_leg is not None
    p.answers(call.agent_leg.channel)
    p.joins(call.customer.channel, call.agent_leg.channel)
    return p, call


def test_the_attempt_is_committed_before_it_is_dialled_and_the_agent_sees_it() -> None:
    p, call = one_dialled()
    kinds = [type(e) for e in p.done]
    begun = kinds.index(do.BeginAttempt)
    assert kinds.index(do.ShowCard) < begun < kinds.index(do.Originate)
    assert p.last(do.Originate).endpoint == "PJSIP/+79161234567@trunk"
    assert p.agent("anna").state is AgentState.RESERVED
    assert call.state is CallState.DIALLING


def test_the_agents_phone_is_asked_to_answer_by_itself_when_the_customer_has() -> None:
    p, _ = live()
    assert p.last(do.Originate).endpoint == "PJSIP/anna"
    assert p.last(do.Originate).auto_answer
    assert p.asked(do.DetectTalk)


def test_a_conversation_ends_as_bridged_and_is_not_tried_again() -> None:
    p, call = talking()
    assert call.state is CallState.TALKING
    p.wait(30)
    p.ends(call.customer.channel)
    assert call.agent_leg is not None
    p.ends(call.agent_leg.channel)
    record = p.last(do.RecordAttempt).record
    assert record.outcome is Outcome.BRIDGED
    assert record.next_try_at is None
    assert record.ring_s == pytest.approx(4)


@pytest.mark.parametrize(
    ("sip_code", "cause", "outcome", "again_after_s"),
    [
        (486, 17, Outcome.BUSY, 420.0),
        (603, 21, Outcome.REJECTED, 10_800.0),
        (404, 1, Outcome.INVALID, 600.0),
        (503, 34, Outcome.CONGESTED, 120.0),
        (480, 19, Outcome.NO_ANSWER, 1800.0),
        (None, 19, Outcome.NO_ANSWER, 1800.0),
    ],
)
def test_a_failed_attempt_has_its_outcome_and_its_next_try(
    sip_code: int | None, cause: int, outcome: Outcome, again_after_s: float
) -> None:
    p, call = one_dialled()
    p.rings(call.customer.channel)
    p.ends(call.customer.channel, cause=cause, sip_code=sip_code)
    record = p.last(do.RecordAttempt).record
    assert record.outcome is outcome
    assert record.next_try_at == pytest.approx(p.now + again_after_s)
    assert p.agent("anna").state is AgentState.READY
    assert p.last(do.RetractCard).reason == "not_reached"


def test_an_agent_keeps_their_place_when_the_customer_was_not_reached() -> None:
    p, call = one_dialled()
    since = p.agent("anna").free_since
    p.wait(20)
    p.ends(call.customer.channel, cause=19)
    assert p.agent("anna").free_since == since


def test_one_attempt_for_each_free_agent_less_those_kept_for_callers() -> None:
    rules = Rules(pacing=PacingRules(keep_free=1))
    p = set_aside(*(make_agent(f"a{i}") for i in range(4)), rules=rules)
    p.ready("a0", "a1", "a2", "a3")
    p.offered(*(make_lead(f"o{i}", f"+7916123450{i}") for i in range(9)))
    assert len(p.pool.calls) == 3


def test_a_team_of_three_dials_with_everybody() -> None:
    rules = Rules(pacing=PacingRules(keep_free=1))
    p = set_aside(*(make_agent(f"a{i}") for i in range(3)), rules=rules)
    p.ready("a0", "a1", "a2")
    p.offered(*(make_lead(f"o{i}", f"+7916123450{i}") for i in range(9)))
    assert len(p.pool.calls) == 3


def test_no_order_is_dialled_while_a_caller_waits() -> None:
    p = set_aside(make_agent("anna"), make_agent("boris"))
    p.calls_in("ch1")
    p.offered(make_lead())
    p.ready("anna")
    assert p.call("ch1").agent == "anna"
    assert not p.asked(do.BeginAttempt)
    p.ready("boris")
    assert len(p.asked(do.BeginAttempt)) == 1


def test_an_agent_whose_phone_does_not_answer_by_itself_gets_no_orders() -> None:
    p = set_aside(make_agent("anna", "ring"))
    p.ready("anna")
    p.offered(make_lead())
    assert not p.pool.calls


def test_an_order_dialled_off_skill_says_why() -> None:
    p = set_aside(make_agent("anna"))
    p.ready("anna")
    p.offered(make_lead(requirement=RU_PHONES))
    assert "product.phones>=3 dropped: no agent" in dialling(p).off_skill


def test_one_number_is_never_dialled_twice_at_once() -> None:
    p = set_aside(make_agent("anna"), make_agent("boris"))
    p.ready("anna", "boris")
    p.offered(make_lead("o1"), make_lead("o2"))
    assert len(p.pool.calls) == 1
    p.ends(dialling(p).customer.channel, cause=17)
    assert len(p.asked(do.BeginAttempt)) == 2


def test_the_same_lead_offered_twice_is_dialled_once() -> None:
    p = set_aside(make_agent("anna"), make_agent("boris"))
    p.offered(make_lead())
    p.offered(make_lead())
    p.ready("anna", "boris")
    assert len(p.asked(do.BeginAttempt)) == 1


def test_an_agent_lost_after_the_answer_is_replaced_by_a_free_one() -> None:
    p = set_aside(make_agent("anna"), make_agent("boris"))
    p.ready("anna")
    p.offered(make_lead())
    call = dialling(p)
    p.ready("boris")
    p.answers(call.customer.channel)
    assert call.agent_leg is not None
    p.ends(call.agent_leg.channel, cause=20, unreachable=True)
    assert call.agent == "boris"
    assert p.agent("anna").reason == "unreachable"


def test_an_answered_customer_whom_no_agent_meets_is_a_nuisance() -> None:
    p, call = live()
    assert call.agent_leg is not None
    p.ends(call.agent_leg.channel, cause=20, unreachable=True)
    p.wait(9)
    assert p.last(do.HangUp).channel == call.customer.channel
    p.ends(call.customer.channel)
    assert p.last(do.RecordAttempt).record.outcome is Outcome.NUISANCE


def test_a_customer_who_hangs_up_before_the_agent_came_met_no_agent() -> None:
    p, call = live()
    p.ends(call.customer.channel)
    assert call.agent_leg is not None
    p.ends(call.agent_leg.channel)
    assert p.last(do.RecordAttempt).record.outcome is Outcome.NUISANCE
    assert p.agent("anna").state is AgentState.READY


def suspected() -> tuple[Play, Call]:
    """Somebody talks on and on after the answer, as a machine does."""
    p, call = live()
    p.see(saw.TalkingStarted(at=p.now, channel=call.customer.channel))
    assert call.agent_leg is not None
    p.answers(call.agent_leg.channel)
    p.joins(call.customer.channel, call.agent_leg.channel)
    p.wait(3.1)
    return p, call


def counted(p: Play, call: Call, *counts: int) -> None:
    """Packets are counted as often as asked for."""
    for packets in counts:
        p.see(
            saw.PacketsCounted(at=p.now, channel=call.customer.channel, packets=packets)
        )
        p.wait(0.5)


def test_a_long_unbroken_greeting_that_is_heard_is_a_machine() -> None:
    p, call = suspected()
    assert call.state is CallState.TALKING
    counted(p, call, 150, 172)
    assert call.state is CallState.CLEARING
    assert call.agent_leg is not None
    p.ends(call.customer.channel)
    p.ends(call.agent_leg.channel)
    assert p.last(do.RecordAttempt).record.outcome is Outcome.MACHINE
    assert p.agent("anna").state is AgentState.READY
    assert p.last(do.RetractCard).reason == "machine"


def test_a_phone_that_sends_nothing_between_words_is_no_machine() -> None:
    p, call = suspected()
    counted(p, call, 60, 60)
    assert call.state is CallState.TALKING
    p.wait(30)
    assert call.state is CallState.TALKING


def test_sound_is_counted_twice_before_the_verdict() -> None:
    p, call = suspected()
    assert len(p.asked(do.CountPackets)) == 1
    counted(p, call, 150)
    assert len(p.asked(do.CountPackets)) == 2
    assert call.state is CallState.TALKING


def test_a_pause_between_the_counts_acquits() -> None:
    p, call = suspected()
    channel = call.customer.channel
    p.see(saw.PacketsCounted(at=p.now, channel=channel, packets=150))
    p.see(saw.TalkingEnded(at=p.now, channel=channel, duration_s=3.2))
    p.see(saw.PacketsCounted(at=p.now, channel=channel, packets=172))
    assert call.state is CallState.TALKING


def test_a_person_who_pauses_is_not_a_machine() -> None:
    p, call = talking()
    p.see(saw.TalkingStarted(at=p.now, channel=call.customer.channel))
    p.wait(1)
    p.see(saw.TalkingEnded(at=p.now, channel=call.customer.channel, duration_s=1.0))
    p.wait(10)
    assert call.state is CallState.TALKING


def test_talk_that_starts_late_proves_nothing() -> None:
    p, call = talking()
    p.wait(5)
    p.see(saw.TalkingStarted(at=p.now, channel=call.customer.channel))
    p.wait(10)
    assert call.state is CallState.TALKING


def test_a_withdrawn_attempt_is_over_without_a_ring() -> None:
    p, call = one_dialled()
    p.ends(call.customer.channel, cause=0)
    assert not p.pool.calls
    assert p.agent("anna").state is AgentState.READY
