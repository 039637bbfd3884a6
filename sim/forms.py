"""What simulated agents write into the form of a call."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from sim.desktop import SeenCard


def fill_in(card: SeenCard, rng: Random, confirms: float) -> dict[str, Any]:
    """
    Fill in the form as the conversation went.

    Args:
        confirms: share of customers who confirm their order.
    """
    order = card.card.get("order")
    if order is None:
        return {"disposition": "informed", "note": "answered a question"}
    if sounds_like_a_machine(card):
        return {"disposition": "machine", "order": order}
    if rng.uniform(0, 1) >= confirms:
        what = rng.choice(["cancelled", "callback"])
        return {"disposition": what, "order": order, "note": "as they wish"}
    day = datetime.now(UTC).date() + timedelta(days=rng.randint(1, 4))
    delivery = {
        "method": "courier",
        "address": f"Lesnaya street {rng.randint(1, 90)}",
        "date": day.isoformat(),
        "time_from": "10:00",
        "time_to": "14:00",
    }
    return {"disposition": "confirmed", "order": order, "delivery": delivery}


def sounds_like_a_machine(card: SeenCard | None) -> bool:
    """Hear what the simulated customers say: numbers that end in 8 are machines."""
    if card is None or card.card.get("direction") != "outbound":
        return False
    return str(card.card.get("number") or "").endswith("8")


def order_number(card: SeenCard) -> str:
    """Read the shop's own number of the card's order, empty without one."""
    wanted = card.card.get("order")
    for order in card.card.get("orders", ()):
        if wanted is not None and order.get("order") == wanted:
            return str(order.get("number", ""))
    return ""
