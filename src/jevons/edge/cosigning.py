"""A witness over HTTP: one thing to ask of it, and what it cosigned last to be read.

Source: C2SP tlog-witness, "HTTP Interface", c2sp.org, read 2026-11.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jevons.ports import Told
from jevons.telemetry import log
from jevons.types.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from jevons.edge.asgi import Application, Receive, Scope, Send
    from jevons.ports import Witness

__all__ = ("cosigning",)

MAX_BODY_BYTES = 256 * 1024
"""Of a request: 63 lines of proof, and a checkpoint with 16 signatures of 5 kB each."""

_MONITORED = re.compile(r"/([0-9a-f]{64})/checkpoint")
_TEXT = b"text/plain; charset=utf-8"
_SIZE = b"text/x.tlog.size"
_CONFLICT = 409


def cosigning(witness: Witness, recent: Callable[[str], Awaitable[str | None]]) -> Application:
    """Make the ASGI application of a witness.

    Args:
        witness: Who cosigns.
        recent: Gives the newest checkpoint that was cosigned of the log whose origin has this
            SHA-256, hex; None if there is none.
    """

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise NotImplementedError(scope["type"])
        try:
            told = await _answer(witness, recent, scope, receive)
        except StoreUnavailable as error:
            log.error("witness.not_written", cause=str(error))
            told = Told(503, "this witness cannot remember anything now\n")
        body = told.text.encode()
        kind = _SIZE if told.status == _CONFLICT else _TEXT
        headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": told.status, "headers": headers})
        body = b"" if scope["method"] == "HEAD" else body
        await send({"type": "http.response.body", "body": body, "more_body": False})

    return serve


async def _answer(
    witness: Witness,
    recent: Callable[[str], Awaitable[str | None]],
    scope: Scope,
    receive: Receive,
) -> Told:
    method, path = scope["method"], scope["path"]
    found = _MONITORED.fullmatch(path)
    if found is not None and method in {"GET", "HEAD"}:
        note = await recent(found[1])
        return Told(404, "nothing of this log was cosigned\n") if note is None else Told(200, note)
    if path != "/add-checkpoint":
        return Told(404, "a witness has no such path\n")
    if method != "POST":
        return Told(405, "it has to be a POST\n")
    body = await _body(receive)
    return Told(413, "too long\n") if body is None else await witness.add(body)


async def _body(receive: Receive) -> bytes | None:
    pieces: list[bytes] = []
    size_bytes, is_more = 0, True
    while is_more:
        message = await receive()
        piece: bytes = message.get("body", b"")
        size_bytes += len(piece)
        if size_bytes > MAX_BODY_BYTES:
            return None
        pieces.append(piece)
        is_more = message.get("more_body", False)
    return b"".join(pieces)
