"""
Outgoing messages, as ports: until they are delivered, and looked at afterwards.

A *message* tells one receiver one change of one order. Messages of an order reach a
receiver in the order of their sequence: the next becomes due when the one before it
is delivered, replaced or given up. A *receiver* is one address of one shop (`shop` or
`logistics`); while it does not take messages it is paused, its messages are kept, and
one of them at a time is sent as a probe.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from callengine.core.ids import Instant, MessageId, ShopId

RECEIVERS = ("shop", "logistics")
TEST = "webhook.test"
"""Type of a message sent to try a receiver; it goes out to a paused one too."""
LONGEST_LEASE_S = 60.0
MAX_ANSWER = 500
"""Characters kept of a receiver's answer."""


class MessageState(StrEnum):
    """Where a message stands."""

    WAITING = "waiting"
    UNADDRESSED = "unaddressed"
    """The shop has named no receiver yet."""
    DELIVERED = "delivered"
    REPLACED = "replaced"
    """The receiver refused it, and a later change of the order was sent instead."""
    DEAD = "dead"
    """Refused at every try of a receiver that takes others."""


class ReceiverState(StrEnum):
    """Whether a receiver takes messages."""

    OPEN = "open"
    FAILING = "failing"
    """It does not answer, or refuses everything; probed every few minutes."""
    STOPPED = "stopped"
    """It said 410 Gone; probed a few times a day, or `resume`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxMessage:
    """
    One message to one receiver, claimed for delivery.

    Attributes:
        message: the `webhook-id`, the same at every try.
        receiver: `shop` or `logistics`.
        body: JSON, to be signed and sent byte for byte.
        secret: `whsec_...`, the receiver's signing secret.
        old_secret: the one before it while both are in use, else empty.
        tries: tries made before this one.
        failures: vain tries in a row of the receiver; 0 when it is open.
    """

    message: MessageId
    shop: ShopId
    receiver: str
    type: str
    url: str
    secret: str
    body: bytes
    tries: int
    created_at: Instant
    old_secret: str = ""
    failures: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """
    What a receiver said to one try.

    Attributes:
        status: of HTTP, 0 when there was none.
        text: the beginning of the body, or why there was no answer.
    """

    at: Instant
    status: int = 0
    text: str = ""
    took_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A receiver gets nothing but a probe at `probe_at`."""

    state: ReceiverState
    failures: int
    probe_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxBacklog:
    """How far behind delivery is."""

    waiting: int
    failing: int
    """Of those waiting: tried at least once."""
    dead: int
    oldest_at: Instant | None
    """When the oldest waiting message was made."""
    paused: tuple["ReceiverView", ...] = ()
    """Receivers that are not open."""


class Outbox(Protocol):
    """Messages committed with the facts they tell, until they are delivered."""

    async def claim(
        self,
        now: Instant,
        limit: int,
        *,
        lease_s: float,
        busy: frozenset[tuple[ShopId, str]] = frozenset(),
    ) -> tuple[OutboxMessage, ...]:
        """
        Take due messages, oldest first; not offered to others for `lease_s`.

        Never two of one order and receiver, and of a paused receiver only a probe,
        when that is due. A message whose lease ends without a verdict is due again.

        Args:
            lease_s: at most `LONGEST_LEASE_S`.
            busy: shops and receivers that have enough to do.
        """

    async def delivered(self, message: MessageId, answer: Answer) -> None:
        """The receiver accepted it; a paused one is open again."""

    async def failed(
        self,
        message: MessageId,
        answer: Answer,
        *,
        next_try_at: Instant | None,
        pause: Pause | None = None,
        untried: Sequence[MessageId] = (),
    ) -> None:
        """
        The try failed; due again at `next_try_at`, dead when that is None.

        Without `pause` it is this message that is refused: it is replaced if a later
        change of its order waits. With it the receiver is paused, and what is due for
        it is held, `untried` too, which were claimed and will not be tried.
        """

    async def backlog(self) -> OutboxBacklog:
        """Count what waits and what died."""

    async def wait(self, timeout_s: float) -> None:
        """Return when a message was committed since the last wait, or in time."""


# --- for people ------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryView:
    """
    A message as its shop may see it.

    Attributes:
        order: the shop's own number; empty for a test.
        sequence: counts the messages told to this receiver about this order.
        held: waiting because an earlier message of the order or the receiver does.
        answers: one per try, oldest first; only where one message is shown.
    """

    message: MessageId
    shop: ShopId
    receiver: str
    order: str
    sequence: int
    type: str
    state: str
    held: bool
    tries: int
    created_at: Instant
    next_try_at: Instant | None
    delivered_at: Instant | None
    error: str
    body: str = ""
    answers: tuple[Answer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverView:
    """
    A receiver of a shop.

    Attributes:
        url: empty when the shop has named none.
        reason: the answer that paused it, empty when it is open.
        since_at: since when it is paused.
        waiting: messages kept for it.
    """

    shop: ShopId
    receiver: str
    url: str
    state: str
    reason: str = ""
    failures: int = 0
    since_at: Instant | None = None
    probe_at: Instant | None = None
    waiting: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFilter:
    """Which messages are listed; empty: all. `before` is the last one seen."""

    shop: ShopId | None = None
    receiver: str = ""
    state: str = ""
    order: str = ""
    """The shop's own number of the order."""
    before: MessageId | None = None
    limit: int = 50


class CannotTest(Exception):
    """A test message cannot be sent now; the text says why."""


class Deliveries(Protocol):
    """What was sent, to whom, and what they said; for shops and operators."""

    async def listed(self, wanted: DeliveryFilter) -> tuple[DeliveryView, ...]:
        """List messages, newest first."""

    async def shown(
        self, message: MessageId, shop: ShopId | None = None
    ) -> DeliveryView | None:
        """Show one message with its body and every answer; None when unknown."""

    async def replay(
        self, message: MessageId, at: Instant, shop: ShopId | None = None
    ) -> bool:
        """
        Send a message again, with its old id, body and sequence; False when unknown.

        It waits like any other while its receiver is paused.
        """

    async def receivers(self, shop: ShopId | None = None) -> tuple[ReceiverView, ...]:
        """Show every receiver of a shop, or of all."""

    async def resume(self, shop: ShopId, receiver: str, at: Instant) -> int:
        """
        Open a paused receiver; how many messages are kept for it and sent now.

        Those that had their own next try later come now, too.
        """

    async def send_test(self, shop: ShopId, receiver: str, at: Instant) -> MessageId:
        """Put a test message into the outbox, due at once. Raises `CannotTest`."""
