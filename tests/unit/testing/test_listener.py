"""A listener hears what it is given, in order, and nothing after it hung up."""

from __future__ import annotations

from hashlib import sha256

import pytest

from jevons.testing import Listener
from jevons.testing.make import a_receipt
from jevons.types.errors import CallerLeft
from jevons.types.event import Frame, TextDelta

pytestmark = pytest.mark.anyio

RECEIPT = a_receipt()


async def test_hears_what_is_pushed_and_sent() -> None:
    listener = Listener()
    assert listener.push(TextDelta("a"))
    await listener.send(TextDelta("b"))
    assert listener.heard == [TextDelta("a"), TextDelta("b")]


async def test_without_room_it_must_be_waited_for() -> None:
    listener = Listener(room=1)
    assert listener.push(TextDelta("a"))
    assert not listener.push(TextDelta("b"))
    await listener.send(TextDelta("b"))
    assert listener.heard == [TextDelta("a"), TextDelta("b")]


async def test_after_hanging_up_it_hears_nothing() -> None:
    listener = Listener()
    assert not listener.left
    listener.leave()
    assert listener.left
    assert not listener.push(TextDelta("a"))
    with pytest.raises(CallerLeft):
        await listener.send(TextDelta("a"))
    assert listener.heard == []


async def test_says_once_that_it_hung_up() -> None:
    told: list[str] = []
    listener = Listener()
    listener.on_leave(lambda: told.append("forgotten"))
    listener.on_leave(None)
    listener.on_leave(lambda: told.append("left"))
    listener.leave()
    listener.leave()
    assert told == ["left"]
    listener.on_leave(lambda: told.append("late"))
    assert told == ["left", "late"]


async def test_the_seal_is_a_digest_of_every_byte() -> None:
    listener = Listener()
    listener.push(Frame(b"he"))
    assert listener.seal((Frame(b"llo"),)) == sha256(b"hello").digest()
    other = Listener()
    assert other.seal((TextDelta("a"),)) != other.seal((TextDelta("b"),))


async def test_the_end_comes_with_the_receipt_unless_it_hung_up() -> None:
    listener, gone = Listener(), Listener()
    for each in (listener, gone):
        each.seal((Frame(b"end"),))
    gone.leave()
    for each in (listener, gone):
        await each.close(RECEIPT)
    assert (listener.heard, listener.receipt) == ([Frame(b"end")], RECEIPT)
    assert (gone.heard, gone.receipt) == ([], None)
