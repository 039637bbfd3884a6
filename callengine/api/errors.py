"""
Errors as clients see them: a status and `{"error": {code, message, field}}`.

Anything unforeseen is logged with its trace and answered with a bare 500, so that
no inner text leaks.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from callengine.engine.ports import Fenced, JournalDown, StoreDown, TelephonyDown

log = structlog.get_logger(__name__)

AWAY = (StoreDown, JournalDown, TelephonyDown, Fenced)
"""Failures that pass by themselves: the client is asked to try again."""


class ApiError(Exception):
    """The request cannot be served; the client is told why."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.field = field
        self.headers = dict(headers or {})

    def detail(self) -> dict[str, str]:
        """Say it as the `error` object; `field` only when one is to blame."""
        detail = {"code": self.code, "message": self.message}
        if self.field is not None:
            detail["field"] = self.field
        return detail


def json_response(
    body: Any, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Answer with JSON; dataclasses and datetimes are allowed inside."""
    return web.Response(
        body=orjson.dumps(body, option=orjson.OPT_NON_STR_KEYS),
        status=status,
        content_type="application/json",
        headers=headers,
    )


def error_response(error: ApiError) -> web.Response:
    """Answer with the error object."""
    return json_response(
        {"error": error.detail()}, status=error.status, headers=error.headers
    )


def from_http(error: web.HTTPException) -> ApiError:
    """Put the framework's own refusals into our shape."""
    status = HTTPStatus(error.status)
    code = status.name.lower()
    headers = {k: v for k, v in error.headers.items() if k.lower() == "allow"}
    return ApiError(error.status, code, f"{status.phrase}.", headers=headers)


@web.middleware
async def error_middleware(
    request: web.Request, handler: Handler
) -> web.StreamResponse:
    """Turn every failure into the error object."""
    try:
        return await handler(request)
    except ApiError as error:
        return error_response(error)
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST:
            raise
        return error_response(from_http(error))
    except AWAY as error:
        log.warning("request needs part that is down", part=type(error).__name__)
        return error_response(unavailable())
    except Exception:
        log.exception("request failed", method=request.method, route=route_of(request))
        message = "The engine failed on this request; the log knows why."
        return error_response(ApiError(500, "internal", message))


def unavailable() -> ApiError:
    """Say that a part is away and that trying again is right."""
    return ApiError(
        503,
        "try_again",
        "A part of the engine is away; try again in seconds.",
        headers={"Retry-After": "2"},
    )


def route_of(request: web.Request) -> str:
    """Name the route, never the raw path: it may hold personal data."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unknown"
