"""What an upstream's refusal means: its status, headers and body, as one of our errors.

Rule 1: what the upstream says is passed on.
Rule 2: a wait is what the upstream asked for, in the most exact way in which it did.
"""

from __future__ import annotations

import email.utils
from typing import TYPE_CHECKING

from jevons.types.errors import PromptTooLong, ProviderThrottled, Retry
from jevons.wire.blame import blame
from jevons.wire.refusal import read
from jevons.wire.wait import LONGEST_S, moment_s

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jevons.types.errors import JevonsError

__all__ = ("fault_of",)


def fault_of(
    status: int,
    headers: Mapping[bytes, bytes],
    body: bytes,
    *,
    now_ms: int,
    is_overlong: bool = False,
) -> JevonsError:
    """Turn a response that is not an answer into an error.

    Args:
        status: HTTP status; 200 if the body is an error's envelope all the same.
        headers: Names in lower case.
        body: As far as it was read.
        now_ms: Unix milliseconds, to read a wait that is a date.
        is_overlong: Whether the prompt seems longer than the endpoint's window: then a refusal for
            its rate is for its length, and waiting cannot help.
    """
    refusal = read(body)
    said = f": {refusal.sentence}" if refusal.sentence else ""
    message = f"upstream answered {status}{said}"
    kind = blame(refusal, status=status)
    if kind.retry is not Retry.LATER:
        return kind(message)
    is_throttled = kind is ProviderThrottled
    if is_throttled and is_overlong:
        return PromptTooLong(message)
    # Vendors tell their limits beside every answer: when they are whole again says nothing of
    # when a server is up again.
    reset_s = _reset_s(headers, now_ms) if is_throttled else None
    return kind(message, retry_after_s=_wait_s(headers, now_ms, refusal.wait_s, reset_s))


def _wait_s(headers: Mapping[bytes, bytes], now_ms: int, *said_s: float | None) -> float | None:
    """Take the first wait above zero; a zero beside a wait is no advice."""
    waits = (
        _number(headers, b"retry-after-ms", scale=1e-3),
        _retry_after_s(headers, now_ms),
        *said_s,
    )
    told = [wait for wait in waits if wait is not None]
    return next((wait for wait in told if wait > 0), 0.0 if told else None)


def _retry_after_s(headers: Mapping[bytes, bytes], now_ms: int) -> float | None:
    """Read `Retry-After`: seconds, or a date (RFC 9110 §10.2.3). None if it is neither."""
    seconds = _number(headers, b"retry-after", scale=1.0)
    if seconds is not None:
        return seconds
    try:
        moment = email.utils.parsedate_to_datetime(_text(headers, b"retry-after"))
    except ValueError:
        return None
    return min(max(moment.timestamp() - now_ms / 1e3, 0.0), LONGEST_S)


def _reset_s(headers: Mapping[bytes, bytes], now_ms: int) -> float | None:
    """Find when the last of the used up limits is whole again; of all, if none says it is used up.

    OpenAI, Azure, Groq and xAI say `x-ratelimit-reset-tokens`, Anthropic
    `anthropic-ratelimit-tokens-reset`, OpenRouter `x-ratelimit-reset`.
    """
    resets = list(_resets(headers, now_ms))
    spent = [wait for wait, is_spent in resets if is_spent]
    return max(spent or [wait for wait, _ in resets], default=None)


def _resets(headers: Mapping[bytes, bytes], now_ms: int) -> Iterator[tuple[float, bool]]:
    for name in headers:
        if b"ratelimit" in name and b"reset" in name:
            wait = moment_s(_text(headers, name), now_ms)
            remaining = _text(headers, name.replace(b"reset", b"remaining"))
            if wait is not None:
                yield wait, remaining == "0"


def _number(headers: Mapping[bytes, bytes], name: bytes, *, scale: float) -> float | None:
    value = _text(headers, name)
    if value.isascii() and value.replace(".", "", 1).isdigit():
        return min(float(value) * scale, LONGEST_S)
    return None


def _text(headers: Mapping[bytes, bytes], name: bytes) -> str:
    return headers.get(name, b"").decode("latin-1").strip()
