"""The admin's questions: the floor now, and why a call went where it went."""

from aiohttp import web

from callengine.api.auth import require_admin
from callengine.api.deps import DEPS
from callengine.api.errors import ApiError, json_response
from callengine.core.ids import CallId

MAX_CALL_CHARS = 128


async def floor(request: web.Request) -> web.StreamResponse:
    """Show calls, agents, orders by stage and latencies, in one snapshot."""
    require_admin(request)
    return json_response(request.app[DEPS].engine.floor())


async def trunks(request: web.Request) -> web.StreamResponse:
    """Show how each trunk does: registration, calls now, answers, last failures."""
    require_admin(request)
    return json_response({"trunks": request.app[DEPS].engine.trunks()})


async def why(request: web.Request) -> web.StreamResponse:
    """Tell a call's decisions and events, live and recorded."""
    require_admin(request)
    call = CallId(request.match_info["call"][:MAX_CALL_CHARS])
    story = await request.app[DEPS].engine.why(call)
    if story is None:
        raise ApiError(404, "unknown_call", "Nothing is known of this call.")
    return json_response(story)


async def why_order(request: web.Request) -> web.StreamResponse:
    """Tell an order's verdicts and attempts."""
    require_admin(request)
    key = request.match_info["order"][:MAX_CALL_CHARS]
    story = await request.app[DEPS].engine.why_order(key)
    if story is None:
        raise ApiError(404, "unknown_order", "Nothing is known of this order.")
    return json_response(story)
