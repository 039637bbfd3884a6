"""
Agents' phones that fail in the middle of a conversation, and how that is noticed.

Asterisk ends a leg that sends nothing for long. Sooner, and while a call is on hold, a
phone whose binding is gone is suspected: when no packet comes from it for a while, it
has vanished. A phone that demands no encryption where it must is given up likewise.
"""

from callengine.core import effects as do
from callengine.core import inbound, offers, routing
from callengine.core.agent import Agent
from callengine.core.call import Call, Leg
from callengine.core.facts import EndpointChanged, SecurityChecked
from callengine.core.machines import CallState
from callengine.core.offer_failures import OfferFailure
from callengine.core.pool import Pool


def on_endpoint_changed(pool: Pool, agent: Agent, fact: EndpointChanged) -> None:
    """A binding that is gone in the middle of a talk: does sound still come?"""
    if fact.reachable is not False or agent.channel is None:
        return
    found = pool.call_of(agent.channel)
    if found is None or found[0].state is not CallState.TALKING:
        return
    call, leg = found
    leg.packets = leg.suspect_at = None
    pool.emit(do.CountPackets(call=call.call, channel=leg.channel))


def on_phone_counted(pool: Pool, call: Call, leg: Leg, packets: int) -> None:
    """Two counts alike, with the binding gone all the while: the phone is no more."""
    agent = pool.agents.get(leg.agent) if leg.agent else None
    mine = leg is call.agent_leg and call.state is CallState.TALKING
    if agent is None or not mine or agent.reachable is not False:
        return
    if leg.packets is None:
        leg.packets = packets
        leg.suspect_at = pool.now + pool.rules.suspect_s
        routing.arm(pool, call)
        pool.touch(call)
    elif leg.packets == packets:
        offers.take_back(pool, call, leg, OfferFailure.VANISHED)
        inbound.requeue(pool, call)
    else:
        leg.packets = None
        call.note(pool.now, "phone_unregistered", "and sound still comes from it")


def on_suspect_due(pool: Pool, call: Call) -> None:
    """Count again."""
    leg = call.agent_leg
    if leg is None or leg.suspect_at is None or pool.now < leg.suspect_at:
        return
    leg.suspect_at = None
    pool.emit(do.CountPackets(call=call.call, channel=leg.channel))


def on_security_checked(pool: Pool, fact: SecurityChecked) -> None:
    """
    Take the call from a phone that talks in the clear where it must not.

    Asterisk joins such a phone without a word, and neither side hears anything.
    """
    found = pool.call_of(fact.channel)
    if found is None or fact.secure:
        return
    call, leg = found
    if leg is call.agent_leg and call.state in (CallState.JOINING, CallState.TALKING):
        offers.take_back(pool, call, leg, OfferFailure.INSECURE)
        inbound.requeue(pool, call)
