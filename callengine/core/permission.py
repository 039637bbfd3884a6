"""May this lead be dialled now, by its shop's regime? Asked as the last thing."""

from callengine.core.compliance.budget import DayBudget
from callengine.core.compliance.destinations import refusal
from callengine.core.compliance.regime import DAY_S, Regime
from callengine.core.compliance.verdict import DialRequest, Verdict, may_dial
from callengine.core.facts import Lead
from callengine.core.ids import Instant
from callengine.core.numbers import zone_of_number
from callengine.core.roster import Shop


def ask(
    lead: Lead,
    shop: Shop,
    regime: Regime,
    now: Instant,
    *,
    agent_waits: bool,
    budget: DayBudget | None = None,
) -> Verdict:
    """
    Say whether a lead may be dialled at `now`, and why.

    Args:
        agent_waits: an agent is set aside for this very call.
        budget: the shop's day so far; None to leave it out.
    """
    limits = shop.dialling
    price_minor = limits.price_minor(lead.number)
    request = DialRequest(
        zone=zone_of(lead, shop, regime),
        past=lead.past,
        tries=lead.tries,
        agent_waits=agent_waits,
        advertising=lead.advertising or shop.advertising,
        consent=lead.consent,
        dnc=lead.dnc,
        message=bool(shop.nuisance_message),
        misplaced=refusal(lead.number, limits.called(shop.region)),
        over_limit=budget.over_limit(limits, price_minor, now) if budget else "",
    )
    return may_dial(request, regime, now)


def customer_zone(stored: str, number: str, shop: Shop, regime: Regime) -> str:
    """
    Name the clock that a customer lives by, as well as anybody knows.

    Args:
        stored: the zone that the shop gave for this customer; may be empty.
        number: E.164; one at home in a single zone tells it.
    """
    return stored or zone_of_number(number) or regime.unknown_zone or shop.zone


def history_s(regime: Regime) -> float:
    """Say how far back attempts on a number matter, in seconds."""
    return max(7 * DAY_S, regime.lock_out_s) + DAY_S


def zone_of(lead: Lead, shop: Shop, regime: Regime) -> str:
    """Name the clock that counts: the customer's, the regime's guess, the shop's."""
    return lead.zone or regime.unknown_zone or shop.zone
