"""
Offers: the life of a reservation, from choosing an agent to the end of wrap-up.

A reservation takes the agent before anything rings, opens the card, and owns the
agent's leg. Whatever happens to it, the agent is free again only when that leg is
gone.
"""

from callengine.core import effects as do
from callengine.core.agent import Agent
from callengine.core.call import Call, Leg
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
from callengine.core.pool import Pool

Q850_NORMAL = 16
Q850_USER_BUSY = 17
Q850_REJECTED = 21
Q850_ANSWERED_ELSEWHERE = 26


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
    call.agent_leg = Leg(
        channel=channel, role="agent", agent=agent.agent, started_at=pool.now
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
            auto_answer=call.lead is not None,
        )
    )
    pool.touch(call)


def agent_answered(pool: Pool, call: Call, leg: Leg) -> None:
    """Join the two parties."""
    agent = pool.agents[leg.agent] if leg.agent else None
    if agent is None or call.state is not CallState.OFFERED:
        pool.emit(do.HangUp(call=call.call, channel=leg.channel))
        return
    leg.answered_at = pool.now
    settle(pool, agent, ReservationCue.AGENT_ANSWERED)
    call.move(CallCue.AGENT_ANSWERED)
    call.step_at = pool.now
    call.note(pool.now, "agent_answered", agent.agent)
    pool.silence(call)
    join(pool, call)


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
    call.bridged_at = pool.now
    pool.matcher.taken(call.call, pool.now)
    if call.lead is not None:
        pool.settle(call)
    agent.move(AgentCue.BRIDGED, pool.now)
    call.note(pool.now, "bridged", agent.agent)
    pool.show(agent, call, "talking")
    pool.tell(agent)
    pool.touch(call)


def agent_lost(pool: Pool, call: Call, leg: Leg, *, unreachable: bool) -> None:
    """
    The agent's leg ended before the two talked: the call goes back to its place.

    An agent whose phone was not answered is paused, so that it is not rung again at
    once; one whom we could not join is not to blame.
    """
    agent = pool.agents[leg.agent] if leg.agent else None
    call.move(CallCue.AGENT_LOST)
    call.past_legs.append(leg)
    call.agent_leg = None
    call.agent = None
    if call.customer.joined_at is None:
        # Perhaps it was the customer who did not get in: ask again with the next one.
        call.customer.joining = False
    if agent is None:
        return
    call.excluded = (*call.excluded, agent.agent)
    cue, reason = why_lost(leg, unreachable=unreachable)
    settle(pool, agent, cue)
    call.note(pool.now, reason, agent.agent)
    pool.retract(agent, reason)
    if agent.wish is None and cue is not ReservationCue.WITHDRAWN:
        agent.wish, agent.wish_reason = AgentState.PAUSED, reason
    free(pool, agent, AgentCue.RELEASED)
    pool.touch(call)


def why_lost(leg: Leg, *, unreachable: bool) -> tuple[ReservationCue, str]:
    """Say how an offer ended without a conversation."""
    if leg.given_up:
        return ReservationCue.WITHDRAWN, "join_failed"
    if unreachable:
        return ReservationCue.AGENT_REJECTED, "unreachable"
    if leg.cause in (Q850_USER_BUSY, Q850_REJECTED) or leg.answered_at:
        return ReservationCue.AGENT_REJECTED, "rejected"
    return ReservationCue.RANG_OUT, "rona"


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


def free(pool: Pool, agent: Agent, cue: AgentCue) -> None:
    """Give the agent back to the pool, and grant what was wished meanwhile."""
    agent.move(cue, pool.now)
    agent.call, agent.reservation, agent.until = None, None, None
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
