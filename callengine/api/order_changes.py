"""Orders of shops: replaced, withdrawn, listed, taken by the dozen."""

from collections.abc import Sequence
from typing import Any

import structlog
from aiohttp import web
from pydantic import ValidationError

from callengine.api.auth import shop_of
from callengine.api.bodies import field_path, invalid, read_model, sentence
from callengine.api.deps import DEPS
from callengine.api.errors import ApiError, json_response
from callengine.api.order_lists import (
    MAX_BATCH_BYTES,
    OrderBatchIn,
    OrderListQuery,
    cursor_of,
    line_out,
    read_cursor,
)
from callengine.api.order_models import OrderIn, order_out
from callengine.core.ids import ShopId
from callengine.core.numbers import BadNumber, read_number
from callengine.engine.order_changes import OrderQuery, ReplacedAs, WithdrawnAs
from callengine.engine.ports import NewOrder, OrderRefused, TakenAs, UnknownShop

log = structlog.get_logger(__name__)

LATER_S = "60"
"""When a customer is probably no longer talked to."""
_STATUS = {TakenAs.CREATED: 201, TakenAs.SAME: 200, TakenAs.CONFLICT: 409}
CONFLICT = "This number was taken with other content, which stays; PUT replaces it."


def _unknown_shop() -> ApiError:
    return ApiError(404, "unknown_shop", "There is no such shop.")


def _unknown_order() -> ApiError:
    return ApiError(404, "unknown_order", "There is no order of this number.")


async def replace_order(request: web.Request) -> web.StreamResponse:
    """Replace an order: 201 new, 200 replaced or the same, 409 not any more."""
    shop = await shop_of(request)
    number = request.match_info["number"]
    body = await read_model(request, OrderIn)
    if body.number != number.strip():
        message = "number is not what the address says."
        raise ApiError(422, "invalid", message, field="number")
    deps = request.app[DEPS]
    try:
        done = await deps.order_changes.replace(shop, body.to_new_order(), deps.now())
    except OrderRefused as error:
        raise ApiError(422, "invalid", str(error), field=error.field) from None
    except UnknownShop:
        raise _unknown_shop() from None
    log.info("order replaced", shop=shop, replaced_as=done.replaced_as)
    if done.replaced_as is ReplacedAs.IN_CALL:
        message = "The customer is being called about this order; try again later."
        raise ApiError(409, "in_call", message, headers={"Retry-After": LATER_S})
    if done.replaced_as is ReplacedAs.SETTLED:
        stage = done.order.order.stage
        message = f"This order is {stage} and stays; send a new one."
        raise ApiError(409, "settled", message)
    status = 201 if done.replaced_as is ReplacedAs.CREATED else 200
    return json_response(order_out(done.order), status=status)


async def withdraw_order(request: web.Request) -> web.StreamResponse:
    """Take an order back: 200 cancelled, 202 when the call under way ends."""
    shop = await shop_of(request)
    deps = request.app[DEPS]
    number = request.match_info["number"]
    done = await deps.order_changes.withdraw(shop, number, deps.now())
    if done is None:
        raise _unknown_order()
    log.info("order withdrawn", shop=shop, withdrawn_as=done.withdrawn_as)
    if done.withdrawn_as is WithdrawnAs.SETTLED:
        message = "The customer has received this order: it cannot be withdrawn."
        raise ApiError(409, "settled", message)
    deps.engine.order_withdrawn(done.order.order.order)
    status = 202 if done.withdrawn_as is WithdrawnAs.IN_CALL else 200
    return json_response(order_out(done.order), status=status)


async def list_orders(request: web.Request) -> web.StreamResponse:
    """List orders by page, the latest received first."""
    shop = await shop_of(request)
    try:
        asked = OrderListQuery.model_validate(dict(request.query))
    except ValidationError as error:
        raise invalid(error) from None
    query = OrderQuery(
        stages=asked.stages(),
        phone=await _phone(request, shop, asked.phone),
        since=None if asked.since is None else asked.since.timestamp(),
        until=None if asked.until is None else asked.until.timestamp(),
        after=read_cursor(asked.after),
        limit=asked.limit + 1,
    )
    found = await request.app[DEPS].order_changes.listed(shop, query)
    page = found[: asked.limit]
    following = cursor_of(page[-1]) if len(found) > asked.limit else None
    return json_response({"orders": list(map(line_out, page)), "next": following})


async def _phone(request: web.Request, shop: ShopId, text: str) -> str:
    """Read a number in the region of the shop; '' for any."""
    if not text.strip():
        return ""
    roster = await request.app[DEPS].directory.roster()
    region = next((s.region for s in roster.shops if s.shop == shop), "")
    try:
        return read_number(text, region)
    except BadNumber as bad:
        raise ApiError(422, "invalid", f"phone: {bad}.", field="phone") from None


async def take_batch(request: web.Request) -> web.StreamResponse:
    """Take orders, each by itself: 200, and a status for every one."""
    shop = await shop_of(request)
    body = await read_model(request, OrderBatchIn, most=MAX_BATCH_BYTES)
    results: list[dict[str, Any]] = [{} for _ in body.orders]
    orders: list[tuple[int, NewOrder]] = []
    for index, said in enumerate(body.orders):
        try:
            orders.append((index, OrderIn.model_validate(said).to_new_order()))
        except ValidationError as error:
            detail = error.errors(include_url=False, include_input=False)[0]
            number = said.get("number")
            results[index] = _refused(
                number if isinstance(number, str) else "",
                field_path(detail),
                sentence(detail),
            )
    deps = request.app[DEPS]
    try:
        verdicts: Sequence[TakenAs | OrderRefused] = await deps.order_changes.take_many(
            shop, [order for _, order in orders], deps.now()
        )
    except UnknownShop:
        raise _unknown_shop() from None
    for (index, order), verdict in zip(orders, verdicts, strict=True):
        results[index] = _result(order, verdict)
    statuses = [result["status"] for result in results]
    log.info("orders taken", shop=shop, orders=len(results), new=statuses.count(201))
    return json_response({"results": results})


def _result(order: NewOrder, verdict: TakenAs | OrderRefused) -> dict[str, Any]:
    if isinstance(verdict, OrderRefused):
        return _refused(order.number, verdict.field, str(verdict))
    error = None
    if verdict is TakenAs.CONFLICT:
        error = {"code": "conflict", "message": CONFLICT, "field": "number"}
    return {"number": order.number, "status": _STATUS[verdict], "error": error}


def _refused(number: str, field: str, message: str) -> dict[str, Any]:
    error = {"code": "invalid", "message": message, "field": field}
    return {"number": number[:100], "status": 422, "error": error}
