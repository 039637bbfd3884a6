"""A shop's outgoing messages: lists, answers, replay; its receivers: test, resume."""

from typing import Any

import orjson
import structlog
from aiohttp import web
from pydantic import BaseModel

from callengine.api.auth import shop_of
from callengine.api.deps import DEPS
from callengine.api.errors import ApiError, json_response
from callengine.api.order_models import utc
from callengine.core.ids import MessageId
from callengine.engine.deliveries import (
    RECEIVERS,
    Answer,
    CannotTest,
    DeliveryFilter,
    DeliveryView,
    MessageState,
    ReceiverView,
)

log = structlog.get_logger(__name__)

MOST_LISTED = 200
MAX_ID_CHARS = 64
MAX_NUMBER_CHARS = 100


class AnswerOut(BaseModel):
    """What a receiver said to one try; `status` 0: nothing, `text` says why."""

    at: str
    status: int
    text: str
    took_s: float


class DeliveryOut(BaseModel):
    """A message and where it stands."""

    message: str
    receiver: str
    order: str
    sequence: int
    type: str
    state: str
    held: bool
    """It waits for an earlier message of its order, or for its receiver."""
    tries: int
    created_at: str
    next_try_at: str | None
    delivered_at: str | None
    error: str


class DeliveryWithAnswers(DeliveryOut):
    """A message with what is sent and every answer."""

    body: dict[str, Any]
    answers: list[AnswerOut]


class DeliveryList(BaseModel):
    """Messages, newest first; give `next` as `before` to see older ones."""

    deliveries: list[DeliveryOut]
    next: str | None


class ReceiverOut(BaseModel):
    """A receiver: open, failing or stopped; `waiting` messages are kept for it."""

    receiver: str
    url: str
    state: str
    reason: str
    since_at: str | None
    probe_at: str | None
    waiting: int


class ReceiverList(BaseModel):
    """The shop's receivers."""

    receivers: list[ReceiverOut]


class Resumed(BaseModel):
    """How many messages are sent now."""

    waiting: int


class TestSent(BaseModel):
    """The test message; look at it under `deliveries`."""

    message: str


async def list_deliveries(request: web.Request) -> web.StreamResponse:
    """List messages, newest first."""
    shop = await shop_of(request)
    asked = request.query
    wanted = DeliveryFilter(
        shop=shop,
        receiver=_one_of(asked.get("receiver", ""), "receiver", RECEIVERS),
        state=_one_of(asked.get("state", ""), "state", tuple(MessageState)),
        order=asked.get("order", "")[:MAX_NUMBER_CHARS],
        before=MessageId(asked["before"][:MAX_ID_CHARS]) if "before" in asked else None,
        limit=_limit(asked.get("limit", "50")),
    )
    views = await request.app[DEPS].deliveries.listed(wanted)
    more = views[-1].message if len(views) == wanted.limit else None
    return json_response({"deliveries": [_shown(v) for v in views], "next": more})


async def show_delivery(request: web.Request) -> web.StreamResponse:
    """Show a message with its body and what the receiver answered."""
    shop = await shop_of(request)
    message = MessageId(request.match_info["message"][:MAX_ID_CHARS])
    view = await request.app[DEPS].deliveries.shown(message, shop)
    if view is None:
        raise _unknown()
    body = orjson.loads(view.body)
    answers = [_answer(answer) for answer in view.answers]
    return json_response({**_shown(view), "body": body, "answers": answers})


async def replay(request: web.Request) -> web.StreamResponse:
    """Send a message again."""
    shop = await shop_of(request)
    deps = request.app[DEPS]
    message = MessageId(request.match_info["message"][:MAX_ID_CHARS])
    if not await deps.deliveries.replay(message, deps.wall_now(), shop):
        raise _unknown()
    log.info("message replayed", shop=shop, message=message)
    return json_response({})


async def list_receivers(request: web.Request) -> web.StreamResponse:
    """Show the shop's receivers."""
    shop = await shop_of(request)
    views = await request.app[DEPS].deliveries.receivers(shop)
    return json_response({"receivers": [_receiver(view) for view in views]})


async def resume(request: web.Request) -> web.StreamResponse:
    """Open a paused receiver."""
    shop = await shop_of(request)
    deps = request.app[DEPS]
    receiver = _known_receiver(request)
    waiting = await deps.deliveries.resume(shop, receiver, deps.wall_now())
    log.info("receiver resumed", shop=shop, receiver=receiver, waiting=waiting)
    return json_response({"waiting": waiting})


async def send_test(request: web.Request) -> web.StreamResponse:
    """Send a test message."""
    shop = await shop_of(request)
    deps = request.app[DEPS]
    receiver = _known_receiver(request)
    try:
        message = await deps.deliveries.send_test(shop, receiver, deps.wall_now())
    except CannotTest as error:
        raise ApiError(409, "cannot_test", str(error)) from None
    return json_response({"message": message}, status=202)


def _unknown() -> ApiError:
    return ApiError(404, "unknown_message", "The shop was sent no such message.")


def _known_receiver(request: web.Request) -> str:
    receiver = request.match_info["receiver"]
    if receiver not in RECEIVERS:
        said = f"A receiver is {' or '.join(RECEIVERS)}."
        raise ApiError(404, "unknown_receiver", said)
    return receiver


def _one_of(value: str, name: str, known: tuple[str, ...]) -> str:
    if value and value not in known:
        said = f"{name} is one of {', '.join(known)}."
        raise ApiError(422, "invalid", said, field=name)
    return value


def _limit(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
    if not 1 <= number <= MOST_LISTED:
        said = f"limit is a number from 1 to {MOST_LISTED}."
        raise ApiError(422, "invalid", said, field="limit")
    return number


def _shown(view: DeliveryView) -> dict[str, Any]:
    return {
        "message": view.message,
        "receiver": view.receiver,
        "order": view.order,
        "sequence": view.sequence,
        "type": view.type,
        "state": view.state,
        "held": view.held,
        "tries": view.tries,
        "created_at": utc(view.created_at),
        "next_try_at": utc(view.next_try_at),
        "delivered_at": utc(view.delivered_at),
        "error": view.error,
    }


def _answer(answer: Answer) -> dict[str, Any]:
    return {
        "at": utc(answer.at),
        "status": answer.status,
        "text": answer.text,
        "took_s": answer.took_s,
    }


def _receiver(view: ReceiverView) -> dict[str, Any]:
    return {
        "receiver": view.receiver,
        "url": view.url,
        "state": view.state,
        "reason": view.reason,
        "since_at": utc(view.since_at),
        "probe_at": utc(view.probe_at),
        "waiting": view.waiting,
    }
