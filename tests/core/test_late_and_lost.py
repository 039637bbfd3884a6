"""Facts that come late, twice or for nobody: nothing breaks, nobody is lost."""

from dataclasses import replace

import pytest

from callengine.core import effects as do
from callengine.core import facts as saw
from callengine.core.errors import IllegalTransition
from callengine.core.ids import (
    AgentId,
    AttemptId,
    CallId,
    ChannelId,
    OrderId,
    PlaybackId,
)
from callengine.core.machines import (
    AGENT,
    AGENT_LATE,
    CALL,
    CALL_LATE,
    RESERVATION,
    RESERVATION_LATE,
    AgentCue,
    AgentState,
    CallCue,
    CallState,
    ReservationCue,
    ReservationState,
    step,
)
from callengine.core.roster import Roster
from callengine.core.rules import PacingRules, Rules
from tests.support.pool_kit import (
    RU,
    make_agent,
    make_card,
    make_lead,
    make_shop,
    play,
)

NOBODY = ChannelId("nobody")
STRAY_FACTS = [
    saw.ChannelRinging(at=0, channel=NOBODY),
    saw.ChannelJoined(at=0, channel=NOBODY),
    saw.ChannelGone(at=0, channel=NOBODY, cause=16),
    saw.TalkingStarted(at=0, channel=NOBODY),
    saw.TalkingEnded(at=0, channel=NOBODY, duration_s=1.0),
    saw.PacketsCounted(at=0, channel=NOBODY, packets=5),
    saw.PlaybackEnded(at=0, playback=PlaybackId("none")),
    saw.TimerFired(at=0, key="call:none"),
    saw.TimerFired(at=0, key="agent:none"),
    saw.AgentBecameReady(at=0, agent=AgentId("none")),
    saw.AgentPaused(at=0, agent=AgentId("none"), reason="x"),
    saw.AgentLoggedOut(at=0, agent=AgentId("none")),
    saw.EndpointChanged(at=0, endpoint="PJSIP/none", reachable=True),
    saw.DispositionSaved(
        at=0,
        agent=AgentId("none"),
        call=CallId("none"),
        disposition=saw.Disposition.INFORMED,
    ),
    saw.CallerIdentified(at=0, call=CallId("none"), card=make_card(), requirement=RU),
]


@pytest.mark.parametrize("fact", STRAY_FACTS, ids=lambda f: type(f).__name__)
def test_a_fact_of_nobody_changes_nothing(fact: saw.Fact) -> None:
    p = play(make_agent("anna"))
    p.ready("anna")
    assert p.see(fact) == []
    assert p.agent("anna").state is AgentState.READY


def test_an_answer_of_a_channel_nobody_owns_is_hung_up() -> None:
    p = play(make_agent("anna"))
    p.answers(NOBODY)
    assert p.last(do.HangUp).channel == NOBODY


def test_an_answer_that_comes_after_the_caller_left_is_hung_up() -> None:
    p = play(make_agent("anna"))
    p.ready("anna")
    call = p.calls_in()
    assert call.agent_leg is not None
    p.ends("ch1")
    p.answers(call.agent_leg.channel)
    assert p.last(do.HangUp).channel == call.agent_leg.channel


def test_a_customers_answer_that_comes_after_the_end_is_hung_up() -> None:
    p = play(make_agent("anna"), rules=Rules(pacing=PacingRules(keep_free=0)))
    p.ready("anna")
    p.offered(make_lead())
    (call,) = p.pool.calls.values()
    call.move(CallCue.CLEARED)
    p.answers(call.customer.channel)
    assert p.last(do.HangUp).channel == call.customer.channel


def test_a_caller_seen_twice_is_one_caller() -> None:
    p = play(make_agent("anna"))
    p.arrives("ch1")
    p.arrives("ch1")
    assert len(p.pool.calls) == 1


def test_ringing_that_never_ends_is_ended() -> None:
    p = play(make_agent("anna"), rules=Rules(ring_s=20))
    p.ready("anna")
    call = p.calls_in()
    assert call.agent_leg is not None
    p.wait(26)
    assert p.last(do.HangUp).channel == call.agent_leg.channel


def test_music_comes_when_a_phone_rings_for_long() -> None:
    p = play(make_agent("anna"), shops=[make_shop(music="default")])
    p.ready("anna")
    p.calls_in()
    assert not p.asked(do.StartMusic)
    p.wait(3)
    assert p.asked(do.StartMusic)


def test_an_agent_lost_by_the_roster_goes_when_free_and_a_busy_one_later() -> None:
    p = play(make_agent("anna"), make_agent("boris"))
    p.ready("anna", "boris")
    p.calls_in()
    p.see(saw.RosterChanged(at=p.now, roster=Roster(shops=(make_shop(),))))
    assert set(p.pool.agents) == {"anna"}
    assert not p.pool.matcher.is_free(AgentId("boris"))


def test_a_lead_of_a_shop_that_is_gone_is_not_dialled() -> None:
    p = play(make_agent("anna"), rules=Rules(pacing=PacingRules(keep_free=0)))
    p.ready("anna")
    p.offered(make_lead(shop="gone"))
    assert not p.pool.calls


def test_more_idle_bridges_than_wanted_are_closed() -> None:
    p = play(make_agent("anna"), rules=Rules(idle_bridges=0, wrap_up_s=0))
    p.ready("anna")
    p.calls_in()
    call = p.talk()
    assert call.agent_leg is not None
    p.ends("ch1")
    p.ends(call.agent_leg.channel)
    assert p.asked(do.CloseBridge)


def test_wrap_up_ends_when_ready_is_pressed() -> None:
    p = play(make_agent("anna"))
    p.ready("anna")
    p.calls_in()
    call = p.talk()
    assert call.agent_leg is not None
    p.ends("ch1")
    p.ends(call.agent_leg.channel)
    p.ready("anna")
    assert p.agent("anna").state is AgentState.READY


def test_a_disposition_that_is_not_the_last_leaves_wrap_up_running() -> None:
    p = play(make_agent("anna"))
    p.ready("anna")
    p.calls_in()
    call = p.talk()
    assert call.agent_leg is not None
    p.ends("ch1")
    p.ends(call.agent_leg.channel)
    p.saves("anna", call.call, finish=False)
    assert p.agent("anna").state is AgentState.WRAP_UP


def test_an_illegal_cue_raises_and_changes_nothing() -> None:
    p = play(make_agent("anna"))
    agent = p.agent("anna")
    with pytest.raises(IllegalTransition, match="bridged in AgentState offline"):
        agent.move(AgentCue.BRIDGED, 1.0)
    assert agent.state is AgentState.OFFLINE


@pytest.mark.parametrize(
    ("states", "cues", "table", "late"),
    [
        (CallState, CallCue, CALL, CALL_LATE),
        (AgentState, AgentCue, AGENT, AGENT_LATE),
        (ReservationState, ReservationCue, RESERVATION, RESERVATION_LATE),
    ],
    ids=["call", "agent", "reservation"],
)
def test_every_pair_moves_stays_or_is_illegal_but_never_two_of_these(
    states: type, cues: type, table: dict, late: set
) -> None:
    assert not set(table) & set(late)
    for state in states:
        for cue in cues:
            if (state, cue) in table or (state, cue) in late:
                assert step(state, cue, table, late) in states
            else:
                with pytest.raises(IllegalTransition):
                    step(state, cue, table, late)


def test_two_leads_of_one_order_keep_their_own_attempts() -> None:
    p = play(make_agent("anna"), make_agent("boris"))
    first = make_lead("o1")
    second = replace(first, attempt=AttemptId("att-2"), order=OrderId("o1"))
    p.offered(first, second)
    p.ready("anna", "boris")
    assert len(p.asked(do.BeginAttempt)) == 1
