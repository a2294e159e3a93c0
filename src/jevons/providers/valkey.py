"""A line to a Valkey server: commands out, answers in, in the order of the commands.

Rule 1: nothing waits in a queue of ours. A command is written at once, or there is no line.
Rule 2: a line ends once. All that was asked on it and not answered ends with it, and whoever asked
    is told: whether the server did it nobody knows.

Source: Redis serialization protocol, version 2; valkey.io/topics/protocol, read 2026-11.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, NamedTuple, cast
from urllib.parse import unquote, urlsplit

from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ("Answer", "Down", "Line", "Refused", "Where", "connect", "read_where")

Answer = bytes | int | None | list["Answer"]

_PORT = 6379
_MOST_BYTES = 1024 * 1024
"""Longest answer; ours are of some hundred bytes."""


class Down(Exception):
    """There is no line, or it ended before the answer."""


class Refused(Exception):
    """The server did not do what it was told."""


class Where(NamedTuple):
    """A server, and how it wants to be greeted."""

    host: str
    port: int
    is_tls: bool
    greeting: tuple[tuple[bytes, ...], ...]
    """Commands that come before all others: the password, the database."""


def read_where(url: str) -> Where:
    """Read `valkey://USER:PASSWORD@HOST:PORT/DATABASE`; `valkeys` is TLS. Of it all but HOST may be left out.

    Raises:
        Misconfigured: It is none; the message does not repeat it, since it may hold a password.
    """
    try:
        parts = urlsplit(url)
        port, database = parts.port or _PORT, parts.path.removeprefix("/")
    except ValueError:
        raise Misconfigured(_NO_URL) from None
    schemes = ("valkey", "valkeys", "redis", "rediss")
    is_number = not database or database.isdigit()
    if parts.scheme not in schemes or not parts.hostname or not is_number:
        raise Misconfigured(_NO_URL)
    greeting: list[tuple[bytes, ...]] = []
    if parts.password is not None:
        user = (unquote(parts.username).encode(),) if parts.username else ()
        greeting.append((b"AUTH", *user, unquote(parts.password).encode()))
    if database:
        greeting.append((b"SELECT", database.encode()))
    is_tls = parts.scheme in {"valkeys", "rediss"}
    return Where(parts.hostname, port, is_tls, tuple(greeting))


_NO_URL = (
    "[limits] valkey is no address of a server: it must be as valkey://HOST:PORT, valkeys:// for TLS, "
    "or env:NAME, and that variable hold one"
)


class Line(asyncio.Protocol):
    """One connection. Made by `connect`."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._waiting: deque[_Asked] = deque()
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """Why it ended, once it has."""

    @property
    def is_up(self) -> bool:
        """Whether commands can be given."""
        return not self.lost.done()

    def ask(
        self, *words: bytes, unheard: Callable[[Answer], None] | None = None
    ) -> asyncio.Future[Answer]:
        """Give a command.

        Args:
            words: The command and its arguments.
            unheard: Given the answer if whoever asked no longer waits for it.

        Returns:
            Its answer; it raises `Refused` if the server did not do it, `Down` if the line ended.
        """
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._give(words, _Asked(answer, unheard))
        return answer

    def tell(self, *words: bytes) -> None:
        """Give a command whose answer nobody waits for."""
        self._give(words, _Asked(None, None))

    def end(self, cause: str) -> None:
        """End the line; nothing happens if it has ended."""
        if self.lost.done():
            return
        self.lost.set_result(cause)
        if self._transport is not None:
            self._transport.abort()
        for asked in self._waiting:
            if asked.answer is not None and not asked.answer.done():
                asked.answer.set_exception(Down(cause))
        self._waiting.clear()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """End: the other side has."""
        self.end(str(exc) if exc else "the server closed the connection")

    def data_received(self, data: bytes) -> None:
        """Read what has come whole, and hand it to whoever asked for it."""
        self._buffer += data
        begin = 0
        try:
            while self._waiting and begin < len(self._buffer):
                answer, begin = _read(self._buffer, begin)
                self._waiting.popleft().take(answer)
        except _Incomplete:
            if len(self._buffer) > _MOST_BYTES:
                self.end("its answer has no end")
        except ValueError:
            self.end("what it answers is not the protocol")
        del self._buffer[:begin]

    def _give(self, words: Sequence[bytes], asked: _Asked) -> None:
        if self._transport is None or self.lost.done():
            if asked.answer is not None:
                asked.answer.set_exception(Down("there is no line"))
            return
        self._waiting.append(asked)
        self._transport.write(_command(words))


class _Asked(NamedTuple):
    answer: asyncio.Future[Answer] | None
    unheard: Callable[[Answer], None] | None

    def take(self, answer: Answer | Refused) -> None:
        if self.answer is None:
            return
        if not self.answer.done():
            if isinstance(answer, Refused):
                self.answer.set_exception(answer)
            else:
                self.answer.set_result(answer)
        elif self.unheard is not None and not isinstance(answer, Refused):
            self.unheard(answer)


async def connect(where: Where, *first: tuple[bytes, ...]) -> Line:
    """Connect and greet.

    Args:
        where: The server.
        first: Commands that follow the greeting.

    Raises:
        OSError: There is no connection.
        Refused: It does not take the greeting.
        Down: It hung up.
    """
    loop = asyncio.get_running_loop()
    ssl = True if where.is_tls else None
    _, line = await loop.create_connection(Line, where.host, where.port, ssl=ssl)
    try:
        for words in (*where.greeting, *first):
            await line.ask(*words)
    except BaseException:
        line.end("it was not greeted")
        raise
    return line


def _command(words: Sequence[bytes]) -> bytes:
    parts = [b"*%d\r\n" % len(words)]
    parts += [b"$%d\r\n%b\r\n" % (len(word), word) for word in words]
    return b"".join(parts)


class _Incomplete(Exception):
    """More has to come first."""


def _read(buffer: bytearray, begin: int) -> tuple[Answer | Refused, int]:
    """Read one answer; say where the next one begins."""
    end = buffer.find(b"\r\n", begin)
    if end < 0:
        raise _Incomplete
    kind, said, after = chr(buffer[begin]), bytes(buffer[begin + 1 : end]), end + 2
    if kind == "+":
        return said, after
    if kind == "-":
        return Refused(said.decode(errors="replace")), after
    number = int(said)
    if kind == ":":
        return number, after
    if kind == "$":
        return _read_bytes(buffer, after, number)
    if kind == "*":
        return _read_list(buffer, after, number)
    raise ValueError(kind)


def _read_bytes(buffer: bytearray, begin: int, length: int) -> tuple[bytes | None, int]:
    if length < 0:
        return None, begin
    end = begin + length
    if len(buffer) < end + 2:
        raise _Incomplete
    return bytes(buffer[begin:end]), end + 2


def _read_list(buffer: bytearray, begin: int, length: int) -> tuple[Answer, int]:
    if length < 0:
        return None, begin
    found: list[Answer] = []
    for _ in range(length):
        each, begin = _read(buffer, begin)
        found.append(None if isinstance(each, Refused) else each)
    return found, begin
