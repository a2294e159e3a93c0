"""A caller hears the answer with the identifiers put back, in order, and nothing twice."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec
import pytest

from jevons.privacy.pseudonym import Pseudonyms
from jevons.privacy.unveiling import Unveiling
from jevons.testing import Listener
from jevons.testing.make import a_receipt
from jevons.types.account import Usage
from jevons.types.custody import DataClass
from jevons.types.errors import CallerLeft
from jevons.types.event import (
    Event,
    Finished,
    Frame,
    OpaqueBlock,
    ReasoningDelta,
    RefusalDelta,
    Started,
    TextDelta,
    ToolCallDelta,
)
from jevons.wire.fold import fold

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.anyio

PSEUDONYMS = Pseudonyms(b"k" * 32)
MAIL = "anna@example.org"
TOKEN = PSEUDONYMS.token("email", MAIL)
QUOTED = PSEUDONYMS.token("term", 'Anna "Ada"')
END = Finished(reason="stop", usage=Usage())


def raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(value).encode())


def decoded(raw: msgspec.Raw) -> object:
    return msgspec.json.decode(raw)


def heard(
    *events: Event, closing: tuple[Event, ...] = (END,), is_json: bool = False
) -> list[Event]:
    """Push events through, and then what ends the answer."""
    listener = Listener()
    unveiling = Unveiling(listener, PSEUDONYMS, is_json=is_json)
    assert all(unveiling.push(event) for event in events)
    unveiling.seal(closing)
    return [*listener.heard, *listener.sealed]


def pieces(text: str, make: Callable[[str], Event]) -> list[Event]:
    return [make(text[at : at + 3]) for at in range(0, len(text), 3)]


def test_words_of_every_kind_are_restored() -> None:
    told = heard(
        Started(id="a"),
        *pieces(f"so {TOKEN}", lambda text: ReasoningDelta(text, owner="deepseek")),
        *pieces(f"to {TOKEN}", TextDelta),
        *pieces(f"no {TOKEN}", RefusalDelta),
        ToolCallDelta(index=0, id="call_1", name="send"),
        *pieces(json.dumps({"to": QUOTED}), lambda text: ToolCallDelta(index=0, arguments=text)),
        ToolCallDelta(index=1, id="call_2", name="send", arguments=TOKEN[:9]),
    )
    started, thought, text, refusal, first, second, end = fold(told)
    assert started == Started(id="a")
    assert thought == ReasoningDelta(f"so {MAIL}", owner="deepseek")
    assert text == TextDelta(f"to {MAIL}")
    assert refusal == RefusalDelta(f"no {MAIL}")
    assert isinstance(first, ToolCallDelta)
    assert (first.id, json.loads(first.arguments)) == ("call_1", {"to": 'Anna "Ada"'})
    assert isinstance(second, ToolCallDelta)
    assert second.arguments == TOKEN[:9], "what never became a token is not lost"
    assert end == END


def test_what_is_held_back_goes_before_what_begins_after_it() -> None:
    half = TOKEN[:9]
    told = heard(TextDelta(half, block=0), TextDelta("b", block=1), TextDelta(half, block=1))
    assert fold(told) == (TextDelta(half, block=0), TextDelta(f"b{half}", block=1), END)
    opaque = OpaqueBlock(kind="search", fields={})
    assert heard(TextDelta(half), opaque) == [TextDelta(half), opaque, END]


def test_nothing_is_pushed_that_says_nothing() -> None:
    assert heard(TextDelta(TOKEN[:4]), TextDelta(TOKEN[4:])) == [TextDelta(MAIL), END]


def test_nothing_of_a_thought_follows_its_mark() -> None:
    told = heard(
        ReasoningDelta(f"so {TOKEN[:9]}", id="rs_1"),
        ReasoningDelta("", opaque="mark"),
        TextDelta("x "),
    )
    assert told == [
        ReasoningDelta("so ", id="rs_1"),
        ReasoningDelta(TOKEN[:9], opaque="mark"),
        TextDelta("x "),
        END,
    ]


def test_in_an_answer_that_is_json_a_value_is_written_as_json_would() -> None:
    (text, _) = heard(TextDelta(json.dumps([QUOTED])), is_json=True)
    assert isinstance(text, TextDelta)
    assert json.loads(text.text) == ['Anna "Ada"']


def test_what_stands_beside_words_is_restored_too() -> None:
    cites = {"annotations": raw([{"title": TOKEN, "at": 1.50}]), "x": raw([1])}
    text, block, end = heard(
        TextDelta("x ", extra=cites),
        OpaqueBlock(kind="search", fields={"query": raw(TOKEN)}),
        closing=(msgspec.structs.replace(END, extra={"by": raw(TOKEN)}),),
    )
    assert isinstance(text, TextDelta)
    assert text.extra is not None
    assert decoded(text.extra["annotations"]) == [{"title": MAIL, "at": 1.5}]
    assert isinstance(block, OpaqueBlock)
    assert decoded(block.fields["query"]) == MAIL
    assert isinstance(end, Finished)
    assert end.extra is not None
    assert decoded(end.extra["by"]) == MAIL


def test_bytes_of_a_wire_pass() -> None:
    frame = Frame(TOKEN.encode())
    assert heard(TextDelta(TOKEN), frame, closing=(frame,)) == [TextDelta(MAIL), frame, frame]


def test_what_broke_off_ends_with_what_was_held_back() -> None:
    assert heard(TextDelta(f"to {TOKEN[:9]}"), closing=()) == [
        TextDelta("to "),
        TextDelta(TOKEN[:9]),
    ]


async def test_what_ends_it_is_restored_once_and_kept_as_it_is_heard() -> None:
    listener = Listener()
    unveiling = Unveiling(listener, PSEUDONYMS, is_json=False)
    closing = (TextDelta(f"{TOKEN} {TOKEN[:9]}"), END)
    await unveiling.keep(closing, data_class=DataClass.PERSONAL)
    digest = unveiling.seal(closing)
    await unveiling.close(a_receipt())
    assert listener.kept_class == DataClass.PERSONAL
    assert [*listener.kept] == listener.heard == [TextDelta(f"{MAIL} "), TextDelta(TOKEN[:9]), END]
    assert len(digest) == 32
    assert (unveiling.tally.restored, unveiling.tally.unrestored) == (1, 0)


async def test_a_caller_without_room_is_waited_for_and_nothing_is_given_twice() -> None:
    listener = Listener(room=1)
    unveiling = Unveiling(listener, PSEUDONYMS, is_json=False)
    assert unveiling.push(TextDelta("one "))
    assert unveiling.push(TextDelta("two ")), "taken, though it waits"
    assert not unveiling.push(TextDelta("three ")), "not taken"
    await unveiling.send(TextDelta("three "))
    assert unveiling.push(TextDelta("four "))
    unveiling.seal((END,))
    await unveiling.close(a_receipt())
    assert fold(listener.heard) == (TextDelta("one two three four "), END)


def test_how_old_an_answer_is_goes_on_to_the_caller() -> None:
    listener = Listener()
    Unveiling(listener, PSEUDONYMS, is_json=False).again(7)
    assert listener.age_s == 7


async def test_a_caller_that_leaves_is_heard_to() -> None:
    listener = Listener()
    unveiling = Unveiling(listener, PSEUDONYMS, is_json=False)
    left: list[bool] = []
    unveiling.on_leave(lambda: left.append(True))
    listener.leave()
    assert (unveiling.left, left) == (True, [True])
    with pytest.raises(CallerLeft):
        await unveiling.send(TextDelta("x "))
