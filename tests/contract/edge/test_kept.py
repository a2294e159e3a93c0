"""What a caller says shall be kept can be fetched, gone on from and deleted, by nobody else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from openai import (
    APIStatusError,
    AsyncOpenAI,
    BadRequestError,
    NotFoundError,
    UnprocessableEntityError,
)

from jevons.types.account import Receipt
from jevons.types.event import ReasoningDelta, TextDelta
from jevons.types.message import Text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from openai.types.responses import Response

    from conftest import House

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client(house: House) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=house.url, api_key=house.key, max_retries=0) as it:
        yield it


@pytest.fixture
async def stranger(house: House) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=house.url, api_key=house.other, max_retries=0) as it:
        yield it


async def raw(house: House, method: str, path: str) -> bytes:
    return (await house.ask(method, path, key=house.key)).body


async def ask(
    client: AsyncOpenAI,
    said: str,
    *,
    previous_response_id: str | None = None,
    instructions: str | None = None,
) -> Response:
    return await client.responses.create(
        model="here",
        input=said,
        store=True,
        previous_response_id=previous_response_id,
        instructions=instructions,
    )


def said_to(house: House) -> list[tuple[str, str]]:
    """List who said what in the last request that reached an endpoint."""
    return [
        (message.role, "".join([part.text for part in message.parts if isinstance(part, Text)]))
        for message in house.stage.heard[-1].messages
    ]


async def test_an_answer_is_not_kept_unless_that_is_asked(
    client: AsyncOpenAI, house: House
) -> None:
    for store in (None, False):
        answer = await client.responses.create(model="here", input="Hi", store=store)
        assert answer.to_dict()["store"] is False
        with pytest.raises(NotFoundError) as caught:
            await client.responses.retrieve(answer.id)
        assert '"store": true' in caught.value.message
    assert not house.drawer.kept


async def test_a_kept_answer_is_what_the_caller_got(house: House) -> None:
    body = json.dumps({"model": "here", "input": "Hi", "store": True}).encode()
    given = await house.ask("POST", "/v1/responses", body, key=house.key)
    assert given.json["store"] is True
    assert await raw(house, "GET", f"/v1/responses/{given.json['id']}") == given.body


async def test_a_streamed_answer_is_kept_as_its_last_event_says_it(
    client: AsyncOpenAI, house: House
) -> None:
    stream = await client.responses.create(model="here", input="Hi", store=True, stream=True)
    events = [event async for event in stream]
    last = events[-1]
    assert last.type == "response.completed"
    assert {each.response.id for each in events if each.type == "response.created"} == {
        last.response.id
    }
    fetched = await client.responses.retrieve(last.response.id)
    assert fetched == last.response


async def test_it_is_kept_before_its_end_goes_out_and_before_its_receipt(house: House) -> None:
    seen: list[bool] = []

    async def keep(kept: Any) -> None:
        seen.append(any(isinstance(each, Receipt) for each in house.book.records))

    house.drawer.keep = keep  # type: ignore[method-assign] it is looked at, not replaced
    body = json.dumps({"model": "here", "input": "Hi", "store": True, "stream": True}).encode()
    reply = await house.ask("POST", "/v1/responses", body, key=house.key)
    assert b"response.completed" in reply.body
    assert seen == [False]


@pytest.mark.parametrize("stream", [False, True])
async def test_what_cannot_be_kept_is_an_error_and_not_an_answer(
    house: House, *, stream: bool
) -> None:
    house.drawer.breaks = True
    body = json.dumps({"model": "here", "input": "Hi", "store": True, "stream": stream}).encode()
    reply = await house.ask("POST", "/v1/responses", body, key=house.key)
    assert b"store_unavailable" in reply.body
    assert b"response.completed" not in reply.body
    assert reply.status == (200 if stream else 503)
    (receipt,) = [each for each in house.book.records if isinstance(each, Receipt)]
    assert receipt.error == "store_unavailable"


async def test_where_there_is_no_room_nothing_is_asked(house: House) -> None:
    house.drawer.is_full = True
    body = json.dumps({"model": "here", "input": "Hi", "store": True}).encode()
    reply = await house.ask("POST", "/v1/responses", body, key=house.key)
    assert reply.status == 503
    assert not house.stage.heard
    assert not house.book.records


async def test_a_conversation_goes_on(client: AsyncOpenAI, house: House) -> None:
    house.stage.act = house.answers(TextDelta("Fine"))
    first = await ask(client, "How are you?", instructions="Be brief.")
    house.stage.act = house.answers(TextDelta("Good"))
    second = await ask(client, "And now?", previous_response_id=first.id)
    assert second.previous_response_id == first.id
    await ask(client, "Sure?", previous_response_id=second.id)
    assert said_to(house) == [
        ("user", "How are you?"),
        ("assistant", "Fine"),
        ("user", "And now?"),
        ("assistant", "Good"),
        ("user", "Sure?"),
    ]


async def test_a_conversation_goes_on_in_two_ways(client: AsyncOpenAI, house: House) -> None:
    first = await ask(client, "One")
    await ask(client, "Two", previous_response_id=first.id)
    await ask(client, "Other", previous_response_id=first.id, instructions="Now this.")
    assert said_to(house) == [
        ("system", "Now this."),
        ("user", "One"),
        ("assistant", "Hello"),
        ("user", "Other"),
    ]


async def test_going_on_does_not_keep(client: AsyncOpenAI, house: House) -> None:
    first = await ask(client, "One")
    second = await client.responses.create(model="here", input="Two", previous_response_id=first.id)
    assert second.previous_response_id == first.id
    with pytest.raises(BadRequestError) as caught:
        await client.responses.create(model="here", input="3", previous_response_id=second.id)
    assert caught.value.code == "previous_response_not_found"
    assert caught.value.param == "previous_response_id"
    assert '"store": true' in caught.value.message


async def test_reasoning_keeps_its_owner(client: AsyncOpenAI, house: House) -> None:
    house.stage.act = house.answers(
        ReasoningDelta("hm", owner="deepseek", opaque="mark"), TextDelta("Fine")
    )
    first = await ask(client, "Hi")
    await ask(client, "So?", previous_response_id=first.id)
    thought = house.stage.heard[-1].messages[1].parts[0]
    assert (thought.owner, thought.opaque, thought.text) == ("deepseek", "mark", "hm")  # type: ignore[union-attr]  # pyright: ignore[reportAttributeAccessIssue] anything else fails


async def test_what_goes_on_from_data_of_a_class_is_of_that_class(
    client: AsyncOpenAI, house: House
) -> None:
    special = await client.responses.create(
        model="here",
        input="Hi",
        store=True,
        extra_headers={"x-jevons-data-class": "special"},
    )
    second = await ask(client, "So?", previous_response_id=special.id)
    await ask(client, "And?", previous_response_id=second.id)
    assert [each.data_class.name for each in house.stage.heard] == ["SPECIAL"] * 3


async def test_to_another_key_there_is_no_such_answer(
    client: AsyncOpenAI, stranger: AsyncOpenAI, house: House
) -> None:
    answer = await ask(client, "Hi")
    unknown = "resp_unknown"
    said: list[list[str]] = []
    for name in (answer.id, unknown):
        messages: list[str] = []
        with pytest.raises(NotFoundError) as shown:
            await stranger.responses.retrieve(name)
        with pytest.raises(NotFoundError) as listed:
            await stranger.responses.input_items.list(name)
        with pytest.raises(NotFoundError) as dropped:
            await stranger.responses.delete(name)
        with pytest.raises(BadRequestError) as continued:
            await stranger.responses.create(model="here", input="Hi", previous_response_id=name)
        for each in (shown, listed, dropped, continued):
            messages.append(each.value.message.replace(name, "NAME"))  # noqa: PERF401 four kinds
        said.append(messages)
    assert said[0] == said[1]
    assert (await client.responses.retrieve(answer.id)).id == answer.id


async def test_a_revoked_key_finds_nothing(client: AsyncOpenAI, house: House) -> None:
    answer = await ask(client, "Hi")
    for method in ("GET", "DELETE"):
        reply = await house.ask(method, f"/v1/responses/{answer.id}", key="jv_revoked")
        assert reply.status == 401
        assert (await house.ask(method, f"/v1/responses/{answer.id}")).status == 401


async def test_what_is_deleted_is_gone(client: AsyncOpenAI, house: House) -> None:
    first = await ask(client, "One")
    second = await ask(client, "Two", previous_response_id=first.id)
    reply = await house.ask("DELETE", f"/v1/responses/{first.id}", key=house.key)
    assert reply.json == {"id": first.id, "object": "response", "deleted": True}
    with pytest.raises(NotFoundError):
        await client.responses.retrieve(first.id)
    with pytest.raises(NotFoundError):
        await client.responses.delete(first.id)
    assert (await client.responses.retrieve(second.id)).id == second.id
    with pytest.raises(BadRequestError) as caught:
        await ask(client, "Three", previous_response_id=second.id)
    assert caught.value.code == "previous_response_not_found"


async def test_input_items_are_listed_in_pages(client: AsyncOpenAI, house: House) -> None:
    first = await ask(client, "One")
    second = await client.responses.create(
        model="here",
        input=[
            {"role": "user", "content": "Two"},
            {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c", "output": "3"},
        ],
        previous_response_id=first.id,
        store=True,
    )
    kinds = ["message", "message", "message", "function_call", "function_call_output"]
    for order, wanted in (("asc", kinds), ("desc", kinds[::-1])):
        pages = client.responses.input_items.list(second.id, order=order, limit=2)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType] one of two
        found = [item async for item in pages]
        assert [item.type for item in found] == wanted
        assert len({item.id for item in found}) == len(kinds)
    newest_first = await client.responses.input_items.list(second.id)
    assert [item.type for item in newest_first.data] == kinds[::-1]
    page = await client.responses.input_items.list(second.id, order="asc", limit=1)
    assert page.has_more
    assert page.data[0].to_dict()["content"] == [{"type": "input_text", "text": "One"}]


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "order=up", "after=nothing"])
async def test_a_page_that_cannot_be_is_refused(
    client: AsyncOpenAI, house: House, query: str
) -> None:
    answer = await ask(client, "Hi")
    reply = await house.ask("GET", f"/v1/responses/{answer.id}/input_items?{query}", key=house.key)
    assert reply.status == 400
    assert reply.error["param"] == query.split("=", maxsplit=1)[0]


async def test_paths_and_methods_that_are_not_there(client: AsyncOpenAI, house: House) -> None:
    answer = await ask(client, "Hi")
    path = f"/v1/responses/{answer.id}"
    assert (await house.ask("DELETE", f"{path}/input_items", key=house.key)).status == 405
    assert (await house.ask("GET", f"{path}/cancel", key=house.key)).status == 404
    assert (await house.ask("POST", f"{path}/cancel", b"{}", key=house.key)).status == 405
    assert (await house.ask("GET", f"{path}?stream=true", key=house.key)).status == 422


async def test_a_house_that_keeps_nothing_says_so(closed_house: House) -> None:
    house = closed_house
    async with AsyncOpenAI(base_url=house.url, api_key=house.key, max_retries=0) as client:
        with pytest.raises(UnprocessableEntityError) as caught:
            await ask(client, "Hi")
        assert caught.value.param == "store"
        with pytest.raises(NotFoundError):
            await client.responses.retrieve("resp_1")
        with pytest.raises(NotFoundError):
            await client.responses.delete("resp_1")
        with pytest.raises(NotFoundError):
            await client.responses.input_items.list("resp_1")
        with pytest.raises(BadRequestError):
            await client.responses.create(model="here", input="1", previous_response_id="resp_1")
        await client.responses.create(model="here", input="Hi")


PASSED_ON = (
    (
        b'event: response.created\ndata: {"type":"response.created","sequence_number":0,'
        b'"response":{"id":"resp_theirs","store":false,"status":"in_progress","output":[]}}\n\n'
    ),
    (
        b'event: response.output_text.delta\ndata: {"type":"response.output_text.delta",'
        b'"sequence_number":1,"delta":"\\"response\\":{"}\n\n'
    ),
)
ENDED = (
    b'event: response.completed\ndata: {"type":"response.completed","sequence_number":2,'
    b'"response":{"id":"resp_theirs","store":false,"status":"completed","output":[]}}\n\n'
)


@pytest.mark.parametrize("keep", [False, True])
async def test_an_answer_that_is_passed_on_has_our_name_where_it_is_kept(
    house: House, *, keep: bool
) -> None:
    house.stage.act = house.passes_on(*PASSED_ON, ending=ENDED)
    body = json.dumps({"model": "here", "input": "Hi", "store": keep, "stream": True}).encode()
    reply = await house.ask("POST", "/v1/responses", body, key=house.key)
    created, delta, _, completed, _ = reply.body.split(b"\n\n")
    assert delta + b"\n\n" == PASSED_ON[1]
    if not keep:
        assert created + b"\n\n" == PASSED_ON[0]
        assert completed + b"\n\n" == ENDED
        return
    assert b"resp_theirs" not in reply.body
    said = json.loads(completed.split(b"data: ")[1])["response"]
    assert said["store"] is True
    assert (await house.ask("GET", f"/v1/responses/{said['id']}", key=house.key)).json == said
    assert json.loads(created.split(b"data: ")[1])["response"]["id"] == said["id"]


async def test_an_end_without_an_answer_cannot_be_kept(house: House) -> None:
    bare = b'event: response.completed\ndata: {"type":"response.completed"}\n\n'
    house.stage.act = house.passes_on(*PASSED_ON, ending=bare)
    body = json.dumps({"model": "here", "input": "Hi", "store": True, "stream": True}).encode()
    reply = await house.ask("POST", "/v1/responses", body, key=house.key)
    assert b"response.completed" not in reply.body
    assert b"store_unavailable" in reply.body
    assert not house.drawer.kept


async def test_a_whole_answer_that_is_passed_on_has_our_name_too(house: House) -> None:
    theirs = b'{"id":"resp_theirs","store":false,"status":"completed","output":[],"new":1}'
    house.stage.act = house.passes_on(ending=theirs)
    body = json.dumps({"model": "here", "input": "Hi", "store": True}).encode()
    reply = await house.ask("POST", "/v1/responses", body, key=house.key)
    assert reply.json["id"].startswith("resp_")
    assert reply.json["new"] == 1
    assert await raw(house, "GET", f"/v1/responses/{reply.json['id']}") == reply.body


@pytest.mark.parametrize(
    "name",
    ["", "%ff", "%00", "%ED%A0%80", "resp_%F0%9F%98%80", "'--", "x" * 5000, "%2F", "..", "?"],
)
async def test_a_name_that_nobody_gave_is_not_found(house: House, name: str) -> None:
    for method in ("GET", "DELETE"):
        reply = await house.ask(method, f"/v1/responses/{name}", key=house.key)
        assert reply.status in {404, 405}, reply.body


@pytest.mark.parametrize(
    "name", [b'"\\ud800"', b'"\\u0000"', '"😀"'.encode(), b'"' + b"x" * 9000 + b'"']
)
async def test_a_past_that_nobody_named_is_not_found(house: House, name: bytes) -> None:
    body = b'{"model":"here","input":"Hi","previous_response_id":%b}' % name
    reply = await house.ask("POST", "/v1/responses", body, key=house.key)
    assert reply.status == 400, reply.body


@pytest.mark.parametrize(("field", "value"), [("store", "yes"), ("previous_response_id", 5)])
async def test_what_is_not_of_its_type_is_refused(house: House, field: str, value: object) -> None:
    body = json.dumps({"model": "here", "input": "Hi", field: value}).encode()
    reply = await house.ask("POST", "/v1/responses", body, key=house.key)
    assert reply.status == 400
    assert reply.error["param"] == field


async def test_what_has_expired_is_gone(client: AsyncOpenAI, house: House) -> None:
    answer = await ask(client, "Hi")
    house.clock.move(30 * 24 * 60 * 60)
    with pytest.raises(NotFoundError):
        await client.responses.retrieve(answer.id)
    with pytest.raises(BadRequestError):
        await ask(client, "Hi", previous_response_id=answer.id)


async def test_a_past_that_is_too_long_is_refused(client: AsyncOpenAI, house: House) -> None:
    first = await ask(client, "x" * 60_000)
    second = await ask(client, "x" * 60_000, previous_response_id=first.id)
    with pytest.raises(APIStatusError) as caught:
        await ask(client, "Hi", previous_response_id=second.id)
    assert caught.value.status_code == 413
