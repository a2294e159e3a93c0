"""A request as it goes to an endpoint, whatever its dialect."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ("Rendered",)


class Rendered(NamedTuple):
    """A request as it goes to an endpoint."""

    body: bytes
    changed: tuple[str, ...]
    """Fields that are not as the caller sent them, and how."""
