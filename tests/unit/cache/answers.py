"""Answers for the tests beside this file."""

from __future__ import annotations

from typing import Any

from jevons.testing.make import an_endpoint
from jevons.types.account import Usage
from jevons.types.decision import Remembered

__all__ = ("USED", "an_answer")

USED = Usage(input=20, output=5, counted_by="endpoint")


def an_answer(**fields: Any) -> Remembered:
    """Make an empty answer in the chat dialect, but for `fields`."""
    usual: dict[str, Any] = {
        "receipt": "req_1", "key": "key_1", "endpoint": an_endpoint(), "certificate": "", "at_s": 0.0,
        "dialect": "openai-chat", "stream": False, "want_usage": False, "events": (), "closing": (),
        "usage": USED, "finish": "stop",
    }  # fmt: skip
    return Remembered(**{**usual, **fields})
