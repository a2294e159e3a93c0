"""What callers really asked in other dialects goes to Anthropic's with every word of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
from anthropic.types.message_create_params import MessageCreateParamsBase
from pydantic import TypeAdapter
from tests.contract.wire.corpus import exchanges, folder

from jevons.types.errors import Malformed, Unsupported
from jevons.types.message import Refusal, Text, ToolCall, ToolResult
from jevons.wire import messages, openai_chat, responses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pytest

    from jevons.types.message import Part
    from jevons.types.request import Generate

PARSERS: dict[str, Callable[[bytes], Generate]] = {
    "/chat/completions": lambda body: openai_chat.parse_request(body, id="r", at_ms=0, actor=None),
    "/responses": lambda body: responses.parse_request(body, id="r", at_ms=0, actor=None),
}
MODELS = ("claude-opus-5-5", "claude-haiku-4-5", "kimi-k3")
OURS = {"<system>", "</system>", "."}
KNOWN = TypeAdapter[MessageCreateParamsBase](MessageCreateParamsBase)


class Asked(NamedTuple):
    """A request of a recording."""

    name: str
    """Where to look when it fails."""
    request: Generate


def asked() -> Iterator[Asked]:
    """Find the requests that a caller of ours could send."""
    for exchange in exchanges(folder()):
        path = exchange.url.split("?")[0]
        parse = next((each for end, each in PARSERS.items() if path.endswith(end)), None)
        if parse is not None and exchange.request:
            try:
                yield Asked(exchange.path.name, parse(exchange.request))
            except Malformed:
                continue  # what parsing makes of them is for their own dialects' tests


def words(parts: Sequence[Part]) -> Iterator[str]:
    """Find all that is said, and all that is called."""
    for part in parts:
        if isinstance(part, Text | Refusal) and part.text.strip():
            yield part.text.rstrip()
        elif isinstance(part, ToolResult):
            yield from words(part.parts)
        elif isinstance(part, ToolCall):
            yield part.name
            said = part.arguments.strip()
            yield "{}" if said in {"", "[]"} else said


def all_words(request: Generate) -> list[str]:
    found = [text for message in request.messages for text in words(message.parts)]
    return sorted(text for text in found if text not in OURS)


def test_every_request_goes_on_with_every_word_or_is_refused(
    record_property: Callable[[str, object], None], capsys: pytest.CaptureFixture[str]
) -> None:
    written, refused = 0, 0
    for name, request in asked():
        for model in MODELS:
            try:
                body = messages.render_request(request, model=model, owner="anthropic").body
            except Unsupported:
                refused += 1
                continue
            KNOWN.validate_python(msgspec.json.decode(body))
            again = messages.parse_request(body, id="r", at_ms=0, actor=None)
            assert all_words(again) == all_words(request), name
            assert len(again.tools) == len(request.tools), name
            written += 1
    assert written > 0
    record_property("checked", written)
    with capsys.disabled():
        print(f" {written} written, {refused} refused")  # noqa: T201 the report that was asked for
