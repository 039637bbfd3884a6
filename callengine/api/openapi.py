"""The OpenAPI 3.1 document, made of the route table and the models."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from aiohttp.typedefs import Handler
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from callengine import __version__
from callengine.api.commands import LogOut, Pause, Ready, SaveDisposition
from callengine.api.replies import ErrorOut, Webhook
from callengine.core.records import Outcome

_REF = "#/components/schemas/{model}"
_COMMANDS: tuple[type[BaseModel], ...] = (Ready, Pause, LogOut, SaveDisposition)
_SECURITY: dict[str, list[dict[str, list[str]]]] = {
    "shop": [{"shopKey": []}],
    "agent": [{"agentSession": []}],
    "admin": [{"adminToken": []}],
}
WEBHOOKS = {
    "order.confirmed": "shop",
    "order.changed": "shop",
    "order.cancelled": "shop",
    "order.unreachable": "shop",
    "delivery.agreed": "logistics",
    "delivery.cancelled": "logistics",
    "webhook.test": "receiver that is tried",
    **dict.fromkeys(
        (
            "order.callback",
            "attempt.dialled",
            *(f"attempt.{outcome}" for outcome in Outcome),
        ),
        "receivers that ask for attempts",
    ),
}
_ALWAYS = (500, 503)
"""A failure of ours; a part that is away: try again."""
_SIGNED = tuple(f"webhook-{part}" for part in ("id", "timestamp", "signature"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """
    One route.

    Attributes:
        who: shop, agent, admin, loopback or anyone.
        filters: a model of the parameters behind the question mark.
        replies: status to model, None for what is not JSON.
        errors: statuses answered with the error object.
        query: names of the parameters behind the question mark, all optional.
    """

    method: str
    path: str
    handler: Handler
    summary: str
    who: str
    body: type[BaseModel] | None = None
    filters: type[BaseModel] | None = None
    replies: dict[int, type[BaseModel] | None] = field(default_factory=dict)
    errors: tuple[int, ...] = ()
    query: tuple[str, ...] = ()


def build_document(routes: Iterable[Route]) -> dict[str, object]:
    """Describe the routes, the desktop's commands and the outgoing webhooks."""
    routes = tuple(routes)
    paths: dict[str, dict[str, object]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "callengine",
            "version": __version__,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "webhooks": {name: _webhook(to) for name, to in WEBHOOKS.items()},
        "components": {
            "schemas": _schemas(routes),
            "securitySchemes": {
                "shopKey": {"type": "http", "scheme": "bearer"},
                "adminToken": {"type": "http", "scheme": "bearer"},
                "agentSession": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "callengine_session",
                },
            },
        },
    }


def _operation(route: Route) -> dict[str, object]:
    replies: dict[str, object] = {
        str(status): _reply(status, model) for status, model in route.replies.items()
    }
    errors = (*route.errors, *(_ALWAYS if route.path.startswith("/api/") else ()))
    replies |= {str(status): _reply(status, ErrorOut) for status in errors}
    operation: dict[str, object] = {
        "operationId": _operation_id(route),
        "summary": route.summary,
        "tags": [route.who],
        "parameters": [
            {"name": n, "in": "path", "required": True, "schema": {"type": "string"}}
            for n in re.findall(r"{(\w+)}", route.path)
        ]
        + [
            {"name": n, "in": "query", "required": False, "schema": {"type": "string"}}
            for n in route.query
        ]
        + _filters(route.filters),
        "responses": replies,
    }
    if route.who in _SECURITY:
        operation["security"] = _SECURITY[route.who]
    if route.body is not None:
        operation["requestBody"] = _body(route.body)
    return operation


def _filters(model: type[BaseModel] | None) -> list[dict[str, object]]:
    if model is None:
        return []
    fields = model.model_json_schema()["properties"]
    return [
        {"name": name, "in": "query", "required": False, "schema": schema}
        for name, schema in fields.items()
    ]


def _operation_id(route: Route) -> str:
    """Name an operation by its method and path, which are unique together."""
    words = re.findall(r"[a-z0-9]+", route.path)
    return "_".join((route.method.lower(), *words))


def _reply(status: int, model: type[BaseModel] | None) -> dict[str, object]:
    content = {} if model is None else _content(model)
    return {"description": HTTPStatus(status).phrase, **content}


def _content(model: type[BaseModel]) -> dict[str, Any]:
    ref = {"$ref": _REF.format(model=model.__name__)}
    return {"content": {"application/json": {"schema": ref}}}


def _body(model: type[BaseModel]) -> dict[str, object]:
    return {"required": True, **_content(model)}


def _webhook(receiver: str) -> dict[str, object]:
    return {
        "post": {
            "summary": f"Sent to the {receiver}; signed as Standard Webhooks say",
            "tags": [receiver],
            "parameters": [
                {
                    "name": n,
                    "in": "header",
                    "required": True,
                    "schema": {"type": "string"},
                }
                for n in _SIGNED
            ],
            "requestBody": _body(Webhook),
            "responses": {
                "2XX": {"description": "Taken"},
                "410": {"description": "Stop; messages are kept, probes are rare"},
                "default": {"description": "Tried again later"},
            },
        }
    }


def _schemas(routes: tuple[Route, ...]) -> dict[str, Any]:
    bodies = [route.body for route in routes if route.body is not None]
    shown: set[type[BaseModel]] = {ErrorOut, Webhook}
    for route in routes:
        shown.update(model for model in route.replies.values() if model is not None)
    given: JsonSchemaMode = "validation"
    answered: JsonSchemaMode = "serialization"
    modes = [(model, given) for model in (*bodies, *_COMMANDS)]
    modes += [(model, answered) for model in sorted(shown, key=_name)]
    _, definitions = models_json_schema(modes, ref_template=_REF)
    schemas: dict[str, Any] = definitions["$defs"]
    refs = [{"$ref": _REF.format(model=model.__name__)} for model in _COMMANDS]
    schemas["Command"] = {"oneOf": refs, "discriminator": {"propertyName": "do"}}
    return schemas


def _name(model: type[BaseModel]) -> str:
    return model.__name__
