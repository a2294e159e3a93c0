"""The gate: who asks, and may a browser have been made to ask it?

Rule 1: every path is behind it. `OPEN` names those that are answered to whoever asks; each other
    one is answered to a person, or to nobody.
Rule 2: a request says which host it is for, and must name one of ours: a name that somebody
    points at this machine is not ours (DNS rebinding).
Rule 3: what changes something and comes with a cookie must hold the session's own word, in the
    header `x-csrf-token` or the field `csrf`. A token in `authorization` is sent by no browser.
Rule 4: whoever shows a token is not asked for a cookie: a wrong token is refused.
"""

from __future__ import annotations

import asyncio
import hmac
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import RedirectResponse

from jevons.admin.said import API, error_answer
from jevons.types.errors import (
    CallerLeft,
    Forbidden,
    JevonsError,
    Malformed,
    TooLarge,
    TooSlow,
    Unauthenticated,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from jevons.admin.session import Session, Sessions
    from jevons.types.person import Person

__all__ = ("OPEN", "Gate", "csrf_of", "person_of")

OPEN = frozenset({"/sign-in", "/sign-in/plain.css", "/sign-in/oidc", "/sign-in/oidc/back"})

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_MOST_BYTES = 1024 * 1024
_LONGEST_S = 30.0
_FORM = "application/x-www-form-urlencoded"
_ALWAYS = MappingProxyType(
    {
        "cache-control": "no-store",
        "content-security-policy": (
            "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
            "object-src 'none'"
        ),
        "cross-origin-opener-policy": "same-origin",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }
)


def person_of(request: Request) -> Person:
    """Tell who asks; behind the gate there always is somebody."""
    person: Person = request.state.person
    return person


def csrf_of(request: Request) -> str:
    """Give what a form has to hold in its field `csrf`; empty where no browser asks."""
    session: Session | None = request.state.session
    return "" if session is None else session.csrf


class Gate:
    """Stands before everything.

    Args:
        app: What is behind it.
        find: Tells whose token this is.
        sessions: Who is signed in.
        cookie: Name of the session's cookie.
        hosts: Names by which we are reached, lower case, without a port.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        find: Callable[[str], Person | None],
        sessions: Sessions,
        cookie: str,
        hosts: Collection[str],
    ) -> None:
        self._app = app
        self._find = find
        self._sessions = sessions
        self._cookie = cookie
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            raise NotImplementedError(scope["type"])
        state = scope.setdefault("state", {})

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message["headers"])
                for name, value in _ALWAYS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            app, receive = await self._let_in(scope, receive)
        except JevonsError as error:
            app = error_answer(scope["path"], error)
            if _is_for_a_page(scope) and isinstance(error, Unauthenticated):
                app = RedirectResponse(f"/sign-in?next={quote(_asked(scope))}", 303)
        try:
            await app(scope, receive, dressed)
        except Exception:
            if not state.get("is_told"):  # Starlette raises what was answered once more
                raise

    async def _let_in(self, scope: Scope, receive: Receive) -> tuple[ASGIApp, Receive]:
        """Find out who asks, and read all of what is asked.

        Raises:
            Malformed: It is for another host.
            Unauthenticated: It is nobody.
            Forbidden: A browser may have been made to ask it.
            TooLarge: It is longer than anything is that is asked here.
            CallerLeft: Not all of it came.
            TooSlow: It came too slowly.
        """
        headers = Headers(scope=scope)
        self._check_host(headers.get("host", ""))
        scope["state"]["session"] = session = self._session(headers)
        if scope["path"] not in OPEN:
            scope["state"]["person"] = self._person(headers, session)
        is_by_cookie = "authorization" not in headers and session is not None
        if scope["method"] in _SAFE:
            return self._app, receive
        try:
            async with asyncio.timeout(_LONGEST_S):
                body = await _body(receive)
        except TimeoutError:
            message = f"the request was not here within {_LONGEST_S:.0f} s"
            raise TooSlow(message) from None
        if is_by_cookie and scope["path"] not in OPEN:
            _check_csrf(headers, body, session.csrf if session else "")
        return self._app, _again(body, receive)

    def _check_host(self, said: str) -> None:
        name = said.lower().rsplit(":", 1)[0] if not said.endswith("]") else said.lower()
        if name not in self._hosts:
            message = f"this is not {said!r}; [admin] url says by which name we are reached"
            raise Malformed(message)

    def _session(self, headers: Headers) -> Session | None:
        said = cookie_parser(headers.get("cookie", "")).get(self._cookie)
        return None if said is None else self._sessions.find(said)

    def _person(self, headers: Headers, session: Session | None) -> Person:
        said = headers.get("authorization")
        if said is not None:
            scheme, _, token = said.partition(" ")
            found = self._find(token.strip()) if scheme.lower() == "bearer" else None
            if found is None:
                message = "nobody has this token; `jevons people rotate NAME` gives another"
                raise Unauthenticated(message, rule="person")
            return found
        if session is None:
            message = "show a token in `authorization: Bearer …`, or sign in at /sign-in"
            raise Unauthenticated(message, rule="person")
        return session.person


def _check_csrf(headers: Headers, body: bytes, expected: str) -> None:
    said = headers.get("x-csrf-token")
    if said is None and headers.get("content-type", "").split(";")[0].strip() == _FORM:
        (said, *_) = parse_qs(body.decode("utf-8", "replace")).get("csrf", [""])
    if said is None or not hmac.compare_digest(said.encode(), expected.encode()):
        message = "the form is not of this session; load the page again"
        raise Forbidden(message, rule="csrf")


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            text = "whoever asked left before all of it was here"
            raise CallerLeft(text)
        body += message.get("body", b"")
        if len(body) > _MOST_BYTES:
            text = f"a request of more than {_MOST_BYTES} bytes"
            raise TooLarge(text)
        if not message.get("more_body", False):
            return bytes(body)


def _again(body: bytes, receive: Receive) -> Receive:
    """Give what was read once more, then what comes."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def given() -> Message:
        return waiting.pop() if waiting else await receive()

    return given


def _is_for_a_page(scope: Scope) -> bool:
    """Whether somebody would look at the answer: a browser asks for a page's icon by itself.

    A form that was made for that would take the place of the one that they are filling in.
    """
    wants = Headers(scope=scope).get("sec-fetch-dest", "document")
    return scope["method"] == "GET" and wants == "document" and not scope["path"].startswith(API)


def _asked(scope: Scope) -> str:
    query = scope.get("query_string", b"").decode("latin-1")
    return scope["path"] + (f"?{query}" if query else "")
