"""A caller gets every byte once and in order, however slowly it reads, and its leaving is told once."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest

from jevons.edge.caller import StreamCaller, WholeCaller
from jevons.edge.presence import watching
from jevons.edge.surface import CHAT, RESPONSES
from jevons.testing.make import a_receipt, a_request
from jevons.types.account import Usage
from jevons.types.custody import DataClass
from jevons.types.errors import CallerLeft, ProviderTruncated, StoreUnavailable
from jevons.types.event import Finished, Frame, TextDelta

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

pytestmark = pytest.mark.anyio

DONE = b"data: [DONE]\n\n"
END = Finished(reason="stop", usage=Usage(input=1, output=1, counted_by="endpoint"))


class Line:
    """An ASGI server in memory, which a test can make slow or hang up."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.room = asyncio.Event()
        self.room.set()
        self.gone = asyncio.Event()
        self.is_broken = False

    async def send(self, message: dict[str, Any]) -> None:
        if not self.room.is_set():
            await self.room.wait()
        if self.is_broken:
            raise BrokenPipeError
        self.sent.append(message)

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    @property
    def body(self) -> bytes:
        return b"".join([each.get("body", b"") for each in self.sent])

    @property
    def is_ended(self) -> bool:
        return self.sent[-1].get("more_body") is False


@pytest.fixture
async def line(anyio_backend: str) -> Line:
    return Line()


@pytest.fixture
async def stream(line: Line) -> AsyncIterator[StreamCaller]:
    caller = StreamCaller(a_request(stream=True), CHAT, line.receive, line.send, watching())
    yield caller
    await caller.rest()


@pytest.fixture
async def whole(line: Line) -> AsyncIterator[WholeCaller]:
    caller = WholeCaller(a_request(), CHAT, line.receive, line.send, watching())
    yield caller
    await caller.rest()


async def until(condition: Callable[[], object]) -> None:
    while not condition():  # noqa: ASYNC110 what is waited for has no event
        await asyncio.sleep(0)


def frame(text: bytes) -> Frame:
    return Frame(body=b"data: " + text + b"\n\n")


async def test_nothing_is_sent_before_the_first_event(line: Line, stream: StreamCaller) -> None:
    assert line.sent == []
    assert stream.push(frame(b"1"))
    assert [each["type"] for each in line.sent] == ["http.response.start", "http.response.body"]
    assert dict(line.sent[0]["headers"])[b"x-request-id"] == a_request().id.encode()


async def test_push_takes_one_event_when_the_line_is_full_and_then_no_more(
    line: Line, stream: StreamCaller
) -> None:
    stream.push(frame(b"1"))
    line.room.clear()
    assert stream.push(frame(b"2")), "taken: it goes out as soon as there is room"
    assert not stream.push(frame(b"3"))
    line.room.set()
    await stream.send(frame(b"3"))
    assert stream.push(frame(b"4"))
    assert line.body == b"data: 1\n\ndata: 2\n\ndata: 3\n\ndata: 4\n\n"


async def test_what_was_taken_goes_out_though_nothing_else_is_given(
    line: Line, stream: StreamCaller
) -> None:
    line.room.clear()
    assert stream.push(frame(b"1"))
    line.room.set()
    await until(lambda: line.sent)
    assert line.body == b"data: 1\n\n"


async def test_who_stops_waiting_tears_nothing_out_of_the_stream(
    line: Line, stream: StreamCaller
) -> None:
    line.room.clear()
    stream.push(frame(b"1"))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await stream.send(frame(b"2"))
    line.room.set()
    await stream.send(frame(b"3"))
    assert line.body == b"data: 1\n\ndata: 3\n\n"


async def test_the_end_waits_for_what_was_pushed(line: Line, stream: StreamCaller) -> None:
    line.room.clear()
    stream.push(frame(b"1"))
    stream.seal((Frame(body=DONE),))
    closing = asyncio.ensure_future(stream.close(a_receipt()))
    await asyncio.sleep(0)
    assert line.sent == []
    line.room.set()
    await closing
    assert line.body.startswith(b"data: 1\n\n: jevons {")
    assert line.body.endswith(b"}\n\n" + DONE)
    assert line.is_ended


async def test_the_digest_is_of_the_answer_without_the_line_about_its_receipt(
    line: Line, stream: StreamCaller
) -> None:
    stream.push(frame(b"1"))
    await stream.send(TextDelta(text="2"))
    digest = stream.seal((END,))
    await stream.close(a_receipt())
    kept = [each for each in line.body.split(b"\n\n") if not each.startswith(b":")]
    assert digest == sha256(b"\n\n".join(kept)).digest()


async def test_a_stream_that_broke_off_seals_only_what_went_out(
    line: Line, stream: StreamCaller
) -> None:
    stream.push(frame(b"1"))
    assert stream.seal(()) == sha256(b"data: 1\n\n").digest()
    await stream.fail(ProviderTruncated("cut"))
    assert b"[DONE]" not in line.body
    assert b"provider_truncated" in line.body
    assert line.is_ended


async def test_an_error_goes_on_counting_what_was_passed_on(line: Line) -> None:
    caller = StreamCaller(a_request(stream=True), RESPONSES, line.receive, line.send, watching())
    caller.push(Frame(b'data: {"type":"response.created","sequence_number":0}\n\n'))
    caller.push(Frame(b'data: {"type":"response.in_progress","sequence_number":1}\n\n'))
    await caller.fail(ProviderTruncated("cut"))
    assert b'"sequence_number":2' in line.body
    await caller.rest()


async def test_a_stream_of_no_events_is_all_end(line: Line, stream: StreamCaller) -> None:
    stream.seal((END,))
    await stream.close(a_receipt())
    assert line.body.endswith(DONE)


async def test_a_broken_line_is_a_caller_that_left(line: Line, stream: StreamCaller) -> None:
    told: list[str] = []
    stream.on_leave(lambda: told.append("left"))
    line.is_broken = True
    assert not stream.push(frame(b"1"))
    assert stream.left
    with pytest.raises(CallerLeft):
        await stream.send(frame(b"2"))
    await stream.close(a_receipt())
    assert told == ["left"]


async def test_a_line_that_breaks_while_full_is_a_caller_that_left(
    line: Line, stream: StreamCaller
) -> None:
    line.room.clear()
    stream.push(frame(b"1"))
    line.is_broken = True
    line.room.set()
    with pytest.raises(CallerLeft):
        await stream.send(frame(b"2"))


async def test_resting_leaves_nothing_under_way(line: Line, stream: StreamCaller) -> None:
    before = asyncio.all_tasks()
    line.room.clear()
    stream.push(frame(b"1"))
    stream.watch()
    assert len(asyncio.all_tasks() - before) == 2
    await stream.rest()
    assert asyncio.all_tasks() == before


async def test_leaving_is_noticed_on_a_silent_line_and_told_once(
    line: Line, whole: WholeCaller
) -> None:
    told: list[str] = []
    whole.on_leave(lambda: told.append("left"))
    whole.watch()
    line.gone.set()
    await until(lambda: whole.left)
    assert told == ["left"]
    assert not whole.push(END)
    with pytest.raises(CallerLeft):
        await whole.send(END)
    whole.on_leave(lambda: told.append("late"))
    assert told == ["left", "late"], "who asks too late is told at once"


async def test_a_caller_whose_request_takes_long_is_watched_without_being_asked_to(
    line: Line, whole: WholeCaller
) -> None:
    line.gone.set()
    assert not whole.left
    await until(lambda: whole.left)


async def test_a_forgotten_callback_is_not_called(line: Line, whole: WholeCaller) -> None:
    told: list[str] = []
    whole.on_leave(lambda: told.append("left"))
    whole.on_leave(None)
    whole.watch()
    line.gone.set()
    await until(lambda: whole.left)
    assert told == []


async def test_a_server_that_hangs_up_after_the_answer_is_no_caller_that_left(
    line: Line, whole: WholeCaller
) -> None:
    whole.watch()
    whole.seal((END,))
    await whole.close(a_receipt())
    line.gone.set()
    for _ in range(3):
        await asyncio.sleep(0)
    assert not whole.left


@pytest.mark.parametrize("is_stream", [True, False])
async def test_what_is_kept_is_what_goes_out(line: Line, *, is_stream: bool) -> None:
    kept: list[bytes] = []

    async def keep(answered: bytes, _: DataClass) -> None:
        assert not line.sent or not line.is_ended
        kept.append(answered)

    request = a_request(stream=is_stream, keep=True)
    hears = StreamCaller if is_stream else WholeCaller
    caller = hears(request, RESPONSES, line.receive, line.send, watching(), keep=keep)
    caller.push(TextDelta("hello"))
    await caller.keep((END,), data_class=DataClass.PUBLIC)
    sealed = caller.seal((END,))
    await caller.close(a_receipt())
    (answered,) = kept
    assert line.body.endswith(answered)
    assert b"hello" in answered
    without_line = b"\n\n".join(
        [each for each in line.body.split(b"\n\n") if not each.startswith(b": jevons")]
    )
    assert sealed == sha256(without_line).digest()
    await caller.rest()


@pytest.mark.parametrize("is_stream", [True, False])
async def test_what_could_not_be_kept_has_no_end(line: Line, *, is_stream: bool) -> None:
    async def keep(answered: bytes, _: DataClass) -> None:
        message = "full"
        raise StoreUnavailable(message)

    request = a_request(stream=is_stream, keep=True)
    hears = StreamCaller if is_stream else WholeCaller
    caller = hears(request, RESPONSES, line.receive, line.send, watching(), keep=keep)
    caller.push(TextDelta("hello"))
    with pytest.raises(StoreUnavailable):
        await caller.keep((END,), data_class=DataClass.PUBLIC)
    if is_stream:
        assert caller.seal(()) == sha256(line.body).digest()
        await caller.fail(StoreUnavailable("full"))
    assert b"response.completed" not in line.body
    await caller.rest()


async def test_what_is_passed_on_and_kept_has_our_name(line: Line) -> None:
    request = a_request(stream=True, keep=True)
    caller = StreamCaller(request, RESPONSES, line.receive, line.send, watching())
    caller.push(Frame(b'data: {"type":"response.created","response":{"id":"theirs"}}\n\n'))
    assert b"theirs" not in line.body
    await caller.keep((END,), data_class=DataClass.PUBLIC)  # nobody keeps: there is nothing to fail
    await caller.rest()


async def test_a_whole_answer_goes_out_in_one_piece(line: Line, whole: WholeCaller) -> None:
    assert whole.push(TextDelta(text="Hel"))
    await whole.send(TextDelta(text="lo"))
    digest = whole.seal((END,))
    assert line.sent == []
    await whole.close(a_receipt())
    assert digest == sha256(line.body).digest()
    assert b"Hello" in line.body
    headers = dict(line.sent[0]["headers"])
    assert int(headers[b"content-length"]) == len(line.body)
    assert headers[b"x-jevons-receipt"].startswith(b'{"receipt":"req_')


async def test_a_whole_answer_that_broke_off_is_no_answer(line: Line, whole: WholeCaller) -> None:
    whole.push(TextDelta(text="Hel"))
    assert whole.seal(()) == sha256(b"").digest()
    assert line.sent == []


async def test_a_broken_line_does_not_make_closing_an_error(line: Line, whole: WholeCaller) -> None:
    whole.seal((END,))
    line.is_broken = True
    await whole.close(a_receipt())
    assert whole.left
