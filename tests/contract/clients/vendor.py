"""A fake vendor that speaks three dialects, and answers as `obliging` says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.contract.clients.chat import answer_chat
from tests.contract.clients.messages import answer_messages
from tests.contract.clients.reading import COUNTED
from tests.contract.clients.responses import answer_responses

from jevons.testing.reply import respond

if TYPE_CHECKING:
    from jevons.testing import Heard, Reply

__all__ = ("answer",)

_DIALECTS = {
    "completions": answer_chat,
    "responses": answer_responses,
    "messages": answer_messages,
}


def answer(heard: Heard) -> Reply:
    """Answer a request in the dialect of its path."""
    last = heard.path.rsplit("/", 1)[-1]
    if last in {"count_tokens", "input_tokens"}:
        return respond(json.dumps({"input_tokens": COUNTED}).encode())
    return _DIALECTS[last](json.loads(heard.body))
