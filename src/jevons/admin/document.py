"""The API's document: OpenAPI 3.1, made from the table of operations.

Source: OpenAPI Specification 3.1.0, spec.openapis.org, read 2026-11.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec

from jevons import __version__
from jevons.admin.said import API
from jevons.admin.shapes import ErrorTold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jevons.admin.operation import Operation

__all__ = ("document",)

_PLACE = re.compile(r"{(\w+)}")
_REF = "#/components/schemas/{name}"


def document(operations: Sequence[Operation]) -> dict[str, Any]:
    """Write the document."""
    types = [kind for each in operations for kind in (each.takes, each.gives) if kind is not None]
    shown, schemas = msgspec.json.schema_components([*types, ErrorTold], ref_template=_REF)
    schema_of = dict(zip(map(str, [*types, ErrorTold]), shown, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for each in operations:
        at = paths.setdefault(API + each.path, {})
        at[each.method.lower()] = _operation(each, schema_of)
    return {
        "openapi": "3.1.0",
        "info": {"title": "jevons: looking after the house", "version": __version__},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "jevons"},
            },
        },
        "security": [{"token": []}, {"session": []}],
    }


def _operation(operation: Operation, schema_of: dict[str, Any]) -> dict[str, Any]:
    status = HTTPStatus.CREATED if operation.creates else HTTPStatus.OK
    said: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.says,
        "parameters": _parameters(operation),
        "responses": {
            str(int(status)): _content(schema_of[str(operation.gives)], status.phrase),
            "default": _content(schema_of[str(ErrorTold)], "It was not done"),
        },
    }
    if operation.takes is not None:
        body = _content(schema_of[str(operation.takes)], "")
        said["requestBody"] = {"content": body["content"], "required": False}
    return said


def _content(schema: Any, description: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    text = {"type": "string"}
    found = [
        {"name": name, "in": "path", "required": True, "schema": text}
        for name in _PLACE.findall(operation.path)
    ]
    found += [{"name": name, "in": "query", "schema": text} for name in operation.query]
    if operation.creates:
        found.append({"name": "idempotency-key", "in": "header", "schema": text})
    return found
