"""A shop's list of numbers that asked not to be called."""

from typing import Any

import structlog
from aiohttp import web
from pydantic import BaseModel

from callengine.api.auth import shop_of
from callengine.api.bodies import read_model
from callengine.api.deps import DEPS
from callengine.api.errors import ApiError, json_response
from callengine.api.order_models import Phone, utc
from callengine.api.texts import Line, Strict
from callengine.core.numbers import BadNumber
from callengine.engine.do_not_call import DoNotCallEntry

log = structlog.get_logger(__name__)


class DoNotCallIn(Strict):
    """A number not to be called, as the customer wrote it."""

    number: Phone
    note: Line = ""


class DoNotCallOut(BaseModel):
    """A number of the list, in E.164."""

    number: str
    added_at: str
    note: str


class DoNotCallList(BaseModel):
    """The whole list, by number."""

    numbers: list[DoNotCallOut]


async def list_numbers(request: web.Request) -> web.StreamResponse:
    """Show the list."""
    shop = await shop_of(request)
    entries = await request.app[DEPS].do_not_call.listed(shop)
    return json_response({"numbers": [_shown(entry) for entry in entries]})


async def add_number(request: web.Request) -> web.StreamResponse:
    """Put a number on the list; one that is there stays as it was."""
    shop = await shop_of(request)
    body = await read_model(request, DoNotCallIn)
    deps = request.app[DEPS]
    try:
        number = await deps.do_not_call.add(
            shop, body.number, deps.wall_now(), body.note
        )
    except BadNumber as bad:
        raise ApiError(422, "invalid", str(bad), field="number") from None
    log.info("number not to be called", shop=shop, pii_number=number)
    entries = await deps.do_not_call.listed(shop)
    kept = next(entry for entry in entries if entry.number == number)
    return json_response(_shown(kept))


async def remove_number(request: web.Request) -> web.StreamResponse:
    """Take a number off the list."""
    shop = await shop_of(request)
    number = request.match_info["number"]
    try:
        gone = await request.app[DEPS].do_not_call.remove(shop, number)
    except BadNumber:
        gone = False
    if not gone:
        raise ApiError(404, "unknown_number", "This number is not on the list.")
    log.info("number may be called again", shop=shop, pii_number=number)
    return json_response({})


def _shown(entry: DoNotCallEntry) -> dict[str, Any]:
    return {
        "number": entry.number,
        "added_at": utc(entry.added_at),
        "note": entry.note,
    }
