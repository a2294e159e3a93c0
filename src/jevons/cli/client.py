"""The CLI's own client of jevons: HTTP to the configured server, and to no other.

The standard library's client, since it loads in a fraction of the time of any other and a
terminal asks one question at a time.
"""

from __future__ import annotations

import http.client
import time
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from urllib.parse import urlsplit

import msgspec

from jevons.cli.failure import Failure
from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jevons.settings import Settings

__all__ = ("Client", "Ended", "Said", "Unanswered", "locate", "read_stream")

TIMEOUT_S = 300.0
"""Longest silence of the server; a small machine may read a long document for minutes."""
_LOOK_S = 0.1


class Unanswered(Failure):
    """The server could not be reached, or answered with an error."""


class Said(NamedTuple):
    """A piece of the answer."""

    text: str


class Ended(NamedTuple):
    """The answer is whole."""

    receipt: str | None
    """Its `req_` id."""
    finish: str | None


class Client:
    """One server.

    Args:
        url: Its base URL, with or without `/v1`.
        key: The API key to present.
    """

    def __init__(self, url: str, key: str | None) -> None:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            message = f"not a server's address: {url!r}; use http://HOST:PORT"
            raise Misconfigured(message)
        self.url = f"{parts.scheme}://{parts.netloc}"
        self.key = key
        self._parts = parts
        self._prefix = parts.path.rstrip("/").removesuffix("/v1")

    def presence(self) -> Literal["jevons", "another", "nobody"]:
        """Find out who answers there."""
        try:
            answer = self._send("GET", "/healthz")
        except Unanswered:
            return "nobody"
        is_ours = answer.status == http.client.OK and answer.read() == b'{"status":"ok"}'
        return "jevons" if is_ours else "another"

    def models(self) -> list[str]:
        """List the names of the models that the key may use.

        Raises:
            Unanswered: The server is away, or refuses the key.
        """
        listed = msgspec.json.decode(self._call("GET", "/v1/models"))
        return [each["id"] for each in listed["data"]]

    def receipt(self, request: str) -> dict[str, Any]:
        """Fetch a receipt by its `req_` id, with its proof if it has one.

        Raises:
            Unanswered: The server is away, or has no such receipt.
        """
        return msgspec.json.decode(self._call("GET", f"/v1/receipts/{request}"))

    def await_checkpoint(self, request: str, *, within_s: float = 3.0) -> None:
        """Wait until a receipt is under a signed checkpoint, which takes about a second.

        Args:
            request: Its `req_` id.
            within_s: Longest wait; whoever looks afterwards finds out whether it was enough.

        Raises:
            Unanswered: The server is away, or has no such receipt.
        """
        until_s = time.monotonic() + within_s
        while self.receipt(request)["inclusion"] is None and time.monotonic() < until_s:
            time.sleep(_LOOK_S)

    def text(self, path: str) -> str:
        """Fetch a page as text.

        Raises:
            Unanswered: The server is away, or has no such page.
        """
        return self._call("GET", path).decode()

    def chat(self, body: dict[str, Any]) -> Iterator[Said | Ended]:
        """Ask, yielding the answer as it comes.

        Raises:
            Unanswered: The server is away, refuses, or the answer broke off.
        """
        answer = self._send("POST", "/v1/chat/completions", msgspec.json.encode(body))
        if answer.status != http.client.OK:
            raise _error(answer.status, answer.read())
        request = answer.getheader("x-request-id")
        if body.get("stream"):
            yield from read_stream(_lines(answer), request)
        else:
            yield from _read_whole(answer.read(), request)

    def _call(self, method: str, path: str) -> bytes:
        answer = self._send(method, path)
        content = answer.read()
        if answer.status != http.client.OK:
            raise _error(answer.status, content)
        return content

    def _send(self, method: str, path: str, body: bytes | None = None) -> http.client.HTTPResponse:
        secure = self._parts.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = kind(self._parts.hostname or "", self._parts.port, timeout=TIMEOUT_S)
        headers = {"authorization": f"Bearer {self.key}"} if self.key else {}
        if body is not None:
            headers["content-type"] = "application/json"
        try:
            connection.request(method, self._prefix + path, body, headers)
            return connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            message = f"no server at {self.url} ({error}); start one with `jevons serve`"
            raise Unanswered(message, code="no_server") from error


def locate(settings: Settings, *, url: str | None, api_key: str | None) -> Client:
    """Find the server and the key: as given, else from settings and the data folder."""
    given = url or f"http://{_reachable(settings.server.host)}:{settings.server.port}"
    return Client(given, api_key or _saved_key(settings))


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 compared, not bound


def _saved_key(settings: Settings) -> str | None:
    try:
        return (settings.data_dir / "key").read_text().strip()
    except FileNotFoundError:
        return None


def read_stream(lines: Iterable[bytes], request: str | None) -> Iterator[Said | Ended]:
    """Read an answer from the lines of its event stream.

    Args:
        lines: As they come.
        request: The id from the response's header.

    Raises:
        Unanswered: The server reported an error, or the stream ended without `[DONE]`.
    """
    finish: str | None = None
    for line in lines:
        field, _, value = line.strip().partition(b": ")
        if field != b"data":
            continue
        if value == b"[DONE]":
            yield Ended(request, finish)
            return
        chunk = msgspec.json.decode(value)
        if "error" in chunk:
            raise _refused(chunk["error"])
        for choice in chunk["choices"]:
            finish = choice.get("finish_reason") or finish
            if text := choice["delta"].get("content"):
                yield Said(text)
    message = f"the answer broke off before its end; see `jevons receipt {request}`"
    raise Unanswered(message, code="provider_truncated")


def _lines(answer: http.client.HTTPResponse) -> Iterator[bytes]:
    """Yield lines; a connection that breaks ends them, and the reader misses its `[DONE]`."""
    try:
        yield from answer
    except (OSError, http.client.HTTPException):
        return


def _read_whole(content: bytes, request: str | None) -> Iterator[Said | Ended]:
    choice = msgspec.json.decode(content)["choices"][0]
    if text := choice["message"].get("content"):
        yield Said(text)
    yield Ended(request, choice.get("finish_reason"))


def _error(status: int, content: bytes) -> Unanswered:
    """Read an error's body; one that is not jevons's has only its status."""
    try:
        return _refused(msgspec.json.decode(content)["error"], _advice(status))
    except (msgspec.DecodeError, KeyError, TypeError):
        message = f"the server answered with status {status}{_advice(status)}"
        return Unanswered(message, code="no_answer", status=status)


def _refused(error: dict[str, Any], advice: str = "") -> Unanswered:
    details = {name: error[name] for name in ("param", "rule") if error.get(name)}
    return Unanswered(error["message"] + advice, code=error.get("code") or "no_answer", **details)


def _advice(status: int) -> str:
    if status == http.client.UNAUTHORIZED:
        return "; set JEVONS_API_KEY, or make a key with `jevons keys create NAME`"
    return ""
