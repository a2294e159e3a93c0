"""However an answer was cut into deltas, folding gives the same blocks."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from jevons.types.account import Usage
from jevons.types.event import (
    Event,
    Finished,
    ReasoningDelta,
    RefusalDelta,
    Started,
    TextDelta,
    ToolCallDelta,
)
from jevons.wire.fold import fold

_END = Finished(reason="stop", usage=Usage())


def raw(text: str) -> msgspec.Raw:
    return msgspec.Raw(text.encode())


def test_neighbours_of_one_block_are_joined() -> None:
    events: list[Event] = [
        Started(id="a"),
        ReasoningDelta("h", owner="o"),
        ReasoningDelta("m", owner="o", id="r1"),
        ReasoningDelta("", owner="o", opaque="si"),
        ReasoningDelta("", owner="o", opaque="gned"),
        TextDelta("a"),
        TextDelta("b"),
        TextDelta("c", block=1),
        RefusalDelta("n"),
        RefusalDelta("o"),
        _END,
    ]
    assert fold(events) == (
        Started(id="a"),
        ReasoningDelta("hm", owner="o", id="r1", opaque="signed"),
        TextDelta("ab"),
        TextDelta("c", block=1),
        RefusalDelta("no"),
        _END,
    )


def test_what_belongs_to_another_is_kept_apart() -> None:
    events = [
        ReasoningDelta("a", owner="o"),
        ReasoningDelta("b", owner="p"),
        ReasoningDelta("c", owner="p", kind="summary"),
        ToolCallDelta(index=0, id="x", name="f"),
        ToolCallDelta(index=1, id="y", name="g"),
    ]
    assert fold(events) == tuple(events)


def test_a_call_is_put_together() -> None:
    events = [
        ToolCallDelta(index=0, id="x", arguments="{"),
        ToolCallDelta(index=0, name="f", arguments="}", opaque="mark", owner="o"),
    ]
    assert fold(events) == (
        ToolCallDelta(index=0, id="x", name="f", arguments="{}", opaque="mark", owner="o"),
    )


def test_what_has_no_name_and_log_probabilities_are_joined_too() -> None:
    one = TextDelta("a", raw('{"content":[{"token":"a"}]}'), extra={"x": raw("1")})
    two = TextDelta("b", raw('{"content":[{"token":"b"}]}'), extra={"y": raw("2")})
    (both,) = fold([one, two])
    assert isinstance(both, TextDelta)
    assert both.logprobs == raw('{"content":[{"token":"a"},{"token":"b"}]}')
    assert both.extra == {"x": raw("1"), "y": raw("2")}
    (first,) = fold([one, TextDelta("b")])
    assert isinstance(first, TextDelta)
    assert first.logprobs == one.logprobs
    (nothing,) = fold([TextDelta("b", raw('{"content":null}')), two])
    assert isinstance(nothing, TextDelta)
    assert nothing.logprobs == two.logprobs


@given(st.lists(st.text(max_size=3)), st.lists(st.text(max_size=3)))
def test_folding_does_not_see_the_cuts(thoughts: list[str], texts: list[str]) -> None:
    events = [*map(ReasoningDelta, thoughts), *map(TextDelta, texts)]
    folded = fold(events)
    assert "".join([e.text for e in folded if isinstance(e, ReasoningDelta)]) == "".join(thoughts)
    assert "".join([e.text for e in folded if isinstance(e, TextDelta)]) == "".join(texts)
    assert fold(folded) == folded
    assert len(folded) <= 2
