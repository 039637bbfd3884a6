"""Orders of shops: taken once, shown as they stand."""

import structlog
from aiohttp import web

from callengine.api.auth import shop_of
from callengine.api.bodies import read_model
from callengine.api.deps import DEPS
from callengine.api.errors import ApiError, json_response
from callengine.api.order_changes import CONFLICT
from callengine.api.order_models import OrderIn, order_out
from callengine.engine.ports import OrderRefused, TakenAs, UnknownShop

log = structlog.get_logger(__name__)


async def take_order(request: web.Request) -> web.StreamResponse:
    """Take one order: 201 new, 200 the same again, 409 same number, other content."""
    shop = await shop_of(request)
    body = await read_model(request, OrderIn)
    deps = request.app[DEPS]
    try:
        taken = await deps.intake.take(shop, body.to_new_order(), deps.wall_now())
    except OrderRefused as error:
        raise ApiError(422, "invalid", str(error), field=error.field) from None
    except UnknownShop:
        raise ApiError(404, "unknown_shop", "There is no such shop.") from None
    log.info("order taken", shop=shop, taken_as=taken.taken_as)
    if taken.taken_as is TakenAs.CONFLICT:
        raise ApiError(409, "conflict", CONFLICT, field="number")
    status = 201 if taken.taken_as is TakenAs.CREATED else 200
    return json_response(order_out(taken.order), status=status)


async def show_order(request: web.Request) -> web.StreamResponse:
    """Show an order by the shop's own number."""
    shop = await shop_of(request)
    number = request.match_info["number"]
    view = await request.app[DEPS].intake.find(shop, number)
    if view is None:
        raise ApiError(404, "unknown_order", "There is no order of this number.")
    return json_response(order_out(view))
