"""Whatever dialect a caller asks in and an endpoint speaks, an answer is whole and the same, or an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from msgspec import structs
from tests.contract.providers.spoken import PAIRS, SPOKEN, edited
from tests.contract.providers.tongues import (
    ATTEMPT,
    TONGUES,
    Line,
    asking,
    essence,
    understood,
)

from jevons.catalog.vendors import vendors
from jevons.providers import Remote
from jevons.testing import Clock, Listener, Vendor, let_through
from jevons.testing.make import an_actor
from jevons.testing.reply import respond
from jevons.types.account import Usage
from jevons.types.errors import ProviderTimeout, Unsupported
from jevons.types.event import Frame
from jevons.wire import messages

if TYPE_CHECKING:
    from jevons.types.request import Dialect, Generate

pytestmark = pytest.mark.anyio

EXPECTED = [
    ("ReasoningDelta", "hm"),
    ("TextDelta", "Hello"),
    ("weather", '{"place":"Here"}'),
]


@pytest.mark.parametrize(("asked", "spoken"), PAIRS)
async def test_an_answer_says_the_same_whole_and_streamed(asked: Dialect, spoken: Dialect) -> None:
    used = SPOKEN[spoken].used
    said = SPOKEN[spoken]
    stream = respond(*said.pieces, kind=said.kind, framed="chunked")
    async with Vendor(stream, respond(said.whole)) as vendor:
        line = Line(vendor, spoken)
        for is_stream in (True, False):
            caller = Listener()
            request = asking(asked, is_stream=is_stream)
            outcome = await line.ask(request, caller)
            assert outcome.error is None
            assert (outcome.finish, outcome.usage) == ("tool_calls", used)
            heard = understood(request, [*caller.heard, *outcome.closing])
            assert [*essence(heard)] == [*EXPECTED, ("tool_calls", used)]


@pytest.mark.parametrize("asked", TONGUES)
async def test_an_answer_that_begins_with_its_end_goes_out_in_order(asked: Dialect) -> None:
    """Some servers of Responses send no deltas: items come whole, and then the end."""
    said = SPOKEN["openai-responses"]
    pieces = [each for each in said.pieces if b'.delta"' not in each]
    async with Vendor(respond(*pieces, kind=said.kind, framed="chunked")) as vendor:
        caller = Listener()
        request = asking(asked, is_stream=True)
        outcome = await Line(vendor, "openai-responses").ask(request, caller)
    assert outcome.error is None
    heard = understood(request, [*caller.heard, *outcome.closing])
    assert [*essence(heard)] == [*EXPECTED, ("tool_calls", said.used)]


async def test_what_comes_before_the_first_piece_is_not_held_back_without_end() -> None:
    said = SPOKEN["openai-responses"]
    begun = edited(
        said.pieces[0], lambda fields: fields["response"].update(instructions="x" * 2**20)
    )
    stream = respond(begun, *said.pieces[1:], kind=said.kind, framed="chunked")
    async with Vendor(stream.stall(at=stream.after(1))) as vendor:
        caller = Listener()
        line = Line(vendor, "openai-responses", idle_timeout_s=0.05)
        outcome = await line.ask(asking("openai-responses", is_stream=True), caller)
    assert isinstance(outcome.error, ProviderTimeout)
    assert outcome.committed
    assert [event.body for event in caller.heard if isinstance(event, Frame)] == [begun]


async def test_what_an_endpoints_dialect_cannot_say_never_leaves() -> None:
    async with Vendor() as vendor:
        line = Line(vendor, "openai-responses")
        outcome = await line.ask(asking("openai-chat", is_stream=False, n=2))
        assert isinstance(outcome.error, Unsupported)
        assert not vendor.heard


async def test_a_known_vendor_is_sent_what_it_wants_and_each_change_is_told() -> None:
    """DeepSeek wants its thinking back in every message of a request with tools, or a filler."""
    deepseek = vendors()["deepseek"]
    model = "deepseek-flash"
    async with Vendor(respond(SPOKEN["openai-chat"].whole)) as vendor:
        provider = Remote(
            url=vendor.url,
            admit=let_through,
            owner="deepseek",
            rules=deepseek.rules_of(model, "openai-chat"),
            product=deepseek.product(model),
            clock=Clock(),
        )
        asked = asking(
            "openai-chat",
            is_stream=False,
            max_completion_tokens=50,
            messages=[
                {"role": "user", "content": "Hi"},
                {"role": "assistant", "content": "Hello"},
                {"role": "user", "content": "Again"},
            ],
        )
        outcome = await provider.serve(ATTEMPT, asked, Listener())
        provider.close()
    assert outcome.error is None
    sent = msgspec.json.decode(vendor.heard[0].body)
    assert sent["max_tokens"] == 50
    assert "max_completion_tokens" not in sent
    assert sent["messages"][1]["reasoning_content"] == " "
    assert {change.partition(":")[0] for change in outcome.changed} >= {
        "messages",
        "max_completion_tokens",
    }


async def test_thinking_goes_to_a_caller_with_whose_it_is() -> None:
    async with Vendor(respond(SPOKEN["openai-chat"].whole)) as vendor:
        provider = Remote(url=vendor.url, admit=let_through, owner="deepseek", clock=Clock())
        outcome = await provider.serve(ATTEMPT, asking("openai-chat", is_stream=False), Listener())
        provider.close()
    (frame,) = outcome.closing
    assert isinstance(frame, Frame)
    assert b"reasoning_details" in frame.body


COUNTED: dict[Dialect, tuple[str, bytes]] = {
    "anthropic-messages": ("/v1/messages/count_tokens", b'{"input_tokens":7}'),
    "openai-responses": ("/v1/responses/input_tokens", b'{"input_tokens":7}'),
    "gemini": ("/v1/models/upstream/model:countTokens", b'{"totalTokens":7}'),
}


def counting() -> Generate:
    body = msgspec.json.encode(
        {"model": "a/model", "messages": [{"role": "user", "content": "Hi"}]}
    )
    return messages.parse_count(body, id="req_1", at_ms=0, actor=an_actor())


@pytest.mark.parametrize("spoken", COUNTED)
async def test_tokens_are_counted_where_a_dialect_can_be_asked_to(spoken: Dialect) -> None:
    path, answer = COUNTED[spoken]
    async with Vendor(respond(answer)) as vendor:
        outcome = await Line(vendor, spoken).ask(counting())
    assert outcome.error is None
    assert vendor.heard[0].path.endswith(path.removeprefix("/v1"))
    assert messages.render_counted(outcome.closing, counting()) == b'{"input_tokens":7}'
    assert outcome.usage == Usage(counted_by="endpoint")


@pytest.mark.parametrize("spoken", ["openai-chat", "ollama"])
async def test_nothing_leaves_for_a_count_that_a_dialect_has_no_word_for(spoken: Dialect) -> None:
    async with Vendor() as vendor:
        outcome = await Line(vendor, spoken).ask(counting())
    assert isinstance(outcome.error, Unsupported)
    assert spoken in str(outcome.error)
    assert not vendor.heard


async def test_a_beta_is_asked_of_endpoints_of_its_dialect_and_dropped_for_others() -> None:
    beta = ("anthropic-beta", "interleaved-thinking-2025-05-14")
    asked = asking("anthropic-messages", is_stream=False)
    asked = structs.replace(asked, source=structs.replace(asked.source, headers=(beta,)))
    for spoken in ("anthropic-messages", "openai-chat"):
        async with Vendor(respond(SPOKEN[spoken].whole)) as vendor:
            line = Line(vendor, spoken)
            outcome = await line.ask(asked, Listener())
            plain = await line.ask(asking("anthropic-messages", is_stream=False), Listener())
        assert outcome.error is None
        assert plain.error is None
        is_own = spoken == "anthropic-messages"
        assert [beta in heard.headers.items() for heard in vendor.heard] == [is_own, False]
        told = "anthropic-beta: dropped, OpenAI chat has no such header"
        assert (told in outcome.changed) is not is_own
