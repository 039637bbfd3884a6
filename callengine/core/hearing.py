"""Telling machines from people by how they talk, while an agent is with them."""

from callengine.core import clearing, routing
from callengine.core import effects as do
from callengine.core.amd import sound_flows, verdict_at
from callengine.core.call import Call
from callengine.core.facts import PacketsCounted, TalkingEnded, TalkingStarted
from callengine.core.machines import CallState
from callengine.core.pool import Pool
from callengine.core.records import Outcome


def on_talking_started(pool: Pool, fact: TalkingStarted) -> None:
    """Begin to time an unbroken greeting."""
    found = pool.call_of(fact.channel)
    if found is None or found[0].lead is None or found[0].answered_at is None:
        return
    call = found[0]
    answered_at = call.answered_at
    assert answered_at is not None
    call.machine_at = verdict_at(
        answered_at=answered_at, talking_since=fact.at, rules=pool.rules.amd
    )
    routing.arm(pool, call)


def on_talking_ended(pool: Pool, fact: TalkingEnded) -> None:
    """A pause: people do that."""
    found = pool.call_of(fact.channel)
    if found is not None:
        acquit(found[0])


def acquit(call: Call) -> None:
    """It is a person, as far as can be told."""
    call.machine_at = call.packets = None


def suspect_machine(pool: Pool, call: Call) -> None:
    """The greeting goes on: see whether sound really flows before the verdict."""
    call.machine_at = None
    pool.emit(do.CountPackets(call=call.call, channel=call.customer.channel))


def on_packets_counted(pool: Pool, fact: PacketsCounted) -> None:
    """Two counts in a row say whether anything is heard, or nothing at all."""
    found = pool.call_of(fact.channel)
    call = found[0] if found is not None else None
    if call is None or call.state is not CallState.TALKING:
        return
    rules = pool.rules.amd
    if call.packets is None:
        call.packets = fact.packets
        call.machine_at = pool.now + rules.listen_s
        routing.arm(pool, call)
    elif sound_flows(call.packets, fact.packets, rules):
        machine_found(pool, call)
    else:
        call.note(pool.now, "silent", "talk without sound is no machine")
        acquit(call)


def machine_found(pool: Pool, call: Call) -> None:
    """The greeting went on too long: free the agent at once, try again later."""
    call.outcome = Outcome.MACHINE
    call.note(pool.now, "machine")
    if call.lead is not None:
        pool.campaign(call.shop).machine_found(pool.now)
    clearing.clear(pool, call, "machine", talked=False)
