"""How long a server asks to be left alone, in the ways in which servers write time.

Sources, read 2026-11: OpenAI API docs, "Rate limits" (Go durations as `1m2.5s`, `6ms`); Groq
docs, "Rate Limits" (`7.66s`); Anthropic API docs, "Rate limits" (RFC 3339); Google AIP-193
(`RetryInfo`, seconds with an `s`); Moonshot platform docs, "Errors" ("try again after N seconds").
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from types import MappingProxyType

__all__ = ("LONGEST_S", "asked_s", "moment_s", "span_s")

LONGEST_S = 7 * 86_400.0
"""Seconds beyond which a wait is no advice."""

_EPOCH_S = 1e9  # a bare number above it is a moment in seconds, and above a thousandfold in ms
_UNIT_S = MappingProxyType({"ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0})
_STEP = r"(\d{1,12}(?:\.\d{1,12})?)\s*(ms|milliseconds?|h|hours?|m|min|minutes?|s|secs?|seconds?)"
_SPAN = re.compile(rf"(?:{_STEP}\s*)+", re.IGNORECASE)
_EACH = re.compile(_STEP + r"(?![a-z])", re.IGNORECASE)
_ASKED = re.compile(rf"(?:try again|retry)\s+(?:in|after)\s+((?:{_STEP}\s*)+)\b", re.IGNORECASE)


def span_s(text: str) -> float | None:
    """Read a length of time: `1m2.5s`, `34 seconds`, `6ms`; None if it is none."""
    text = text.strip()
    if _SPAN.fullmatch(text) is None:
        return None
    return min(
        sum(float(number) * _unit_s(unit) for number, unit in _EACH.findall(text)), LONGEST_S
    )


def asked_s(sentence: str) -> float | None:
    """Find a length of time that a sentence asks to wait."""
    found = _ASKED.search(sentence)
    return span_s(found[1]) if found else None


def moment_s(text: str, now_ms: int) -> float | None:
    """Read when something is over, as seconds from now; None if it says no time.

    Args:
        text: A length of time, seconds, Unix seconds or milliseconds, or RFC 3339.
        now_ms: Unix milliseconds.
    """
    text = text.strip()
    if text.isascii() and text.replace(".", "", 1).isdigit():
        return _bounded(_from_now_s(float(text), now_ms))
    span = span_s(text)
    if span is not None:
        return span
    try:
        then = datetime.fromisoformat(text)
    except ValueError:
        return None
    aware = then if then.tzinfo else then.replace(tzinfo=UTC)
    return _bounded(aware.timestamp() - now_ms / 1e3)


def _from_now_s(number: float, now_ms: int) -> float:
    if number < _EPOCH_S:
        return number
    then_s = number if number < _EPOCH_S * 1e3 else number / 1e3
    return then_s - now_ms / 1e3


def _unit_s(unit: str) -> float:
    unit = unit.lower()
    return _UNIT_S["ms" if unit.startswith(("ms", "milli")) else unit[0]]


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST_S)
