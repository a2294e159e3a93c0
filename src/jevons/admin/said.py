"""Errors of the house as this listener says them: JSON for programs, a page for people."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from jevons.telemetry import log
from jevons.types.errors import (
    Bug,
    Forbidden,
    JevonsError,
    Malformed,
    MethodNotAllowed,
    NotFound,
    PolicyError,
    Unauthenticated,
)

if TYPE_CHECKING:
    from typing import Any

    from starlette.requests import Request

__all__ = ("API", "Json", "answer_to", "error_answer", "in_house", "page")

API = "/admin/v1"
"""Below it are programs; elsewhere are pages."""


class Json(Response):
    """A value as JSON."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Write it."""
        return msgspec.json.encode(content)


def answer_to(request: Request, error: Exception) -> Response:
    """Answer what went wrong in a route, in the house's own words."""
    said = in_house(error)
    request.state.is_told = isinstance(said, Bug)
    return error_answer(request.url.path, said)


def in_house(error: Exception) -> JevonsError:
    """Take an error for one of the house; one that nobody foresaw goes to the log."""
    match error:
        case JevonsError():
            return error
        case HTTPException(status_code=404):
            return NotFound("there is no such path")
        case HTTPException(status_code=405):
            allowed = dict(error.headers or {}).get("Allow", "").split(", ")
            return MethodNotAllowed(f"this path has {', '.join(allowed)}", allowed=allowed)
        case HTTPException(status_code=403):
            return Forbidden(error.detail, rule="role")
        case HTTPException():
            return Malformed(error.detail)
        case _:
            log.error("admin.bug", exc_info=error)
            return Bug("something that we did not foresee; the log says what")


def error_answer(path: str, error: JevonsError) -> Response:
    """Say an error to whoever asks under a path."""
    if not path.startswith(API):
        says = f"<h1>{error.status}</h1><p>{escape(str(error))}</p>"
        if isinstance(error, Unauthenticated):
            says += '<p><a href="/sign-in">Sign in</a></p>'
        answer: Response = HTMLResponse(page("Not done", says), error.status)
    else:
        said: dict[str, Any] = {
            "message": str(error),
            "param": error.param,
            "code": error.code,
            "retry": error.retry,
        }
        if isinstance(error, PolicyError):
            said["rule"] = error.rule
        answer = Json({"error": said}, error.status)
    if isinstance(error, Unauthenticated):
        answer.headers["www-authenticate"] = 'Bearer realm="jevons"'
    if isinstance(error, MethodNotAllowed):
        answer.headers["allow"] = ", ".join(error.allowed)
    if error.retry_after_s is not None:
        answer.headers["retry-after"] = str(max(1, round(error.retry_after_s)))
    return answer


def page(title: str, body: str) -> str:
    """Write a page; what is put into `body` is escaped by whoever made it."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f'<title>{escape(title)} · jevons</title><link rel="stylesheet" href="/sign-in/plain.css">'
        f"</head><body><main>{body}</main></body></html>"
    )
