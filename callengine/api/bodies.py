"""Reading JSON from strangers: bounded, positioned errors, validated by a model."""

from typing import TypeVar

import orjson
from aiohttp import web
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from callengine.api.errors import ApiError

Model = TypeVar("Model", bound=BaseModel)

MAX_BODY_BYTES = 256 * 1024
MAX_PATH_CHARS = 200


async def read_model(request: web.Request, model: type[Model]) -> Model:
    """
    Read the body as `model`.

    Raises `ApiError`: 400 malformed, 413 too long, 415 not JSON, 422 invalid.
    """
    # The type is asked for so that no HTML form of another site can send it.
    if request.content_type != "application/json":
        raise ApiError(415, "not_json", "Send Content-Type: application/json.")
    try:
        raw = await request.read()
    except web.HTTPRequestEntityTooLarge:
        message = f"The body is longer than {MAX_BODY_BYTES} bytes."
        raise ApiError(413, "too_long", message) from None
    return parse_model(raw, model)


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
