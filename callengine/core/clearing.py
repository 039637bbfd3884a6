"""Ending calls: hanging up what is left, settling the agent, keeping the record."""

from callengine.core import attempts, offers
from callengine.core import effects as do
from callengine.core.call import Call, Leg
from callengine.core.machines import (
    AgentCue,
    AgentState,
    CallCue,
    CallState,
)
from callengine.core.pool import Pool
from callengine.core.records import CallRecord

STOP_ON_CLEAR = (CallState.CLEARING, CallState.ENDED)


def clear(pool: Pool, call: Call, ending: str, *, talked: bool | None = None) -> None:
    """
    Decide that a call ends: hang up its legs and settle its agent.

    Args:
        ending: how, as in `CallRecord.ending`.
        talked: whether the agent has anything to wrap up; by default, if both were
            bridged.
    """
    if call.state in STOP_ON_CLEAR:
        return
    if talked is None:
        talked = call.state is CallState.TALKING
    call.move(CallCue.CLEARED)
    call.ending = ending
    call.note(pool.now, "cleared", ending)
    pool.leave_queue(call, gave_up=ending == "abandoned")
    pool.silence(call)
    pool.emit(do.CancelTimer(key=f"call:{call.call}"))
    for leg in (call.customer, call.agent_leg):
        if leg is not None and leg.alive:
            pool.emit(do.HangUp(call=call.call, channel=leg.channel))
    settle_agent(pool, call, ending, talked=talked)
    pool.touch(call)


def settle_agent(pool: Pool, call: Call, ending: str, *, talked: bool) -> None:
    """Send the call's agent into wrap-up, or free them when nobody talked."""
    agent = pool.agents.get(call.agent) if call.agent else None
    if agent is None or agent.call != call.call:
        return
    pool.talk_over(call, wraps_up=talked)
    if talked:
        offers.start_wrap_up(pool, call, agent)
    elif agent.state is AgentState.TALKING:
        pool.retract(agent, ending)
        offers.free(pool, agent, AgentCue.RELEASED)
    else:
        offers.withdraw(pool, call, ending)


def leg_gone(pool: Pool, leg: Leg, *, cause: int, sip_code: int | None) -> None:
    """Note that a channel is no more, and free its agent's phone."""
    leg.ended_at = pool.now
    leg.cause, leg.sip_code = cause, sip_code
    standing = pool.trunks.get(leg.trunk)
    if standing is not None:
        standing.freed()
    pool.by_channel.pop(leg.channel, None)
    agent = pool.agents.get(leg.agent) if leg.agent else None
    if agent is not None and agent.channel == leg.channel:
        agent.channel = None
        pool.touch_agent(agent)
        pool.index(agent)


def finish(pool: Pool, call: Call) -> None:
    """The last channel is gone: keep the record and forget the call."""
    if not call.over or not call.move(CallCue.GONE):
        return
    pool.give_bridge_back(call)
    if call.lead is not None:
        attempts.record_attempt(pool, call)
    pool.emit(do.RecordCall(record=call_record(call, pool.now)))
    # Last, so that a call whose record cannot be made is still found.
    del pool.calls[call.call]
    pool.touch(call)


def call_record(call: Call, now: float) -> CallRecord:
    """Freeze a call for keeping."""
    found = call.card.customers if call.card.identification == "found" else ()
    return CallRecord(
        call=call.call,
        shop=call.shop.shop,
        direction=call.direction,
        number=call.number,
        dialled_number=call.dialled_number,
        customer=found[0].customer if found else None,
        order=call.lead.order if call.lead else None,
        agent=call.agent if call.bridged_at is not None else None,
        requirement=call.needed,
        enqueued_at=call.enqueued_at,
        answered_at=call.answered_at,
        bridged_at=call.bridged_at,
        ended_at=now,
        ending=call.ending,
        off_skill=call.off_skill,
        legs=tuple(leg.record() for leg in call.legs),
        events=tuple(call.events),
    )
