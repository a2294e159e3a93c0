"""One HTTP request and its answer, with its headers read once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jevons.edge.surface import CHAT
from jevons.types.errors import (
    JevonsError,
    MethodNotAllowed,
    TooSlow,
    Unauthenticated,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from jevons.edge.asgi import Headers, Receive, Scope, Send
    from jevons.edge.caller import HttpCaller

__all__ = ("Exchange", "error_headers")


class Exchange:
    """What was asked over HTTP, and the way back.

    Args:
        id: The request's id.
        scope: ASGI's, of type `http`.
        receive: ASGI's.
        send: ASGI's.
    """

    __slots__ = (
        "arm", "begun", "cache", "caller", "data_class", "dialect_headers", "encoding", "id", "identifiers", "length",
        "method", "path", "presented", "query", "receive", "rooms", "send", "surface",
        "traceparent", "traffic",
    )  # fmt: skip

    def __init__(self, id: str, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: A002 the field's name
        self.id = id
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query: bytes = scope["query_string"]
        self.receive = receive
        self.send = send
        self.begun = False
        """Whether `reply` has sent a head."""
        self.caller: HttpCaller | None = None
        self.presented: str | None = None
        """The key that came with it."""
        self.length: bytes | None = None
        """Its `content-length`, as written."""
        self.encoding = b"identity"
        self.cache: bytes | None = None
        """What it says of answers that are given again (`cache-control`), as written."""
        self.arm: bytes | None = None
        """The endpoint that is to serve it where `auto` is asked for."""
        self.traffic: bytes | None = None
        """The class of traffic that it is of there."""
        self.data_class: bytes | None = None
        """What it says that its data is, as written."""
        self.identifiers: list[bytes] = []
        """Lists of what identifies people in it, as written."""
        self.dialect_headers: Headers = []
        """Those that some dialect has a meaning for, as they came."""
        self.traceparent: bytes | None = None
        """The trace that it says it is part of, as written."""
        self.rooms: Callable[[], Headers] | None = None
        """Writes what is left of the caller's limits, where there may be some."""
        self.surface = CHAT
        """The dialect that it is answered in."""
        for name, value in scope["headers"]:
            if name == b"authorization":
                self.presented = _bearer(value)
            elif name == b"x-api-key":  # as Anthropic's SDKs show it
                self.presented = self.presented or value.strip().decode("latin-1")
            elif name == b"content-length":
                self.length = value
            elif name == b"content-encoding":
                self.encoding = value.strip().lower()
            elif name.startswith(b"x-jevons-"):
                self._take_own(name, value)
            elif name == b"traceparent":
                self.traceparent = value
            elif name == b"cache-control":
                self.cache = value
            elif name.startswith(b"anthropic-"):
                self.dialect_headers.append((name, value))

    def _take_own(self, name: bytes, value: bytes) -> None:
        """Read a header that only this house has a meaning for."""
        if name == b"x-jevons-data-class":
            self.data_class = value.strip().lower()
        elif name == b"x-jevons-identifiers":
            self.identifiers.append(value)
        elif name == b"x-jevons-arm":
            self.arm = value.strip()
        elif name == b"x-jevons-class":
            self.traffic = value.strip()

    async def reply(
        self,
        body: bytes,
        *,
        status: int = 200,
        kind: bytes = b"application/json",
        headers: Headers | None = None,
    ) -> None:
        """Send a whole answer."""
        self.begun = True
        head = [
            (b"content-type", kind),
            (b"content-length", b"%d" % len(body)),
            *self.surface.named(self.id),
            *(headers or ()),
        ]
        await self.send({"type": "http.response.start", "status": status, "headers": head})
        body = b"" if self.method == "HEAD" else body
        await self.send({"type": "http.response.body", "body": body, "more_body": False})

    async def refuse(self, error: JevonsError) -> None:
        """Send an error, as far as the answer still has room for one."""
        if self.caller is not None and self.caller.begun:
            await self.caller.fail(error)
        elif not self.begun:
            headers = error_headers(error)
            if self.rooms is not None:
                headers += self.rooms()
            await self.reply(self.surface.error(error), status=error.status, headers=headers)


def error_headers(error: JevonsError) -> Headers:
    """List the headers that an error has besides its body."""
    headers: Headers = []
    if error.retry_after_s is not None:
        headers.append((b"retry-after", b"%d" % max(1, -(-error.retry_after_s // 1))))
    if isinstance(error, MethodNotAllowed):
        headers.append((b"allow", ", ".join(error.allowed).encode()))
    if isinstance(error, Unauthenticated):  # RFC 9110 §11.6.1 asks for it
        headers.append((b"www-authenticate", b"Bearer"))
    if isinstance(error, TooSlow):
        headers.append((b"connection", b"close"))
    return headers


def _bearer(value: bytes) -> str | None:
    """Take the key out of `Bearer KEY` (RFC 6750 §2.1). Never logged, never in a message."""
    scheme, _, key = value.partition(b" ")
    return key.strip().decode("latin-1") if scheme.lower() == b"bearer" else None
