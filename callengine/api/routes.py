"""The route table: what is served, by whom, and what `/openapi.json` says of it."""

from aiohttp import web

from callengine.api import (
    admin,
    do_not_call,
    login,
    pages,
    probes,
    socket,
    supervise,
)
from callengine.api.delivery_routes import DELIVERY_ROUTES
from callengine.api.errors import json_response
from callengine.api.openapi import Route, build_document
from callengine.api.order_routes import ORDER_ROUTES, SHOP_ERRORS
from callengine.api.replies import (
    AgentOut,
    Floor,
    Health,
    Nothing,
    Readiness,
    TrunksOut,
    Why,
    WhyOrder,
)

DOCUMENT: web.AppKey[dict[str, object]] = web.AppKey("DOCUMENT", dict)


async def openapi(request: web.Request) -> web.StreamResponse:
    """Serve the description of everything here."""
    return json_response(request.app[DOCUMENT])


ROUTES: tuple[Route, ...] = (
    *ORDER_ROUTES,
    Route(
        method="GET",
        path="/api/v1/shops/{shop}/do-not-call",
        handler=do_not_call.list_numbers,
        summary="List the numbers that asked the shop not to be called",
        who="shop",
        replies={200: do_not_call.DoNotCallList},
        errors=SHOP_ERRORS,
    ),
    Route(
        method="POST",
        path="/api/v1/shops/{shop}/do-not-call",
        handler=do_not_call.add_number,
        summary="Put a number on that list; orders with it are not dialled any more",
        who="shop",
        body=do_not_call.DoNotCallIn,
        replies={200: do_not_call.DoNotCallOut},
        errors=(400, *SHOP_ERRORS, 413, 415, 422),
    ),
    Route(
        method="DELETE",
        path="/api/v1/shops/{shop}/do-not-call/{number}",
        handler=do_not_call.remove_number,
        summary="Take a number off that list",
        who="shop",
        replies={200: Nothing},
        errors=SHOP_ERRORS,
    ),
    *DELIVERY_ROUTES,
    Route(
        method="POST",
        path="/api/v1/login",
        handler=login.log_in,
        summary="Log an agent in; sets the cookie callengine_session",
        who="anyone",
        body=login.LogIn,
        replies={200: AgentOut},
        errors=(400, 401, 413, 415, 422, 429),
    ),
    Route(
        method="POST",
        path="/api/v1/logout",
        handler=login.log_out,
        summary="End the session; the agent takes no more calls",
        who="agent",
        replies={200: Nothing},
        errors=(401,),
    ),
    Route(
        method="GET",
        path="/api/v1/session",
        handler=login.who_am_i,
        summary="Say whose session this is",
        who="agent",
        replies={200: AgentOut},
        errors=(401,),
    ),
    Route(
        method="GET",
        path="/api/v1/desktop",
        handler=socket.desktop,
        summary="WebSocket of an agent's page; messages are in docs/interfaces.md",
        who="agent",
        replies={101: None},
        errors=(401, 403, 429),
    ),
    Route(
        method="GET",
        path="/api/v1/floor",
        handler=admin.floor,
        summary="Calls and agents by state, orders by stage, latencies",
        who="admin",
        replies={200: Floor},
        errors=(401,),
    ),
    Route(
        method="GET",
        path="/api/v1/trunks",
        handler=admin.trunks,
        summary="How each trunk does: registration, calls, answers, last failures",
        who="admin",
        replies={200: TrunksOut},
        errors=(401,),
    ),
    Route(
        method="GET",
        path="/api/v1/calls/{call}/why",
        handler=admin.why,
        summary="Tell why a call went where it went",
        who="admin",
        replies={200: Why},
        errors=(401, 404),
    ),
    Route(
        method="GET",
        path="/api/v1/orders/{order}/why",
        handler=admin.why_order,
        summary="Tell why an order waits: verdicts and attempts, by the id of either",
        who="admin",
        replies={200: WhyOrder},
        errors=(401, 404),
    ),
    Route(
        method="POST",
        path="/api/v1/agents/{agent}/ready",
        handler=supervise.make_ready,
        summary="Make an agent ready, with or without a desktop",
        who="admin",
        replies={200: Nothing},
        errors=(401, 404),
    ),
    Route(
        method="POST",
        path="/api/v1/agents/{agent}/pause",
        handler=supervise.pause,
        summary="Pause an agent after the running call",
        who="admin",
        replies={200: Nothing},
        errors=(401, 404),
    ),
    Route(
        method="POST",
        path="/api/v1/agents/{agent}/logout",
        handler=supervise.log_out,
        summary="Log an agent out after the running call",
        who="admin",
        replies={200: Nothing},
        errors=(401, 404),
    ),
    Route(
        method="GET",
        path="/healthz",
        handler=probes.healthz,
        summary="Say that the loop turns",
        who="loopback",
        replies={200: Health},
        errors=(403,),
    ),
    Route(
        method="GET",
        path="/readyz",
        handler=probes.readyz,
        summary="Say whether every part is there",
        who="loopback",
        replies={200: Readiness, 503: Readiness},
        errors=(403,),
    ),
    Route(
        method="GET",
        path="/metrics",
        handler=probes.metrics,
        summary="Metrics in Prometheus' text format",
        who="loopback",
        replies={200: None},
        errors=(403,),
    ),
    Route(
        method="GET",
        path="/openapi.json",
        handler=openapi,
        summary="This description",
        who="anyone",
        replies={200: Nothing},
    ),
    Route(
        method="GET",
        path="/desktop",
        handler=pages.agent_page,
        summary="The agent page",
        who="anyone",
        replies={200: None},
    ),
    Route(
        method="GET",
        path="/",
        handler=pages.home,
        summary="Leads to the agent page",
        who="anyone",
        replies={302: None},
    ),
)


def add_routes(app: web.Application) -> None:
    """Serve the table, the page's files, and the description of the table."""
    app[DOCUMENT] = build_document(ROUTES)
    for route in ROUTES:
        app.router.add_route(route.method, route.path, route.handler)
    app.router.add_static("/desktop/", pages.FOLDER)
