"""Whatever is sent, the answer is a clear error in OpenAI's shape, and nothing is left behind."""

from __future__ import annotations

import asyncio
import json
import resource
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jevons.edge import allow_many_connections

if TYPE_CHECKING:
    from conftest import House, Reply

pytestmark = pytest.mark.anyio

PATH = "/v1/chat/completions"
HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nhost: h\r\nauthorization: Bearer jv_a-key\r\n"
HELLO = [{"role": "user", "content": "Hi"}]
LIMIT = 100_000


async def post(house: House, body: bytes, **headers: str) -> Reply:
    return await house.ask("POST", PATH, body, key=house.key, **headers)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"null", b"[]", b"7", b'"x"', b"{}", b'{"model":1,"messages":[]}',
        b'{"model":"here"}', b'{"model":"here","messages":{}}',
        b'{"model":"here","messages":[{"role":"user","content":7}]}',
        b'{"model":"here","messages":[{"role":"nobody","content":"x"}]}',
        b'{"model":"here","messages":[{"role":"user","content":"x"}],"temperature":"hot"}',
        b'{"model":"here","messages":[{"role":"user","content":"\xff\xfe"}]}', b"\x00" * 9,
        b"\x1f\x8b\x08\x00", b"[" * 50_000,
    ],
)  # fmt: skip
async def test_a_body_that_is_not_a_chat_is_malformed(house: House, body: bytes) -> None:
    reply = await post(house, body)
    assert (reply.status, reply.error["code"]) == (400, "malformed")
    assert reply.error["type"] == "invalid_request_error"
    assert house.book.records == []


async def test_a_wrong_type_is_named_by_its_path(house: House) -> None:
    reply = await house.chat(messages=[{"role": "user", "content": 7}])
    assert "messages[0].content" in str(reply.error["param"])


async def test_an_unknown_model_is_named(house: House) -> None:
    reply = await house.chat(model="gpt-4o")
    assert (reply.status, reply.error["code"]) == (404, "unknown_model")
    assert "gpt-4o" in reply.error["message"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("n", 2), ("modalities", ["text", "audio"]), ("web_search_options", {})],
)
async def test_what_no_endpoint_can_do_is_refused_with_the_fields_name(
    house: House, name: str, value: Any
) -> None:
    reply = await house.chat(**{name: value})
    assert (reply.status, reply.error["code"]) == (422, "unsupported")
    assert reply.error["param"] == name
    assert house.stage.heard == []


async def test_a_body_that_says_it_is_too_long_is_refused_before_any_of_it_came(
    house: House,
) -> None:
    heard = await house.say(HEAD + b"content-length: 99999999999999999999999\r\n\r\n")
    assert b"too_large" in heard or b"malformed" in heard
    heard = await house.say(HEAD + b"content-length: %d\r\n\r\n" % (LIMIT + 1))
    assert heard.startswith(b"HTTP/1.1 413")
    assert b'"too_large"' in heard


async def test_a_body_of_the_very_limit_is_read(house: House) -> None:
    asked = json.dumps({"model": "here", "messages": HELLO}).encode()
    assert (await post(house, asked.ljust(LIMIT))).status == 200


async def test_a_chunked_flood_is_cut_off(house: House) -> None:
    reader, writer = await house.connect()
    writer.write(HEAD + b"transfer-encoding: chunked\r\n\r\n")
    chunk = b"4000\r\n" + b" " * 0x4000 + b"\r\n"
    for _ in range(8):
        writer.write(chunk)
    assert b" 413 " in await reader.readline()
    await house.is_quiet()


async def test_a_chunked_body_is_read(house: House) -> None:
    body = json.dumps({"model": "here", "messages": HELLO}).encode()
    pieces = b"".join([b"%x\r\n%b\r\n" % (1, body[n : n + 1]) for n in range(len(body))])
    sent = HEAD + b"transfer-encoding: chunked\r\nconnection: close\r\n\r\n" + pieces + b"0\r\n\r\n"
    assert b"Hello" in await house.say(sent)


async def test_a_caller_that_asks_before_it_sends_is_told_to_go_on(house: House) -> None:
    body = json.dumps({"model": "here", "messages": HELLO}).encode()
    reader, writer = await house.connect()
    writer.write(HEAD + b"expect: 100-continue\r\ncontent-length: %d\r\n\r\n" % len(body))
    assert b" 100 " in await reader.readline()
    writer.write(body)
    assert await reader.readuntil(b"Hello")


@pytest.mark.parametrize("encoding", ["gzip", "br", "identity, gzip"])
async def test_a_compressed_body_is_refused_clearly(house: House, encoding: str) -> None:
    reply = await post(house, b"{}", content_encoding=encoding)
    assert (reply.status, reply.error["code"]) == (422, "unsupported")


async def test_a_body_that_does_not_come_is_too_slow(house: House) -> None:
    heard = await house.say(HEAD + b"content-length: 9\r\n\r\n{")
    assert heard.startswith(b"HTTP/1.1 408")
    assert b'"too_slow"' in heard


async def test_a_body_that_trickles_is_too_slow(house: House) -> None:
    reader, writer = await house.connect()
    writer.write(HEAD + b"content-length: 9999\r\n\r\n")

    async def trickle() -> None:
        while True:
            writer.write(b" ")
            await asyncio.sleep(0.02)

    trickling = asyncio.ensure_future(trickle())
    assert b" 408 " in await reader.readline()
    trickling.cancel()
    await asyncio.wait((trickling,))


@pytest.mark.parametrize("head", [b"", b"GET /healthz HT", HEAD, b"\r\n\r\n"])
async def test_a_head_that_does_not_come_whole_ends_the_connection(
    house: House, head: bytes
) -> None:
    assert await house.say(head) == b""


async def test_a_second_head_that_does_not_come_whole_ends_the_connection(house: House) -> None:
    whole = b"GET /healthz HTTP/1.1\r\nhost: h\r\n\r\n"
    assert (await house.say(whole + b"GET /he")).count(b"200 OK") == 1


@pytest.mark.parametrize(
    "garbage",
    [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"hello\r\n\r\n", b"GET  / HTTP/9.9\r\n\r\n",
     b"GET / HTTP/1.1\r\nbad header\r\n\r\n", b"\x00\x00\x00", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
)  # fmt: skip
async def test_what_is_not_http_is_refused_in_the_same_shape(house: House, garbage: bytes) -> None:
    heard = await house.say(garbage)
    assert heard.startswith(b"HTTP/1.1 400")
    assert json.loads(heard.partition(b"\r\n\r\n")[2])["error"]["code"] == "malformed"


async def test_a_head_without_end_ends_the_connection(house: House) -> None:
    assert await house.say(b"GET / HTTP/1.1\r\nx: " + b"a" * 200_000) == b""
    assert await house.say(b"GET /" + b"a" * 200_000) == b""


async def test_a_trailer_without_end_ends_the_connection(house: House) -> None:
    flood = b"x: y\r\n" * 50_000
    heard = await house.say(HEAD + b"transfer-encoding: chunked\r\n\r\n1\r\n{\r\n0\r\n" + flood)
    assert b"200 OK" not in heard


async def test_pipelined_requests_are_answered_in_order(house: House) -> None:
    paths = (b"/healthz", b"/nothing", b"/readyz")
    sent = [b"GET %b HTTP/1.1\r\nhost: h\r\n\r\n" % path for path in paths]
    sent[-1] = sent[-1].replace(b"host", b"connection: close\r\nhost")
    heard = await house.say(b"".join(sent))
    ids = [line for line in heard.split(b"\r\n") if line.startswith(b"x-request-id")]
    assert len(ids) == 3
    assert ids == sorted(ids)
    assert heard.index(b"status") < heard.index(b"not_found") < heard.index(b"ready")


async def test_a_flood_of_pipelined_requests_ends_the_connection(house: House) -> None:
    assert (await house.say(b"GET /healthz HTTP/1.1\r\nhost: h\r\n\r\n" * 5000)).count(
        b"200 OK"
    ) < 5000


@pytest.mark.parametrize(
    "header",
    [b"authorization: Basic jv_a-key", b"authorization: Bearer", b"authorization: Bearer \xff",
     b"authorization:", b"x-api-key:", b"api-key: jv_a-key"],
)  # fmt: skip
async def test_a_key_that_is_not_shown_as_one_is_no_key(house: House, header: bytes) -> None:
    heard = await house.say(
        b"GET /v1/models HTTP/1.1\r\nconnection: close\r\nhost: h\r\n" + header + b"\r\n\r\n"
    )
    assert heard.startswith(b"HTTP/1.1 401")


@pytest.mark.slow
async def test_ten_thousand_idle_connections_cost_little_and_stop_nobody(
    patient_house: House,
) -> None:
    house = patient_house
    count = min(10_000, allow_many_connections() // 2 - 200)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    whole = b"GET /healthz HTTP/1.1\r\nhost: h\r\n\r\n"
    loop = asyncio.get_running_loop()
    idle: list[asyncio.Transport] = []
    for _ in range(count):
        transport, _protocol = await loop.create_connection(
            asyncio.Protocol, "127.0.0.1", house.port
        )
        transport.write(whole)  # kept alive from now on
        idle.append(transport)
    await house.until(lambda: house.server.server_state.total_requests >= count, within_s=60)
    assert len(house.server.server_state.connections) == count
    assert (await house.chat()).status == 200
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown / count < 40, "KiB a connection, both ends of it"
    for transport in idle:
        transport.abort()
    await house.until(lambda: not house.server.server_state.connections, within_s=60)


FIELDS = ("model", "messages", "stream", "temperature", "tools", "tool_choice", "n", "stop",
          "response_format", "stream_options", "max_tokens", "logprobs", "top_logprobs", "user",
          "seed", "top_p", "role", "content", "function", "type")  # fmt: skip
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
    | st.sampled_from(["here", "user", "assistant", "tool", "auto", "function", "json_schema"]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from(FIELDS) | st.text(), inner, max_size=6),
    max_leaves=20,
)  # fmt: skip
NEARLY = st.dictionaries(st.sampled_from(FIELDS), JSON).map(
    lambda fields: {"model": "here", "messages": HELLO, **fields}
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=JSON | NEARLY)
async def test_no_json_is_a_bug(house: House, body: Any) -> None:
    reply = await post(house, json.dumps(body).encode())
    assert reply.status < 500
    if reply.status != 200:
        assert reply.error["message"]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=st.binary(max_size=200))
async def test_no_bytes_are_a_bug(house: House, body: bytes) -> None:
    assert (await post(house, body)).status == 400
