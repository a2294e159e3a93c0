"""Whatever a vendor does, an attempt ends in a whole answer or in an error that says what it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from tests.contract.providers.conftest import asking

from jevons.testing import Listener
from jevons.testing.make import an_endpoint
from jevons.testing.reply import DONE, chunk, event, refusal, respond, stream, usage, whole
from jevons.types.account import Usage
from jevons.types.decision import Attempt, Candidate
from jevons.types.errors import (
    PromptTooLong,
    ProviderDenied,
    ProviderGarbled,
    ProviderMissing,
    ProviderRejected,
    ProviderThrottled,
    ProviderTimeout,
    ProviderTruncated,
    ProviderUnavailable,
    ProviderUnpaid,
)

if TYPE_CHECKING:
    from conftest import Bench
    from jevons.testing import Reply
    from jevons.types.errors import JevonsError

pytestmark = pytest.mark.anyio

TEXT = (chunk("", role="assistant"), chunk("Hel"), chunk("lo"))
FINISH = chunk(finish="stop")
COUNTS = event({"choices": [], "usage": usage(5, 2)})
COUNTED = Usage(input=5, output=2, counted_by="endpoint")
SENT = b"".join(TEXT)
CLOSING = FINISH + DONE
GOOD = stream(*TEXT, FINISH, COUNTS)
ANSWER = whole("Hello", counted=usage(5, 2))


def frames(outcome: Any) -> bytes:
    """Join what ends an answer."""
    return b"".join([frame.body for frame in outcome.closing])


class Whole(NamedTuple):
    """A stream that is odd, and whole all the same."""

    reply: Reply
    closing: bytes = CLOSING
    pushed: bytes = SENT
    used: Usage | None = COUNTED


COALESCED = chunk("lo", finish="stop")
INSIDE = event({"choices": [{"index": 0, "finish_reason": "stop", "usage": usage(5, 2)}]})
EVERYTHING = chunk(
    "text",
    reasoning_content="thought",
    tool_calls=[{"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}}],
)
HEARTBEAT = b": still here\n\n"

WHOLE = {
    "as it should be": Whole(GOOD),
    "byte by byte": Whole(GOOD.drip()),
    "length told": Whole(stream(*TEXT, FINISH, COUNTS, framed="length")),
    "until the connection closes": Whole(stream(*TEXT, FINISH, COUNTS, framed="close")),
    "lines end in CRLF": Whole(
        stream(*TEXT, FINISH, COUNTS, line_end=b"\r\n"),
        FINISH.replace(b"\n", b"\r\n") + DONE,
        SENT.replace(b"\n", b"\r\n"),
    ),
    "usage on the last chunk": Whole(
        stream(*TEXT, chunk(finish="stop", counted=usage(5, 2))),
        chunk(finish="stop", counted=usage(5, 2)) + DONE,
    ),
    "usage in the choice": Whole(stream(*TEXT, INSIDE), INSIDE + DONE),
    "usage never": Whole(stream(*TEXT, FINISH), used=None),
    "usage that counts nothing": Whole(stream(*TEXT, FINISH, event({"usage": {}})), used=None,
        closing=FINISH + event({"usage": {}}) + DONE),
    "finish with the last text": Whole(
        stream(*TEXT[:-1], COALESCED, COUNTS), COALESCED + DONE, b"".join(TEXT[:-1])
    ),
    "everything in one chunk": Whole(stream(EVERYTHING, FINISH, COUNTS), pushed=EVERYTHING),
    "two [DONE]": Whole(stream(*TEXT, FINISH, COUNTS, done=2)),
    "no [DONE]": Whole(stream(*TEXT, FINISH, COUNTS, done=0)),
    "heartbeats": Whole(
        stream(HEARTBEAT, *TEXT, HEARTBEAT, FINISH, COUNTS), pushed=HEARTBEAT + SENT + HEARTBEAT
    ),
    "a head with 100 before it": Whole(
        GOOD.replaced(b"HTTP/1.1", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1")
    ),
    "a byte too many after it": Whole(stream(*TEXT, FINISH, COUNTS, framed="length").longer(b"x")),
    "a second answer after it": Whole(GOOD.longer(GOOD.raw)),
    "cut after [DONE]": Whole(GOOD.cut(at=GOOD.after(6))),
}  # fmt: skip


@pytest.mark.parametrize("name", WHOLE)
async def test_a_stream_that_is_whole_goes_on_as_it_came(bench: Bench, name: str) -> None:
    reply, closing, pushed, used = WHOLE[name]
    await bench.open(reply)
    outcome, heard = await bench.ask()
    assert outcome.error is None
    assert heard == pushed
    assert frames(outcome) == closing
    assert outcome.finish == "stop"
    assert outcome.committed
    if used is None:
        assert outcome.usage.counted_by == "guess"
        assert outcome.usage.output >= 3
    else:
        assert outcome.usage == used


async def test_usage_is_asked_for_and_shown_to_who_wanted_it(bench: Bench) -> None:
    await bench.open(GOOD)
    outcome, heard = await bench.ask(stream_options={"include_usage": True})
    assert heard + frames(outcome) == SENT + FINISH + COUNTS + DONE
    await bench.ask()
    for each in bench.vendor.heard:
        assert b'"stream_options":{"include_usage":true}' in each.body


class Fault(NamedTuple):
    """A stream that goes wrong."""

    reply: Reply
    error: type[JevonsError]
    says: str = ""
    pushed: bytes = SENT


ENVELOPE = event({"error": {"message": "the model is overloaded", "code": 503}})
LONG = b"data: {" + b"x" * 10_000_000

FAULTS = {
    "end without a finish reason": Fault(stream(*TEXT, done=0), ProviderTruncated, "finish reason"),
    "[DONE] without one": Fault(stream(*TEXT), ProviderTruncated, "[DONE]"),
    "cut in the middle": Fault(GOOD.cut(at=GOOD.after(3)), ProviderTruncated, "broke off"),
    "cut in an event": Fault(
        GOOD.cut(at=GOOD.after(3) - 4), ProviderTruncated, "broke off", b"".join(TEXT[:2])
    ),
    "cut after the finish reason": Fault(GOOD.cut(at=GOOD.after(4)), ProviderTruncated, "broke"),
    "half an event, closed cleanly": Fault(
        stream(*TEXT, FINISH, b"data: {", done=0), ProviderTruncated, "inside an event"
    ),
    "cut in a body until close": Fault(
        stream(*TEXT, FINISH, framed="close").cut(at=400), ProviderTruncated, "", b""
    ),
    "a line that is not JSON": Fault(
        stream(*TEXT, b"data: oops\n\n", FINISH), ProviderGarbled, "not JSON"
    ),
    "a chunk cut off by a blank line": Fault(
        stream(*TEXT, chunk("x")[:40] + b"\n\n", FINISH), ProviderGarbled, "not JSON"
    ),
    "a line of 10 MB": Fault(stream(*TEXT, LONG), ProviderGarbled, "longer than"),
    "an error in the middle": Fault(
        stream(*TEXT, ENVELOPE), ProviderUnavailable, "the model is overloaded"
    ),
    "an event called error": Fault(
        stream(*TEXT, b'event: error\ndata: {"detail":"gone"}\n\n'), ProviderUnavailable, "gone"
    ),
    "a finish reason that is a failure": Fault(
        stream(*TEXT, chunk(finish="network_error")), ProviderUnavailable, "network_error"
    ),
    "an error and nothing else": Fault(
        stream(ENVELOPE, done=0), ProviderUnavailable, "the model is overloaded", b""
    ),
    "an error envelope with status 200": Fault(
        respond(b'{"error":{"message":"the model is overloaded"}}'),
        ProviderUnavailable, "the model is overloaded", b"",
    ),
    "a whole answer": Fault(ANSWER, ProviderGarbled, "sent JSON where a stream", b""),
    "a page of HTML": Fault(
        respond(b"<html>\n\n</html>\n\n", kind="text/html"), ProviderGarbled, "text/html", b""
    ),
    "no content type": Fault(stream(*TEXT, FINISH, kind=""), ProviderGarbled, "not text/event", b""),
    "compressed": Fault(
        GOOD.replaced(b"content-type", b"content-encoding: br\r\ncontent-type"),
        ProviderGarbled, "compressed", b"",
    ),
    "not HTTP": Fault(GOOD.replaced(b"HTTP/1.1 200", b"FTP 200"), ProviderGarbled, "not HTTP", b""),
    "another protocol": Fault(
        respond(status=101, headers={"upgrade": "x", "connection": "upgrade"}),
        ProviderGarbled, "switched protocols", b"",
    ),
    "a head without end": Fault(
        respond(headers={f"x-{number}": "x" * 1000 for number in range(70)}).cut(at=70_000),
        ProviderGarbled, "head is longer", b"",
    ),
    "a chunk size that is none": Fault(
        GOOD.replaced(b"\r\n\r\n", b"\r\n\r\nzz\r\n"), ProviderGarbled, "not HTTP", b""
    ),
    "closed before a byte": Fault(GOOD.cut(at=0), ProviderUnavailable, "connection was lost", b""),
    "closed in the head": Fault(GOOD.cut(at=20), ProviderUnavailable, "connection was lost", b""),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
async def test_a_stream_that_is_not_whole_is_an_error_and_never_done(
    bench: Bench, name: str
) -> None:
    reply, error, says, pushed = FAULTS[name]
    await bench.open(reply)
    outcome, heard = await bench.ask()
    assert type(outcome.error) is error
    assert says in str(outcome.error)
    assert heard == pushed
    assert outcome.closing == ()
    assert outcome.committed is bool(pushed)
    assert outcome.finish == "error"
    assert outcome.usage.counted_by == ("guess" if pushed else "nobody")


async def test_an_answer_in_one_piece_is_held_back_whole(bench: Bench) -> None:
    await bench.open(ANSWER, ANSWER.drip(), whole(framed="chunked"), whole(framed="close"))
    for counted_by in ("endpoint", "endpoint", "nobody", "nobody"):
        outcome, heard = await bench.ask(stream=False)
        assert (outcome.error, heard, outcome.committed) == (None, b"", False)
        assert frames(outcome).startswith(b'{"id":"chatcmpl-fake"')
        assert (outcome.finish, outcome.usage.counted_by) == ("stop", counted_by)


WHOLE_FAULTS = {
    "cut": Fault(ANSWER.cut(at=len(ANSWER.raw) - 1), ProviderTruncated, "broke off"),
    "not JSON": Fault(respond(b"{oops"), ProviderGarbled, "not JSON"),
    "JSON of something else": Fault(respond(b'{"choices":1}'), ProviderGarbled, "not JSON"),
    "without a finish reason": Fault(whole(finish=None), ProviderTruncated, "finish reason"),
    "a failure as finish reason": Fault(whole(finish="abort"), ProviderUnavailable, "abort"),
    "an error": Fault(respond(b'{"error":{"message":"busy"}}'), ProviderUnavailable, "busy"),
    "a stream": Fault(GOOD, ProviderGarbled, "text/event-stream"),
    "endless": Fault(
        whole("x" * 3000, framed="chunked").for_ever(b"x" * 1000), ProviderGarbled, "longer than"
    ),
    "nested without end": Fault(respond(b'{"x":' + b"[" * 90_000), ProviderGarbled, "not JSON"),
}


@pytest.mark.parametrize("name", WHOLE_FAULTS)
async def test_an_answer_in_one_piece_that_is_not_whole_is_an_error(
    bench: Bench, name: str
) -> None:
    reply, error, says, _ = WHOLE_FAULTS[name]
    await bench.open(reply, max_answer_bytes=100_000)
    outcome, heard = await bench.ask(stream=False)
    assert type(outcome.error) is error
    assert says in str(outcome.error)
    assert (heard, outcome.closing, outcome.committed) == (b"", (), False)


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (refusal(400, "bad"), ProviderRejected),
        (refusal(404, "bad"), ProviderMissing),
        (refusal(413, "bad"), PromptTooLong),
        (refusal(422, "bad"), ProviderRejected),
        (refusal(401, "bad"), ProviderDenied),
        (refusal(402, "bad"), ProviderUnpaid),
        (refusal(403, "bad"), ProviderDenied),
        (refusal(429, "bad", code="insufficient_quota"), ProviderUnpaid),
        (refusal(400, "bad", code="Arrearage"), ProviderUnpaid),
        (refusal(400, "bad", details=[{"reason": "API_KEY_INVALID"}]), ProviderDenied),
        (refusal(429, "bad"), ProviderThrottled),
        (refusal(408, "bad"), ProviderThrottled),
        (refusal(500, "bad"), ProviderUnavailable),
        (refusal(503, "bad"), ProviderUnavailable),
        (refusal(302, "bad", headers={"location": "http://127.0.0.1:1/"}), ProviderGarbled),
        (respond(b"bad", status=204, kind=""), ProviderGarbled),
        (respond(b"bad", status=502, kind="text/html"), ProviderUnavailable),
        (respond(b"bad" * 100_000, status=500, kind="text/html"), ProviderUnavailable),
        (respond(b'[{"error":{"message":"bad"}}]', status=400), ProviderRejected),
        (respond(b'{"error":"bad","code":"x"}', status=400), ProviderRejected),
        (respond(b'{"detail":"bad"}', status=400), ProviderRejected),
        (refusal(500, "bad").cut(at=60), ProviderUnavailable),
    ],
)
async def test_a_refusal_says_whose_move_it_is(
    bench: Bench, reply: Reply, error: type[JevonsError], *, stream: bool
) -> None:
    await bench.open(reply)
    outcome, heard = await bench.ask(stream=stream)
    assert type(outcome.error) is error
    assert (heard, outcome.closing, outcome.committed) == (b"", (), False)
    assert len(bench.vendor.heard) == 1, "nothing is asked twice, and no redirect is followed"
    assert len(str(outcome.error)) <= 2000
    if reply.cut_at is None and b"204" not in reply.raw:
        assert "bad" in str(outcome.error)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("Thu, 01 Jan 2026 00:00:30 GMT", 30.0),
        ("Wed, 31 Dec 2025 00:00:00 GMT", 0.0),
        ("9" * 400, 604_800.0),
        ("soon", None),
        ("-1", None),
        ("nan", None),
    ],
)
async def test_the_wait_that_upstream_asks_for_is_read(
    bench: Bench, value: str, seconds: float | None
) -> None:
    await bench.open(refusal(429, headers={"Retry-After": value}))
    outcome, _ = await bench.ask()
    assert isinstance(outcome.error, ProviderThrottled)
    assert outcome.error.retry_after_s == seconds


@pytest.mark.parametrize(
    ("window", "content", "error"),
    [
        (100, "x" * 1000, PromptTooLong),
        (1000, "x" * 1000, ProviderThrottled),
        (None, "x" * 1000, ProviderThrottled),
        (
            100,
            [{"type": "image_url", "image_url": {"url": "data:," + "x" * 1000}}],
            ProviderThrottled,
        ),
    ],
)
async def test_a_wait_that_cannot_help_is_not_asked_for(
    bench: Bench, window: int | None, content: Any, error: type[JevonsError]
) -> None:
    provider = await bench.open(refusal(429, "slow down"))
    endpoint = an_endpoint("far", context_tokens=window)
    attempt = Attempt(number=1, candidate=Candidate(endpoint=endpoint, why=""))
    request = asking(messages=[{"role": "user", "content": content}])
    outcome = await provider.serve(attempt, request, Listener())
    assert type(outcome.error) is error


@pytest.mark.parametrize(
    "reply",
    [
        refusal(401, "the key sk-very-secret is not valid"),
        respond(b"sk-very-secret " * 1000, status=500, kind="text/plain"),
        respond(b'{"error":{"message":"sk-very-secret is over its limit"}}'),
        stream(*TEXT, event({"error": {"message": "sk-very-secret is over its limit"}})),
    ],
)
async def test_our_key_is_never_in_what_we_say(bench: Bench, reply: Reply) -> None:
    await bench.open(reply)
    outcome, _ = await bench.ask()
    assert "secret" not in str(outcome.error)
    assert "***" in str(outcome.error)
    assert bench.vendor.heard[0].headers["authorization"] == "Bearer sk-very-secret"


@pytest.mark.parametrize(
    ("reply", "pushed"),
    [
        (GOOD.stall(at=0), b""),
        (GOOD.stall(at=30), b""),
        (GOOD.stall(at=GOOD.after(0)), b""),
        (GOOD.stall(at=GOOD.after(2)), b"".join(TEXT[:2])),
        (GOOD.stall(at=GOOD.after(4)), SENT),
        (refusal(500).stall(at=40), b""),
    ],
)
async def test_silence_is_a_timeout_and_upstream_is_told(
    bench: Bench, reply: Reply, pushed: bytes
) -> None:
    await bench.open(reply, first_byte_timeout_s=0.1, idle_timeout_s=0.05)
    outcome, heard = await bench.ask()
    assert isinstance(outcome.error, ProviderTimeout | ProviderUnavailable)
    assert isinstance(outcome.error, ProviderTimeout) or b"500" in reply.raw
    assert heard == pushed
    await bench.vendor.heard[0].hung_up()


async def test_silence_after_done_is_no_fault(bench: Bench) -> None:
    await bench.open(GOOD.stall(at=GOOD.after(6)), idle_timeout_s=0.05)
    outcome, heard = await bench.ask()
    assert outcome.error is None
    assert heard + frames(outcome) == SENT + CLOSING


async def test_a_slow_vendor_is_not_a_silent_one(bench: Bench) -> None:
    await bench.open(stream(HEARTBEAT, *TEXT, FINISH).drip(), idle_timeout_s=0.1)
    outcome, _ = await bench.ask()
    assert outcome.error is None


SHORT = stream(chunk("Hi"), FINISH, COUNTS, done=1)
SHORT_CLOSED = stream(chunk("Hi"), FINISH, COUNTS, framed="close")


@pytest.mark.parametrize("reply", [SHORT, SHORT_CLOSED], ids=["chunked", "until close"])
async def test_a_cut_at_any_byte_is_a_whole_answer_or_an_error(bench: Bench, reply: Reply) -> None:
    await bench.open(reply)
    for at in range(len(reply.raw) + 1):
        bench.vendor.then(reply.cut(at=at))
        outcome, heard = await bench.ask()
        assert heard in {b"", chunk("Hi")}, at
        if outcome.error is None:
            assert heard + frames(outcome) == chunk("Hi") + CLOSING, at
            assert at >= reply.after(2), "its finish reason came"
        else:
            assert outcome.closing == (), at
