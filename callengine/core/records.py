"""Records the core hands over to be kept: what happened, and why it was decided."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from callengine.core.ids import (
    AgentId,
    AttemptId,
    CallId,
    ChannelId,
    CustomerId,
    Instant,
    OrderId,
    ShopId,
)


class Outcome(StrEnum):
    """What the network says came of an attempt."""

    BRIDGED = "bridged"
    NUISANCE = "nuisance"
    MACHINE = "machine"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    INVALID = "invalid"
    CONGESTED = "congested"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class LegRecord:
    """One channel of a call and its life."""

    channel: ChannelId
    role: str
    """customer or agent."""
    agent: AgentId | None = None
    started_at: Instant
    ringing_at: Instant | None = None
    answered_at: Instant | None = None
    ended_at: Instant | None = None
    cause: int = 0
    sip_code: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """
    A finished call.

    Attributes:
        ending: answered, abandoned, fallback, unknown_number, nuisance, machine,
            not_reached, failed.
        off_skill: why the answering agent lacked a required skill, empty if not.
        events: (instant, name, detail), in order.
    """

    call: CallId
    shop: ShopId | None
    direction: str
    number: str | None
    dialled_number: str
    customer: CustomerId | None
    order: OrderId | None
    agent: AgentId | None
    requirement: str
    enqueued_at: Instant
    answered_at: Instant | None
    bridged_at: Instant | None
    ended_at: Instant
    ending: str
    off_skill: str = ""
    legs: tuple[LegRecord, ...] = ()
    events: tuple[tuple[Instant, str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRecord:
    """
    A finished attempt: outcome and retry.

    Attributes:
        next_try_at: when the order is due again, None when the rule says stop.
        ring_s: seconds the callee's phone rang, 0 if it never did.
        fault: whose move is next, as in `recycling.fates.Fault`.
        zone: the customer's IANA zone as it was taken to be.
        cost_minor: what it came to, by the shop's prices and in its money.
    """

    attempt: AttemptId
    order: OrderId
    shop: ShopId
    call: CallId
    number: str
    tries: int
    started_at: Instant
    answered_at: Instant | None
    bridged_at: Instant | None
    ended_at: Instant
    outcome: Outcome
    cause: int
    sip_code: int | None
    ring_s: float
    agent: AgentId | None
    next_try_at: Instant | None
    rule: str
    trunk: str = ""
    fault: str = ""
    zone: str = ""
    cost_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecord:
    """Why a decision came out as it did: inputs, candidates, choice."""

    at: Instant
    kind: str
    """routing, pacing or compliance."""
    call: CallId | None
    chosen: str
    reason: str
    detail: dict[str, Any] = field(default_factory=dict)
    order: OrderId | None = None
    """The order it is about, when there is no call yet."""
