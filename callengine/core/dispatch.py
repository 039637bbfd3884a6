"""
The one door of the core: `apply` takes a fact and returns what is to be done.

Every fact type has its handler in `HANDLERS`; a missing one is found by a test.
After each fact, agents who became free are given work: waiting callers first, then
orders.
"""

from collections.abc import Callable, Mapping
from typing import Any

from callengine.core import (
    carrying,
    clearing,
    desk,
    failing,
    hearing,
    inbound,
    offers,
    outbound,
    pacing,
    remember,
    routing,
)
from callengine.core.call import Call, Leg
from callengine.core.effects import Effect, HangUp, SetTimer
from callengine.core.facts import (
    AgentBecameReady,
    AgentLoggedOut,
    AgentPaused,
    AttemptsRemembered,
    CallArrived,
    CallerIdentified,
    ChannelAnswered,
    ChannelGone,
    ChannelJoined,
    ChannelRinging,
    ClockSet,
    DispositionSaved,
    EndpointChanged,
    Fact,
    LeadsOffered,
    OrderWithdrawn,
    PacketsCounted,
    PlaybackEnded,
    RosterChanged,
    RulesChanged,
    SecurityChecked,
    TalkingEnded,
    TalkingStarted,
    TimerFired,
)
from callengine.core.ids import AgentId, CallId
from callengine.core.machines import AttemptCue, CallState
from callengine.core.offer_failures import OfferFailure
from callengine.core.pool import Pool
from callengine.core.trunks.facts import TrunkAnswers, TrunkRegistered

MATCH_TIMER = "match:"
LATE_S = 60.0
"""Far more than a fact ever was under way."""


def apply(pool: Pool, fact: Fact) -> list[Effect]:
    """
    Apply one fact; return the effects, in order.

    Raises `IllegalTransition`; the effects collected until then stay in the pool and
    come with the next call.
    """
    observe(pool, fact)
    give_work(pool)
    return pool.take_effects()


def observe(pool: Pool, fact: Fact) -> None:
    """Apply one fact and give nobody work yet. Raises `IllegalTransition`."""
    # A fact's clock may be behind the pool's by the time it took to get here. By more
    # it cannot: then the one before came from a clock that was wrong.
    if fact.at > pool.now or fact.at < pool.now - LATE_S:
        pool.now = fact.at
    HANDLERS[type(fact)](pool, fact)


def give_work(pool: Pool) -> None:
    """Match agents with callers; then see whether to dial."""
    match(pool)
    pace(pool)


def match(pool: Pool) -> None:
    """Give waiting callers to agents, and see when to look again."""
    routing.serve(pool)
    due_at = pool.matcher.next_due()
    if due_at is not None and due_at not in (pool.match_due_at, pool.now):
        pool.match_due_at = due_at
        pool.emit(SetTimer(key=MATCH_TIMER, at=due_at))


def pace(pool: Pool) -> None:
    """See whether to dial."""
    if pool.pace_due:
        pacing.look(pool)


def on_channel_ringing(pool: Pool, fact: ChannelRinging) -> None:
    """Note when a phone began to ring."""
    found = pool.call_of(fact.channel)
    if found is None:
        return
    call, leg = found
    if leg.ringing_at is None:
        leg.ringing_at = pool.now
        call.note(pool.now, "ringing", leg.role)
        if leg.role == "customer":
            call.move_attempt(AttemptCue.RANG)
            carrying.rang(pool, leg)


def on_channel_answered(pool: Pool, fact: ChannelAnswered) -> None:
    """One of our legs was answered; one that is nobody's any more is hung up."""
    found = pool.call_of(fact.channel)
    if found is None:
        pool.emit(HangUp(call=CallId(""), channel=fact.channel))
        return
    call, leg = found
    if leg.role == "agent":
        offers.agent_answered(pool, call, leg)
        routing.arm(pool, call)
    elif call.state is CallState.DIALLING:
        outbound.customer_answered(pool, call, leg)
    elif call.state is CallState.CLEARING:
        pool.emit(HangUp(call=call.call, channel=leg.channel))


def on_channel_joined(pool: Pool, fact: ChannelJoined) -> None:
    """A leg entered the bridge; the second one makes it a conversation."""
    found = pool.call_of(fact.channel)
    if found is None:
        return
    call, leg = found
    leg.joined_at = leg.joined_at or pool.now
    agent_in = call.agent_leg is not None and call.agent_leg.joined_at is not None
    if call.state is CallState.JOINING and agent_in and call.customer.joined_at:
        offers.bridged(pool, call)
        call.move_attempt(AttemptCue.JOINED)
        routing.arm(pool, call)


def on_channel_gone(pool: Pool, fact: ChannelGone) -> None:
    """A leg ended: the end of the call, or of an offer."""
    found = pool.call_of(fact.channel)
    if found is None:
        return
    call, leg = found
    clearing.leg_gone(pool, leg, cause=fact.cause, sip_code=fact.sip_code)
    if leg.role == "customer":
        if fact.vanished:
            call.note(pool.now, "customer_lost", "no sound came from them any more")
        if call.lead is not None:
            outbound.customer_lost(pool, call, unreachable=fact.unreachable)
        else:
            inbound.customer_left(pool, call)
        if fact.vanished:
            offers.tell_of_loss(pool, call)
    elif leg is not call.agent_leg:
        offers.late_leg_gone(pool, leg, fact)
    elif call.state in (CallState.OFFERED, CallState.JOINING):
        offers.agent_lost(pool, call, leg, fact)
        inbound.requeue(pool, call)
    elif call.state is CallState.TALKING:
        agent_left_talk(pool, call, leg, fact)
    clearing.finish(pool, call)
    pool.touch(call)


def agent_left_talk(pool: Pool, call: Call, leg: Leg, fact: ChannelGone) -> None:
    """The agent hung up, which ends the call; or their phone vanished."""
    if fact.vanished or leg.failure:
        offers.agent_lost(pool, call, leg, fact)
        inbound.requeue(pool, call)
    elif call.lead is not None:
        outbound.customer_lost(pool, call, unreachable=False)
    else:
        inbound.customer_left(pool, call)


def on_timer_fired(pool: Pool, fact: TimerFired) -> None:
    """Something the core asked for came due; one that is stale does nothing."""
    kind, _, key = fact.key.partition(":")
    if kind == "agent":
        agent = pool.agents.get(AgentId(key))
        if agent is not None:
            desk.on_agent_timer(pool, agent)
        return
    if kind == "pace":
        pool.pace_due = True
        return
    if kind == "match":
        pool.match_due_at = None
        return
    call = pool.calls.get(CallId(key))
    if call is None:
        return
    if call.lead is not None and call.answered_at is not None:
        on_order_call_due(pool, call)
        routing.arm(pool, call)
    failing.on_suspect_due(pool, call)
    if call.state is CallState.IDENTIFYING:
        inbound.on_identifying_due(pool, call)
    elif call.state is CallState.JOINING:
        on_join_due(pool, call)
    elif call.state is CallState.OFFERED:
        on_offer_due(pool, call)
    elif call.state is CallState.WAITING and call.lead is None:
        inbound.on_waiting_due(pool, call)


def on_order_call_due(pool: Pool, call: Call) -> None:
    """Give up on an agent for an answered customer, or find a machine."""
    unserved = (CallState.WAITING, CallState.OFFERED, CallState.JOINING)
    machine_at = call.machine_at
    if call.state in unserved and pool.now >= routing.give_up_at(pool, call):
        outbound.give_up(pool, call)
    elif call.state is CallState.TALKING and machine_at and pool.now >= machine_at:
        hearing.suspect_machine(pool, call)


def on_join_due(pool: Pool, call: Call) -> None:
    """The bridge did not get both: let the agent's leg go, which requeues the call."""
    if pool.now >= call.step_at + pool.rules.join_s and call.agent_leg is not None:
        offers.give_up_on(pool, call.agent_leg, call, OfferFailure.NOT_JOINED)
    else:
        routing.arm(pool, call)


def on_offer_due(pool: Pool, call: Call) -> None:
    """Music for a caller whose offer takes long; an end to an offer that has none."""
    leg = call.agent_leg
    if leg is not None and leg.pick_up_by is not None and pool.now >= leg.pick_up_by:
        offers.take_back(pool, call, leg, OfferFailure.NO_PICK_UP)
        inbound.requeue(pool, call)
        return
    if leg is not None and pool.now >= leg.started_at + pool.rules.ring_s + 5.0:
        pool.emit(HangUp(call=call.call, channel=leg.channel))
        return
    if pool.now >= call.enqueued_at + pool.rules.music_after_s:
        inbound.play_music(pool, call)
    routing.arm(pool, call)


def on_packets_counted(pool: Pool, fact: PacketsCounted) -> None:
    """Sound of a customer tells machines from people; of a phone, whether it lives."""
    found = pool.call_of(fact.channel)
    if found is None:
        return
    call, leg = found
    if leg.role == "agent":
        failing.on_phone_counted(pool, call, leg, fact.packets)
    else:
        hearing.on_packets_counted(pool, fact)


def on_roster_changed(pool: Pool, fact: RosterChanged) -> None:
    """Take over changed shops and agents."""
    pool.load_roster(fact.roster)


def on_clock_set(pool: Pool, fact: ClockSet) -> None:
    """Know the time of day again; no timer of ours is about the time of day."""
    pool.wall_ahead_s = fact.ahead_s


HANDLERS: Mapping[type[Fact], Callable[[Pool, Any], None]] = {
    AgentBecameReady: desk.on_agent_became_ready,
    AgentLoggedOut: desk.on_agent_logged_out,
    AgentPaused: desk.on_agent_paused,
    CallArrived: inbound.on_call_arrived,
    CallerIdentified: inbound.on_caller_identified,
    ChannelAnswered: on_channel_answered,
    ChannelGone: on_channel_gone,
    ChannelJoined: on_channel_joined,
    ChannelRinging: on_channel_ringing,
    ClockSet: on_clock_set,
    DispositionSaved: desk.on_disposition_saved,
    EndpointChanged: desk.on_endpoint_changed,
    LeadsOffered: outbound.on_leads_offered,
    OrderWithdrawn: outbound.on_order_withdrawn,
    AttemptsRemembered: remember.on_attempts_remembered,
    PacketsCounted: on_packets_counted,
    PlaybackEnded: inbound.on_playback_ended,
    RosterChanged: on_roster_changed,
    RulesChanged: routing.on_rules_changed,
    SecurityChecked: failing.on_security_checked,
    TalkingEnded: hearing.on_talking_ended,
    TalkingStarted: hearing.on_talking_started,
    TimerFired: on_timer_fired,
    TrunkAnswers: carrying.on_trunk_answers,
    TrunkRegistered: carrying.on_trunk_registered,
}
