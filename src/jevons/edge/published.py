"""The log over HTTP, read-only, for whoever does not trust this house.

Rule 1: it has a listener of its own, and no path of it leads to the corridor.
Rule 2: hashes are for whoever asks. Leaves hold what records say (keys, models, costs), so they
    are for whoever shows the token, for everybody if the house said so, or else for nobody.

Source: C2SP tlog-tiles, "APIs", c2sp.org, read 2026-11.
"""

from __future__ import annotations

import asyncio
import gzip
from typing import TYPE_CHECKING

from jevons.telemetry import log
from jevons.types.errors import StoreUnavailable
from jevons.wire.tlog import read_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from jevons.edge.asgi import Application, Headers, Receive, Scope, Send
    from jevons.ports import Log
    from jevons.wire.tlog import Resource

__all__ = ("published",)

MOST_AT_ONCE = 64
"""Requests under way; the next is told to come back."""

_TEXT = b"text/plain; charset=utf-8"
_OCTETS = b"application/octet-stream"
_FOREVER = b"public, max-age=31536000, immutable"
_FOR_ONE = b"private, max-age=31536000, immutable"
_SOON = b"no-cache"
"""Of the checkpoint: "its headers SHOULD prevent caching beyond a few seconds"."""


class _No(Exception):
    """Answered with a status and a sentence."""

    def __init__(self, status: int, says: str, *headers: tuple[bytes, bytes]) -> None:
        super().__init__(says)
        self.status, self.headers = status, headers


def published(log: Log, *, admits: Callable[[str | None], bool] | None) -> Application:
    """Make the ASGI application. It has no lifespan of its own.

    Args:
        log: What is served.
        admits: Tells whether whoever shows this token, or None, may have leaves; None in a
            house that shows them to nobody.
    """
    return _Published(log, admits)


class _Published:
    def __init__(self, log: Log, admits: Callable[[str | None], bool] | None) -> None:
        self._log = log
        self._admits = admits
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise NotImplementedError(scope["type"])
        self._under_way += 1
        try:
            status, body, headers = await self._answered(scope)
        finally:
            self._under_way -= 1
        headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        body = b"" if scope["method"] == "HEAD" else body
        await send({"type": "http.response.body", "body": body, "more_body": False})

    async def _answered(self, scope: Scope) -> tuple[int, bytes, Headers]:
        try:
            return 200, *await self._answer(scope)
        except _No as no:
            return no.status, f"{no}\n".encode(), [(b"content-type", _TEXT), *no.headers]
        except StoreUnavailable as error:
            log.error("log.not_read", cause=str(error))
            return 503, b"the log cannot be read now\n", [(b"content-type", _TEXT)]

    async def _answer(self, scope: Scope) -> tuple[bytes, Headers]:
        if self._under_way > MOST_AT_ONCE:
            raise _No(503, "too much is asked at once", (b"retry-after", b"1"))
        if scope["method"] not in {"GET", "HEAD"}:
            raise _No(405, "a log is only read", (b"allow", b"GET, HEAD"))
        path = scope["path"].removeprefix("/")
        if path == "checkpoint":
            return await self._checkpoint()
        asked = read_path(path)
        if asked is None:
            raise _No(404, "a log has no such path")
        if asked.level is None:
            return await self._bundle(asked, scope)
        body = await self._log.tile(asked.level, asked.number, asked.width)
        return _there(body), [(b"content-type", _OCTETS), (b"cache-control", _FOREVER)]

    async def _checkpoint(self) -> tuple[bytes, Headers]:
        note = await self._log.published()
        body = _there(None if note is None else note.encode())
        return body, [(b"content-type", _TEXT), (b"cache-control", _SOON)]

    async def _bundle(self, asked: Resource, scope: Scope) -> tuple[bytes, Headers]:
        token, takes_gzip = None, False
        for name, value in scope["headers"]:
            if name == b"authorization":
                token = value.decode("latin-1").removeprefix("Bearer ").strip()
            elif name == b"accept-encoding":
                takes_gzip = b"gzip" in value
        if self._admits is None:
            raise _No(403, "this log shows no leaves")
        if not self._admits(token):
            asks = (b"www-authenticate", b"Bearer")
            raise _No(401, "leaves are shown to whoever has the token", asks)
        body = _there(await self._log.bundle(asked.number, asked.width))
        cached = _FOREVER if self._admits(None) else _FOR_ONE
        headers = [(b"content-type", _OCTETS), (b"cache-control", cached)]
        headers.append((b"vary", b"accept-encoding, authorization"))
        if takes_gzip:  # "Entry bundles SHOULD be compressed at the HTTP layer"
            body = await asyncio.to_thread(gzip.compress, body, 1, mtime=0)
            headers.append((b"content-encoding", b"gzip"))
        return body, headers


def _there(body: bytes | None) -> bytes:
    if body is None:
        raise _No(404, "no checkpoint covers that")
    return body
