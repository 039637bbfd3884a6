"""Shapes of the answers that are not orders, for `/openapi.json`."""

from typing import Any

from pydantic import BaseModel, ConfigDict


class ErrorDetail(BaseModel):
    """Why a request was refused; `field` is a dotted path into the body."""

    code: str
    message: str
    field: str | None = None


class ErrorOut(BaseModel):
    """The body of every answer from 400 on."""

    error: ErrorDetail


class AgentOut(BaseModel):
    """Who is logged in."""

    agent: str
    name: str


class Nothing(BaseModel):
    """An empty object."""


class Health(BaseModel):
    """The loop turns."""

    ok: bool
    version: str


class PartState(BaseModel):
    """One part: since when it is so (Unix time), and why."""

    ok: bool
    since: float
    why: str


class Readiness(BaseModel):
    """Whether every part can be used."""

    ok: bool
    parts: dict[str, bool]
    details: dict[str, PartState]


class Floor(BaseModel):
    """Counts by state now; more keys than these may come."""

    model_config = ConfigDict(extra="allow")

    at: float
    calls: dict[str, int]
    agents: dict[str, int]
    orders: dict[str, int]
    latency_ms: dict[str, Any]


class TrunksOut(BaseModel):
    """Trunks in the order of the settings; each tells how it does."""

    trunks: list[dict[str, Any]]


class Why(BaseModel):
    """A call's story: `live` while it lasts, `history` once it is recorded."""

    call: str
    live: dict[str, Any] | None
    history: dict[str, Any] | None


class WhyOrder(BaseModel):
    """Why an order waits or was given up: verdicts and attempts, oldest first."""

    order: str
    shop: str
    number: str
    stage: str
    next_try_at: float | None
    held_rule: str
    held_reason: str
    attempts: list[dict[str, Any]]
    decisions: list[dict[str, Any]]


class WebhookData(BaseModel):
    """What a message tells; empty parts are null or absent."""

    model_config = ConfigDict(extra="allow")

    shop: str
    order: dict[str, Any]
    delivery: dict[str, Any] | None = None
    disposition: str | None = None
    agent: str | None = None
    note: str | None = None


class Webhook(BaseModel):
    """
    An outgoing message, signed as Standard Webhooks say.

    `sequence` counts the messages told to this receiver about this order, from 1.
    """

    type: str
    timestamp: str
    sequence: int
    data: WebhookData
