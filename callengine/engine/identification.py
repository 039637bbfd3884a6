"""From what the customer base found to a card and a requirement; pure."""

from dataclasses import replace

from callengine.core.cards import Card
from callengine.core.requirements import bought_by_category, requirement_of_call
from callengine.core.skills import Requirement
from callengine.engine.ports import Identification, Shop


def identified(
    card: Card, shop: Shop, *, withheld: bool, spoken: frozenset[str]
) -> Identification:
    """
    Judge an inbound look-up. `card` holds every candidate found.

    Of several candidates none is guessed: their orders stay hidden until the agent
    has asked, and the call needs only what all of them need.
    """
    if withheld:
        verdict = "withheld"
    elif not card.customers:
        verdict = "unknown"
    else:
        verdict = "found" if len(card.customers) == 1 else "several"
    if verdict != "found":
        card = replace(card, orders=(), contacts=())
    return Identification(
        card=replace(card, identification=verdict),
        requirement=requirement_for(card, shop, spoken=spoken),
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
    wanted = language or _shared(tuple(c.language for c in card.customers))
    if wanted not in spoken:
        wanted = shop.language
    one = card.customers[0] if len(card.customers) == 1 else None
    return requirement_of_call(
        shop.shop,
        wanted,
        bought=bought_by_category(card.orders) if one else None,
        region=one.region if one else "",
        segment=one.segment if one else "",
    )


def _shared(languages: tuple[str, ...]) -> str:
    return languages[0] if len(set(languages)) == 1 else ""
