"""What is heard is what the caller was told, and no more than there is room for."""

from __future__ import annotations

import msgspec
import pytest
from tests.unit.cache.answers import USED

from jevons.cache.hearing import Hearing, pressed, size_of
from jevons.testing import Listener
from jevons.testing.make import a_receipt
from jevons.types.custody import DataClass
from jevons.types.errors import CallerLeft
from jevons.types.event import Finished, Frame, ReasoningDelta, TextDelta, ToolCallDelta

pytestmark = pytest.mark.anyio

END = (Finished(reason="stop", usage=USED),)


async def test_it_stands_before_a_caller_and_changes_nothing() -> None:
    caller = Listener(room=1)
    hearing = Hearing(caller, most_bytes=10_000)
    left: list[bool] = []
    hearing.on_leave(lambda: left.append(True))
    assert hearing.push(TextDelta("a"))
    assert not hearing.push(TextDelta("b"))
    await hearing.send(TextDelta("c"))
    hearing.again(7)
    await hearing.keep(END, data_class=DataClass.INTERNAL)
    assert (caller.age_s, caller.kept[-1], caller.kept_class) == (7, *END, DataClass.INTERNAL)
    assert hearing.seal(END) == caller.seal(END)
    await hearing.close(a_receipt())
    assert hearing.events == [TextDelta("a"), TextDelta("c")]
    assert (hearing.closing, caller.receipt) == (END, a_receipt())
    assert not hearing.left
    caller.leave()
    assert (hearing.left, left) == (True, [True])
    with pytest.raises(CallerLeft):
        await hearing.send(TextDelta("d"))
    assert hearing.events == [TextDelta("a"), TextDelta("c")]


def test_what_is_too_long_is_let_go_of_while_it_grows() -> None:
    hearing = Hearing(Listener(), most_bytes=10_000)
    for _ in range(128):
        assert hearing.push(Frame(b"a" * 100))
    assert hearing.events is None
    assert hearing.push(Frame(b"a"))
    assert hearing.events is None


async def test_that_is_seen_of_what_had_to_wait_too() -> None:
    hearing = Hearing(Listener(), most_bytes=1000)
    await hearing.send(Frame(b"a" * 400))
    await hearing.send(Frame(b"a" * 400))
    assert hearing.events is None
    await hearing.send(Frame(b"a"))
    assert hearing.events is None


def test_the_same_is_said_in_fewer_events() -> None:
    beside = {"a": msgspec.Raw(b"1")}
    call = ToolCallDelta(index=0, id="c", name="n")
    thought = ReasoningDelta("x", opaque="signed")
    assert pressed([]) == ()
    assert pressed([Frame(b"a"), Frame(b"b")]) == (Frame(b"ab"),)
    assert pressed(
        [
            Frame(b"a"), Frame(b"b"),
            ReasoningDelta("h"), ReasoningDelta("m"), thought, thought,
            TextDelta("He"), TextDelta("llo"), TextDelta("!", block=1), TextDelta("?", extra=beside),
            call, call, Frame(b"c"),
        ]
    ) == (
        Frame(b"ab"),
        ReasoningDelta("hm"), thought, thought,
        TextDelta("Hello"), TextDelta("!", block=1), TextDelta("?", extra=beside),
        call, call, Frame(b"c"),
    )  # fmt: skip


def test_everything_has_a_size_that_grows_with_what_it_says() -> None:
    for short, long in (
        (Frame(b"a"), Frame(b"a" * 999)),
        (TextDelta("a"), TextDelta("a" * 999)),
        (TextDelta("a"), TextDelta("a", extra={"b": msgspec.Raw(b'"%b"' % (b"c" * 999))})),
        (ToolCallDelta(index=0), ToolCallDelta(index=0, arguments="a" * 999)),
    ):
        assert size_of([short]) + 900 < size_of([long])
    assert size_of([Frame(b"a"), TextDelta("a")]) == size_of([Frame(b"a")]) + size_of(
        [TextDelta("a")]
    )
