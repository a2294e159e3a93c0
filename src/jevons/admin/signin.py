"""Signing in at a browser, with a token or at another server, and signing out.

Rule 1: the form is of whoever asked for it: what it holds is also in a cookie that only this site
    gets, so nobody is signed in as somebody else by another site's form.
Rule 2: after signing in one goes on only to a path of ours.
Rule 3: a browser that comes back from another server is sent on by a page, not by a status: what
    follows a redirect from there counts as asked for there, and is given no `Strict` cookie.
"""

from __future__ import annotations

import hmac
import secrets
from html import escape
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import parse_qs, quote

from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from jevons.admin.gate import csrf_of, person_of
from jevons.admin.said import page
from jevons.telemetry import log
from jevons.types.errors import Forbidden, JevonsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from jevons.admin.oidc import SingleSignOn
    from jevons.admin.session import Begun, Sessions
    from jevons.types.person import Person

__all__ = ("Cookies", "SignIn", "onward")

_STYLE = """\
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; background: Canvas; color: CanvasText; }
main { max-width: 26rem; margin: 12vh auto; padding: 0 1rem; }
label, input, button { display: block; width: 100%; box-sizing: border-box; font: inherit; }
input, button { margin: .3rem 0 1rem; padding: .5rem; }
.no { color: #b00020; }
:root { color-scheme: light dark; }
"""


class Cookies(NamedTuple):
    """How cookies are named and sent."""

    secure: bool
    """Whether people reach us by https only."""

    @property
    def session(self) -> str:
        """Name of the session's; a browser takes one named `__Host-` from nobody but this host."""
        return "__Host-jevons" if self.secure else "jevons"

    @property
    def form(self) -> str:
        """Name of that which a sign-in form goes with."""
        return f"{self.session}-form"

    @property
    def away(self) -> str:
        """Name of that which waits while somebody signs in at another server."""
        return f"{self.session}-away"

    def give(self, answer: Response, begun: Begun) -> None:
        """Have a browser keep a session for as long as it is open."""
        answer.set_cookie(
            self.session, begun.cookie, secure=self.secure, httponly=True, samesite="strict"
        )

    def take(self, answer: Response) -> None:
        """Have a browser forget it."""
        answer.delete_cookie(self.session, secure=self.secure, httponly=True, samesite="strict")


class SignIn:
    """The pages of signing in and out.

    Args:
        find: Tells whose token this is.
        sessions: Who is signed in.
        cookies: How cookies are sent.
        single: Another server that says who people are; None where there is none.
        home: Where people reach us, for that server.
    """

    def __init__(
        self,
        find: Callable[[str], Person | None],
        sessions: Sessions,
        cookies: Cookies,
        *,
        single: SingleSignOn | None = None,
        home: str = "",
    ) -> None:
        self._find = find
        self._sessions = sessions
        self._cookies = cookies
        self._single = single
        self._home = home

    def routes(self) -> list[Route]:
        """List them."""
        return [
            Route("/sign-in", self._ask, methods=["GET"]),
            Route("/sign-in", self._begin, methods=["POST"]),
            Route("/sign-in/plain.css", _style, methods=["GET"]),
            *self._elsewhere(),
            Route("/sign-out", self._end, methods=["POST"]),
            Route("/", _who, methods=["GET"]),
        ]

    def _elsewhere(self) -> list[Route]:
        """List the routes of signing in at another server, where there is one."""
        single = self._single
        if single is None:
            return []

        async def away(request: Request) -> Response:
            begun = await single.begin(onward(request.query_params.get("next", "/")))
            answer = RedirectResponse(begun.url, 303)
            self._set(answer, self._cookies.away, begun.browser, samesite="lax", max_age=600)
            return answer

        async def back(request: Request) -> Response:
            kept = request.cookies.get(self._cookies.away, "")
            try:
                person, then = await single.end(request.query_params, kept)
            except JevonsError as error:
                log.warning("admin.refused", how="oidc", code=error.code, cause=str(error))
                raise
            log.info("admin.signed_in", person=person.name, how="oidc", role=person.role)
            onto = escape(then)
            body = (
                f'<meta http-equiv="refresh" content="0;url={onto}">'
                f'<p>Signed in. <a href="{onto}">Go on</a></p>'
            )
            answer = HTMLResponse(page("Signed in", body))
            self._enter(request, answer, self._sessions.begin(person))
            answer.delete_cookie(self._cookies.away, secure=self._cookies.secure)
            return answer

        return [
            Route("/sign-in/oidc", away, methods=["GET"]),
            Route("/sign-in/oidc/back", back, methods=["GET"]),
        ]

    async def _ask(self, request: Request) -> Response:
        return self._form(request.query_params.get("next", "/"))

    async def _begin(self, request: Request) -> Response:
        fields = parse_qs((await request.body()).decode("utf-8", "replace"))
        token, word, then = (fields.get(name, [""])[0] for name in ("token", "form", "next"))
        kept = request.cookies.get(self._cookies.form, "")
        if not kept or not hmac.compare_digest(word.encode(), kept.encode()):
            message = "the form is not of this browser; load /sign-in again"
            raise Forbidden(message, rule="csrf")
        person = self._find(token.strip())
        if person is None:
            log.warning("admin.refused", how="token")
            return self._form(then, says="Nobody has this token.")
        log.info("admin.signed_in", person=person.name, how="token")
        answer = RedirectResponse(onward(then), 303)
        self._enter(request, answer, self._sessions.begin(person, token=token.strip()))
        answer.delete_cookie(self._cookies.form, secure=self._cookies.secure)
        return answer

    def _enter(self, request: Request, answer: Response, begun: Begun) -> None:
        """Open a session in the place of the one that this browser may have had."""
        self._sessions.end(request.cookies.get(self._cookies.session, ""))
        self._cookies.give(answer, begun)

    async def _end(self, request: Request) -> Response:
        self._sessions.end(request.cookies.get(self._cookies.session, ""))
        person = person_of(request)
        log.info("admin.signed_out", person=person.name)
        answer: Response = RedirectResponse("/sign-in", 303)
        if person.how == "oidc" and self._single is not None:
            leaving = await self._single.leaving(f"{self._home}/sign-in")
            if leaving is not None:
                body = (
                    f'<h1>Signed out</h1><p><a href="{escape(leaving)}">Sign out there too</a></p>'
                )
                answer = HTMLResponse(page("Signed out", body))
        self._cookies.take(answer)
        return answer

    def _form(self, then: str, *, says: str = "") -> Response:
        word = secrets.token_urlsafe(32)
        there = escape(f"/sign-in/oidc?next={quote(onward(then))}")
        other = f'<p><a href="{there}">Single sign-on</a></p>' if self._single else ""
        no = f'<p class="no" role="alert">{escape(says)}</p>' if says else ""
        body = (
            f'<h1>Sign in</h1>{no}{other}<form method="post" action="/sign-in">'
            '<label for="token">Your token</label>'
            '<input id="token" name="token" type="password" autocomplete="current-password" '
            f'required><input type="hidden" name="form" value="{word}">'
            f'<input type="hidden" name="next" value="{escape(onward(then))}">'
            "<button>Sign in</button></form>"
        )
        answer = HTMLResponse(page("Sign in", body), 401 if says else 200)
        self._set(answer, self._cookies.form, word, samesite="strict", max_age=3600)
        return answer

    def _set(
        self,
        answer: Response,
        name: str,
        value: str,
        *,
        samesite: Literal["lax", "strict"],
        max_age: int,
    ) -> None:
        answer.set_cookie(
            name,
            value,
            max_age=max_age,
            secure=self._cookies.secure,
            httponly=True,
            samesite=samesite,
        )


def onward(said: str) -> str:
    """Take a path of ours to go on to, and nothing that a browser takes for another host."""
    is_ours = said.startswith("/") and not said.startswith(("//", "/\\"))
    return said if is_ours and said.isprintable() else "/"


async def _who(request: Request) -> Response:
    """Say who is signed in, where nothing else is at the root."""
    person = person_of(request)
    of = f" of {escape(', '.join(person.accounts))}" if person.accounts else ""
    body = (
        f"<h1>{escape(person.shown or person.name)}</h1><p>{person.role}{of}</p>"
        '<form method="post" action="/sign-out">'
        f'<input type="hidden" name="csrf" value="{escape(csrf_of(request))}">'
        "<button>Sign out</button></form>"
    )
    return HTMLResponse(page("Signed in", body))


async def _style(request: Request) -> Response:
    return Response(_STYLE, media_type="text/css", headers={"cache-control": "max-age=3600"})
