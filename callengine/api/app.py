"""The HTTP application."""

from aiohttp import web
from prometheus_client import Gauge, Histogram

from callengine.api.bodies import MAX_BODY_BYTES
from callengine.api.deps import DEPS, ApiDeps
from callengine.api.errors import error_middleware
from callengine.api.login import GATE, SESSIONS, LoginGate
from callengine.api.pages import add_headers
from callengine.api.probes import HTTP_SECONDS, metrics_middleware
from callengine.api.routes import add_routes
from callengine.api.serving import timing_middleware
from callengine.api.sessions import Sessions

_BUCKETS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)


def build_app(deps: ApiDeps) -> web.Application:
    """Build the application; who runs it is the caller's affair."""
    app = web.Application(
        middlewares=[timing_middleware, metrics_middleware, error_middleware],
        client_max_size=MAX_BODY_BYTES,
    )
    app[DEPS] = deps
    app[SESSIONS] = Sessions(deps.session_keys)
    app[GATE] = LoginGate()
    _add_metrics(app, deps)
    add_routes(app)
    app.on_response_prepare.append(add_headers)
    app.on_shutdown.append(_drop_desktops)
    return app


def _add_metrics(app: web.Application, deps: ApiDeps) -> None:
    app[HTTP_SECONDS] = Histogram(
        "callengine_http_seconds",
        "Time to answer HTTP requests.",
        ("method", "route", "status"),
        buckets=_BUCKETS,
        registry=deps.registry,
    )
    desktops = Gauge("callengine_desktops", "Open desktops.", registry=deps.registry)
    desktops.set_function(deps.hub.total)
    cut_offs = Gauge(
        "callengine_desktops_cut_off",
        "Desktops cut off because they did not keep up.",
        registry=deps.registry,
    )
    cut_offs.set_function(lambda: deps.hub.cut_offs)


async def _drop_desktops(app: web.Application) -> None:
    app[DEPS].hub.cut_off_all()
