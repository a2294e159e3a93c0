"""The CLI's own client of jevons: HTTP to the configured server, and to no other.

The standard library's client, since it loads in a fraction of the time of any other and a
terminal asks one question at a time.
"""

from __future__ import annotations

import http.client
import time
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import SplitResult, quote, urlsplit

import msgspec

from jevons.cli.options import key_path
from jevons.cli.reply import (
    Models,
    Unanswered,
    read,
    read_error,
    read_found,
    read_stream,
    read_whole,
)
from jevons.types.account import Receipt
from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jevons.cli.reply import Answer, Found
    from jevons.settings import Settings

__all__ = ("Client", "address", "locate")

TIMEOUT_S = 300.0
"""Longest silence of the server; a small machine may read a long document for minutes."""
_LOOK_S = 0.1
_BROKEN = (OSError, http.client.HTTPException)


class Client:
    """One server.

    Args:
        url: Its base URL, with or without `/v1`.
        key: The API key to present.
    """

    def __init__(self, url: str, key: str | None) -> None:
        parts = _split(url)
        self.url = f"{parts.scheme}://{parts.netloc}"
        self._key = _presentable(key)
        self._parts = parts
        self._prefix = parts.path.rstrip("/").removesuffix("/v1")

    @property
    def is_here(self) -> bool:
        """Whether it is on this machine, by its address."""
        host = self._parts.hostname or ""
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"

    def presence(self, *, within_s: float = 3.0) -> Literal["jevons", "another", "nobody"]:
        """Find out who answers there; whoever listens and is silent is another."""
        try:
            content = self._call("GET", "/healthz", timeout_s=within_s)
        except Unanswered as error:
            return "nobody" if error.code == "no_server" else "another"
        return "jevons" if content == b'{"status":"ok"}' else "another"

    def models(self) -> list[str]:
        """List the names of the models that the key may use.

        Raises:
            Unanswered: The server is away, or refuses the key.
        """
        return [each.id for each in read(self._call("GET", "/v1/models"), Models).data]

    def answered(self, request: str) -> Receipt:
        """Fetch the receipt of an answer by its `req_` id.

        Raises:
            Unanswered: The server is away, has no such receipt, or shows another than the leaf.
        """
        ended = self.receipt(request).receipt
        if isinstance(ended, Receipt):
            return ended
        message = f"{request} was refused: {ended.says}"
        raise Unanswered(message, code="other_receipt")

    def receipt(self, request: str) -> Found:
        """Fetch a receipt or a refusal by its `req_` id, with its proof if it has one.

        Raises:
            Unanswered: The server is away, has no such receipt, or shows another than the leaf.
        """
        content = self._call("GET", f"/v1/receipts/{quote(request, safe='')}")
        return read_found(content, request)

    def await_checkpoint(self, request: str, *, within_s: float = 3.0) -> None:
        """Wait until a receipt is under a signed checkpoint, which takes about a second.

        Args:
            request: Its `req_` id.
            within_s: Longest wait; whoever looks afterwards finds out whether it was enough.

        Raises:
            Unanswered: The server is away, or has no such receipt.
        """
        until_s = time.monotonic() + within_s
        while self.receipt(request).inclusion is None and time.monotonic() < until_s:
            time.sleep(_LOOK_S)

    def text(self, path: str) -> str:
        """Fetch a page as text.

        Raises:
            Unanswered: The server is away, or has no such page.
        """
        return self._call("GET", path).decode()

    def chat(self, body: dict[str, Any], say: Callable[[str], object]) -> Answer:
        """Ask, and hear the answer.

        Args:
            body: The request, in OpenAI's chat dialect.
            say: Called with each piece of the answer, as it comes.

        Raises:
            Unanswered: The server is away, refuses, or the answer broke off.
        """
        with self._send("POST", "/v1/chat/completions", msgspec.json.encode(body)) as answer:
            request = answer.getheader("x-request-id", "")
            if body.get("stream"):
                return read_stream(_lines(answer), request, say)
            return read_whole(_content(answer), request, say)

    def _call(self, method: str, path: str, *, timeout_s: float = TIMEOUT_S) -> bytes:
        return _content(self._send(method, path, timeout_s=timeout_s))

    def _send(
        self, method: str, path: str, body: bytes | None = None, *, timeout_s: float = TIMEOUT_S
    ) -> http.client.HTTPResponse:
        """Send a request, and read the head of its answer.

        Raises:
            Unanswered: There is none, or it is an error.
        """
        secure = self._parts.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = kind(self._parts.hostname or "", self._parts.port, timeout=timeout_s)
        headers = {"connection": "close", "content-type": "application/json"}
        if self._key:
            headers["authorization"] = f"Bearer {self._key}"
        try:
            connection.connect()
        except OSError as error:
            message = f"no server at {self.url} ({error}); start one with `jevons serve`"
            raise Unanswered(message, code="no_server") from error
        try:
            connection.request(method, self._prefix + path, body, headers)
            answer = connection.getresponse()
        except _BROKEN as error:
            connection.close()
            message = f"{self.url} gives no answer ({_words(error)})"
            raise Unanswered(message) from error
        if answer.status != http.client.OK:
            raise read_error(answer.status, _content(answer))
        return answer


def locate(settings: Settings, *, url: str | None, api_key: str | None) -> Client:
    """Find the server and the key: as given, else from settings and the data folder."""
    return Client(url or address(settings), api_key or _saved_key(settings))


def address(settings: Settings) -> str:
    """Where a server that runs under these settings is reached from this machine."""
    return f"http://{_reachable(settings.server.host)}:{settings.server.port}"


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        if parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0:
            return parts
    except ValueError:  # of the port
        pass
    message = f"not a server's address: {url!r}; use http://HOST:PORT"
    raise Misconfigured(message)


def _presentable(key: str | None) -> str | None:
    """Strip what a shell or an editor leaves at a key's end; refuse what no header can hold."""
    stripped = key.strip() if key else None
    if stripped and not (stripped.isascii() and stripped.isprintable()):
        message = "the API key has characters that no key has; look at JEVONS_API_KEY or --api-key"
        raise Misconfigured(message)
    return stripped


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 compared, not bound


def _saved_key(settings: Settings) -> str | None:
    try:
        return key_path(settings).read_text()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _lines(answer: http.client.HTTPResponse) -> Iterator[bytes]:
    """Yield lines; a connection that breaks ends them, and the reader misses its `[DONE]`."""
    try:
        yield from answer
    except _BROKEN:
        return


def _content(answer: http.client.HTTPResponse) -> bytes:
    try:
        with answer:
            return answer.read()
    except _BROKEN as error:
        message = f"the answer broke off ({_words(error)})"
        raise Unanswered(message) from error


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
