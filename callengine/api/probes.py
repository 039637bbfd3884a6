"""Liveness, readiness and metrics, for this machine only."""

import time

from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client import CONTENT_TYPE_LATEST, Histogram, generate_latest

from callengine import __version__
from callengine.api.auth import require_loopback
from callengine.api.deps import DEPS
from callengine.api.errors import json_response, route_of

HTTP_SECONDS: web.AppKey[Histogram] = web.AppKey("HTTP_SECONDS", Histogram)


async def healthz(request: web.Request) -> web.StreamResponse:
    """Say that the loop turns."""
    require_loopback(request)
    return json_response({"ok": True, "version": __version__})


async def readyz(request: web.Request) -> web.StreamResponse:
    """
    Say whether every part can be used: 200 or 503, with each part's state.

    Told from memory: the answer does not wait for what it is about.
    """
    require_loopback(request)
    found = request.app[DEPS].checks()
    ok = all(part.ok for part in found.values())
    body = {
        "ok": ok,
        "parts": {name: part.ok for name, part in found.items()},
        "details": found,
    }
    return json_response(body, status=200 if ok else 503)


async def metrics(request: web.Request) -> web.StreamResponse:
    """Write the metrics in Prometheus' text format."""
    require_loopback(request)
    body = generate_latest(request.app[DEPS].registry)
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})


@web.middleware
async def metrics_middleware(
    request: web.Request, handler: Handler
) -> web.StreamResponse:
    """Measure every request but the desktops', which last for hours."""
    begun = time.perf_counter()
    response = await handler(request)
    if not isinstance(response, web.WebSocketResponse):
        labels = (request.method, route_of(request), str(response.status))
        seconds = time.perf_counter() - begun
        request.app[HTTP_SECONDS].labels(*labels).observe(seconds)
    return response
