"""
What receivers that ask for it are told of attempts: dialled, and what came of it.

Types are `attempt.dialled` and `attempt.` with an outcome (`attempt.no_answer`,
`attempt.busy`, `attempt.bridged`...). They say nothing of the order's stage: that is
what `order.` messages are for.
"""

from dataclasses import dataclass
from typing import Any

from callengine.core.facts import Lead
from callengine.core.ids import AttemptId, Instant, OrderId, ShopId
from callengine.core.records import AttemptRecord, Outcome
from callengine.engine.deliveries import RECEIVERS
from callengine.engine.orders import digest
from callengine.engine.telling import Message, body_of, stamp

PREFIX = "attempt."
DIALLED = "attempt.dialled"
LOST = "the engine ended during the attempt"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptNews:
    """
    Something that happened to an attempt.

    Attributes:
        number: that was dialled.
        what: `dialled`, or the outcome.
        data: what else is told.
    """

    attempt: AttemptId
    order: OrderId
    shop: ShopId
    number: str
    tries: int
    at: Instant
    what: str
    data: tuple[tuple[str, Any], ...] = ()

    def messages(self, order_number: str) -> tuple[Message, ...]:
        """Write it for each receiver; who did not ask for it is left out later."""
        kind = f"{PREFIX}{self.what}"
        told = {
            "id": self.attempt,
            "try": self.tries,
            "phone": self.number,
            **dict(self.data),
        }
        data = {
            "shop": self.shop,
            "order": {"id": self.order, "number": order_number},
            "attempt": told,
        }
        body = body_of(kind, data, self.at)
        # An attempt is dialled once and ends once, whatever is told of it later.
        content = digest({"attempt": self.attempt, "ended": kind != DIALLED})
        return tuple(
            Message(
                receiver=receiver,
                type=kind,
                body=body,
                content_hash=content,
                on_request=True,
            )
            for receiver in RECEIVERS
        )


def dialled_news(lead: Lead, at: Instant) -> AttemptNews:
    """Tell that a customer is being dialled."""
    return AttemptNews(
        attempt=lead.attempt,
        order=lead.order,
        shop=lead.shop,
        number=lead.number,
        tries=lead.tries + 1,
        at=at,
        what="dialled",
    )


def lost_news(
    attempt: AttemptId,
    order: OrderId,
    shop: ShopId,
    *,
    number: str,
    tries: int,
    started_at: Instant,
    next_try_at: Instant,
) -> AttemptNews:
    """Tell of an attempt that nobody saw the end of, for the engine ended first."""
    return AttemptNews(
        attempt=attempt,
        order=order,
        shop=shop,
        number=number,
        tries=tries,
        at=started_at,
        what=Outcome.FAILED.value,
        data=_ended(started_at, 0.0, "", next_try_at, LOST),
    )


def ended_news(record: AttemptRecord) -> AttemptNews:
    """Tell how an attempt ended, and when the order is tried again."""
    return AttemptNews(
        attempt=record.attempt,
        order=record.order,
        shop=record.shop,
        number=record.number,
        tries=record.tries,
        at=record.ended_at,
        what=record.outcome.value,
        data=_ended(
            record.started_at,
            record.ring_s,
            record.agent or "",
            record.next_try_at,
            record.rule,
        ),
    )


def _ended(
    started_at: Instant, ring_s: float, agent: str, again_at: Instant | None, why: str
) -> tuple[tuple[str, Any], ...]:
    return (
        ("started_at", stamp(started_at)),
        ("ring_s", round(ring_s, 1)),
        ("agent", agent),
        ("next_try_at", None if again_at is None else stamp(again_at)),
        ("why", why),
    )
