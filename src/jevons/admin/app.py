"""The application: sign-in, the API, and pages that others bring, all behind one gate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from jevons.admin.api import api_routes
from jevons.admin.gate import Gate
from jevons.admin.said import answer_to
from jevons.admin.signin import Cookies, SignIn
from jevons.types.errors import JevonsError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp

    from jevons.admin.desk import Desk
    from jevons.admin.oidc import SingleSignOn
    from jevons.admin.session import Sessions

__all__ = ("make_app",)


def make_app(
    *,
    desk: Desk,
    sessions: Sessions,
    hosts: Collection[str],
    secure: bool,
    pages: Sequence[BaseRoute] = (),
    single: SingleSignOn | None = None,
    home: str = "",
) -> ASGIApp:
    """Make the ASGI application. It has no lifespan of its own.

    Each route of `pages` is asked only by somebody who is signed in: `person_of(request)` tells
    who it is, `csrf_of(request)` what the field `csrf` of a form has to hold. They come before our
    own, so that they may have `/`.

    Args:
        desk: The open house.
        sessions: Who is signed in.
        hosts: Names by which we are reached, without a port.
        secure: Whether people reach us by https only.
        pages: Routes that are mounted beside ours.
        single: Another server that says who people are; None where there is none.
        home: Where people reach us, for that server.
    """
    cookies = Cookies(secure=secure)
    find = desk.books.people.find
    sign_in = SignIn(find, sessions, cookies, single=single, home=home)
    behind = Starlette(
        routes=[*api_routes(desk), *pages, *sign_in.routes()],
        exception_handlers={
            JevonsError: answer_to,
            HTTPException: answer_to,
            Exception: answer_to,
        },
    )
    return Gate(behind, find=find, sessions=sessions, cookie=cookies.session, hosts=hosts)
