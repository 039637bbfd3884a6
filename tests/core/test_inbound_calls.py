"""Stories of callers, told to the pool as facts."""

import pytest

from callengine.core import effects as do
from callengine.core import facts as saw
from callengine.core.ids import PlaybackId
from callengine.core.machines import AgentState, CallState
from callengine.core.rules import Rules
from callengine.core.skills import Requirement
from tests.support.pool_kit import (
    RU,
    RU_PHONES,
    make_agent,
    make_shop,
    play,
)


def test_a_caller_is_looked_up_on_arrival() -> None:
    p = play(make_agent("anna"))
    p.arrives(number="8 916 123-45-67")
    looked_up = p.last(do.Identify)
    assert looked_up.caller_number == "8 916 123-45-67"
    assert p.call("ch1").state is CallState.IDENTIFYING


def test_a_number_of_no_shop_is_refused_as_unallocated_and_recorded() -> None:
    p = play(make_agent("anna"))
    p.arrives(dialled="+74959999999")
    assert p.last(do.HangUp).cause == 1
    assert p.last(do.RecordCall).record.ending == "unknown_number"
    assert not p.pool.calls


def test_a_free_agents_phone_rings_at_once_and_the_card_comes_first() -> None:
    p = play(make_agent("anna"))
    p.ready("anna")
    p.calls_in()
    kinds = [type(e) for e in p.done]
    assert kinds.index(do.ShowCard) < kinds.index(do.Originate)
    assert p.last(do.Originate).endpoint == "PJSIP/anna"
    assert p.agent("anna").state is AgentState.RESERVED


def test_without_a_free_agent_the_caller_waits_with_music() -> None:
    p = play(make_agent("anna"), shops=[make_shop(music="default")])
    p.calls_in()
    assert p.call("ch1").state is CallState.WAITING
    assert p.last(do.StartMusic).music == "default"
    p.ready("anna")
    assert p.last(do.Originate).endpoint == "PJSIP/anna"


def test_the_greeting_plays_on_a_bridge_while_the_phone_rings() -> None:
    p = play(make_agent("anna"), shops=[make_shop(greeting="sound:hello")])
    p.ready("anna")
    call = p.calls_in()
    assert p.last(do.Play).bridge == call.bridge
    assert p.asked(do.Join)[0].channels == ("ch1",)
    assert p.asked(do.Originate)
    assert call.agent_leg is not None
    p.answers(call.agent_leg.channel)
    assert p.last(do.StopPlay).playback == PlaybackId(f"{call.call}.greeting")
    assert p.last(do.Join).channels == (call.agent_leg.channel,)


def test_music_follows_the_greeting_only_for_those_who_still_wait() -> None:
    shop = make_shop(greeting="sound:hello", music="default")
    p = play(make_agent("anna"), shops=[shop])
    call = p.calls_in()
    p.see(saw.PlaybackEnded(at=p.now, playback=PlaybackId(f"{call.call}.greeting")))
    assert len(p.asked(do.StartMusic)) == 1
    p.ready("anna")
    p.talk()
    assert len(p.asked(do.StopMusic)) == 1


def test_both_in_the_bridge_is_a_conversation() -> None:
    p = play(make_agent("anna"))
    p.ready("anna")
    p.calls_in()
    call = p.talk()
    assert call.state is CallState.TALKING
    assert p.agent("anna").state is AgentState.TALKING
    assert p.last(do.ShowCard).state == "talking"


@pytest.mark.parametrize("who", ["customer", "agent"])
def test_either_hanging_up_ends_the_call_and_starts_wrap_up(who: str) -> None:
    p = play(make_agent("anna"))
    p.ready("anna")
    p.calls_in()
    call = p.talk()
    assert call.agent_leg is not None
    first, second = call.customer.channel, call.agent_leg.channel
    if who == "agent":
        first, second = second, first
    p.ends(first)
    assert p.last(do.HangUp).channel == second
    assert p.agent("anna").state is AgentState.WRAP_UP
    p.ends(second)
    record = p.last(do.RecordCall).record
    assert (record.ending, record.agent) == ("answered", "anna")
    assert not p.pool.calls


def test_wrap_up_ends_by_itself_and_the_card_closes() -> None:
    p = play(make_agent("anna"), rules=Rules(wrap_up_s=10))
    p.ready("anna")
    p.calls_in()
    call = p.talk()
    assert call.agent_leg is not None
    p.ends("ch1")
    p.ends(call.agent_leg.channel)
    p.wait(9.9)
    assert p.agent("anna").state is AgentState.WRAP_UP
    p.wait(0.2)
    assert p.agent("anna").state is AgentState.READY
    assert p.last(do.RetractCard).reason == "done"


def test_a_saved_disposition_ends_wrap_up() -> None:
    p = play(make_agent("anna"))
    p.ready("anna")
    p.calls_in()
    call = p.talk()
    assert call.agent_leg is not None
    p.ends("ch1")
    p.ends(call.agent_leg.channel)
    p.saves("anna", call.call)
    assert p.agent("anna").state is AgentState.READY


def test_a_disposition_saved_while_talking_leaves_no_wrap_up() -> None:
    p = play(make_agent("anna"))
    p.ready("anna")
    p.calls_in()
    call = p.talk()
    assert call.agent_leg is not None
    p.saves("anna", call.call)
    p.ends("ch1")
    p.ends(call.agent_leg.channel)
    assert p.agent("anna").state is AgentState.READY


def test_the_phone_must_be_on_hook_before_the_next_call_is_offered() -> None:
    p = play(make_agent("anna"), rules=Rules(wrap_up_s=0))
    p.ready("anna")
    p.calls_in("ch1")
    call = p.talk("ch1")
    p.calls_in("ch2")
    p.ends("ch1")
    assert len(p.asked(do.Originate)) == 1
    assert call.agent_leg is not None
    p.ends(call.agent_leg.channel)
    assert len(p.asked(do.Originate)) == 2


def test_a_phone_nobody_answers_pauses_the_agent_and_keeps_the_callers_place() -> None:
    p = play(make_agent("anna"), make_agent("boris"))
    p.ready("anna")
    call = p.calls_in("ch1")
    p.wait(5)
    p.calls_in("ch2")
    assert call.agent_leg is not None
    p.ends(call.agent_leg.channel, cause=19)
    assert p.agent("anna").state is AgentState.PAUSED
    assert p.agent("anna").reason == "rona"
    assert p.last(do.RetractCard).reason == "rona"
    p.ready("boris")
    assert p.call("ch1").agent == "boris"
    assert p.call("ch2").agent is None


def test_an_agent_who_did_not_answer_is_not_offered_that_call_again() -> None:
    p = play(make_agent("anna"))
    p.ready("anna")
    call = p.calls_in()
    assert call.agent_leg is not None
    p.ends(call.agent_leg.channel, cause=19)
    p.ready("anna")
    assert len(p.asked(do.Originate)) == 1
    assert p.agent("anna").state is AgentState.READY


def test_a_caller_who_leaves_while_the_phone_rings_frees_the_agent_unrested() -> None:
    p = play(make_agent("anna"))
    p.ready("anna")
    since = p.agent("anna").free_since
    call = p.calls_in()
    assert call.agent_leg is not None
    p.wait(3)
    p.ends("ch1")
    assert p.last(do.HangUp).channel == call.agent_leg.channel
    p.ends(call.agent_leg.channel, cause=26)
    assert p.agent("anna").state is AgentState.READY
    assert p.agent("anna").free_since == since
    assert p.last(do.RecordCall).record.ending == "abandoned"


def test_longest_idle_goes_first_among_those_who_can() -> None:
    p = play(
        make_agent("anna"),
        make_agent("boris", product_phones=5),
        make_agent("vera", product_phones=9),
    )
    p.ready("anna", "boris", "vera")
    p.calls_in("ch1", RU_PHONES)
    assert p.call("ch1").agent == "boris"
    p.calls_in("ch2")
    assert p.call("ch2").agent == "anna"


def test_who_waits_longest_goes_first_among_those_an_agent_can_serve() -> None:
    expert = make_agent("boris", product_phones=5)
    p = play(make_agent("anna"), expert)
    p.see(saw.AgentPaused(at=p.now, agent=expert.agent, reason="break"))
    p.calls_in("ch1", RU_PHONES)
    p.wait(1)
    p.calls_in("ch2")
    p.ready("anna")
    assert p.call("ch2").agent == "anna"
    assert p.call("ch1").agent is None
    p.ready("boris")
    assert p.call("ch1").agent == "boris"


def test_a_skill_nobody_logged_in_holds_is_dropped_at_once_with_its_reason() -> None:
    p = play(make_agent("anna"))
    p.ready("anna")
    call = p.calls_in("ch1", RU_PHONES)
    assert call.agent == "anna"
    assert "product.phones>=3 dropped: no agent logged in" in call.off_skill


def test_a_soft_skill_is_dropped_after_a_wait_and_a_hard_one_never() -> None:
    expert = make_agent("boris", product_phones=5)
    p = play(make_agent("anna"), expert, rules=Rules(relax_after_s=15))
    p.ready("boris")
    p.calls_in("ch0", RU_PHONES)
    p.ready("anna")
    p.calls_in("ch1", RU_PHONES)
    ukrainian = Requirement(hard=(("lang.uk", 3),))
    p.calls_in("ch2", ukrainian)
    assert p.call("ch1").agent is None
    p.wait(16)
    assert p.call("ch1").agent == "anna"
    assert "waited 15 s" in p.call("ch1").off_skill
    assert p.call("ch2").agent is None


def test_who_waited_too_long_goes_to_the_fallback_queue() -> None:
    p = play(make_agent("anna"), rules=Rules(max_wait_s=60))
    p.calls_in()
    p.wait(61)
    assert p.last(do.LeaveToDialplan).channel == "ch1"
    p.ends("ch1", cause=0)
    assert p.last(do.RecordCall).record.ending == "fallback"


def test_a_late_look_up_only_completes_the_card() -> None:
    p = play(make_agent("anna"))
    p.ready("anna")
    p.calls_in()
    cards = len(p.asked(do.ShowCard))
    p.identified(needs=RU_PHONES)
    assert p.call("ch1").required == RU
    assert len(p.asked(do.ShowCard)) == cards + 1


@pytest.mark.parametrize(
    "veto", [{"reachable": False}, {"in_use": True}], ids=["gone", "in use"]
)
def test_asterisk_can_veto_an_agent(veto: dict[str, bool]) -> None:
    p = play(make_agent("anna"))
    p.ready("anna")
    p.see(saw.EndpointChanged(at=p.now, endpoint="PJSIP/anna", **veto))
    p.calls_in()
    assert p.call("ch1").agent is None
    back = {name: not value for name, value in veto.items()}
    p.see(saw.EndpointChanged(at=p.now, endpoint="PJSIP/anna", **back))
    assert p.call("ch1").agent == "anna"


def test_asterisk_never_grants_an_agent() -> None:
    p = play(make_agent("anna"))
    p.see(saw.EndpointChanged(at=p.now, endpoint="PJSIP/anna", reachable=True))
    p.calls_in()
    assert p.call("ch1").agent is None


def test_a_pause_asked_for_during_a_call_comes_after_it() -> None:
    p = play(make_agent("anna"), rules=Rules(wrap_up_s=0))
    p.ready("anna")
    p.calls_in()
    call = p.talk()
    assert call.agent_leg is not None
    anna = p.agent("anna").agent
    p.see(saw.AgentPaused(at=p.now, agent=anna, reason="lunch"))
    assert p.agent("anna").state is AgentState.TALKING
    p.ends("ch1")
    p.ends(call.agent_leg.channel)
    assert p.agent("anna").state is AgentState.PAUSED
    assert p.agent("anna").reason == "lunch"


def test_a_join_that_never_happens_lets_the_agent_go_and_finds_another() -> None:
    p = play(make_agent("anna"), make_agent("boris"))
    p.ready("anna", "boris")
    call = p.calls_in()
    assert call.agent_leg is not None
    leg = call.agent_leg.channel
    p.answers(leg)
    p.wait(4)
    assert p.last(do.HangUp).channel == leg
    p.ends(leg)
    assert p.call("ch1").agent == "boris"


def test_a_bridge_is_used_again_only_when_every_channel_is_gone() -> None:
    p = play(make_agent("anna"), rules=Rules(wrap_up_s=0))
    p.ready("anna")
    p.calls_in("ch1")
    call = p.talk("ch1")
    first = call.bridge
    assert call.agent_leg is not None
    p.ends("ch1")
    assert not p.pool.idle_bridges
    p.ends(call.agent_leg.channel)
    assert p.pool.idle_bridges == [first]
    p.calls_in("ch2")
    assert p.talk("ch2").bridge == first
    assert len(p.asked(do.OpenBridge)) == 1
