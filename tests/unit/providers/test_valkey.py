"""A line gives each answer to whoever asked for it, however its bytes come, and ends once."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from jevons.providers.valkey import Down, Line, Refused, read_where
from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    import asyncio

    from jevons.providers.valkey import Answer

pytestmark = pytest.mark.anyio

ANSWERS = b"+OK\r\n:-7\r\n$5\r\na\r\nbc\r\n$-1\r\n*3\r\n:1\r\n$0\r\n\r\n*0\r\n*-1\r\n"
MEANT: list[Answer] = [b"OK", -7, b"a\r\nbc", None, [1, b"", []], None]


class Wire:
    """What a line writes to."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.is_aborted = False

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def abort(self) -> None:
        self.is_aborted = True


def line() -> tuple[Line, Wire]:
    made, wire = Line(), Wire()
    made.connection_made(cast("asyncio.Transport", wire))
    return made, wire


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
async def test_answers_come_in_whatever_pieces(size: int) -> None:
    made, wire = line()
    asked = [made.ask(b"GET", b"%d" % number) for number in range(len(MEANT))]
    for at in range(0, len(ANSWERS), size):
        made.data_received(ANSWERS[at : at + size])
    assert [await each for each in asked] == MEANT
    assert wire.written[0] == b"*2\r\n$3\r\nGET\r\n$1\r\n0\r\n"


async def test_what_the_server_refuses_is_raised_where_it_was_asked() -> None:
    made, _ = line()
    first, second = made.ask(b"A"), made.ask(b"B")
    made.tell(b"C")
    made.data_received(b"-NOSCRIPT no such script\r\n:2\r\n-ERR\r\n")
    with pytest.raises(Refused, match="NOSCRIPT"):
        await first
    assert await second == 2
    assert made.is_up


@pytest.mark.parametrize("said", [b"!\r\n", b":x\r\n", b"$x\r\n"])
async def test_what_is_not_the_protocol_ends_the_line(said: bytes) -> None:
    made, wire = line()
    asked = made.ask(b"A")
    made.data_received(said)
    with pytest.raises(Down, match="not the protocol"):
        await asked
    assert wire.is_aborted
    made.connection_lost(None)
    assert made.lost.result() == "what it answers is not the protocol"


async def test_an_answer_without_an_end_is_not_waited_for() -> None:
    made, _ = line()
    asked = made.ask(b"A")
    made.data_received(b"$9999999\r\n" + bytes(1_100_000))
    with pytest.raises(Down, match="no end"):
        await asked


async def test_where_there_is_no_line_nothing_is_asked() -> None:
    made, wire = line()
    made.connection_lost(OSError("gone"))
    made.tell(b"A")
    with pytest.raises(Down):
        await made.ask(b"B")
    assert wire.written == []
    assert made.lost.result() == "gone"


async def test_an_answer_that_nobody_waits_for_is_given_to_whoever_undoes_it() -> None:
    made, _ = line()
    unheard: list[Answer] = []
    for number in (0, 1):
        asked = made.ask(b"A", unheard=unheard.append)
        if number:
            asked.cancel()
    made.data_received(b":7\r\n:8\r\n")
    assert unheard == [8]


def test_an_address_is_read() -> None:
    assert read_where("valkey://here")[:] == ("here", 6379, False, ())
    where = read_where("valkeys://me:p%40ss@there:7000/2")
    assert where[:3] == ("there", 7000, True)
    assert where.greeting == ((b"AUTH", b"me", b"p@ss"), (b"SELECT", b"2"))
    assert read_where("rediss://:word@there").greeting == ((b"AUTH", b"word"),)


@pytest.mark.parametrize(
    "said", ["", "here:6379", "http://here", "valkey://:secret@", "valkey://h:x", "valkey://h/a"]
)
def test_an_address_that_is_none_is_refused_and_not_repeated(said: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        read_where(said)
    assert "secret" not in str(refused.value)
