"""Reading JSON from strangers: bounded, positioned errors, validated by a model."""

import asyncio
from typing import TypeVar

import orjson
import structlog
from aiohttp import web
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from callengine.api.errors import ApiError

log = structlog.get_logger(__name__)

Model = TypeVar("Model", bound=BaseModel)

_CLOSE = {"Connection": "close"}

MAX_BODY_BYTES = 256 * 1024
MAX_PATH_CHARS = 200
BODY_S = 20.0
"""Longest time that a body may take to come."""


async def read_model(
    request: web.Request, model: type[Model], *, most: int = MAX_BODY_BYTES
) -> Model:
    """
    Read the body as `model`.

    Args:
        most: bytes that a body may have, after decompression.

    Raises `ApiError`: 400 malformed or aborted, 408 too slow, 413 too long, 415 not
    JSON, 422 invalid.
    """
    # The type is asked for so that no HTML form of another site can send it.
    if request.content_type != "application/json":
        raise ApiError(415, "not_json", "Send Content-Type: application/json.")
    return parse_model(await _read(request, most), model)


async def _read(request: web.Request, most: int) -> bytes:
    """Read a body within its size and time; see `read_model`."""
    if (request.content_length or 0) > most:
        raise _too_long(most)
    raw = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            async for block in request.content.iter_any():
                raw += block
                if len(raw) > most:
                    raise _too_long(most)
    except TimeoutError:
        message = f"The body did not come within {BODY_S:.0f} seconds."
        raise ApiError(408, "too_slow", message, headers=_CLOSE) from None
    except (ConnectionError, web.RequestPayloadError) as error:
        # Nobody reads this answer; it is no failure of ours.
        log.info("upload aborted", read=len(raw), why=type(error).__name__)
        message = "The body is incomplete or its encoding is broken."
        raise ApiError(400, "incomplete_body", message, headers=_CLOSE) from None
    return bytes(raw)


def _too_long(most: int) -> ApiError:
    return ApiError(413, "too_long", f"The body is longer than {most} bytes.")


def parse_model(raw: bytes, model: type[Model]) -> Model:
    """Parse and validate JSON. Raises `ApiError` 400 or 422."""
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        message = f"The body is not JSON: {error.msg} ({where})."
        raise ApiError(400, "malformed_json", message) from None
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise invalid(error) from None


def invalid(error: ValidationError) -> ApiError:
    """Blame the first bad field; the client mends one at a time anyway."""
    first = error.errors(include_url=False, include_input=False)[0]
    return ApiError(422, "invalid", sentence(first), field=field_path(first))


def field_path(detail: ErrorDetails) -> str:
    """Name a field as `items.0.price_minor`; an unknown one may have any name."""
    return ".".join(str(part) for part in detail["loc"])[:MAX_PATH_CHARS]


def sentence(detail: ErrorDetails) -> str:
    """Say what is wrong with the field in one sentence."""
    if detail["type"] == "missing":
        return f"{field_path(detail)} is needed."
    text = detail["msg"].removeprefix("Value error, ")
    return text if text.endswith(".") else f"{text}."
