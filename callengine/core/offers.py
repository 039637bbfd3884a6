"""
Offers: the life of a reservation, from choosing an agent to the end of wrap-up.

A reservation takes the agent before anything rings, opens the card, and owns the
agent's leg. Whatever happens to it, the agent is free again only when that leg is
gone.
"""

from callengine.core import effects as do
from callengine.core.agent import Agent
from callengine.core.call import Call, Leg
from callengine.core.facts import ChannelGone
from callengine.core.ids import ChannelId
from callengine.core.machines import (
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
from callengine.core.offer_failures import (
    AWAY,
    MAY_BE_ASKED_AGAIN,
    OfferFailure,
    failure_of,
    pauses,
)
from callengine.core.pool import Pool

CUSTOMER_LOST = "customer_lost"
CUES = {
    OfferFailure.NO_ANSWER: ReservationCue.RANG_OUT,
    OfferFailure.NO_PICK_UP: ReservationCue.RANG_OUT,
    OfferFailure.NOT_JOINED: ReservationCue.WITHDRAWN,
    OfferFailure.OUTAGE: ReservationCue.WITHDRAWN,
}
"""How a failure ends the reservation; the others reject it."""


def settle(pool: Pool, agent: Agent, cue: ReservationCue) -> None:
    """Move the agent's reservation. Raises `IllegalTransition`."""
    pool.touch_agent(agent)
    if agent.reservation is not None:
        agent.reservation = step(agent.reservation, cue, RESERVATION, RESERVATION_LATE)


def reserve(pool: Pool, call: Call, agent: Agent, card_state: str) -> None:
    """Take an agent for a call and open the card; nothing rings yet."""
    agent.move(AgentCue.RESERVED, pool.now)
    agent.reservation = ReservationState.PENDING
    agent.call, call.agent = call.call, agent.agent
    agent.dispositioned = False
    pool.matcher.engage(agent.agent, pool.now)
    pool.show(agent, call, card_state)
    pool.tell(agent)
    call.note(pool.now, "reserved", agent.agent)
    pool.touch(call)


def ring(pool: Pool, call: Call, agent: Agent) -> None:
    """Ring the reserved agent's phone."""
    call.move(CallCue.AGENT_CHOSEN)
    call.legs_made += 1
    channel = ChannelId(f"{call.call}.agt.{call.legs_made}")
    auto = call.lead is not None
    call.agent_leg = Leg(
        channel=channel,
        role="agent",
        agent=agent.agent,
        started_at=pool.now,
        pick_up_by=pool.now + pool.rules.pick_up_s if auto else None,
    )
    agent.channel = channel
    pool.by_channel[channel] = call.call
    if agent.card is not None and agent.card.state != "ringing":
        pool.show(agent, call, "ringing")
    pool.emit(
        do.Originate(
            call=call.call,
            channel=channel,
            endpoint=agent.profile.endpoint,
            caller_id=call.number or "anonymous",
            timeout_s=round(pool.rules.ring_s),
            auto_answer=agent.profile.auto_answer if auto else None,
        )
    )
    pool.touch(call)


def agent_answered(pool: Pool, call: Call, leg: Leg) -> None:
    """Join the two parties."""
    agent = pool.agents[leg.agent] if leg.agent else None
    if leg.answered_at is not None and not leg.failure:
        return  # told twice
    mine = leg is call.agent_leg and call.state is CallState.OFFERED
    if agent is None or not mine:
        pool.emit(do.HangUp(call=call.call, channel=leg.channel))
        return
    leg.answered_at = pool.now
    settle(pool, agent, ReservationCue.AGENT_ANSWERED)
    call.move(CallCue.AGENT_ANSWERED)
    call.step_at = pool.now
    call.note(pool.now, "agent_answered", agent.agent)
    pool.silence(call)
    join(pool, call)
    demanded = agent.profile.srtp
    if pool.rules.srtp if demanded is None else demanded:
        pool.emit(do.CheckSecurity(call=call.call, channel=leg.channel))


def join(pool: Pool, call: Call) -> None:
    """Put every answered leg that is not on its way yet into the call's bridge."""
    bridge = pool.take_bridge(call)
    legs = [
        leg
        for leg in (call.customer, call.agent_leg)
        if leg is not None and leg.alive and leg.answered_at and not leg.joining
    ]
    for leg in legs:
        leg.joining = True
    if legs:
        channels = tuple(leg.channel for leg in legs)
        pool.emit(do.Join(call=call.call, bridge=bridge, channels=channels))
    pool.touch(call)


def bridged(pool: Pool, call: Call) -> None:
    """Both are in the bridge: they talk."""
    if call.agent is None or not call.move(CallCue.JOINED):
        return
    agent = pool.agents[call.agent]
    first = call.bridged_at is None
    call.bridged_at = call.bridged_at or pool.now
    call.requeued_at = None
    pool.matcher.taken(call.call, pool.now)
    if call.lead is not None and first:
        pool.settle(call)
    agent.move(AgentCue.BRIDGED, pool.now)
    call.note(pool.now, "bridged", agent.agent)
    pool.show(agent, call, "talking")
    pool.tell(agent)
    pool.touch(call)


def give_up_on(pool: Pool, leg: Leg, call: Call, why: OfferFailure) -> None:
    """End an agent's leg ourselves; its end is judged when Asterisk tells of it."""
    leg.failure = why.value
    pool.emit(do.HangUp(call=call.call, channel=leg.channel))


def take_back(pool: Pool, call: Call, leg: Leg, why: OfferFailure) -> None:
    """
    Take a call from an agent at once, for the next one.

    The customer does not wait until the leg is gone; the agent, who is free only then,
    is blamed only then (`judge`).
    """
    give_up_on(pool, leg, call, why)
    detach(pool, call, leg, why)
    agent = pool.agents.get(leg.agent) if leg.agent else None
    if agent is not None:
        settle(pool, agent, CUES.get(why, ReservationCue.AGENT_REJECTED))
        pool.retract(agent, why.value)
        free(pool, agent, AgentCue.RELEASED)


def agent_lost(pool: Pool, call: Call, leg: Leg, gone: ChannelGone) -> None:
    """
    The agent's leg ended before its time: the call goes back to its place.

    One rule for callers and order calls: what the failure means for the agent stands
    in `offer_failures.CONSEQUENCES`.
    """
    why = failure_of(leg, gone)
    detach(pool, call, leg, why)
    agent = pool.agents.get(leg.agent) if leg.agent else None
    if agent is None:
        return
    settle(pool, agent, CUES.get(why, ReservationCue.AGENT_REJECTED))
    pool.retract(agent, why.value)
    free(pool, agent, AgentCue.RELEASED, why)


def detach(pool: Pool, call: Call, leg: Leg, why: OfferFailure) -> None:
    """Part a call from the agent who had it; it waits for another."""
    if call.state is CallState.TALKING:
        call.requeued_at, call.machine_at = pool.now, None
    call.move(CallCue.AGENT_LOST)
    call.past_legs.append(leg)
    call.agent_leg = call.agent = None
    if call.customer.joined_at is None:
        # Perhaps it was the customer who did not get in: ask again with the next one.
        call.customer.joining = False
    if leg.agent is not None:
        call.note(pool.now, why.value, leg.agent)
        if why not in MAY_BE_ASKED_AGAIN:
            call.excluded = (*call.excluded, leg.agent)
    pool.touch(call)


def judge(pool: Pool, agent: Agent, why: OfferFailure) -> None:
    """Pause an agent whose phone failed, or keep calls away from it, or neither."""
    paused = pauses(why, pause_when_busy=pool.rules.pause_when_busy)
    if why in AWAY:
        agent.reachable = False
    if paused and agent.wish is None:
        agent.wish, agent.wish_reason = AgentState.PAUSED, why.value
    elif why in AWAY and agent.state is AgentState.READY:
        agent.reason = why.value
    pool.touch_agent(agent)


def late_leg_gone(pool: Pool, leg: Leg, gone: ChannelGone) -> None:
    """A leg that was taken back is gone: now its agent is judged, and free."""
    agent = pool.agents.get(leg.agent) if leg.agent else None
    if agent is None:
        return
    judge(pool, agent, failure_of(leg, gone))
    grant_wish(pool, agent)
    pool.index(agent)
    pool.tell(agent)


def tell_of_loss(pool: Pool, call: Call) -> None:
    """Say on the card why the conversation ended: the customer vanished."""
    agent = pool.agents.get(call.agent) if call.agent else None
    if agent is None or agent.card is None or agent.card.call != call.call:
        return
    pool.show(agent, call, agent.card.state, CUSTOMER_LOST)


def withdraw(pool: Pool, call: Call, reason: str) -> None:
    """The call no longer needs its agent, who never spoke: free them at once."""
    if call.agent is None:
        return
    agent = pool.agents[call.agent]
    settle(pool, agent, ReservationCue.WITHDRAWN)
    pool.retract(agent, reason)
    free(pool, agent, AgentCue.RELEASED)


def start_wrap_up(pool: Pool, call: Call, agent: Agent) -> None:
    """The conversation is over; the agent finishes the paperwork."""
    settle(pool, agent, ReservationCue.CALL_CLEARED)
    agent.move(AgentCue.CALL_CLEARED, pool.now)
    if agent.dispositioned or pool.rules.wrap_up_s <= 0:
        finish_wrap_up(pool, agent)
        return
    agent.until = pool.now + pool.rules.wrap_up_s
    pool.emit(do.SetTimer(key=f"agent:{agent.agent}", at=agent.until))
    pool.show(agent, call, "wrap_up")
    pool.tell(agent)


def finish_wrap_up(pool: Pool, agent: Agent) -> None:
    """End wrap-up, by the agent's word or by time."""
    if agent.state is not AgentState.WRAP_UP:
        return
    settle(pool, agent, ReservationCue.WRAPPED_UP)
    pool.wrap_up_over(agent)
    pool.emit(do.CancelTimer(key=f"agent:{agent.agent}"))
    pool.retract(agent, "done")
    agent.free_since = pool.now
    free(pool, agent, AgentCue.WRAPPED_UP)


def free(
    pool: Pool, agent: Agent, cue: AgentCue, why: OfferFailure | None = None
) -> None:
    """
    Give the agent back to the pool, and grant what was wished meanwhile.

    Args:
        why: their phone did not take the call, or lost it.
    """
    agent.move(cue, pool.now)
    agent.call, agent.reservation, agent.until = None, None, None
    if why is not None:
        judge(pool, agent, why)
    grant_wish(pool, agent)
    pool.index(agent)
    pool.tell(agent)


def grant_wish(pool: Pool, agent: Agent) -> None:
    """Pause or log out an agent who asked for it during a call."""
    if agent.wish is None or agent.state is not AgentState.READY:
        return
    wish, reason = agent.wish, agent.wish_reason
    agent.wish, agent.wish_reason = None, ""
    cue = AgentCue.ASKED_PAUSE if wish is AgentState.PAUSED else AgentCue.LOGGED_OUT
    agent.move(cue, pool.now, reason)
