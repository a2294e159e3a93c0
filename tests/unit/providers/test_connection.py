"""Whatever bytes come in whatever reads, an exchange ends at most once, and only a whole one frees."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hypothesis import example, given
from hypothesis import strategies as st

from jevons.outbox import Outbox
from jevons.providers.connection import Connection
from jevons.testing.reply import chunk, refusal, stream, whole

if TYPE_CHECKING:
    from jevons.types.errors import JevonsError

GOOD = (
    stream(chunk("Hi"), chunk(finish="stop")).raw,
    whole().raw,
    refusal(500).raw,
    b"HTTP/1.1 100 Continue\r\n\r\n" + whole().raw,
)


class Wire(asyncio.Transport):
    """A transport that goes nowhere."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = b""
        self.is_aborted = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.sent += bytes(data)

    def is_closing(self) -> bool:
        return self.is_aborted

    def abort(self) -> None:
        self.is_aborted = True

    def get_write_buffer_size(self) -> int:
        return 0


class Straight(Outbox):
    """Sends at once: there is no loop here whose turn could end."""

    def write(self, transport: asyncio.WriteTransport, data: bytes) -> None:
        transport.write(data)


class Ear:
    """An exchange that remembers."""

    def __init__(self) -> None:
        self.heads: list[int] = []
        self.body = b""
        self.ends: list[JevonsError | None] = []

    def on_head(self, status: int, headers: dict[bytes, bytes]) -> None:
        assert not self.ends
        self.heads.append(status)

    def on_body(self, data: bytes) -> None:
        assert self.heads
        assert not self.ends
        self.body += data

    def on_end(self, error: JevonsError | None) -> None:
        self.ends.append(error)


class Line:
    """A connection with nothing at its other end."""

    def __init__(self) -> None:
        self.freed = 0
        self.closed = 0
        self.wire = Wire()
        self.connection = Connection(self._on_free, self._on_close, Straight())
        self.connection.connection_made(self.wire)

    def hear(self, raw: bytes, sizes: list[int]) -> Ear:
        """Carry one exchange whose response comes in reads of these sizes, and then the end."""
        ear = Ear()
        self.connection.begin(ear, b"POST / HTTP/1.1\r\n\r\n")
        for size in (*sizes, len(raw)):
            read, raw = raw[:size], raw[size:]
            if read and not self.wire.is_aborted and not self.freed:
                self.connection.data_received(read)
        return ear

    def _on_free(self, _: Connection) -> None:
        self.freed += 1

    def _on_close(self, _: Connection) -> None:
        self.closed += 1


SIZES = st.lists(st.integers(1, 30), max_size=30)


@given(st.sampled_from(GOOD), SIZES)
def test_a_response_is_the_same_in_any_reads(raw: bytes, sizes: list[int]) -> None:
    one, many = Line(), Line()
    at_once, in_pieces = one.hear(raw, []), many.hear(raw, sizes)
    assert at_once.ends == in_pieces.ends == [None]
    assert at_once.heads == in_pieces.heads
    assert at_once.body == in_pieces.body
    assert (one.freed, many.freed) == (1, 1)


@given(st.sampled_from(GOOD), st.integers(0, 1000), SIZES)
def test_a_response_cut_anywhere_is_never_whole(raw: bytes, at: int, sizes: list[int]) -> None:
    line = Line()
    ear = line.hear(raw[: min(at, len(raw) - 1)], sizes)
    assert ear.ends == []
    line.connection.connection_lost(None)
    assert len(ear.ends) == 1
    assert ear.ends[0] is not None
    assert (line.freed, line.closed) == (0, 1)


def spoilt(raw: bytes, at: int, junk: bytes) -> bytes:
    """Put junk somewhere into a response."""
    return raw[:at] + junk + raw[at:]


SPOILT = st.builds(
    spoilt, st.sampled_from(GOOD), st.integers(0, 300), st.binary(min_size=1, max_size=20)
)


@given(st.binary(max_size=200) | SPOILT, SIZES)
@example(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab", [])
@example(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n1\r\na", [])
@example(b"HTTP/1.1 101 x\r\nupgrade: x\r\nconnection: upgrade\r\n\r\nabc", [])
@example(whole().raw + b"\r\n", [])
@example(whole().raw * 3, [])
def test_any_bytes_end_an_exchange_at_most_once(raw: bytes, sizes: list[int]) -> None:
    line = Line()
    ear = line.hear(raw, sizes)
    line.connection.connection_lost(None)
    assert len(ear.ends) == 1
    assert len(ear.heads) <= 1
    assert line.closed == 1
    if line.freed:
        assert ear.ends == [None]


def test_a_connection_that_was_aborted_tells_its_exchange_nothing() -> None:
    line = Line()
    ear = line.hear(GOOD[0][:50], [])
    line.connection.abort()
    line.connection.data_received(GOOD[0][50:])
    line.connection.connection_lost(None)
    assert ear.ends == []


def test_a_connection_that_is_closed_tells_its_exchange() -> None:
    line = Line()
    ear = line.hear(GOOD[0][:50], [])
    line.connection.close()
    line.connection.connection_lost(None)
    assert [str(each) for each in ear.ends] == ["the connection was lost"]


def test_a_connection_that_closed_before_it_was_used_says_so_at_once() -> None:
    line = Line()
    line.wire.abort()
    ear = line.hear(b"", [])
    assert len(ear.ends) == 1
    assert line.connection.is_silent
