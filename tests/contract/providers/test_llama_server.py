"""A real server of the dialect, with a real model, is asked as any other."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.contract.providers.served import pulled, served

from jevons.testing import Listener
from jevons.types.errors import CallerLeft, PromptTooLong, ProviderDenied
from jevons.wire.sse import read_event, split

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Bench
    from jevons.types.decision import Outcome

pytestmark = pytest.mark.anyio

ASK: dict[str, Any] = {
    "messages": [{"role": "user", "content": "Count to three."}],
    "temperature": 0,
}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The base URL of a server process of our own."""
    with served(str(pulled())) as address:
        yield f"{address}/v1"


@pytest.fixture
def far(bench: Bench, server: str) -> Bench:
    """Ask the real server."""
    bench.provider = bench.aim(server, first_byte_timeout_s=20.0, idle_timeout_s=20.0)
    return bench


def text(body: bytes) -> str:
    """Put the text of a stream together."""
    said = [read_event(event).data or b"" for event in split(body)]
    chunks: list[Any] = [json.loads(each) for each in said if each != b"[DONE]"]
    deltas = [choice["delta"] for chunk in chunks for choice in chunk["choices"]]
    return "".join([delta.get("content") or "" for delta in deltas])


def ending(outcome: Outcome) -> bytes:
    """Render what was held back."""
    return b"".join([getattr(event, "body", b"") for event in outcome.closing])


async def test_a_stream_says_what_a_whole_answer_says(far: Bench) -> None:
    streamed, pushed = await far.ask(max_tokens=12, **ASK)
    whole, nothing = await far.ask(stream=False, max_tokens=12, **ASK)
    assert (streamed.error, whole.error, nothing) == (None, None, b"")
    answer = json.loads(ending(whole))
    assert text(pushed + ending(streamed)) == answer["choices"][0]["message"]["content"] != ""
    assert streamed.finish == whole.finish == "length"
    assert streamed.usage.output == whole.usage.output == 12
    assert streamed.usage.counted_by == "endpoint"
    read = streamed.usage.input + streamed.usage.cache_read
    assert read == whole.usage.input + whole.usage.cache_read == answer["usage"]["prompt_tokens"]


async def test_usage_is_shown_only_to_who_asked_for_it(far: Bench) -> None:
    outcome, pushed = await far.ask(max_tokens=3, **ASK)
    assert b'"usage":{' not in pushed + ending(outcome)
    outcome, pushed = await far.ask(max_tokens=3, stream_options={"include_usage": True}, **ASK)
    assert b'"usage":{' not in pushed
    assert ending(outcome).count(b'"usage":{') == 1
    assert ending(outcome).endswith(b"data: [DONE]\n\n")


async def test_answers_at_once_do_not_mix(far: Bench) -> None:
    heard = await asyncio.gather(*[far.ask(max_tokens=8, **ASK) for _ in range(4)])
    assert {each.error for each, _ in heard} == {None}
    assert len({text(body + ending(outcome)) for outcome, body in heard}) == 1


async def test_a_caller_that_leaves_ends_an_answer_without_end(far: Bench) -> None:
    caller = Listener()
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(far.ask(caller, max_tokens=1500, ignore_eos=True, **ASK))
        async with asyncio.timeout(20):
            while len(caller.heard) < 3:  # noqa: ASYNC110 what is waited for has no event
                await asyncio.sleep(0.005)
        caller.leave()
    outcome, _ = asking.result()
    assert isinstance(outcome.error, CallerLeft)
    assert 0 < outcome.usage.output < 1500
    again, _ = await far.ask(max_tokens=3, **ASK)
    assert again.error is None


async def test_what_it_refuses_is_told_in_its_words(far: Bench, server: str) -> None:
    long: dict[str, Any] = {"messages": [{"role": "user", "content": "word " * 3000}]}
    outcome, _ = await far.ask(**long)
    assert isinstance(outcome.error, PromptTooLong)
    assert "context" in str(outcome.error)
    far.provider = far.aim(server, api_key="sk-another")
    outcome, _ = await far.ask(max_tokens=3, **ASK)
    assert isinstance(outcome.error, ProviderDenied)
    assert "another" not in str(outcome.error)
