"""What came of an attempt, whose fault it was, and when its order is tried again."""

from collections.abc import Mapping
from dataclasses import replace
from zoneinfo import ZoneInfo

from callengine.core import effects as do
from callengine.core.call import Call
from callengine.core.compliance.regime import Regime
from callengine.core.compliance.verdict import PastAttempt, zone_named
from callengine.core.facts import Lead
from callengine.core.ids import Instant
from callengine.core.machines import AttemptCue
from callengine.core.permission import zone_of
from callengine.core.pool import Pool
from callengine.core.records import AttemptRecord, Outcome
from callengine.core.recycling.fates import (
    FAULTS,
    Ending,
    Fault,
    Response,
    ending_of,
)
from callengine.core.recycling.plan import Again, RecycleRules, plan_again
from callengine.core.roster import Shop
from callengine.core.trunks.trunk import Trunk

_UTC = ZoneInfo("UTC")


def record_attempt(pool: Pool, call: Call) -> None:
    """Keep what came of an order call, and when its order is due again."""
    lead = call.lead
    assert lead is not None
    pool.number_over(lead.number)
    call.move_attempt(AttemptCue.ENDED)
    regime = pool.roster.regime_of(call.shop)
    ended = fate(call, pool.rules.trunks)
    outcome, customer = ended.outcome, call.customer
    this = PastAttempt(at=call.began_at, outcome=outcome)
    pool.leads.attempted(lead.shop, lead.number, this, pool.now)
    again = next_attempt(
        lead, this, call.shop, regime, rules=pool.rules.recycling, now=pool.now
    )
    record = AttemptRecord(
        attempt=lead.attempt,
        order=lead.order,
        shop=lead.shop,
        call=call.call,
        number=lead.number,
        tries=lead.tries + 1,
        started_at=call.began_at,
        answered_at=call.answered_at,
        bridged_at=call.bridged_at,
        ended_at=pool.now,
        outcome=outcome,
        cause=customer.cause,
        sip_code=customer.sip_code,
        ring_s=_rang_s(call, pool.now),
        agent=call.agent if outcome is Outcome.BRIDGED else None,
        next_try_at=again.at,
        rule=again.reason,
        trunk=customer.trunk,
        fault=ended.fault.value,
        zone=clock_of(lead, call.shop, regime).key,
        cost_minor=_pay(pool, call, lead),
    )
    pool.emit(do.RecordAttempt(record=record))


def _pay(pool: Pool, call: Call, lead: Lead) -> int:
    """Take what an attempt came to from the shop's day; return it, in minor units."""
    answered_s = None if call.answered_at is None else pool.now - call.answered_at
    cost_minor = call.shop.dialling.cost_minor(lead.number, answered_s)
    pool.campaign(call.shop).budget.ended(lead.attempt, cost_minor, pool.now)
    return cost_minor


def _rang_s(call: Call, now: Instant) -> float:
    if call.customer.ringing_at is None:
        return 0.0
    until = call.answered_at or call.customer.ended_at or now
    return max(0.0, until - call.customer.ringing_at)


def fate(
    call: Call, trunks: Mapping[str, Trunk], *, unreachable: bool | None = None
) -> Ending:
    """
    Read an attempt's outcome, as its trunk means it, and whose fault it was.

    Args:
        unreachable: the trunk could not be asked; None: as the call's ending says.
    """
    if unreachable is None:
        unreachable = call.ending == "unreachable"
    if call.outcome is Outcome.FAILED and call.bridged_at is not None:
        return Ending(call.outcome, Fault.OURS)
    if call.outcome is not None:
        return Ending(call.outcome, FAULTS[call.outcome])
    customer = call.customer
    response = Response(
        sip_code=customer.sip_code,
        cause=customer.cause,
        ring_seen=customer.ringing_at is not None,
        unreachable=unreachable,
    )
    trunk = trunks.get(customer.trunk)
    return ending_of(response, None if trunk is None else trunk.codes)


def next_attempt(
    lead: Lead,
    this: PastAttempt,
    shop: Shop,
    regime: Regime,
    *,
    rules: RecycleRules,
    now: Instant,
) -> Again:
    """
    Plan when an order is tried again, in hours in which it may be.

    Args:
        this: the attempt that has just ended.
    """
    budget = min(rules.budget, regime.caps.in_all)
    return plan_again(
        {lead.number: (*lead.past, this)},
        lead.number,
        now=now,
        zone=clock_of(lead, shop, regime),
        hours=regime.hours,
        rules=replace(rules, budget=budget),
        tries=lead.tries + 1,
    )


def clock_of(lead: Lead, shop: Shop, regime: Regime) -> ZoneInfo:
    """Find the customer's clock; one that nobody knows is the shop's."""
    return zone_named(zone_of(lead, shop, regime)) or zone_named(shop.zone) or _UTC
