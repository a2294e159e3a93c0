"""The API for whoever looks after the house: JSON below `/admin/v1`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from jevons.admin.api import accounts, keys, people, records
from jevons.admin.document import document
from jevons.admin.once import Once
from jevons.admin.operation import routes
from jevons.admin.said import API, Json

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from jevons.admin.desk import Desk
    from jevons.admin.operation import Operation

__all__ = ("OPERATIONS", "api_routes")

OPERATIONS: tuple[Operation, ...] = (
    *people.OPERATIONS,
    *accounts.OPERATIONS,
    *keys.OPERATIONS,
    *records.OPERATIONS,
)


def api_routes(desk: Desk) -> list[Route]:
    """List the routes, that of their document too."""
    once = Once(desk.clock)

    async def described(request: Request) -> Response:
        return Json(document(OPERATIONS))

    shown = Route(f"{API}/openapi.json", described, methods=["GET"])
    return [shown, *routes(OPERATIONS, desk, once)]
