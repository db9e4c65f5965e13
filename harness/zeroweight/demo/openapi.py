"""The service's own OpenAPI 3.1 document, made from its operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .operations import record

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .fields import Field
    from .guards import Guards
    from .operations import Operation

_MEANINGS: Final = {
    200: "Done",
    201: "Made",
    204: "Done, nothing to tell",
    400: "The body cannot be read",
    401: "No valid token",
    403: "Not allowed",
    404: "Not there",
    409: "Not possible now",
    413: "The body is too large",
    415: "The body is of another type",
    422: "A value is not acceptable",
}


def document(build: str, operations: Iterable[Operation], guards: Guards) -> dict[str, Any]:
    """Give the OpenAPI document of the documented operations."""
    paths: dict[str, dict[str, Any]] = {}
    bodies: dict[str, Any] = {}
    for operation in operations:
        if not operation.documented or not guards.holds("schema:operation", operation=operation.id):
            continue
        paths.setdefault(operation.path, {})[operation.method.lower()] = _described(operation, guards)
        if operation.body is not None:
            bodies[operation.body.name] = operation.body.schema()
    error = record("error", error=record("code", "message"))
    return {
        "openapi": "3.1.0",
        "info": {"title": "orders", "version": build},
        "paths": paths,
        "components": {
            "schemas": {"Error": error, **bodies},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _described(operation: Operation, guards: Guards) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": operation.id,
        "summary": operation.summary,
        "tags": [operation.id.partition(".")[0]],
        "responses": _responses(operation),
    }
    parameters = [_parameter(field, "path") for field in operation.placeholders] + [_parameter(field, "query") for field in operation.query]
    if parameters:
        told["parameters"] = parameters
    if operation.body is not None:
        content = {"schema": {"$ref": f"#/components/schemas/{operation.body.name}"}, "example": operation.body.example()}
        told["requestBody"] = {"required": True, "content": {"application/json": content}}
    if operation.access == "public":
        told["security"] = []
    elif guards.holds("schema:security", kind="gone", operation=operation.id):
        optional = not guards.holds("schema:security", kind="optional", operation=operation.id)
        told["security"] = [{"bearer": []}, *([{}] if optional else [])]
    return told


def _parameter(field: Field, where: str) -> dict[str, Any]:
    return {"name": field.name, "in": where, "required": field.required, "schema": field.schema(), "example": field.example}


def _responses(operation: Operation) -> dict[str, Any]:
    done: dict[str, Any] = {"description": _MEANINGS[operation.status]}
    if operation.html:
        done["content"] = {"text/html": {"schema": {"type": "string"}}}
    elif operation.shape is not None:
        done["content"] = {"application/json": {"schema": operation.shape}}
    statuses = set(operation.declines)
    if operation.access != "public":
        statuses |= {401, 403}
    if operation.query:
        statuses.add(422)
    if operation.body is not None:
        statuses |= {400, 413, 415, 422}
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    declined = {str(status): {"description": _MEANINGS[status], "content": error} for status in sorted(statuses)}
    return {str(operation.status): done, **declined}
