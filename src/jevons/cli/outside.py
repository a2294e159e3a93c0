"""Reading a published log over HTTP, as any outsider would: one connection, kept open."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from jevons.cli.failure import Failure
from jevons.wire.tlog import FULL, Resource

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ("RemoteLog",)

_CHECKPOINT = "checkpoint"
_TIMEOUT_S = 60.0
_LONGEST_BYTES = FULL * (2 + 0xFFFF)
_BROKEN = (OSError, http.client.HTTPException)
_CLOSED_TO_US = frozenset({401, 403, 404})
_TOKEN_IS_WRONG = 401


class RemoteLog:
    """A log below one URL.

    Args:
        url: Its prefix: what `/checkpoint` follows.
        token: Shown to have leaves; None shows none.
    """

    def __init__(self, url: str, token: str | None) -> None:
        parts = urlsplit(url)
        kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        self._url = url
        self._prefix = parts.path.rstrip("/")
        self._token = token.strip() if token else None
        try:
            self._connection = kind(parts.hostname or "", parts.port, timeout=_TIMEOUT_S)
        except ValueError:  # of the port
            message = f"not a log's address: {url!r}; use http://HOST:PORT"
            raise Failure(message, code="misconfigured") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: object, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def checkpoint(self) -> str:
        """Fetch the newest checkpoint.

        Raises:
            Failure: There is none, or nobody answers; also each of the others.
        """
        status, body = self._get(_CHECKPOINT)
        if status != http.client.OK:
            raise self._wrong(_CHECKPOINT, status)
        return body.decode("utf-8", "replace")

    def tile(self, level: int, number: int, width: int) -> bytes:
        """Fetch hashes."""
        path = Resource(level, number, width).path
        status, body = self._get(path)
        if status != http.client.OK:
            raise self._wrong(path, status)
        return body

    def bundle(self, number: int, width: int) -> bytes | None:
        """Fetch leaves; None if they are not shown to us."""
        path = Resource(None, number, width).path
        status, body = self._get(path)
        if status == _TOKEN_IS_WRONG and self._token:
            message = f"{self._url} does not take the token; look at JEVONS_LOG_TOKEN or --token"
            raise Failure(message, code="unauthenticated")
        if status in _CLOSED_TO_US and number == 0:
            return None
        if status != http.client.OK:
            raise self._wrong(path, status)
        return body

    def _get(self, path: str) -> tuple[int, bytes]:
        headers = {"accept-encoding": "identity"}
        if self._token:
            headers["authorization"] = f"Bearer {self._token}"
        try:
            self._connection.request("GET", f"{self._prefix}/{path}", headers=headers)
            answer = self._connection.getresponse()
            body = answer.read(_LONGEST_BYTES + 1)
        except _BROKEN as error:
            self._connection.close()
            message = f"no log at {self._url} ({str(error) or type(error).__name__})"
            raise Failure(message, code="no_server") from error
        if len(body) > _LONGEST_BYTES:
            message = f"{self._url} answers {path} with more than it can hold"
            raise Failure(message, code="garbled")
        return answer.status, body

    def _wrong(self, path: str, status: int) -> Failure:
        return Failure(f"{self._url} answers {path} with status {status}", code="no_log")
