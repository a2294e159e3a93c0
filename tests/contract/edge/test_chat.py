"""An answer goes out as it comes or whole, with its receipt, and one that broke off is never done."""

from __future__ import annotations

import asyncio
import json
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from jevons.ledger.commitment import commit
from jevons.types.account import Receipt
from jevons.types.custody import DataClass
from jevons.types.decision import Attempt, Outcome
from jevons.types.errors import CallerLeft, ProviderThrottled, ProviderTruncated
from jevons.types.event import Frame, TextDelta

if TYPE_CHECKING:
    from conftest import House
    from jevons.ports import Caller
    from jevons.types.request import Generate

pytestmark = pytest.mark.anyio

DONE = b"data: [DONE]\n\n"


async def test_a_whole_answer_has_its_receipt_in_a_header(house: House) -> None:
    reply = await house.chat()
    assert reply.status == 200
    assert reply.json["choices"][0]["message"]["content"] == "Hello"
    line = json.loads(reply.headers["x-jevons-receipt"])
    assert line["receipt"] == reply.headers["x-request-id"]
    assert (line["place"], line["model"], line["endpoint"]) == ("on-prem", "a/model", "here")
    assert line["cost_nusd"] is None  # no tariff is set: not known, and never zero
    assert line["energy_mwh"] > 0
    assert line["carbon_mg"] > 0


async def test_a_stream_has_its_receipt_just_before_done(house: House) -> None:
    reply = await house.chat(stream=True)
    assert reply.headers["content-type"] == "text/event-stream; charset=utf-8"
    *_, comment, done, rest = reply.body.split(b"\n\n")
    assert (done, rest) == (b"data: [DONE]", b"")
    assert comment.startswith(b": jevons {")
    line = json.loads(comment.removeprefix(b": jevons "))
    assert line["receipt"] == reply.headers["x-request-id"]


async def test_the_receipt_commits_to_the_stream_without_the_line_about_it(house: House) -> None:
    reply = await house.chat(stream=True)
    events = reply.body.split(b"\n\n")
    body = b"\n\n".join([each for each in events if not each.startswith(b":")])
    (receipt,) = house.book.receipts
    assert receipt.answer == commit(bytes(32), receipt.id, sha256(body).digest())


async def test_frames_pass_as_they_are(house: House) -> None:
    async def relay(attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
        assert caller.push(Frame(body=b'data: {"x":1}\n\n'))
        return Outcome(
            attempt=attempt,
            committed=True,
            finish="stop",
            closing=(Frame(body=b"data: 2\n\n" + DONE),),
        )

    house.stage.act = relay
    body = (await house.chat(stream=True)).body
    assert body.startswith(b'data: {"x":1}\n\ndata: 2\n\n: jevons {')
    assert body.endswith(DONE)


async def test_the_last_bytes_wait_for_the_receipt(house: House) -> None:
    gate = house.book.hold(Receipt)
    reader, writer = await house.connect()
    body = b'{"model":"here","stream":true,"messages":[{"role":"user","content":"Hi"}]}'
    writer.write(post(body))
    await gate.reached()
    early = await reader.readuntil(b'"lo"')
    assert DONE not in early
    gate.open()
    assert await reader.readuntil(DONE)
    writer.close()


@pytest.mark.parametrize("stream", [False, True])
async def test_a_failure_before_the_first_event_has_a_status_of_its_own(
    house: House, *, stream: bool
) -> None:
    async def throttled(attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
        return Outcome(attempt=attempt, error=ProviderThrottled("slow down", retry_after_s=1.2))

    house.stage.act = throttled
    reply = await house.chat(stream=stream)
    assert (reply.status, reply.error["code"]) == (429, "provider_throttled")
    assert reply.headers["retry-after"] == "2"
    assert len(house.book.receipts) == 1


async def test_a_stream_that_broke_off_ends_in_an_error_and_never_in_done(house: House) -> None:
    house.stage.act = house.fails(ProviderTruncated("cut off"), after="Hel")
    reply = await house.chat(stream=True)
    assert reply.status == 200
    assert reply.is_whole, "the connection ends as HTTP wants it to"
    assert b"[DONE]" not in reply.body
    last = reply.body.removesuffix(b"\n\n").split(b"\n\n")[-1]
    assert json.loads(last.removeprefix(b"data: "))["error"]["code"] == "provider_truncated"
    (receipt,) = house.book.receipts
    assert receipt.error == "provider_truncated"


async def test_a_whole_answer_that_broke_off_is_an_error_with_a_status(house: House) -> None:
    house.stage.act = house.fails(ProviderTruncated("cut off"), after="Hel")
    reply = await house.chat()
    assert (reply.status, reply.error["code"]) == (502, "provider_truncated")


@pytest.mark.parametrize("stream", [False, True])
async def test_a_bug_is_answered_without_its_details(house: House, *, stream: bool) -> None:
    async def stumble(attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
        message = "a secret"
        raise ZeroDivisionError(message)

    house.stage.act = stumble
    reply = await house.chat(stream=stream)
    assert (reply.status, reply.error["code"]) == (500, "bug")
    assert b"secret" not in reply.raw
    assert reply.headers["x-request-id"] in reply.error["message"]


def post(body: bytes, more: bytes = b"") -> bytes:
    return (
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: h\r\nauthorization: Bearer jv_a-key\r\n"
        b"%bcontent-length: %d\r\n\r\n%b" % (more, len(body), body)
    )


@pytest.mark.parametrize("stream", [b"true", b"false"])
async def test_a_caller_that_leaves_stops_a_silent_provider(house: House, stream: bytes) -> None:
    begun = asyncio.Event()
    stopped = asyncio.Event()

    async def wait(attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
        caller.push(TextDelta(text="Hel"))
        caller.on_leave(stopped.set)
        begun.set()
        await stopped.wait()
        assert caller.left
        assert not caller.push(TextDelta(text="lo"))
        return Outcome(attempt=attempt, committed=True, error=CallerLeft("left"))

    house.stage.act = wait
    _, writer = await house.connect()
    ask = b'{"model":"here","stream":%b,"messages":[{"role":"user","content":"Hi"}]}' % stream
    writer.write(post(ask))
    await begun.wait()
    writer.close()
    async with asyncio.timeout(0.2):
        await stopped.wait()
    await house.is_quiet()
    (receipt,) = house.book.receipts
    assert (receipt.finish, receipt.error) == ("caller_left", "caller_left")


async def test_a_slow_reader_slows_the_provider_and_gets_every_byte_in_order(house: House) -> None:
    waits = 0

    async def flood(attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
        nonlocal waits
        for number in range(300):
            event = Frame(body=b"data: %06d %b\n\n" % (number, b"x" * 50_000))
            if not caller.push(event):
                waits += 1
                await caller.send(event)
        return Outcome(attempt=attempt, committed=True, finish="stop", closing=(Frame(body=DONE),))

    house.stage.act = flood
    reader, writer = await house.connect()
    ask = b'{"model":"here","stream":true,"messages":[{"role":"user","content":"Hi"}]}'
    writer.write(post(ask))
    await asyncio.sleep(0.05)
    assert house.stage.busy, "it waits for the reader"
    heard = b""
    while not heard.endswith(b"0\r\n\r\n"):
        heard += await reader.read(1 << 20)
    numbers = [int(each[:6]) for each in heard.split(b"data: ")[1:-1]]
    assert numbers == list(range(300))
    assert waits


async def test_a_reader_that_stopped_for_good_is_cut_off(house: House) -> None:
    async def flood(attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
        event = Frame(body=b"data: %b\n\n" % (b"x" * 50_000))
        try:
            while True:
                await caller.send(event)
        except CallerLeft as left:
            return Outcome(attempt=attempt, committed=True, error=left)

    house.stage.act = flood
    _, writer = await house.connect()
    ask = b'{"model":"here","stream":true,"messages":[{"role":"user","content":"Hi"}]}'
    writer.write(post(ask))
    await house.until(lambda: house.book.receipts)
    assert house.book.receipts[0].finish == "caller_left"
    writer.transport.abort()


async def test_a_request_pipelined_behind_a_stream_does_not_hide_that_its_caller_left(
    house: House,
) -> None:
    stopped = asyncio.Event()

    async def wait(attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
        caller.on_leave(stopped.set)
        await stopped.wait()
        return Outcome(attempt=attempt, error=CallerLeft("left"))

    house.stage.act = wait
    _, writer = await house.connect()
    ask = b'{"model":"here","stream":true,"messages":[{"role":"user","content":"Hi"}]}'
    writer.write(post(ask) + b"GET /healthz HTTP/1.1\r\nhost: h\r\n\r\n")
    await house.until(lambda: house.stage.busy)
    writer.close()
    async with asyncio.timeout(1):
        await stopped.wait()


@pytest.mark.parametrize("stream", [False, True])
async def test_a_house_that_stops_says_so_to_whoever_waits(house: House, *, stream: bool) -> None:
    async def wait(attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
        caller.push(TextDelta(text="Hel"))
        return await asyncio.get_running_loop().create_future()

    house.stage.act = wait
    asking = asyncio.ensure_future(house.chat(stream=stream))
    await house.until(lambda: house.stage.busy)
    for task in tuple(house.server.server_state.tasks):
        task.cancel()
    reply = await asking
    assert reply.status == (200 if stream else 503)
    assert b'"abandoned"' in reply.body
    assert b"[DONE]" not in reply.body
    assert house.book.receipts[0].finish == "lost"


@pytest.mark.parametrize(
    ("said", "meant"), [("personal", DataClass.PERSONAL), (" Special ", DataClass.SPECIAL)]
)
async def test_a_header_says_what_the_data_is(house: House, said: str, meant: DataClass) -> None:
    body = b'{"model":"a/model","messages":[{"role":"user","content":"Hi"}]}'
    headers = {"x-jevons-data-class": said}
    reply = await house.ask("POST", "/v1/chat/completions", body, key=house.key, **headers)
    assert reply.status == 200
    assert house.stage.heard[-1].data_class is meant


async def test_a_class_that_there_is_not_is_refused(house: House) -> None:
    body = b'{"model":"a/model","messages":[{"role":"user","content":"Hi"}]}'
    headers = {"x-jevons-data-class": "harmless"}
    reply = await house.ask("POST", "/v1/chat/completions", body, key=house.key, **headers)
    assert reply.status == 400
    assert "public, internal, personal, special" in reply.json["error"]["message"]
    assert not house.stage.heard
