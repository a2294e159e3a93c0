"""Reading a body: no longer than allowed, and not for ever."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NoReturn

from jevons.edge.asgi import resumed
from jevons.types.errors import CallerLeft, Malformed, TooLarge, TooSlow, Unsupported

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from jevons.edge.asgi import Message, Receive
    from jevons.edge.exchange import Exchange

__all__ = ("read_body",)


async def read_body(exchange: Exchange, *, max_bytes: int, timeout_s: float) -> bytes:
    """Read the whole body of a request.

    Raises:
        Unsupported: It is compressed.
        TooLarge: It says that it is longer than `max_bytes`, or is.
        TooSlow: It did not come within `timeout_s`.
        CallerLeft: They hung up half-way.
    """
    _check(exchange, max_bytes)
    receiving = exchange.receive()
    try:
        waits_for = receiving.send(None)
    except StopIteration as stop:
        message: Message = stop.value
        if message["type"] == "http.request" and not message.get("more_body"):
            return _bounded(message.get("body", b""), max_bytes)
        pieces = _gather(exchange.receive, message, max_bytes)
    else:
        pieces = _gather_from(exchange.receive, resumed(receiving, waits_for), max_bytes)
    try:
        async with asyncio.timeout(timeout_s):
            return await pieces
    except TimeoutError:
        text = f"the body did not arrive within {timeout_s:g} s"
        raise TooSlow(text) from None


def _check(exchange: Exchange, max_bytes: int) -> None:
    """Refuse by its headers what need not be read."""
    if exchange.encoding not in {b"identity", b""}:
        text = f"content-encoding {exchange.encoding.decode('latin-1')!r}; send it as it is"
        raise Unsupported(text)
    length = exchange.length
    if length is None:
        return
    if not length.isdigit():
        text = f"content-length {length.decode('latin-1')!r} is not a number"
        raise Malformed(text)
    if len(length) > 18 or int(length) > max_bytes:  # noqa: PLR2004 more digits than 64 bits hold
        _too_large(max_bytes)


async def _gather_from(receive: Receive, first: Awaitable[Message], max_bytes: int) -> bytes:
    return await _gather(receive, await first, max_bytes)


async def _gather(receive: Receive, message: Message, max_bytes: int) -> bytes:
    body = bytearray()
    while True:
        if message["type"] == "http.disconnect":
            text = "the caller hung up before the request was whole"
            raise CallerLeft(text)
        body += message.get("body", b"")
        _bounded(body, max_bytes)
        if not message.get("more_body"):
            return bytes(body)
        message = await receive()


def _bounded(body: bytes | bytearray, max_bytes: int) -> bytes:
    if len(body) > max_bytes:
        _too_large(max_bytes)
    return body  # type: ignore[return-value] only a whole body is used


def _too_large(max_bytes: int) -> NoReturn:
    text = f"the body is longer than {max_bytes} bytes, the most that is accepted"
    raise TooLarge(text)
