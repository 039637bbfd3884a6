"""
Order calls: an agent is set aside, the customer dialled, both joined on answer.

The agent is reserved and sees the card before the customer's phone rings; their own
phone, which answers by itself, is rung when the customer has answered.
"""

from dataclasses import replace

from callengine.core import clearing, offers, pacing, routing
from callengine.core import effects as do
from callengine.core.agent import AUTO_ANSWER_SKILL, Agent
from callengine.core.amd import sound_flows, verdict_at
from callengine.core.call import Call, Leg
from callengine.core.facts import (
    Lead,
    LeadsOffered,
    PacketsCounted,
    TalkingEnded,
    TalkingStarted,
)
from callengine.core.ids import CallId, ChannelId
from callengine.core.machines import AttemptCue, AttemptState, CallCue, CallState
from callengine.core.match.requirement import expr_of, least
from callengine.core.pool import Pool
from callengine.core.records import Outcome
from callengine.core.roster import Shop
from callengine.core.skills import Requirement

_ANY_ORDER = least(AUTO_ANSWER_SKILL)


def on_leads_offered(pool: Pool, fact: LeadsOffered) -> None:
    """Enter leads that are due; one already here stays as it is."""
    for lead in fact.leads:
        if lead.attempt in pool.lead_of:
            continue
        pool.lead_of[lead.attempt] = lead
        needs = Requirement(
            hard=(*lead.requirement.hard, (AUTO_ANSWER_SKILL, 1)),
            soft=lead.requirement.soft,
        )
        while needs.soft and not pool.served_by_anyone(needs):
            needs = needs.relaxed()
        pool.leads.add(lead.attempt, needs, lead.due_at)
    start_attempts(pool)


def leads_wanted(pool: Pool) -> int:
    """Say how many more leads are worth holding: two for each free agent."""
    free = pool.matcher.count_free(_ANY_ORDER)
    return max(0, 2 * free - len(pool.leads))


def start_attempts(pool: Pool) -> None:
    """Dial as many leads as pacing allows, most urgent first."""
    snapshot = pacing.PacingSnapshot(
        agents_free=pool.matcher.count_free(_ANY_ORDER),
        agents_working=len(pool.working),
        calls_waiting=len(pool.matcher),
        leads_waiting=len(pool.leads),
    )
    allowed = pacing.attempts_to_start(snapshot, pool.rules.pacing)
    for _ in range(allowed):
        if not start_one(pool, snapshot):
            return


def start_one(pool: Pool, snapshot: pacing.PacingSnapshot) -> bool:
    """Dial the most urgent lead that a free agent can serve; False if none."""
    for _, attempt, requirement in pool.leads.heads():
        lead = pool.lead_of[attempt]
        if lead.number in pool.numbers_live:
            continue
        chosen = pool.matcher.choose_free(expr_of(requirement))
        if chosen is None:
            continue
        pool.leads.discard(attempt)
        del pool.lead_of[attempt]
        shop = shop_of(pool, lead)
        if shop is not None:
            dial(pool, lead, shop, pool.agents[chosen], requirement, snapshot)
        return True
    return False


def shop_of(pool: Pool, lead: Lead) -> Shop | None:
    """Find the lead's shop; None when it was removed meanwhile."""
    return next((s for s in pool.shop_of.values() if s.shop == lead.shop), None)


def dial(
    pool: Pool,
    lead: Lead,
    shop: Shop,
    agent: Agent,
    requirement: Requirement,
    snapshot: pacing.PacingSnapshot,
) -> None:
    """Set the agent aside, commit the attempt, ring the customer."""
    call = order_call(pool, lead, shop, requirement)
    pool.numbers_live.add(lead.number)
    pool.add_call(call)
    pool.decide(
        "pacing",
        call,
        agent.agent,
        "an agent was free for an order",
        requirement=str(requirement),
        due_s=round(pool.now - lead.due_at, 3),
        agents_free=snapshot.agents_free,
        agents_working=snapshot.agents_working,
        calls_waiting=snapshot.calls_waiting,
        leads_waiting=snapshot.leads_waiting,
    )
    offers.reserve(pool, call, agent, "offered")
    pool.emit(
        do.BeginAttempt(call=call.call, lead=lead, at=pool.now),
        do.Originate(
            call=call.call,
            channel=call.customer.channel,
            endpoint=f"PJSIP/{lead.number}@{shop.trunk}",
            caller_id=lead.caller_id or shop.caller_id,
            timeout_s=round(pool.rules.customer_ring_s),
        ),
    )


def order_call(pool: Pool, lead: Lead, shop: Shop, requirement: Requirement) -> Call:
    """Make the call of an attempt that is about to be dialled."""
    call_id = CallId(pool.new_id())
    call = Call(
        call=call_id,
        shop=shop,
        direction="outbound",
        number=lead.number,
        dialled_number=lead.number,
        state=CallState.DIALLING,
        attempt=AttemptState.DIALLING,
        card=replace(lead.card, order=lead.order),
        enqueued_at=pool.now,
        customer=Leg(
            channel=ChannelId(f"{call_id}.cust"), role="customer", started_at=pool.now
        ),
        lead=lead,
        required=lead.requirement,
        requirement=requirement,
    )
    call.note(pool.now, "dialled", f"try {lead.tries + 1}")
    for dropped in lead.requirement.soft[len(requirement.soft) :]:
        routing.note_relaxed(call, dropped, "no agent logged in holds it", pool.now)
    return call


def customer_answered(pool: Pool, call: Call, leg: Leg) -> None:
    """A live answer: ring the agent who was set aside, listen for a machine."""
    leg.answered_at = call.answered_at = pool.now
    call.move_attempt(AttemptCue.ANSWERED)
    call.move(CallCue.CUSTOMER_ANSWERED)
    call.enqueued_at = pool.now
    call.note(pool.now, "customer_answered")
    agent = pool.agents.get(call.agent) if call.agent else None
    if agent is None:
        routing.enqueue(pool, call)
    else:
        offers.ring(pool, call, agent)
    pool.emit(do.DetectTalk(call=call.call, channel=leg.channel))
    routing.arm(pool, call)


def customer_lost(pool: Pool, call: Call, *, unreachable: bool) -> None:
    """The customer's leg ended, whenever that was."""
    if call.state is CallState.TALKING:
        call.outcome = call.outcome or Outcome.BRIDGED
        clearing.clear(pool, call, "answered")
    elif call.answered_at is not None:
        call.outcome = call.outcome or Outcome.NUISANCE
        clearing.clear(pool, call, "nuisance")
    else:
        clearing.clear(pool, call, "unreachable" if unreachable else "not_reached")


def give_up(pool: Pool, call: Call) -> None:
    """No agent for an answered customer: let them go, and count it against us."""
    call.outcome = Outcome.NUISANCE
    clearing.clear(pool, call, "nuisance")


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
    clearing.clear(pool, call, "machine", talked=False)
