"""
Order calls: leads that are due, attempts, answered customers who need an agent.

An attempt is started because agents will be free when it is answered (`pacing`), or
with an agent of its own who is set aside before the customer's phone rings. Either way
the card is open before the agent's phone, which answers by itself, is rung.
"""

from dataclasses import replace
from typing import Any

from callengine.core import carrying, clearing, offers, permission, routing
from callengine.core import effects as do
from callengine.core.agent import AUTO_ANSWER_SKILL
from callengine.core.call import Call, Leg
from callengine.core.campaign import Campaign
from callengine.core.compliance.verdict import Rule, Verdict, zone_named
from callengine.core.facts import Lead, LeadsOffered, OrderWithdrawn
from callengine.core.ids import CallId, ChannelId, PlaybackId
from callengine.core.leads import Head, Lane
from callengine.core.machines import AttemptCue, AttemptState, CallCue, CallState
from callengine.core.match.requirement import Expr, expr_of
from callengine.core.pool import Pool
from callengine.core.predictive.tick import Tick
from callengine.core.records import Outcome
from callengine.core.recycling.urgency import best_hour
from callengine.core.roster import Shop
from callengine.core.skills import Requirement
from callengine.core.trunks.choosing import Choice, NoTrunk


def on_leads_offered(pool: Pool, fact: LeadsOffered) -> None:
    """Enter leads that are due; one already here stays as it is."""
    for lead in fact.leads:
        needs = Requirement(
            hard=(*lead.requirement.hard, (AUTO_ANSWER_SKILL, 1)),
            soft=lead.requirement.soft,
        )
        while needs.soft and not pool.served_by_anyone(needs):
            needs = needs.relaxed()
        pool.leads.add(lead, Lane(needs), pool.now, best_hour=hour_of(pool, lead))
    pool.pace_due, pool.left_idle = True, 0


def hour_of(pool: Pool, lead: Lead) -> float:
    """Say how good the hour is for a number that was tried before, 1 for as any."""
    shop = pool.shops.get(lead.shop)
    if shop is None or not lead.past:
        return 1.0
    zone = zone_named(permission.zone_of(lead, shop, pool.regime_of(shop)))
    return (
        1.0
        if zone is None
        else best_hour(lead.past, zone, pool.now + pool.wall_ahead_s)
    )


def start(pool: Pool, head: Head, shop: Shop, campaign: Campaign, tick: Tick) -> int:
    """Dial a lead that agents are expected for; return the attempts started, 0 or 1."""
    lead = head.lead
    if lead.number in pool.numbers_live:
        pool.leads.park(lead.attempt)
        return 0
    verdict = ask(pool, lead, shop, campaign, agent_waits=False)
    if verdict.allowed:
        choice = carrying.by_which(pool, lead, shop)
        pool.leads.discard(lead.attempt)
        if isinstance(choice, NoTrunk):
            wait_for_trunk(pool, lead, choice)
            return 0
        call = begin(pool, lead, shop, head.lane.requirement)
        call.chance = campaign.chance(lead, pool.now)
        pool.lines[call.call] = None
        detail = tick.detail() | told(verdict)
        bound = detail.pop("reason")
        why = f"agents are expected for its answer; bounded by: {bound}"
        pool.decide("pacing", call, "", why, **detail, **by(choice))
        carrying.dial(pool, call, lead, choice)
        return 1
    if verdict.rule is Rule.LOCK_OUT:
        pool.leads.discard(lead.attempt)
        pool.leads.add(lead, head.lane._replace(aside=True), pool.now)
    else:
        put_off(pool, lead, verdict)
    return 0


def start_set_aside(pool: Pool, head: Head, shop: Shop, campaign: Campaign) -> bool:
    """Dial a lead, or put it off; False when no agent can be set aside for it."""
    if head.lead.number in pool.numbers_live:
        pool.leads.park(head.lead.attempt)
        return True
    verdict = ask(pool, head.lead, shop, campaign, agent_waits=True)
    if not verdict.allowed:
        put_off(pool, head.lead, verdict)
        return True
    return set_aside(pool, head, shop, verdict)


def set_aside(pool: Pool, head: Head, shop: Shop, verdict: Verdict) -> bool:
    """Reserve a free agent for a lead and dial it; False if there is none to spare."""
    lead = head.lead
    needed = expr_of(head.lane.requirement)
    kept = kept_free(pool, needed)
    free = pool.matcher.count_free(needed)
    waiting = len(pool.matcher)
    if waiting or free <= kept:
        return False
    chosen = pool.matcher.choose_free(needed)
    if chosen is None:
        return False
    choice = carrying.by_which(pool, lead, shop)
    pool.leads.discard(lead.attempt)
    if isinstance(choice, NoTrunk):
        wait_for_trunk(pool, lead, choice)
        return True
    agent = pool.agents[chosen]
    call = begin(pool, lead, shop, head.lane.requirement)
    pool.decide(
        "pacing",
        call,
        agent.agent,
        "an agent was set aside for this order",
        requirement=str(head.lane.requirement),
        due_s=round(pool.now - lead.due_at, 3),
        agents_free=free,
        agents_working=len(pool.working),
        calls_waiting=waiting,
        leads=len(pool.leads),
        **told(verdict),
        **by(choice),
    )
    offers.reserve(pool, call, agent, "offered")
    carrying.dial(pool, call, lead, choice)
    return True


def kept_free(pool: Pool, needed: Expr) -> int:
    """Say how many of the free agents who can serve a lane stay for callers."""
    rules = pool.rules.pacing
    free = pool.matcher.count_free(needed)
    elsewhere = pool.matcher.free_agents - free
    least = max(0, min(rules.keep_free, len(pool.working) // 4) - elsewhere)
    if rules.blend is None:
        return least
    spare = pool.matcher.free_for_orders(needed, rules.blend, pool.now)
    return max(least, free - spare)


def ask(
    pool: Pool, lead: Lead, shop: Shop, campaign: Campaign, *, agent_waits: bool
) -> Verdict:
    """Ask whether a lead may be dialled at this very moment."""
    return permission.ask(
        lead,
        shop,
        campaign.regime,
        pool.now + pool.wall_ahead_s,
        agent_waits=agent_waits,
        budget=campaign.budget,
    )


def told(verdict: Verdict) -> dict[str, str]:
    """Give a verdict the form that decision records keep."""
    return {"verdict": verdict.rule.value, "verdict_reason": verdict.reason}


def put_off(pool: Pool, lead: Lead, verdict: Verdict) -> None:
    """Give a lead back that may not be dialled now."""
    pool.leads.discard(lead.attempt)
    pool.emit(
        do.PutLeadOff(
            attempt=lead.attempt,
            order=lead.order,
            shop=lead.shop,
            at=verdict.not_before,
            rule=verdict.rule.value,
            reason=verdict.reason,
        )
    )


def wait_for_trunk(pool: Pool, lead: Lead, none: NoTrunk) -> None:
    """Give a lead back that no trunk can carry now."""
    pool.emit(
        do.PutLeadOff(
            attempt=lead.attempt,
            order=lead.order,
            shop=lead.shop,
            at=pool.now + none.wait_s,
            rule="trunk",
            reason=none.reason,
        )
    )


def by(choice: Choice) -> dict[str, Any]:
    """Give the choice of a trunk the form that decision records keep."""
    return {"trunk": choice.trunk.name, "trunks_passed": list(choice.passed)}


def begin(pool: Pool, lead: Lead, shop: Shop, requirement: Requirement) -> Call:
    """Enter the call of an attempt."""
    call = order_call(pool, lead, shop, requirement)
    pool.numbers_live.add(lead.number)
    price_minor = shop.dialling.price_minor(lead.number)
    pool.campaign(shop).budget.started(lead.attempt, price_minor, pool.now)
    pool.add_call(call)
    return call


NO_AGENT = "no agent was expected for its answer any more"


def on_order_withdrawn(pool: Pool, fact: OrderWithdrawn) -> None:
    """Dial an order no more; a phone that rings for it is let alone."""
    for attempt in pool.leads.of_order(fact.order):
        pool.leads.discard(attempt)
    for call in list(pool.calls.values()):
        rings = call.state is CallState.DIALLING and not call.customer.given_up
        if rings and call.lead is not None and call.lead.order == fact.order:
            take_back(pool, call.call, "the shop withdrew the order")


def take_back(pool: Pool, call_id: CallId, why: str = NO_AGENT) -> None:
    """Hang up on a phone that rings: nobody could talk, or there is nothing to say."""
    call = pool.calls[call_id]
    assert call.lead is not None
    leg = call.customer
    leg.given_up = True
    pool.lines.pop(call_id, None)
    pool.campaign(call.shop).attempt_hung_up(
        call.lead.tries + 1, leg.started_at, pool.now
    )
    call.note(pool.now, "taken_back", why)
    pool.emit(do.HangUp(call=call_id, channel=leg.channel))
    pool.touch(call)


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
    """A live answer: an agent at once, and an ear for machines."""
    leg.answered_at = call.answered_at = pool.now
    call.move_attempt(AttemptCue.ANSWERED)
    call.move(CallCue.CUSTOMER_ANSWERED)
    call.enqueued_at = pool.now
    call.note(pool.now, "customer_answered")
    carrying.answered(pool, leg)
    pool.line_over(call, answered=True)
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
    elif call.bridged_at is not None:
        # They talked, lost their agent and did not wait for the next one.
        call.outcome = call.outcome or Outcome.FAILED
        clearing.clear(pool, call, "abandoned")
    elif call.answered_at is not None:
        if call.outcome is None:
            pool.settle(call)
        call.outcome = call.outcome or Outcome.NUISANCE
        clearing.clear(pool, call, "nuisance")
    elif call.state is not CallState.DIALLING or not carrying.went_on(
        pool, call, unreachable=unreachable
    ):
        pool.line_over(call, answered=False)
        clearing.clear(pool, call, "unreachable" if unreachable else "not_reached")


def give_up(pool: Pool, call: Call) -> None:
    """No agent for an answered customer: say who called, let them go, count it."""
    if call.bridged_at is not None:
        call.outcome = call.outcome or Outcome.FAILED
        clearing.clear(pool, call, "failed")
        return
    if call.outcome is None:
        call.outcome = Outcome.NUISANCE
        pool.settle(call)
        if call.state is CallState.WAITING and call.shop.nuisance_message:
            excuse(pool, call)
            return
    clearing.clear(pool, call, "nuisance")


def excuse(pool: Pool, call: Call) -> None:
    """Play the shop's message to a customer for whom there is nobody."""
    pool.leave_queue(call, gave_up=True)
    offers.join(pool, call)
    call.playback = PlaybackId(f"{call.call}.message")
    pool.by_playback[call.playback] = call.call
    call.note(pool.now, "message", "no agent was free in time")
    pool.emit(
        do.Play(
            call=call.call,
            bridge=pool.take_bridge(call),
            playback=call.playback,
            media=call.shop.nuisance_message,
        )
    )
    routing.arm(pool, call)
