"""What a model chose reaches the caller as it is written, however its text is cut."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from jevons.engine.choice import Choice
from jevons.types.event import TextDelta, ToolCallDelta

if TYPE_CHECKING:
    from jevons.types.event import Event

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def read(text: str, cuts: list[int]) -> tuple[Choice, list[Event]]:
    """Feed a text in pieces."""
    choice = Choice(lambda: "call_1")
    edges = [0, *sorted(cut % (len(text) + 1) for cut in cuts), len(text)]
    heard = [event for start, end in pairwise(edges) for event in choice.feed(text[start:end])]
    return choice, heard


@given(
    reply=st.text(),
    cuts=st.lists(st.integers(0, 500)),
    is_ascii=st.booleans(),
    indent=st.none() | st.just(1),
)
def test_a_reply_is_its_text(
    *, reply: str, cuts: list[int], is_ascii: bool, indent: int | None
) -> None:
    text = json.dumps({"tool": "none", "reply": reply}, ensure_ascii=is_ascii, indent=indent)
    choice, heard = read(text, cuts)
    assert not choice.called
    assert "".join([event.text for event in heard if isinstance(event, TextDelta)]) == reply
    assert all(isinstance(event, TextDelta) and event.text for event in heard)


@given(
    name=st.text(min_size=1),
    arguments=st.dictionaries(st.text(), VALUES, max_size=3),
    cuts=st.lists(st.integers(0, 500)),
    is_ascii=st.booleans(),
)
def test_a_call_has_its_name_first_and_its_arguments_whole(
    *, name: str, arguments: dict[str, Any], cuts: list[int], is_ascii: bool
) -> None:
    said = json.dumps(arguments, ensure_ascii=is_ascii)
    text = f'{{"tool": {json.dumps(name)}, "arguments": {said}}}'
    choice, heard = read(text, cuts)
    calls = [event for event in heard if isinstance(event, ToolCallDelta)]
    assert choice.called
    assert len(calls) == len(heard)
    assert calls[0] == ToolCallDelta(index=0, id="call_1", name=name)
    assert "".join([call.arguments for call in calls]) == said


def test_arguments_come_piece_by_piece() -> None:
    choice = Choice(lambda: "call_1")
    assert list(choice.feed('{"tool": "wea')) == []
    assert list(choice.feed('ther", "arguments": {"city": "R')) == [
        ToolCallDelta(index=0, id="call_1", name="weather"),
        ToolCallDelta(index=0, arguments='{"city": "R'),
    ]
    assert list(choice.feed('ome"}}')) == [ToolCallDelta(index=0, arguments='ome"}')]
    assert list(choice.feed("\n")) == []


def test_an_escape_waits_for_its_end() -> None:
    choice = Choice()
    assert list(choice.feed('{"tool":"none","reply":"a\\')) == [TextDelta("a")]
    assert list(choice.feed("u00e")) == []
    assert list(choice.feed("9\\ud83d")) == [TextDelta("é")]
    assert list(choice.feed("\\ude00")) == [TextDelta("😀")]
    assert list(choice.feed('\\ud83d"}')) == [TextDelta("\ufffd")]


def test_an_answer_that_is_cut_before_its_choice_says_nothing() -> None:
    choice, heard = read('{"tool": "no', [])
    assert heard == []
    assert not choice.called
