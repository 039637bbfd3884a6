"""
What a saved disposition does to an order: checks, next stage, who is told what.

Pure functions of values, so that every store refuses and tells the same.
"""

from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from callengine.core.cards import DeliveryCard
from callengine.core.compliance.verdict import PastAttempt
from callengine.core.facts import Disposition
from callengine.core.ids import Instant
from callengine.core.records import Outcome
from callengine.core.recycling.plan import RecycleRules, plan_again
from callengine.engine.orders import Stage, stage_after_disposition
from callengine.engine.ports import (
    DeliveryAgreement,
    DispositionRefused,
    SavedDisposition,
)
from callengine.engine.telling import Message as Message
from callengine.engine.telling import OrderFacts as OrderFacts
from callengine.engine.telling import ShopTerms as ShopTerms
from callengine.engine.telling import (
    Told,
    callback_messages,
    is_agreed,
    messages_of,
    order_body,
)
from callengine.engine.telling import unreachable_message as unreachable_message

METHODS = ("courier", "pickup", "post")
MAX_NOTE = 2000
MAX_ADDRESS = 500
MAX_DAYS_AHEAD = 365
WITH_DELIVERY = (Disposition.CONFIRMED, Disposition.CHANGED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """
    What becomes of an order.

    Attributes:
        moves: the stage, the next try and the owner of the order change.
        next_try_at: when it is to be dialled again, None for never.
        delivery: as it is now agreed; None when nothing is.
    """

    stage: Stage
    moves: bool
    next_try_at: Instant | None
    delivery: DeliveryCard | None
    messages: tuple[Message, ...]


def check_disposition(
    saved: SavedDisposition, terms: ShopTerms, facts: OrderFacts | None
) -> None:
    """
    Refuse what cannot be saved.

    Raises:
        DispositionRefused: the text tells the agent what to do.
    """
    if len(saved.note) > MAX_NOTE:
        raise DispositionRefused(f"Shorten the note to {MAX_NOTE} characters.")
    if saved.order is not None and facts is None:
        raise DispositionRefused(
            "This shop has no such order; choose the order from the card again."
        )
    needs_order = saved.disposition in (*WITH_DELIVERY, Disposition.CANCELLED)
    if needs_order and saved.order is None:
        raise DispositionRefused(
            f"Choose the order that was {saved.disposition.value}, or save the call as"
            " informed."
        )
    if facts is not None and facts.withdrawn and saved.disposition in WITH_DELIVERY:
        raise DispositionRefused(
            "The shop has withdrawn this order; tell the customer and save it as"
            " cancelled."
        )
    if saved.delivery is not None:
        if saved.disposition not in WITH_DELIVERY:
            raise DispositionRefused(
                "A delivery is agreed only with confirmed or changed; remove the"
                " delivery or change the disposition."
            )
        check_delivery(saved.delivery, terms.zone, saved.at)
    elif (
        terms.delivery_required
        and saved.disposition in WITH_DELIVERY
        and not (facts is not None and is_agreed(facts.order.delivery))
    ):
        raise DispositionRefused(
            "Agree the delivery first: method, address and date are needed."
        )


def check_delivery(agreement: DeliveryAgreement, zone: str, at: Instant) -> None:
    """Refuse a delivery that cannot be made. Raises `DispositionRefused`."""
    if agreement.method not in METHODS:
        raise DispositionRefused(
            f"Choose the delivery method: {', '.join(METHODS[:-1])} or {METHODS[-1]}."
        )
    if not agreement.address.strip():
        raise DispositionRefused("Fill in the delivery address.")
    if len(agreement.address) > MAX_ADDRESS:
        raise DispositionRefused(f"Shorten the address to {MAX_ADDRESS} characters.")
    try:
        day = date.fromisoformat(agreement.date)
    except ValueError:
        raise DispositionRefused("Choose the delivery date.") from None
    today = datetime.fromtimestamp(at, ZoneInfo(zone)).date()
    if day < today:
        raise DispositionRefused(
            f"The delivery date {day} has passed; choose {today} or later."
        )
    if day > today + timedelta(days=MAX_DAYS_AHEAD):
        raise DispositionRefused("Choose a delivery date within a year.")
    _check_hours(agreement)


def _check_hours(agreement: DeliveryAgreement) -> None:
    if not agreement.time_from and not agreement.time_to:
        return
    try:
        begins = _hour(agreement.time_from)
        ends = _hour(agreement.time_to)
    except ValueError:
        raise DispositionRefused(
            "Give the delivery time as two times such as 10:00 and 14:00, or neither."
        ) from None
    if begins >= ends:
        raise DispositionRefused("The delivery must end later than it begins.")


def _hour(text: str) -> time:
    if len(text) != len("10:00"):
        raise ValueError(text)
    return time.fromisoformat(text)


def settle(saved: SavedDisposition, terms: ShopTerms, facts: OrderFacts) -> Settlement:
    """Say what a disposition that was checked does to its order."""
    before = facts.order
    stage = stage_after_disposition(before.stage, saved.disposition)
    if facts.withdrawn:
        stage = Stage.CANCELLED
    next_try_at: Instant | None = None
    if stage is Stage.CALLBACK:
        next_try_at = saved.at + terms.callback_s
    elif stage is Stage.RETRY:
        next_try_at = _after_machine(saved, terms, facts)
        stage = Stage.UNREACHABLE if next_try_at is None else stage
    delivery = _delivery_after(before.delivery, saved.delivery, stage)
    told = Told(
        shop=terms.shop,
        order=order_body(facts, stage),
        delivery=None if delivery is None else asdict(delivery),
        disposition=saved.disposition.value,
        agent=saved.agent,
        note=saved.note,
    )
    decided = saved.disposition in (
        Disposition.CONFIRMED,
        Disposition.CHANGED,
        Disposition.CANCELLED,
        Disposition.CALLBACK,
        Disposition.WRONG_NUMBER,
        Disposition.MACHINE,
    )
    decided = decided or (facts.withdrawn and stage != before.stage)
    return Settlement(
        stage=stage,
        # Who was spoken to is not called again once an agent said what came of it.
        moves=decided or stage != before.stage or stage is Stage.REACHED,
        next_try_at=next_try_at,
        delivery=delivery,
        messages=(
            *messages_of(told, stage, decided, delivery, saved.at),
            *_callback(saved, terms, facts, stage, next_try_at),
        ),
    )


def _callback(
    saved: SavedDisposition,
    terms: ShopTerms,
    facts: OrderFacts,
    stage: Stage,
    at: Instant | None,
) -> tuple[Message, ...]:
    if stage is not Stage.CALLBACK or at is None:
        return ()
    return callback_messages(terms, facts, saved.agent, saved.at, at)


def _after_machine(
    saved: SavedDisposition, terms: ShopTerms, facts: OrderFacts
) -> Instant | None:
    """Plan the next attempt as if the machine had been heard without the agent."""
    rules = RecycleRules()
    heard = PastAttempt(at=saved.at, outcome=Outcome.MACHINE)
    again = plan_again(
        {facts.phone: (heard,)},
        facts.phone,
        now=saved.at,
        zone=ZoneInfo(terms.zone),
        hours=terms.regime.hours,
        rules=replace(rules, budget=min(rules.budget, terms.regime.caps.in_all)),
        tries=facts.tries,
    )
    return again.at


def _delivery_after(
    before: DeliveryCard | None, agreed: DeliveryAgreement | None, stage: Stage
) -> DeliveryCard | None:
    if agreed is not None:
        return DeliveryCard(
            method=agreed.method,
            address=agreed.address.strip(),
            date=agreed.date,
            time_from=agreed.time_from,
            time_to=agreed.time_to,
        )
    if before is None or stage is not Stage.CANCELLED:
        return before
    return DeliveryCard(
        method=before.method,
        address=before.address,
        date=before.date,
        time_from=before.time_from,
        time_to=before.time_to,
        status="cancelled",
    )
