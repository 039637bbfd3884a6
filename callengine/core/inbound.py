"""Inbound calls: arrival, identification, greeting and music, waiting, fallback."""

from dataclasses import replace

from callengine.core import clearing, offers, routing
from callengine.core import effects as do
from callengine.core.call import Call, Leg
from callengine.core.cards import Card
from callengine.core.facts import CallArrived, CallerIdentified, PlaybackEnded
from callengine.core.ids import CallId, PlaybackId
from callengine.core.machines import CallCue, CallState
from callengine.core.pool import Pool
from callengine.core.records import CallRecord
from callengine.core.roster import Shop
from callengine.core.trunks.formats import from_wire
from callengine.core.trunks.standing import Standing

Q850_UNALLOCATED = 1
LANGUAGES = ("en", "ru", "uk")
"""In which the request to stay on the line is recorded."""


def on_call_arrived(pool: Pool, fact: CallArrived) -> None:
    """Take a caller in: find the shop, look the caller up, greet."""
    if fact.channel in pool.by_channel:
        return  # found by reconciliation before its own event came
    fact = as_numbers(pool, fact)
    standing = pool.trunks.at(fact.endpoint)
    shop = pool.shop_of.get(normalised(fact.dialled_number))
    call_id = CallId(pool.new_id())
    if shop is None:
        pool.emit(do.HangUp(call=call_id, channel=fact.channel, cause=Q850_UNALLOCATED))
        pool.emit(do.RecordCall(record=unknown_number(call_id, fact)))
        return
    call = new_call(call_id, shop, fact, standing)
    call.note(fact.at, "arrived", fact.dialled_number)
    if standing is not None:
        standing.came_in()
    pool.add_call(call)
    pool.emit(do.TakeCharge(channel=fact.channel))
    look_up(pool, call)
    if shop.greeting:
        greet(pool, call)
    routing.arm(pool, call)


def new_call(
    call: CallId, shop: Shop, fact: CallArrived, standing: Standing | None
) -> Call:
    """Make the call of somebody who has just come in."""
    return Call(
        call=call,
        shop=shop,
        direction="inbound",
        number=fact.caller_number,
        dialled_number=fact.dialled_number,
        choice=fact.choice,
        state=CallState.IDENTIFYING,
        card=first_card(shop, fact),
        enqueued_at=fact.at,
        answered_at=fact.at,
        customer=Leg(
            channel=fact.channel,
            role="customer",
            trunk="" if standing is None else standing.trunk.name,
            started_at=fact.at,
            answered_at=fact.at,
        ),
        requirement=routing.requirement_for_unknown(shop.shop, shop.language),
    )


def as_numbers(pool: Pool, fact: CallArrived) -> CallArrived:
    """
    Read both numbers as the trunk means them; E.164 where they are numbers.

    A caller whose trunk is not believed shows none.
    """
    standing = pool.trunks.at(fact.endpoint)
    if standing is None:
        return fact
    trunk, caller, dialled = standing.trunk, fact.caller_number, fact.dialled_number
    if normalised(dialled) not in pool.shop_of:
        dialled = from_wire(dialled, trunk.numbers) or dialled
    if caller is not None:
        caller = (
            (from_wire(caller, trunk.numbers) or caller) if trunk.believes else None
        )
    return replace(fact, caller_number=caller, dialled_number=dialled)


def look_up(pool: Pool, call: Call) -> None:
    """Ask who calls."""
    pool.emit(
        do.Identify(
            call=call.call,
            dialled_number=call.dialled_number,
            caller_number=call.number,
            choice=call.choice,
        )
    )


def normalised(number: str) -> str:
    """Write a dialled number as the roster does: E.164 with its plus."""
    digits = "".join(c for c in number if c.isdigit())
    return f"+{digits}"


def first_card(shop: Shop, fact: CallArrived) -> Card:
    """Make the card to show before anything is known of the caller."""
    return Card(
        shop=shop.shop,
        shop_name=shop.name,
        direction="inbound",
        number=fact.caller_number,
        dialled_number=fact.dialled_number,
    )


def unknown_number(call: CallId, fact: CallArrived) -> CallRecord:
    """Make the record of a call to a number that belongs to no shop."""
    return CallRecord(
        call=call,
        shop=None,
        direction="inbound",
        number=fact.caller_number,
        dialled_number=fact.dialled_number,
        customer=None,
        order=None,
        agent=None,
        requirement="",
        enqueued_at=fact.at,
        answered_at=None,
        bridged_at=None,
        ended_at=fact.at,
        ending="unknown_number",
    )


def greet(pool: Pool, call: Call) -> None:
    """Play the shop's greeting on a bridge, so that it blocks nothing."""
    offers.join(pool, call)
    bridge = pool.take_bridge(call)
    call.playback = PlaybackId(f"{call.call}.greeting")
    pool.by_playback[call.playback] = call.call
    pool.emit(
        do.Play(
            call=call.call,
            bridge=bridge,
            playback=call.playback,
            media=call.shop.greeting,
        )
    )


def on_caller_identified(pool: Pool, fact: CallerIdentified) -> None:
    """Route the call by what is known now; a late answer only completes the card."""
    call = pool.calls.get(fact.call)
    if call is None:
        return
    call.card = fact.card
    pool.touch(call)
    if call.state is not CallState.IDENTIFYING:
        refresh_card(pool, call)
        return
    call.requirement, call.ruling = fact.requirement, fact.ruling
    route(pool, call, fact.card.identification)


def on_identifying_due(pool: Pool, call: Call) -> None:
    """Nothing was heard of the look-up: an unknown caller is still a caller."""
    if pool.now < call.enqueued_at + pool.rules.identify_most_s:
        routing.arm(pool, call)
        return
    route(pool, call, "no answer")


def route(pool: Pool, call: Call, found: str) -> None:
    """Let a caller of whom all is known that will be find an agent."""
    call.required = call.requirement
    call.note(pool.now, "identified", found)
    if call.ruling is not None:
        call.note(pool.now, "rules", call.ruling.text)
    call.move(CallCue.IDENTIFIED)
    routing.enqueue(pool, call)
    if call.agent is None:
        play_music(pool, call)


def refresh_card(pool: Pool, call: Call) -> None:
    """Show a completed card to the agent who has the call."""
    agent = pool.agents.get(call.agent) if call.agent else None
    if agent is not None and agent.card is not None and agent.card.call == call.call:
        pool.show(agent, call, agent.card.state)


def requeue(pool: Pool, call: Call) -> None:
    """Find another agent for a call that lost its own; its place is the old one."""
    if call.requeued_at == pool.now and call.customer.alive:
        explain_loss(pool, call)
    routing.enqueue(pool, call)
    play_music(pool, call)


def explain_loss(pool: Pool, call: Call) -> None:
    """Ask a customer whose agent is gone to stay, so that nobody sits in silence."""
    language = call.shop.language
    spoken = language if language in LANGUAGES else "en"
    offers.join(pool, call)
    call.playback = PlaybackId(f"{call.call}.loss.{len(call.past_legs)}")
    pool.by_playback[call.playback] = call.call
    pool.emit(
        do.Play(
            call=call.call,
            bridge=pool.take_bridge(call),
            playback=call.playback,
            media=f"sound:callengine/reconnect-{spoken}",
        )
    )


def play_music(pool: Pool, call: Call) -> None:
    """Start music on hold, unless something plays or the shop wants silence."""
    busy = call.music or call.playback is not None
    called = call.lead is not None and call.requeued_at is None
    if called or not call.shop.music or busy:
        return
    if call.state not in (CallState.WAITING, CallState.OFFERED):
        return
    offers.join(pool, call)
    call.music = True
    bridge = pool.take_bridge(call)
    pool.emit(do.StartMusic(call=call.call, bridge=bridge, music=call.shop.music))


def on_playback_ended(pool: Pool, fact: PlaybackEnded) -> None:
    """The greeting is over: music for those who still wait."""
    call_id = pool.by_playback.pop(fact.playback, None)
    call = pool.calls.get(call_id) if call_id else None
    if call is None or call.playback != fact.playback:
        return
    call.playback = None
    if call.outcome is not None:
        # The message to a customer without an agent has been heard.
        clearing.clear(pool, call, "nuisance")
    play_music(pool, call)


def on_waiting_due(pool: Pool, call: Call) -> None:
    """Do what is due for a call that has no agent yet."""
    rules = pool.rules
    if pool.now >= call.waits_since + rules.max_wait_s:
        overflow(pool, call)
        return
    routing.serve(pool)
    if pool.now >= call.enqueued_at + rules.music_after_s:
        play_music(pool, call)
    routing.arm(pool, call)


def overflow(pool: Pool, call: Call) -> None:
    """Waited too long: the dialplan's fallback queue takes the caller over."""
    pool.leave_queue(call, gave_up=False)
    pool.silence(call)
    call.note(pool.now, "overflowed")
    call.ending = "fallback"
    pool.emit(do.LeaveToDialplan(call=call.call, channel=call.customer.channel))
    call.move(CallCue.CLEARED)
    pool.touch(call)


def customer_left(pool: Pool, call: Call) -> None:
    """The caller hung up."""
    talked = call.state is CallState.TALKING
    clearing.clear(pool, call, "answered" if talked else "abandoned")
