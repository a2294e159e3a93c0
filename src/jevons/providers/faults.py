"""What an upstream's refusal means: its status and body, as one of our errors.

Rule 1: our own key or account being refused is never the caller's fault, whatever the status.
Rule 2: what the upstream says is passed on.
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

_LONGEST_WAIT_S = 7 * 86_400.0  # beyond it a wait is no advice

_REJECTED = frozenset({400, 404, 405, 409, 413, 414, 415, 422, 431, 451})
_DENIED = frozenset({401, 402, 403})
_THROTTLED = frozenset({408, 425, 429})

# No money, or no valid key, under another status: OpenAI 429, Moonshot 429, DashScope 400 and
# 429, Google 400. Source: the error pages of their API references, read 2026-11.
_OURS = frozenset(
    {
        "insufficient_quota",
        "exceeded_current_quota_error",
        "billing_error",
        "Arrearage",
        "API_KEY_INVALID",
        "invalid_api_key",
    }
)


def fault_of(
    status: int, headers: Mapping[bytes, bytes], body: bytes, *, now_ms: int
) -> JevonsError:
    """Turn a response that is not 200 into an error.

    Args:
        status: HTTP status.
        headers: Names in lower case.
        body: As far as it was read.
        now_ms: Unix milliseconds, to read a `Retry-After` that is a date.
    """
    error = _envelope(body)
    said = _sentence(error, body)
    message = f"upstream answered {status}: {said}" if said else f"upstream answered {status}"
    if status in _DENIED or _is_ours(error):
        return ProviderDenied(message)
    if status in _THROTTLED:
        return ProviderThrottled(message, retry_after_s=_retry_after_s(headers, now_ms))
    if status in _REJECTED:
        return ProviderRejected(message)
    if status >= 500:  # noqa: PLR2004 RFC 9110 §15.6
        return ProviderUnavailable(message)
    return ProviderGarbled(message)


def _envelope(body: bytes) -> Any:
    """Decode the body and take the error out of its envelope; None if it is not JSON."""
    try:
        said: Any = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    if isinstance(said, list) and said:  # Google wraps it once more
        said = said[0]  # pyright: ignore[reportUnknownVariableType] foreign JSON
    if isinstance(said, dict) and isinstance(said.get("error"), dict):  # pyright: ignore[reportUnknownMemberType] as above
        return said["error"]  # pyright: ignore[reportUnknownVariableType] as above
    return said  # pyright: ignore[reportUnknownVariableType] as above


def _sentence(error: Any, body: bytes) -> str:
    """Find what it says, in JSON of any of the usual shapes or in plain text."""
    for key in ("message", "error", "detail"):
        if isinstance(error, dict) and key in error:
            error = error[key]  # pyright: ignore[reportUnknownVariableType] foreign JSON
    if error is None:
        return body.decode("utf-8", "replace").strip()
    return str(error)  # pyright: ignore[reportUnknownArgumentType] as above


def _is_ours(error: Any) -> bool:
    """Whether the code says that our account was refused, not the request."""
    if not isinstance(error, dict):
        return False
    said = [error.get("code"), error.get("type")]  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] foreign JSON
    details = error.get("details")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] as above
    if isinstance(details, list):
        said += [each.get("reason") for each in details if isinstance(each, dict)]  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] as above
    return any(isinstance(each, str) and each in _OURS for each in said)  # pyright: ignore[reportUnknownVariableType] as above


def _retry_after_s(headers: Mapping[bytes, bytes], now_ms: int) -> float | None:
    """Read `Retry-After`: seconds, or a date (RFC 9110 §10.2.3). None if it is neither."""
    value = headers.get(b"retry-after", b"").decode("latin-1").strip()
    if value.isascii() and value.replace(".", "", 1).isdigit():
        return min(float(value), _LONGEST_WAIT_S)
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    return min(max(moment.timestamp() - now_ms / 1e3, 0.0), _LONGEST_WAIT_S)
