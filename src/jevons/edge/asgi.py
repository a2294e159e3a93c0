"""ASGI in our words, and a way to take its calls as far as they go without waiting.

Source: the ASGI specification, "HTTP & WebSocket", version 2.3.
"""

from __future__ import annotations

import types
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ("Application", "Headers", "Message", "Receive", "Scope", "Send", "resumed")

Scope = dict[str, Any]
Message = dict[str, Any]
Headers = list[tuple[bytes, bytes]]
Receive = Callable[[], Coroutine[Any, Any, Message]]
Send = Callable[[Message], Coroutine[Any, Any, None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_T = TypeVar("_T")


@types.coroutine
def resumed(coroutine: Coroutine[Any, Any, _T], waits_for: object) -> Generator[Any, Any, _T]:
    """Await the rest of a coroutine that was driven by hand until it had to wait.

    Args:
        coroutine: Driven by `coroutine.send(None)`, and not ended by it.
        waits_for: What that call returned: what the event loop has to see.

    Returns:
        What the coroutine returns.
    """
    while True:
        try:
            answer = yield waits_for
        except BaseException as accident:  # noqa: BLE001 passed on, a cancellation too
            step, given = coroutine.throw, accident
        else:
            step, given = coroutine.send, answer
        try:
            waits_for = step(given)
        except StopIteration as stop:
            returned: _T = stop.value
            return returned
