"""An answer is given again byte for byte, or in another form; never wrongly."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.unit.cache.answers import USED, an_answer

from jevons.cache.again import as_asked
from jevons.testing.make import a_request
from jevons.testing.reply import DONE, chunk, usage
from jevons.types.account import Usage
from jevons.types.event import Finished, Frame, Started, TextDelta, Vector
from jevons.types.request import Source

PIECES = (chunk("It is"), chunk(" 4."), chunk(finish="stop"), DONE)
STREAM: dict[str, Any] = {
    "stream": True,
    "events": (Frame(b"".join(PIECES[:2])),),
    "closing": (Frame(b"".join(PIECES[2:])),),
}
WHOLE: dict[str, Any] = {
    "closing": (
        Frame(
            msgspec.json.encode(
                {
                    "id": "c",
                    "model": "m",
                    "choices": [
                        {
                            "index": 0,
                            "message": {"role": "assistant", "content": "It is 4."},
                            "finish_reason": "stop",
                        }
                    ],
                    "usage": usage(1, 1),
                }
            )
        ),
    )
}


def asked(dialect: str = "openai-chat", **fields: Any) -> Any:
    source = Source(dialect=dialect, fields={}, digest=b"", size_bytes=0)  # type: ignore[arg-type]
    return a_request(source=source, **fields)


def words(events: tuple[Any, ...]) -> str:
    return "".join([each.text for each in events if isinstance(each, TextDelta)])


@pytest.mark.parametrize(
    ("heard", "request_"),
    [
        (STREAM, asked(stream=True)),
        (WHOLE, asked()),
        ({**WHOLE, "want_usage": True}, asked()),
    ],
)
def test_in_its_own_form_it_goes_as_it_came(heard: dict[str, Any], request_: Any) -> None:
    answer = an_answer(**heard)
    assert as_asked(answer, request_) is answer


@pytest.mark.parametrize(
    ("heard", "request_"),
    [
        (STREAM, asked()),
        (STREAM, asked(stream=True, want_usage=True)),
        (STREAM, asked("anthropic-messages", stream=True)),
        (WHOLE, asked(stream=True)),
        (WHOLE, asked("openai-responses")),
    ],
)
def test_in_another_form_it_says_the_same(heard: dict[str, Any], request_: Any) -> None:
    again = as_asked(an_answer(**heard), request_)
    assert again is not None
    assert words(again.events) == "It is 4."
    assert again.closing == (Finished(reason="stop", usage=USED, native="stop"),)


def test_what_was_heard_as_events_is_parted_where_it_ends() -> None:
    said = (Started(), TextDelta("It is 4."), Finished(reason="stop", usage=Usage()))
    again = as_asked(an_answer(closing=said), asked(stream=True))
    assert again is not None
    assert (again.events, again.closing) == (said[:2], said[2:])
    unended = as_asked(an_answer(events=said[:2]), asked(stream=True))
    assert unended is not None
    assert (unended.events, unended.closing) == (said[:2], ())


@pytest.mark.parametrize(
    "heard",
    [
        {**STREAM, "closing": ()},
        {"closing": (Frame(b"no json"),)},
        {"closing": (Frame(b'{"error": {"message": "no"}}'),)},
        {"closing": (Frame(b"{}"), TextDelta("both"))},
        {**WHOLE, "dialect": "gemini"},
        {**STREAM, "events": (Frame(chunk(reasoning_content="hm")), *STREAM["events"])},
    ],
)
def test_what_cannot_be_read_is_not_given(heard: dict[str, Any]) -> None:
    assert as_asked(an_answer(**heard), asked("anthropic-messages")) is None


def test_vectors_go_as_they_came() -> None:
    answer = an_answer(closing=(Vector(values=b"\0" * 4), Finished(reason="stop", usage=USED)))
    assert as_asked(answer, asked()) is answer
