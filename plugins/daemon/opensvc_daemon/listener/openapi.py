"""The description of the API in OpenAPI 3.1, made from the table that serves it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from opensvc_daemon.listener import schemas
from opensvc_daemon.listener.rights import TABLE
from opensvc_daemon.listener.routes import Route, Value

Json = dict[str, Any]


def description(routes: Sequence[Route]) -> Json:
    """The whole document."""
    paths: dict[str, Json] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    schemes = {
        "certificate": {"type": "mutualTLS", "description": "A member's certificate."},
        "token": {"type": "http", "scheme": "bearer", "description": "A token of the cluster."},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "OpenSVC daemon", "version": "1", "description": "The API of a node's daemon. Each answer tells its call's id."},
        "servers": [{"url": "https://localhost:1214"}],
        "security": [{"certificate": []}, {"token": []}],
        "paths": paths,
        "components": {"schemas": {"Error": schemas.ERROR}, "securitySchemes": schemes},
    }


def routes_markdown(routes: Sequence[Route]) -> str:
    """The routes for the documentation: what each is for, and the right that it takes."""
    lines = ["| call | right | |", "|---|---|---|"]
    lines += [f"| `{route.method} {route.path}` | {route.right.name.lower()} | {route.text} |" for route in routes]
    return "\n".join([*lines, ""])


def _operation(route: Route) -> Json:
    content = {route.kind: {"schema": route.answer if route.answer is not None else {"type": "string"}}}
    error = {"description": "What is wrong.", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}}
    made: Json = {
        "summary": route.text,
        "operationId": route.do.__name__,
        "parameters": [*(_parameter(one, "path") for one in route.places), *(_parameter(one, "query") for one in route.query)],
        "responses": {str(route.code): {"description": "Done.", "content": content}, "default": error},
        "x-callers": sorted(caller.name.lower() for caller in TABLE[route.right]),
    }
    if route.body is not None:
        made["requestBody"] = {"required": True, "content": {"application/json": {"schema": _body(route.body)}}}
    return made


def _parameter(value: Value, place: str) -> Json:
    made = {"name": value.name, "in": place, "description": value.text, "schema": value.schema, "required": place == "path"}
    return made | ({"style": "form", "explode": False} if value.kind == "words" else {})


def _body(values: Sequence[Value]) -> Json:
    return {
        "type": "object",
        "properties": {one.name: one.schema | {"description": one.text} for one in values},
        "required": [one.name for one in values if one.is_required],
        "additionalProperties": False,
    }
