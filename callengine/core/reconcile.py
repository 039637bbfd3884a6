"""
Making live state true again after a restart or a lost event stream.

Asterisk hangs nothing up and replays nothing while nobody listens, so the pool (from
memory or from the journal) is compared with what lives: channels that ended
meanwhile are given up, answers and joins that were missed are applied, callers that
came in are taken in, and what nobody owns is ended.
"""

from collections.abc import Callable

from callengine.core import clearing, dispatch, inbound, routing
from callengine.core import effects as do
from callengine.core.agent import Agent
from callengine.core.call import Call, Leg
from callengine.core.effects import Effect
from callengine.core.facts import (
    CallArrived,
    ChannelAnswered,
    ChannelGone,
    ChannelJoined,
    Fact,
)
from callengine.core.ids import BridgeId, CallId, ChannelId, Instant
from callengine.core.living import Living, LivingChannel
from callengine.core.machines import AgentState, CallState
from callengine.core.pool import Pool

YOUNG_S = 5.0
OUR_LEGS = (".cust", ".agt.")
NOBODY = CallId("")

RESTORED = (
    "state", "reason", "since", "free_since", "wish", "wish_reason", "call", "channel",
    "reservation", "until", "card", "dispositioned",
)  # fmt: skip


def reconcile(
    pool: Pool,
    living: Living,
    now: Instant,
    observe: Callable[[Pool, Fact], None] = dispatch.observe,
) -> list[Effect]:
    """
    Make the pool agree with what lives; return what is to be done.

    Safe to repeat: a second time with the same `living` changes nothing more.

    Args:
        observe: applies a fact that was missed.
    """
    pool.now = max(pool.now, now)
    # Ends first: nobody is to be rung for a caller who is gone.
    missed = missed_facts(pool, living, now)
    for fact in sorted(missed, key=lambda f: not isinstance(f, ChannelGone)):
        observe(pool, fact)
    for call in list(pool.calls.values()):
        if call.over:
            clearing.clear(pool, call, call.ending or "failed")
            clearing.finish(pool, call)
    adopt_bridges(pool, living)
    for channel in living.channels:
        if channel.channel not in pool.by_channel and is_orphan(pool, channel):
            pool.emit(do.HangUp(call=NOBODY, channel=channel.channel))
    dispatch.give_work(pool)
    return pool.take_effects()


def missed_facts(pool: Pool, living: Living, now: Instant) -> list[Fact]:
    """List what happened to known and new channels while nobody listened."""
    by_id = {c.channel: c for c in living.channels}
    bridged = {c for channels in living.bridges.values() for c in channels}
    facts: list[Fact] = []
    for call in pool.calls.values():
        for leg in call.legs:
            if leg.alive:
                facts += missed_of_leg(leg, by_id.get(leg.channel), bridged, now)
    for channel in living.channels:
        if channel.channel in pool.by_channel or channel.channel in bridged:
            continue
        if channel.ours and channel.arguments[:1] == ("inbound",):
            _, dialled, _, choice, *_ = *channel.arguments, "", "", ""
            facts.append(
                CallArrived(
                    at=now,
                    channel=channel.channel,
                    dialled_number=dialled,
                    caller_number=channel.caller_number,
                    choice=choice,
                    endpoint=channel.endpoint,
                )
            )
    return facts


def missed_of_leg(
    leg: Leg, channel: LivingChannel | None, bridged: set[ChannelId], now: Instant
) -> list[Fact]:
    """List what happened to one leg."""
    if channel is None and now - leg.started_at < YOUNG_S:
        # Asked for, but not made yet when the list was read; the next one tells.
        return []
    if channel is None:
        return [ChannelGone(at=now, channel=leg.channel, cause=0)]
    facts: list[Fact] = []
    if leg.answered_at is None and channel.ours and channel.state == "Up":
        facts.append(ChannelAnswered(at=now, channel=leg.channel))
    if leg.joined_at is None and leg.channel in bridged:
        facts.append(ChannelJoined(at=now, channel=leg.channel))
    return facts


def is_orphan(pool: Pool, channel: LivingChannel) -> bool:
    """Say whether a channel nobody owns was made by us or is in our hands."""
    minted = any(mark in channel.channel for mark in OUR_LEGS)
    return channel.ours or minted


def adopt_bridges(pool: Pool, living: Living) -> None:
    """Keep empty bridges for the next calls; close what holds nobody of ours."""
    used = {c.bridge for c in pool.calls.values() if c.bridge is not None}
    pool.idle_bridges = []
    for bridge, channels in living.bridges.items():
        pool.bridges_made = max(pool.bridges_made, number_of(bridge))
        if bridge in used:
            continue
        if channels:
            pool.emit(do.CloseBridge(call=NOBODY, bridge=bridge))
        else:
            pool.idle_bridges.append(bridge)
    for call in pool.calls.values():
        if call.bridge is not None and call.bridge not in living.bridges:
            pool.emit(do.OpenBridge(call=call.call, bridge=call.bridge))


def number_of(bridge: BridgeId) -> int:
    """Read the number in a bridge's name, 0 if it has none."""
    tail = bridge.rpartition("-")[2]
    return int(tail) if tail.isdigit() else 0


def restore(pool: Pool, calls: list[Call], now: Instant) -> list[Effect]:
    """
    Enter calls read from the journal, and set their timers again.

    Agents must have been restored before (`restore_agents`).
    """
    pool.now = max(pool.now, now)
    for call in calls:
        pool.calls[call.call] = call
        for leg in call.legs:
            if leg.alive:
                pool.by_channel[leg.channel] = call.call
                standing = pool.trunks.get(leg.trunk)
                if standing is not None:
                    standing.found()
    # Agents before callers: what is due for a caller depends on who could serve them.
    for agent in pool.agents.values():
        if agent.channel not in pool.by_channel:
            agent.channel = None
        if agent.until is not None:
            pool.emit(do.SetTimer(key=f"agent:{agent.agent}", at=agent.until))
        pool.index(agent)
    for call in calls:
        # Who told us of its end is gone; music over the last words is harmless.
        call.playback = None
        if call.lead is not None:
            pool.numbers_live.add(call.lead.number)
            if call.state is CallState.DIALLING and call.agent is None:
                pool.lines[call.call] = None
        resume(pool, call)
    return pool.take_effects()


def resume(pool: Pool, call: Call) -> None:
    """Set going again what a call in its state waits for."""
    if call.direction == "inbound" and call.customer.alive:
        # The engine that died may have got no further than the journal.
        pool.emit(do.TakeCharge(channel=call.customer.channel))
    if call.state is CallState.IDENTIFYING:
        inbound.look_up(pool, call)
    elif call.state is CallState.WAITING and call.outcome is None:
        pool.matcher.enter(routing.work_item(pool, call), pool.now)
        if call.lead is not None:
            pool.held[call.call] = None
    routing.arm(pool, call)


def restore_agents(pool: Pool, saved: list[Agent], calls: set[CallId]) -> None:
    """
    Give agents of the roster the live state read from the journal.

    An agent whose call the journal does not know was between two writes; they are
    free, and whatever leg they had is found as an orphan.
    """
    for old in saved:
        agent = pool.agents.get(old.agent)
        if agent is None:
            continue
        for name in RESTORED:
            setattr(agent, name, getattr(old, name))
        in_wrap_up = agent.state is AgentState.WRAP_UP
        if agent.call is not None and agent.call not in calls and not in_wrap_up:
            agent.state, agent.call, agent.channel = AgentState.READY, None, None
            agent.reservation, agent.card = None, None
        if in_wrap_up and agent.call not in calls:
            agent.channel = None
