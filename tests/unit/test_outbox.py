"""What is written comes out whole, in order and soon; nothing is written to what is closed."""

from __future__ import annotations

import asyncio

import pytest

from jevons.outbox import Outbox

pytestmark = pytest.mark.anyio


class Wire(asyncio.WriteTransport):
    """A transport that remembers its writes."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.is_closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.writes.append(bytes(data))

    def is_closing(self) -> bool:
        return self.is_closed


async def test_a_turn_of_writes_is_one_write_for_each_transport() -> None:
    outbox, here, there = Outbox(), Wire(), Wire()
    for number in range(3):
        outbox.write(here, b"%d" % number)
        outbox.write(there, b"x")
    assert here.writes == there.writes == []
    await asyncio.sleep(0)
    assert (here.writes, there.writes) == ([b"012"], [b"xxx"])
    outbox.write(here, b"3")
    await asyncio.sleep(0)
    assert here.writes == [b"012", b"3"]


async def test_what_must_be_out_before_a_close_is_sent_at_once_and_once() -> None:
    outbox, wire = Outbox(), Wire()
    outbox.write(wire, b"last")
    outbox.flush(wire)
    outbox.flush(wire)
    await asyncio.sleep(0)
    assert wire.writes == [b"last"]


async def test_much_does_not_wait_so_that_its_writer_feels_a_slow_reader() -> None:
    outbox, wire = Outbox(), Wire()
    outbox.write(wire, b"head")
    outbox.write(wire, b"x" * 20_000)
    assert wire.writes == [b"head" + b"x" * 20_000]
    await asyncio.sleep(0)
    assert len(wire.writes) == 1


async def test_nothing_goes_to_a_transport_that_closed_in_the_meantime() -> None:
    outbox, wire = Outbox(), Wire()
    outbox.write(wire, b"late")
    wire.is_closed = True
    await asyncio.sleep(0)
    assert wire.writes == []
