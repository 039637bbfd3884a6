"""An order's story: when it was dialled, when it was not, and why."""

from datetime import datetime
from zoneinfo import ZoneInfo

from callengine.boot.why.parts import Grid, Part, lasted
from callengine.engine.ports import OrderHistory


def order_story(order: OrderHistory, zone: ZoneInfo) -> Part:
    """Tell what is on record of dialling an order."""
    story = Part(f"order {order.number} of shop {order.shop}:", order.stage)
    story.say("id", order.order)
    again = "never" if order.next_try_at is None else moment(order.next_try_at, zone)
    story.say("due again", f"{again} ({zone.key})" if order.next_try_at else again)
    story.say("not dialled", order.held_reason)
    story.parts += [_verdicts(order, zone), _attempts(order, zone)]
    story.parts = [part for part in story.parts if part.grids]
    return story


def moment(at: float, zone: ZoneInfo) -> str:
    """Write an instant with its day."""
    return datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d %H:%M:%S")


def _verdicts(order: OrderHistory, zone: ZoneInfo) -> Part:
    part = Part("verdicts that it might not be dialled")
    grid = Grid(("at", "rule", "because", "asked again"))
    for decision in order.decisions:
        again_at = decision.detail.get("again_at")
        grid.rows.append(
            (
                moment(decision.at, zone),
                str(decision.detail.get("rule", "")),
                decision.reason,
                "never" if again_at is None else moment(again_at, zone),
            )
        )
    part.show("", grid)
    return part


def _attempts(order: OrderHistory, zone: ZoneInfo) -> Part:
    part = Part("attempts")
    grid = Grid(("try", "began", "outcome", "fault", "rang", "what follows", "call"))
    for attempt in order.attempts:
        grid.rows.append(
            (
                str(attempt.tries),
                moment(attempt.started_at, zone),
                attempt.outcome.value,
                attempt.fault or "-",
                lasted(attempt.ring_s),
                attempt.rule,
                attempt.call or "-",
            )
        )
    part.show("", grid)
    return part
