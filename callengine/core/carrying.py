"""
By which trunk an order call goes, and by which next when the trunk fails.

A trunk that fails before the customer's phone is heard to ring is followed by the next
one, in the same attempt: the law, the order and the customer know of one. Who is busy,
rings or answers is never tried again by another.
"""

from dataclasses import replace

from callengine.core import effects as do
from callengine.core.attempts import fate
from callengine.core.call import Call, Leg
from callengine.core.facts import Lead
from callengine.core.ids import ChannelId
from callengine.core.pool import Pool
from callengine.core.recycling.fates import Fault
from callengine.core.roster import Shop
from callengine.core.trunks.choosing import Choice, NoTrunk
from callengine.core.trunks.facts import TrunkAnswers, TrunkRegistered

NETWORK_CAUSES = frozenset({3, 27, 34, 38, 41, 42, 44, 47, 58})
"""Q.850: no route, out of order, congestion, no circuit, no resource."""
NEXT_WITHIN_S = 20.0
"""A trunk that took longer to fail has used up the customer's patience, and ours."""


def by_which(
    pool: Pool, lead: Lead, shop: Shop, tried: tuple[str, ...] = ()
) -> Choice | NoTrunk:
    """Choose the trunk of an attempt."""
    return pool.trunks.choose(
        shop.trunks,
        pool.now,
        shop=shop.shop,
        number=lead.number,
        caller_id=lead.caller_id or shop.caller_id,
        tried=tried,
    )


def room(pool: Pool, shop: Shop) -> int:
    """Say how many attempts a shop's trunks may take now."""
    return pool.trunks.room(shop.trunks, pool.now)


def dial(pool: Pool, call: Call, lead: Lead, choice: Choice) -> None:
    """Commit the attempt, then ring the customer."""
    chosen = replace(lead, trunk=choice.trunk.name)
    pool.emit(do.BeginAttempt(call=call.call, lead=chosen, at=pool.now))
    _ring(pool, call, lead, choice)


def _ring(pool: Pool, call: Call, lead: Lead, choice: Choice) -> None:
    leg = call.customer
    leg.trunk = choice.trunk.name
    standing = pool.trunks.get(leg.trunk)
    assert standing is not None
    standing.dialled(pool.now)
    least_s = pool.regime_of(call.shop).least_ring_s
    pool.emit(
        do.Originate(
            call=call.call,
            channel=leg.channel,
            endpoint=choice.trunk.dial_string(lead.number),
            caller_id=choice.caller_id,
            timeout_s=round(max(pool.rules.customer_ring_s, least_s)),
        )
    )


def rang(pool: Pool, leg: Leg) -> None:
    """The customer's phone rings: the trunk works."""
    standing = pool.trunks.get(leg.trunk)
    if standing is not None:
        standing.carried()


def answered(pool: Pool, leg: Leg) -> None:
    """The customer answered."""
    standing = pool.trunks.get(leg.trunk)
    if standing is not None:
        standing.carried()
        standing.ended(answered=True)


def went_on(pool: Pool, call: Call, *, unreachable: bool) -> bool:
    """
    Dial by the next trunk when this one has failed; False if the attempt is over.

    To be called once the customer's leg has ended without an answer.
    """
    leg, lead = call.customer, call.lead
    assert lead is not None
    said = _fault_of(pool, call, leg, unreachable=unreachable)
    if not said or leg.given_up or leg.ringing_at is not None:
        return False
    if pool.now - call.began_at > NEXT_WITHIN_S:
        return False
    tried = (*(past.trunk for past in call.tries), leg.trunk)
    choice = by_which(pool, lead, call.shop, tried)
    if isinstance(choice, NoTrunk):
        if choice.passed:
            call.note(pool.now, "no_other_trunk", choice.reason)
        return False
    call.note(pool.now, "trunk_failed", f"{leg.trunk}: {said}")
    call.past_legs.append(leg)
    call.customer = Leg(
        channel=ChannelId(f"{call.call}.cust.{len(tried)}"),
        role="customer",
        started_at=pool.now,
    )
    pool.by_channel[call.customer.channel] = call.call
    pool.decide(
        "trunk",
        call,
        choice.trunk.name,
        f"{leg.trunk} failed: {said}",
        tried=list(tried),
        passed=list(choice.passed),
    )
    _ring(pool, call, lead, choice)
    pool.touch(call)
    return True


def _fault_of(pool: Pool, call: Call, leg: Leg, *, unreachable: bool) -> str:
    """Learn from the end of a try; what the trunk did wrong in words, '' if nothing."""
    standing = pool.trunks.get(leg.trunk)
    if standing is None:
        return ""
    known = unreachable or leg.sip_code is not None or leg.cause in NETWORK_CAUSES
    if leg.given_up or not known:
        standing.unsure()
        return ""
    ending = fate(call, pool.rules.trunks, unreachable=unreachable)
    if ending.fault not in (Fault.TRUNK, Fault.OURS) or leg.ringing_at is not None:
        standing.carried()
        standing.ended(answered=False)
        return ""
    if unreachable:
        said = "there is no way to it: not registered, or its name is not known"
    elif leg.sip_code is not None:
        said = f"SIP {leg.sip_code}"
    else:
        said = f"cause {leg.cause}"
    standing.broke(pool.now, leg.sip_code or 0, said)
    return said


def on_trunk_registered(pool: Pool, fact: TrunkRegistered) -> None:
    """Follow what Asterisk says of our log-in at a carrier."""
    standing = pool.trunks.known(fact.trunk)
    if standing is not None:
        standing.registered, standing.registration = fact.registered, fact.said
        pool.pace_due = True


def on_trunk_answers(pool: Pool, fact: TrunkAnswers) -> None:
    """Follow whether a carrier answers when it is asked."""
    standing = pool.trunks.known(fact.trunk)
    if standing is not None:
        standing.reachable = fact.answers
        pool.pace_due = True
