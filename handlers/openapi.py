"""The OpenAPI 3.1 document, generated from the route table and the wire structs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from domain.wire import live
from domain.wire.base import Problem
from handlers.operations import METHODS, Operation, operation_of
from handlers.routes import ROUTES, Route

REF = "#/components/schemas/{name}"
# frames of `/ws` have no route, and are part of the contract all the same
FRAMES = (
    live.Sync,
    live.JobFrame,
    live.BenchmarkResult,
    live.JobProgress,
    live.Pong,
    live.Ack,
    live.ErrorFrame,
    live.Ping,
    live.Cancel,
)


def document(version: str) -> dict[str, Any]:
    """Return the OpenAPI document of this version."""
    operations = [
        (route, method, declared)
        for route in ROUTES
        for method in METHODS
        if (declared := operation_of(getattr(route.handler, method)))
    ]
    used = {t for _, _, o in operations for t in (o.body, o.answer) if t is not None}
    types = sorted({*used, *FRAMES, Problem}, key=lambda struct: str(struct.__name__))
    _, schemas = msgspec.json.schema_components(types, ref_template=REF)
    paths: dict[str, dict[str, Any]] = {}
    for route, method, declared in operations:
        paths.setdefault(route.path, {})[method] = _operation(route, method, declared)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "LLM Benchmark Studio",
            "version": version,
            "description": "Benchmarks LLM endpoints. Live frames: see `/ws` in the guide.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "refreshCookie": {"type": "apiKey", "in": "cookie", "name": "refresh"},
            },
        },
    }


def _operation(route: Route, method: str, declared: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "summary": declared.summary,
        "operationId": _operation_id(route, method),
        "tags": [_tag(route)],
        "security": _security(declared),
        "responses": _responses(declared),
    }
    parameters = [*_path_parameters(route), *_query_parameters(declared)]
    if parameters:
        described["parameters"] = parameters
    if declared.body is not None:
        described["requestBody"] = {"required": True, "content": _json(declared.body)}
    return described


def _responses(declared: Operation) -> dict[str, Any]:
    success: dict[str, Any] = {"description": declared.summary}
    if declared.answer is not None:
        success["content"] = _json(declared.answer)
    errors = set(declared.errors)
    if declared.access in {"user", "admin"}:
        errors.add(401)
    if declared.body is not None:
        errors |= {400, 413, 422}
    problem = {"application/problem+json": {"schema": {"$ref": REF.format(name="Problem")}}}
    found = {str(declared.status): success}
    for status in sorted(errors):
        found[str(status)] = {"description": _phrase(status), "content": problem}
    return found


def _json(struct: Any) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": REF.format(name=struct.__name__)}}}


def _security(declared: Operation) -> list[dict[str, list[str]]]:
    if declared.access == "public":
        return []
    return [{"refreshCookie": []}] if declared.access == "cookie" else [{"bearer": []}]


def _path_parameters(route: Route) -> Iterable[dict[str, Any]]:
    for name in re.findall(r"\{([^}]+)\}", route.path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _query_parameters(declared: Operation) -> Iterable[dict[str, Any]]:
    for query in declared.query:
        yield {
            "name": query.name,
            "in": "query",
            "required": False,
            "description": query.description,
            "schema": {"type": query.kind},
        }


def _operation_id(route: Route, method: str) -> str:
    words = re.findall(r"[A-Za-z]+", route.path.removeprefix("/api/"))
    return method + "".join(word.capitalize() for word in words)


def _tag(route: Route) -> str:
    parts = route.path.strip("/").split("/")
    return parts[1] if parts[0] == "api" and len(parts) > 1 else "infrastructure"


def _phrase(status: int) -> str:
    return {
        400: "The body is not JSON",
        401: "Not signed in",
        403: "Not allowed",
        404: "No such object of yours",
        409: "Its state rules this out",
        413: "The body is larger than 2 MiB",
        422: "Readable, and wrong; `errors` names the fields",
        429: "A limit was reached; see Retry-After",
        503: "Not ready",
    }[status]
