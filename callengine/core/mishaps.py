"""
A handler failed in the middle of a fact: bringing what it touched to a safe end.

A pool is changed in place, so there is nothing to go back to. Instead every call that
the fact was about, or that an effect of it names, is resolved: people who talk go on
talking; a caller without an agent goes to the fallback queue; whoever was only being
rung is let go. Agents are freed. What is left is a state that all other facts can be
applied to. See ADR 0016.
"""

from collections.abc import Callable, Iterable

from callengine.core import clearing, inbound, offers, routing
from callengine.core import effects as do
from callengine.core.agent import Agent
from callengine.core.call import Call, Leg
from callengine.core.effects import Effect
from callengine.core.facts import ChannelGone, Fact, Lead, LeadsOffered
from callengine.core.ids import AgentId, CallId
from callengine.core.machines import AgentState, AttemptState, CallState
from callengine.core.match.matcher import Matcher
from callengine.core.offer_failures import OfferFailure
from callengine.core.pool import Pool
from callengine.core.records import AttemptRecord, Outcome
from callengine.core.recycling.fates import FAULTS

AGAIN_AFTER_S = 120.0
"""An order whose attempt we failed on is due again after this."""
ON_THE_WAY = (AgentState.RESERVED, AgentState.TALKING)


def resolve(pool: Pool, fact: Fact) -> list[Effect]:
    """
    Put a pool in order after `fact` could not be applied to its end.

    Nobody is rung for it any more; what was decided to end is ended, what was to be
    recorded is recorded.
    """
    decided = pool.take_effects()
    concerned = dict.fromkeys([*_calls_of(pool, fact), *_named(decided)])
    unborn = {e.channel for e in decided if isinstance(e, do.Originate)}
    for effect in decided:
        if not isinstance(effect, do.Originate | do.BeginAttempt):
            pool.emit(effect)
    # Whatever pacing stumbled over is not looked at again with every fact.
    pool.pace_due = False
    gone = {fact.channel} if isinstance(fact, ChannelGone) else set()
    recorded = {
        e.record.call
        for e in decided
        if isinstance(e, do.RecordCall | do.RecordAttempt)
    }
    for call_id in concerned:
        call = pool.calls.get(call_id)
        if call is not None:
            _bury(pool, call, unborn | gone)
            end(pool, call, attempt_recorded=call_id in recorded)
    for agent in pool.agents.values():
        _indexed(pool, agent)
    if isinstance(fact, LeadsOffered):
        _put_off(pool, [lead for lead in fact.leads if not _dialled(pool, lead)])
    for agent in _strays(pool):
        _free_by_force(pool, agent)
    return pool.take_effects()


def rebuild_matching(pool: Pool) -> list[Effect]:
    """
    Make a new matcher of everybody who is here, when the old one fails every time.

    Who cannot be entered is resolved.
    """
    pool.matcher = Matcher(pool.rules.routing)
    pool.match_due_at = None
    for agent in pool.agents.values():
        _indexed(pool, agent)
    for call in list(pool.calls.values()):
        if call.state is CallState.WAITING and call.outcome is None:
            try:
                pool.matcher.enter(routing.work_item(pool, call), pool.now)
            except Exception:
                end(pool, call)
    return pool.take_effects()


def give_all_away(pool: Pool) -> list[Effect]:
    """Matching does not work at all: the fallback queue takes everybody who waits."""
    for call in list(pool.calls.values()):
        if call.state in (CallState.WAITING, CallState.IDENTIFYING):
            end(pool, call)
    return pool.take_effects()


def put_all_off(pool: Pool) -> list[Effect]:
    """Pacing fails every time: leads that wait go back, to be looked at later."""
    pool.pace_due = False
    _put_off(pool, pool.leads.every())
    return pool.take_effects()


def forget_the_over(pool: Pool) -> list[Effect]:
    """Comparing with what lives failed: end what is over one by one."""
    for call in list(pool.calls.values()):
        if call.over:
            end(pool, call)
    return pool.take_effects()


def end(pool: Pool, call: Call, *, attempt_recorded: bool = False) -> None:
    """Resolve one call, in the usual way if that works."""
    if call.state is CallState.TALKING and _both_alive(call):
        _keep_talking(pool, call)
        return
    if not _tried(lambda: _end_well(pool, call)):
        _end_by_force(pool, call)
    if call.over:
        _tried(lambda: clearing.finish(pool, call))
    if call.over and call.call in pool.calls:
        _finish_by_force(pool, call, attempt_recorded=attempt_recorded)


# --- which ------------------------------------------------------------------------


def _calls_of(pool: Pool, fact: Fact) -> Iterable[CallId]:
    """Find the calls that a fact names, by whatever it names them."""
    call = getattr(fact, "call", None)
    if call is not None:
        yield call
    channel = getattr(fact, "channel", None)
    if channel is not None:
        # Perhaps it was taken out of the index before the failure.
        for one in pool.calls.values():
            if any(leg.channel == channel for leg in one.legs):
                yield one.call
    playback = getattr(fact, "playback", None)
    if playback in pool.by_playback:
        yield pool.by_playback[playback]
    kind, _, key = getattr(fact, "key", "").partition(":")
    if kind == "call":
        yield CallId(key)
    agent = pool.agents.get(getattr(fact, "agent", None) or AgentId(""))
    if agent is not None and agent.call is not None:
        yield agent.call


def _named(effects: Iterable[Effect]) -> Iterable[CallId]:
    """Find the calls for which something was begun."""
    for effect in effects:
        call = getattr(effect, "call", None)
        if call:
            yield call


def _strays(pool: Pool) -> list[Agent]:
    """Find agents who are taken by a call that is not, or no longer, theirs."""
    found = []
    for agent in pool.agents.values():
        if agent.state in ON_THE_WAY:
            call = pool.calls.get(agent.call) if agent.call is not None else None
            theirs = call is not None and call.agent == agent.agent
            if not theirs or (call is not None and call.state is CallState.CLEARING):
                found.append(agent)
    return found


def _dialled(pool: Pool, lead: Lead) -> bool:
    return any(
        call.lead is not None and call.lead.attempt == lead.attempt
        for call in pool.calls.values()
    )


def _put_off(pool: Pool, leads: Iterable[Lead]) -> None:
    for lead in leads:
        pool.leads.discard(lead.attempt)
        pool.emit(
            do.PutLeadOff(
                attempt=lead.attempt,
                order=lead.order,
                shop=lead.shop,
                at=pool.now + AGAIN_AFTER_S,
                rule="failed",
                reason="the engine failed on this order; it is looked at again",
            )
        )


def _keep_talking(pool: Pool, call: Call) -> None:
    """Complete what makes two people's conversation one."""
    if call.bridged_at is None:
        call.bridged_at = pool.now
    if call.call in pool.matcher:
        _tried(lambda: pool.matcher.taken(call.call, pool.now))
    pool.held.pop(call.call, None)
    agent = pool.agents.get(call.agent) if call.agent is not None else None
    if agent is not None and agent.state is AgentState.RESERVED:
        agent.state, agent.since = AgentState.TALKING, pool.now
        pool.show(agent, call, "talking")
        pool.tell(agent)
    pool.touch(call)


# --- the usual way ----------------------------------------------------------------


def _end_well(pool: Pool, call: Call) -> None:
    call.note(pool.now, "failed", "the engine failed on a fact of this call")
    if call.state in clearing.STOP_ON_CLEAR:
        # It was being ended; whatever of that was left out is done now.
        _end_by_force(pool, call)
        return
    if call.lead is not None or not call.customer.alive:
        clearing.clear(pool, call, "failed")
        return
    leg = call.agent_leg
    if leg is not None and leg.alive:
        leg.failure = OfferFailure.OUTAGE.value  # the agent is not to blame
        pool.emit(do.HangUp(call=call.call, channel=leg.channel))
    offers.withdraw(pool, call, "failed")
    inbound.overflow(pool, call)


def _bury(pool: Pool, call: Call, channels: set[str]) -> None:
    """Note that these legs are no more, or never were."""
    for leg in call.legs:
        if leg.channel in channels and leg.alive and not _gone(pool, leg):
            leg.ended_at = pool.now
            pool.by_channel.pop(leg.channel, None)


def _gone(pool: Pool, leg: Leg) -> bool:
    return _tried(lambda: clearing.leg_gone(pool, leg, cause=0, sip_code=None))


def _both_alive(call: Call) -> bool:
    leg = call.agent_leg
    return call.customer.alive and leg is not None and leg.alive


# --- by force ---------------------------------------------------------------------


def _end_by_force(pool: Pool, call: Call) -> None:
    """End a call whose own state is in the way."""
    _tried(lambda: pool.matcher.leave(call.call, pool.now, gave_up=False))
    for index in (pool.held, pool.lines):
        index.pop(call.call, None)
    if call.playback is not None:
        pool.by_playback.pop(call.playback, None)
        call.playback = None
    call.state, call.ending = CallState.CLEARING, call.ending or "failed"
    pool.emit(do.CancelTimer(key=f"call:{call.call}"))
    for leg in call.legs:
        if leg.alive:
            pool.emit(_send_away(call, leg))
    agent = pool.agents.get(call.agent) if call.agent is not None else None
    if agent is not None and agent.call == call.call:
        _free_by_force(pool, agent)
    pool.touch(call)


def _send_away(call: Call, leg: Leg) -> Effect:
    """Let a caller find somebody in the fallback queue; hang up on the others."""
    if leg is call.customer and call.lead is None and call.bridged_at is None:
        return do.LeaveToDialplan(call=call.call, channel=leg.channel)
    return do.HangUp(call=call.call, channel=leg.channel)


def _free_by_force(pool: Pool, agent: Agent) -> None:
    """Free an agent whose call is none any more."""
    if agent.card is not None:
        pool.retract(agent, "failed")
    agent.state, agent.since, agent.reason = AgentState.READY, pool.now, ""
    agent.call, agent.reservation, agent.until = None, None, None
    _tried(lambda: offers.grant_wish(pool, agent))
    _indexed(pool, agent)
    pool.tell(agent)


def _finish_by_force(pool: Pool, call: Call, *, attempt_recorded: bool) -> None:
    """Forget a call and keep what can be kept of it."""
    pool.calls.pop(call.call, None)
    _tried(lambda: pool.give_bridge_back(call))
    pool.touch(call)
    if call.lead is not None:
        _tried(lambda: pool.number_over(call.lead.number))  # type: ignore[union-attr]
        if not attempt_recorded:
            pool.emit(do.RecordAttempt(record=_failed_attempt(call, pool.now)))
    _tried(
        lambda: pool.emit(do.RecordCall(record=clearing.call_record(call, pool.now)))
    )


def _failed_attempt(call: Call, now: float) -> AttemptRecord:
    """Write an attempt that we failed on, so that its order is dialled again."""
    lead = call.lead
    assert lead is not None
    call.attempt = AttemptState.DONE
    talked = call.bridged_at is not None
    outcome = Outcome.BRIDGED if talked else Outcome.FAILED
    return AttemptRecord(
        attempt=lead.attempt,
        order=lead.order,
        shop=lead.shop,
        call=call.call,
        number=lead.number,
        tries=lead.tries + 1,
        started_at=call.customer.started_at,
        answered_at=call.answered_at,
        bridged_at=call.bridged_at,
        ended_at=now,
        outcome=outcome,
        cause=call.customer.cause,
        sip_code=call.customer.sip_code,
        ring_s=0.0,
        agent=call.agent if talked else None,
        next_try_at=None if talked else now + AGAIN_AFTER_S,
        rule="the engine failed on a fact of this call",
        trunk=call.customer.trunk,
        fault=FAULTS[outcome].value,
        zone=lead.zone,
    )


def _indexed(pool: Pool, agent: Agent) -> bool:
    return _tried(lambda: pool.index(agent))


def _tried(step: Callable[[], object]) -> bool:
    """Do one thing; say whether it worked. What failed once may fail here again."""
    try:
        step()
    except Exception:
        return False
    return True
