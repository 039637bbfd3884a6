"""From what the customer base found to a card, a requirement and facts; pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from callengine.core.cards import Card, OrderCard
from callengine.core.ids import AgentId, Instant, OrderId
from callengine.core.requirements import (
    GONE_STAGES,
    bought_by_category,
    requirement_of_call,
)
from callengine.core.rulebook.book import CallFacts, Purchase
from callengine.core.skills import Requirement
from callengine.engine.orders import Stage
from callengine.engine.ports import Identification, Shop

CLOSED_STAGES = frozenset((Stage.CANCELLED.value, Stage.RECEIVED.value))
"""Orders that are over: nobody calls about them as about an open one."""


@dataclass(frozen=True, slots=True)
class Talk:
    """Who talked with the customer, and about which order, if any."""

    agent: AgentId
    order: OrderId | None = None


def identified(
    card: Card,
    shop: Shop,
    *,
    withheld: bool,
    spoken: frozenset[str],
    talks: Iterable[Talk] = (),
) -> Identification:
    """
    Judge an inbound look-up. `card` holds every candidate found.

    Of several candidates none is guessed: their orders stay hidden until the agent
    has asked, and the call needs only what all of them need.

    Args:
        spoken: languages that some agent of the shop speaks.
        talks: conversations with the customer, the latest first.
    """
    if withheld:
        verdict = "withheld"
    elif not card.customers:
        verdict = "unknown"
    else:
        verdict = "found" if len(card.customers) == 1 else "several"
    if verdict != "found":
        card, talks = replace(card, orders=(), contacts=()), ()
    return Identification(
        card=replace(card, identification=verdict),
        requirement=requirement_for(card, shop, spoken=spoken),
        facts=facts_for(card, shop, spoken=spoken, talks=tuple(talks)),
    )


def requirement_for(
    card: Card, shop: Shop, *, spoken: frozenset[str], language: str = ""
) -> Requirement:
    """
    Say what a call with these customers needs.

    Args:
        spoken: languages that some agent of the shop speaks. Nobody could ever
            serve another one, so the call then falls back to the shop's.
        language: overrides the customer's, for an order that names its own.
    """
    one = card.customers[0] if len(card.customers) == 1 else None
    return requirement_of_call(
        shop.shop,
        language_for(card, shop, spoken=spoken, language=language),
        bought=bought_by_category(card.orders) if one else None,
        region=one.region if one else "",
        segment=one.segment if one else "",
    )


def language_for(
    card: Card, shop: Shop, *, spoken: frozenset[str], language: str = ""
) -> str:
    """Choose the language to speak; see `requirement_for`."""
    wanted = language or _shared(tuple(c.language for c in card.customers))
    return wanted if wanted in spoken else shop.language


def facts_for(
    card: Card, shop: Shop, *, spoken: frozenset[str], talks: tuple[Talk, ...] = ()
) -> CallFacts:
    """
    Say what rules may look at.

    Responsible is who talked last about an order that is still open.
    """
    one = card.customers[0] if len(card.customers) == 1 else None
    still_open = {o.order: o.stage for o in card.orders if o.stage not in CLOSED_STAGES}
    return CallFacts(
        shop=shop.shop,
        language=language_for(card, shop, spoken=spoken),
        segment=one.segment if one else "",
        region=one.region if one else "",
        order_stage=next(iter(still_open.values()), ""),
        purchases=tuple(p for order in card.orders for p in purchases_of(order)),
        responsible=next((t.agent for t in talks if t.order in still_open), None),
        last_agent=next((t.agent for t in talks), None),
    )


def purchases_of(order: OrderCard) -> Iterable[Purchase]:
    """List what an order bought; nothing if it was cancelled."""
    at = instant_of(order.placed_at)
    if order.stage in GONE_STAGES or at is None:
        return
    for item in order.items:
        if item.category:
            yield Purchase(category=item.category, quantity=item.quantity, at=at)


def instant_of(text: str) -> Instant | None:
    """Read an instant of a card; None if it is none."""
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None


def _shared(languages: tuple[str, ...]) -> str:
    return languages[0] if len(set(languages)) == 1 else ""
