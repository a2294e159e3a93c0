"""Operations: what the API does, from one table that routes and the document are both made of.

Rule 1: a body is JSON and says so; it is decoded into its type before anything is done.
Rule 2: what creates something is done once for each `idempotency-key` that it comes with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import msgspec
from starlette.routing import Route

from jevons.acts import Acts
from jevons.admin.desk import Asked
from jevons.admin.gate import person_of
from jevons.admin.said import API, Json
from jevons.types.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from jevons.admin.desk import Desk
    from jevons.admin.once import Once

__all__ = ("Operation", "operation", "routes")

B = TypeVar("B")

Method = Literal["GET", "POST", "PUT", "DELETE"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing that the API does."""

    name: str
    method: Method
    path: str
    """Below the API's own, as `/keys/{key}`."""
    says: str
    """What it does, in one sentence."""
    run: Callable[[Asked[Any]], Awaitable[Any]]
    takes: type[Any] | None
    gives: Any
    query: tuple[str, ...] = ()
    creates: bool = False
    """Whether there is something new afterwards, each time that it is asked for."""


def operation(
    method: Method,
    path: str,
    gives: Any,
    *,
    takes: type[B] | None = None,
    query: tuple[str, ...] = (),
    creates: bool = False,
) -> Callable[[Callable[[Asked[B]], Awaitable[Any]]], Operation]:
    """Make an operation of a function; its name and its first line say what it is."""

    def made(run: Callable[[Asked[B]], Awaitable[Any]]) -> Operation:
        return Operation(
            name=run.__name__,
            method=method,
            path=path,
            says=(run.__doc__ or "").strip().splitlines()[0],
            run=run,
            takes=takes,
            gives=gives,
            query=query,
            creates=creates,
        )

    return made


def routes(operations: Sequence[Operation], desk: Desk, once: Once) -> list[Route]:
    """Serve operations: a route for each path, which knows all methods that there are."""
    paths: dict[str, dict[str, Operation]] = {}
    for each in operations:
        paths.setdefault(each.path, {})[each.method] = each
    return [_route(path, methods, desk, once) for path, methods in paths.items()]


def _route(path: str, methods: dict[str, Operation], desk: Desk, once: Once) -> Route:
    async def answer(request: Request) -> Response:
        operation = methods["GET" if request.method == "HEAD" else request.method]
        person, body = person_of(request), await request.body()
        asked = Asked(
            desk=desk,
            person=person,
            acts=Acts(desk.books, by=person.name, archive=desk.archive, clock=desk.clock),
            path=request.path_params,
            query=request.query_params,
            body=_read(operation, request, body),
        )

        async def make() -> Response:
            return Json(await operation.run(asked), 201 if operation.creates else 200)

        name = request.headers.get("idempotency-key")
        if name is None or not operation.creates:
            return await make()
        return await once.do(
            name, person=person.name, operation=operation.name, body=body, make=make
        )

    return Route(API + path, answer, methods=[*methods])


def _read(operation: Operation, request: Request, body: bytes) -> Any:
    """Decode a body.

    Raises:
        Malformed: It is not what this operation takes.
    """
    if operation.takes is None:
        return None
    if not body:
        body = b"{}"
    elif request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        message = "the body must be JSON, and `content-type: application/json` say so"
        raise Malformed(message)
    try:
        return msgspec.json.decode(body, type=operation.takes)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        message = f"the body is not what {operation.name} takes: {error}"
        raise Malformed(message) from None
