"""What a supervisor does for an agent: make ready, pause, log out."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from callengine.api.auth import require_admin
from callengine.api.deps import DEPS
from callengine.api.errors import ApiError, json_response
from callengine.core.ids import AgentId
from callengine.engine.face import EngineFace, UnknownAgent

MAX_AGENT_CHARS = 64
BY_SUPERVISOR = "supervisor"


async def make_ready(request: web.Request) -> web.StreamResponse:
    """Let an agent be offered calls, with or without an open desktop."""
    return await _for_agent(request, lambda face, agent: face.become_ready(agent))


async def pause(request: web.Request) -> web.StreamResponse:
    """Offer an agent no more calls; takes effect after the running one."""
    return await _for_agent(
        request, lambda face, agent: face.pause(agent, BY_SUPERVISOR)
    )


async def log_out(request: web.Request) -> web.StreamResponse:
    """Log an agent out; takes effect after the running call."""
    return await _for_agent(request, lambda face, agent: face.log_out(agent))


async def _for_agent(
    request: web.Request, do: Callable[[EngineFace, AgentId], Awaitable[None]]
) -> web.StreamResponse:
    require_admin(request)
    agent = AgentId(request.match_info["agent"][:MAX_AGENT_CHARS])
    face = request.app[DEPS].engine
    try:
        await do(face, agent)
    except UnknownAgent:
        raise ApiError(404, "unknown_agent", "No agent has this login.") from None
    return json_response({})
