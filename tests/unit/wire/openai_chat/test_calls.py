"""Calls to tools come out one by one, with their ids and names first, whatever the pieces."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jevons.types.errors import ProviderGarbled
from jevons.types.event import ToolCallDelta
from jevons.wire.fold import fold
from jevons.wire.openai_chat.calls import Calls, Piece


def piece(
    name: str | None = None,
    arguments: Any = None,
    *,
    index: int | None = 0,
    id: str | None = None,  # noqa: A002 the field's name
    **more: Any,
) -> Piece:
    function = {"name": name, "arguments": arguments}
    said = {"index": index, "id": id, "function": function, **more}
    return msgspec.json.decode(json.dumps(said).encode(), type=Piece)


def gathered(*pieces: Piece) -> list[tuple[int, str, str, str]]:
    """Say the number, id, name and arguments of each call."""
    calls = Calls()
    events = [event for each in pieces for event in calls.feed(each, answer="chatcmpl-1")]
    events += calls.end(answer="chatcmpl-1")
    begun = {event.index: event for event in events if event.id}
    assert not calls.nameless
    assert len(begun) == len(calls)
    return [
        (
            event.index,
            event.id,
            event.name,
            "".join([each.arguments for each in events if each.index == event.index]),
        )
        for event in begun.values()
    ]


def test_pieces_of_a_call_are_put_together() -> None:
    pieces = (piece("f", "", id="a"), piece(None, '{"x"'), piece(None, ":1}"))
    assert gathered(*pieces) == [(0, "a", "f", '{"x":1}')]


def test_calls_are_numbered_from_zero_in_the_order_in_which_they_begin() -> None:
    pieces = (
        piece("f", "", index=3, id="a"),
        piece("g", "", index=1, id="b"),
        piece(None, "1", index=3),
        piece(None, "2", index=1),
    )
    assert gathered(*pieces) == [(0, "a", "f", "1"), (1, "b", "g", "2")]


def test_an_empty_id_or_name_on_a_piece_that_continues_says_nothing() -> None:
    assert gathered(piece("f", "", id="a"), piece("", "{}", id="")) == [(0, "a", "f", "{}")]


def test_a_name_may_come_late() -> None:
    calls = Calls()
    assert calls.feed(piece(None, "{", id="a"), answer="x") == []
    (begun,) = calls.feed(piece("f", "}"), answer="x")
    assert begun == ToolCallDelta(index=0, id="a", name="f", arguments="{}")


def test_an_id_may_come_late() -> None:
    assert gathered(piece("f", "{"), piece(None, "}", id="a")) == [(0, "a", "f", "{}")]


def test_a_call_that_never_gets_an_id_is_given_one() -> None:
    assert gathered(piece("f", "{}", id="")) == [(0, "call_chatcmpl-1_0", "f", "{}")]


def test_calls_with_one_number_are_split_by_id() -> None:
    pieces = (piece("f", "{}", id="a"), piece("g", "[]", id="b"), piece(None, " ", id="b"))
    assert gathered(*pieces) == [(0, "a", "f", "{}"), (1, "b", "g", "[] ")]


def test_whole_calls_with_one_number_and_no_id_are_split() -> None:
    pieces = (piece("f", '{"a":1}', id=""), piece("f", '{"a":2}', id=""))
    assert [arguments for *_, arguments in gathered(*pieces)] == ['{"a":1}', '{"a":2}']


def test_a_name_that_is_said_again_begins_no_call_before_the_first_is_whole() -> None:
    assert [each[3] for each in gathered(piece("f", '{"a":'), piece("f", "1}"))] == ['{"a":1}']
    assert len(gathered(piece("f", "", id="a"), piece("f", "{}", id="a"))) == 1
    assert len(gathered(piece("f", "", id="a"), piece("f", "{}"))) == 1


def test_an_id_made_up_for_each_piece_is_the_first() -> None:
    pieces = (piece("f", "", id="a"), piece(None, "{}", id="b"))
    assert gathered(*pieces) == [(0, "a", "f", "{}")]


def test_pieces_without_a_number_belong_to_the_last_call_or_to_the_one_they_name() -> None:
    pieces = (
        piece("f", "", index=None, id="a"),
        piece("g", "", index=None, id="b"),
        piece(None, "2", index=None),
        piece(None, "1", index=None, id="a"),
    )
    assert gathered(*pieces) == [(0, "a", "f", "1"), (1, "b", "g", "2")]


def test_arguments_may_be_the_object_itself() -> None:
    assert gathered(piece("f", {"a": 1}, id="a")) == [(0, "a", "f", '{"a": 1}')]


def test_an_empty_piece_of_a_call_says_nothing() -> None:
    calls = Calls()
    calls.feed(piece("f", "", id="a"), answer="x")
    assert calls.feed(Piece(index=0), answer="x") == []


@pytest.mark.parametrize(
    ("extra", "mark"),
    [
        ({"google": {"thought_signature": "s"}}, ("google", "s")),
        ({"google": {"other": 1}}, ("", None)),
        ({"google": 1}, ("", None)),
        ([1], ("", None)),
    ],
)
def test_the_mark_of_a_calls_owner_is_kept(extra: Any, mark: tuple[str, str | None]) -> None:
    (begun,) = Calls().feed(piece("f", "{}", id="a", extra_content=extra), answer="x")
    assert (begun.owner, begun.opaque) == mark


def test_what_is_kept_of_a_call_is_bounded() -> None:
    long = "1" * 70_000
    (begun,) = Calls().feed(piece("f", long), answer="x")
    assert begun.arguments == long
    with pytest.raises(ProviderGarbled):
        Calls().feed(piece(None, long, id="a"), answer="x")


def test_a_call_without_a_name_is_none() -> None:
    calls = Calls()
    calls.feed(piece(None, "{}", id="a"), answer="x")
    assert calls.end(answer="x") == []
    assert calls.nameless


@settings(deadline=None)
@given(st.lists(st.text(max_size=3), min_size=1, max_size=6))
def test_how_arguments_are_cut_makes_no_difference(cuts: list[str]) -> None:
    calls = Calls()
    events = calls.feed(piece("f", cuts[0], id="a"), answer="x")
    for cut in cuts[1:]:
        events += calls.feed(piece(None, cut), answer="x")
    assert fold(events) == (ToolCallDelta(index=0, id="a", name="f", arguments="".join(cuts)),)
