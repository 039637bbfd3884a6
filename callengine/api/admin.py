"""The admin's questions: the floor now, and why a call went where it went."""

from aiohttp import web

from callengine.api.auth import require_admin
from callengine.api.deps import DEPS
from callengine.api.errors import ApiError, json_response
from callengine.core.ids import CallId

MAX_CALL_CHARS = 128


async def floor(request: web.Request) -> web.StreamResponse:
    """Show calls, agents, latencies and orders by stage, in one snapshot."""
    require_admin(request)
    deps = request.app[DEPS]
    orders = await deps.archive.orders_by_stage()
    return json_response({**deps.engine.floor(), "orders": orders, "at": deps.now()})


async def why(request: web.Request) -> web.StreamResponse:
    """Tell a call's decisions and events, live and recorded."""
    require_admin(request)
    deps = request.app[DEPS]
    call = CallId(request.match_info["call"][:MAX_CALL_CHARS])
    live = await deps.engine.why(call)
    recorded = await deps.archive.why(call)
    if live is None and recorded is None:
        raise ApiError(404, "unknown_call", "Nothing is known of this call.")
    return json_response({"call": call, "live": live, "recorded": recorded})
