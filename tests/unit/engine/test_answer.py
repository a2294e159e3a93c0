"""What an engine's thread hands over reaches a slow caller whole, in few pieces."""

from __future__ import annotations

from typing import Any

import pytest

from jevons.engine.answer import Answer
from jevons.engine.faults import fault
from jevons.engine.shares import Shares, Spent
from jevons.types.account import Usage
from jevons.types.errors import ProviderGarbled, ProviderRejected, ProviderUnavailable
from jevons.types.event import Finished, ReasoningDelta, TextDelta

pytestmark = pytest.mark.anyio

USAGE = {
    "prompt_tokens": 9,
    "completion_tokens": 4,
    "prompt_tokens_details": {"cached_tokens": 6},
}


def an_answer() -> Answer:
    return Answer(Shares(lambda: Spent(0.0)).begin(), calls_tools=False)


def chunk(text: str | None = None, finish: str | None = None, **delta: str) -> dict[str, Any]:
    return {"choices": [{"delta": {"content": text, **delta}, "finish_reason": finish}]}


async def heard(answer: Answer, *chunks: dict[str, Any]) -> list[Any]:
    for each in chunks:
        answer.take(each)
    answer.end()
    return [event async for event in answer.events()]


async def test_text_that_has_piled_up_goes_out_as_one_piece() -> None:
    answer = an_answer()
    events = await heard(answer, *[chunk("ab")] * 5000, chunk(finish="stop"))
    assert events == [TextDelta("ab" * 5000)]


async def test_thinking_keeps_its_place_among_the_text() -> None:
    thought = chunk(reasoning_content="hm")
    events = await heard(an_answer(), thought, chunk("a"), chunk("b"), thought)
    assert events == [ReasoningDelta("hm"), TextDelta("ab"), ReasoningDelta("hm")]


async def test_the_end_has_the_engines_count() -> None:
    answer = an_answer()
    await heard(answer, chunk("a"), chunk(finish="stop"), {"choices": [], "usage": USAGE})
    usage = Usage(input=3, cache_read=6, output=4, counted_by="endpoint")
    assert answer.closing() == (Finished(reason="stop", usage=usage),)


async def test_an_answer_that_broke_off_counts_what_was_seen() -> None:
    answer = an_answer()
    progress = {"total": 90, "cache": 10, "processed": 60}
    await heard(answer, {"prompt_progress": progress}, chunk("a"), chunk("b"))
    assert answer.usage == Usage(input=50, cache_read=10, output=2, counted_by="guess")
    assert answer.closing() == ()
    assert isinstance(answer.error, ProviderGarbled)


async def test_an_answer_that_was_stopped_waits_for_nothing() -> None:
    answer = an_answer()
    assert answer.take(chunk("a")) is False
    answer.stop()
    assert answer.take(chunk("b")) is True
    assert [event async for event in answer.events()] == []


async def test_the_first_error_stands() -> None:
    answer = an_answer()
    await heard(answer, {"error": {"code": 400, "message": "no"}}, {"error": {"code": 500}})
    assert isinstance(answer.error, ProviderRejected)
    assert answer.closing() == ()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": 400, "message": "bad grammar"}, ProviderRejected),
        ({"code": 503, "message": "loading"}, ProviderUnavailable),
        ("what", ProviderUnavailable),
    ],
)
async def test_whose_fault_it_is_depends_on_the_code(error: Any, kind: type[Exception]) -> None:
    assert isinstance(fault(error), kind)
