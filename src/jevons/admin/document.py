"""The API's document: OpenAPI 3.1, made from the table of operations.

Source: OpenAPI Specification 3.1.0, spec.openapis.org, read 2026-11.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from jevons import __version__
from jevons.admin.said import API
from jevons.admin.shapes import ErrorTold

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jevons.admin.operation import Operation

__all__ = ("document",)

_PLACE = re.compile(r"{(\w+)}")
_REF = "#/components/schemas/{name}"
_SCHEMAS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "per": {"type": "string", "enum": ["day", "month"]},
        "cursor": {"type": "string", "pattern": "^[1-9][0-9]{0,17}$"},
        "limit": {"type": "integer", "minimum": 1, "maximum": 200},
        "idempotency-key": {"type": "string", "minLength": 1, "maxLength": 255},
    }
)
"""Parameters that are more than any text."""


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
        is_required = any(field.required for field in msgspec.structs.fields(operation.takes))
        said["requestBody"] = {"content": body["content"], "required": is_required}
    return said


def _content(schema: Any, description: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    found = [_parameter(name, "path") for name in _PLACE.findall(operation.path)]
    found += [_parameter(name, "query") for name in operation.query]
    return found + [_parameter("idempotency-key", "header")] * operation.creates


def _parameter(name: str, where: Literal["path", "query", "header"]) -> dict[str, Any]:
    schema = dict(_SCHEMAS.get(name, {"type": "string"}))
    return {"name": name, "in": where, "required": where == "path", "schema": schema}
