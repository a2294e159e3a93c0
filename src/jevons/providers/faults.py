"""What an upstream's refusal means: its status and body, as one of our errors.

Rule 1: our own key or account being refused is never the caller's fault.
Rule 2: what the upstream says is passed on, cut short, and never our key with it.
"""

from __future__ import annotations

import email.utils
from typing import TYPE_CHECKING, Any

import msgspec

from jevons.types.errors import (
    JevonsError,
    ProviderDenied,
    ProviderGarbled,
    ProviderRejected,
    ProviderThrottled,
    ProviderUnavailable,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("fault_of",)

_LONGEST_CHARS = 500

_REJECTED = frozenset({400, 404, 405, 409, 413, 414, 415, 422, 431, 451})
_DENIED = frozenset({401, 402, 403})
_THROTTLED = frozenset({408, 425, 429})


def fault_of(
    status: int, headers: Mapping[bytes, bytes], body: bytes, *, secret: str, now_ms: int
) -> JevonsError:
    """Turn a response that is not 200 into an error.

    Args:
        status: HTTP status.
        headers: Names in lower case.
        body: As far as it was read.
        secret: Our key there, cut out of whatever the upstream says.
        now_ms: Unix milliseconds, to read a `Retry-After` that is a date.
    """
    said = _sentence(body)
    if secret:
        said = said.replace(secret, "***")
    message = f"upstream answered {status}: {said}" if said else f"upstream answered {status}"
    if status in _THROTTLED:
        return ProviderThrottled(message, retry_after_s=_retry_after_s(headers, now_ms))
    if status in _DENIED:
        return ProviderDenied(message)
    if status in _REJECTED:
        return ProviderRejected(message)
    if status >= 500:  # noqa: PLR2004 RFC 9110 §15.6
        return ProviderUnavailable(message)
    return ProviderGarbled(message)


def _sentence(body: bytes) -> str:
    """Find what it says, in JSON of any of the usual shapes or in plain text."""
    try:
        said: Any = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return body[:_LONGEST_CHARS].decode("utf-8", "replace").strip()
    for key in ("error", "message", "detail"):
        while isinstance(said, dict) and key in said:
            said = said[key]  # pyright: ignore[reportUnknownVariableType] foreign JSON
    return str(said)[:_LONGEST_CHARS]  # pyright: ignore[reportUnknownArgumentType]


def _retry_after_s(headers: Mapping[bytes, bytes], now_ms: int) -> float | None:
    """Read `Retry-After`: seconds, or a date (RFC 9110 §10.2.3)."""
    value = headers.get(b"retry-after", b"").decode("latin-1").strip()
    if not value:
        return None
    try:
        return max(float(value), 0.0)
    except ValueError:
        pass
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(moment.timestamp() - now_ms / 1e3, 0.0)
