"""What was said before stands before what is said now, and each item of it can be listed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from tests.unit.wire.responses.test_named import ENDED
from tests.unit.wire.responses.test_render import answers

from jevons.types.account import Usage
from jevons.types.custody import DataClass
from jevons.types.errors import Malformed
from jevons.types.event import Event, Finished, ReasoningDelta, TextDelta
from jevons.types.kept import Kept
from jevons.types.message import Image, Opaque, Reasoning, Text, ToolCall, ToolResult
from jevons.wire.responses import (
    Chunks,
    go_on,
    input_items,
    keepsake,
    parse_request,
    render_answer,
    render_request,
)

if TYPE_CHECKING:
    from jevons.types.request import Generate

END = Finished(reason="stop", usage=Usage(input=1, output=1, counted_by="endpoint"))


def asked(said: Any, **fields: Any) -> Generate:
    body = msgspec.json.encode({"model": "m", "input": said, **fields})
    return parse_request(body, id="req_2", at_ms=7, actor=None)


def kept(name: str, said: Any, *output: Any, previous: str = "") -> Kept:
    return Kept(
        id=name,
        key="key_1",
        at_ms=0,
        previous=previous,
        input=msgspec.json.encode(said),
        answer=msgspec.json.encode({"id": name, "instructions": "Old.", "output": output}),
    )


USER = {"role": "user", "content": "One"}
FINE = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Two"}]}


def texts(request: Generate) -> list[tuple[str, list[str]]]:
    return [
        (message.role, [part.text for part in message.parts if isinstance(part, Text)])
        for message in request.messages
    ]


def test_what_was_said_before_comes_first_and_its_instructions_do_not() -> None:
    request = go_on(asked("Three", instructions="New."), [kept("resp_1", [USER], FINE)])
    assert texts(request) == [
        ("system", ["New."]),
        ("user", ["One"]),
        ("assistant", ["Two"]),
        ("user", ["Three"]),
    ]


def test_what_the_model_said_in_two_requests_is_one_turn() -> None:
    call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
    result = {"type": "function_call_output", "call_id": "c", "output": "4"}
    request = go_on(asked([call, result]), [kept("resp_1", [USER], FINE)])
    user, model, tool = request.messages
    assert user.role == "user"
    assert [type(part) for part in model.parts] == [Text, ToolCall]
    assert isinstance(tool.parts[0], ToolResult)


def test_what_an_endpoint_said_and_is_no_item_is_left_out() -> None:
    bare = msgspec.structs.replace(kept("resp_1", [USER]), answer=b'{"output":null}')
    request = go_on(asked("Three"), [bare, kept("resp_2", [], 5, FINE)])
    assert texts(request) == [("user", ["One"]), ("assistant", ["Two"]), ("user", ["Three"])]


def test_what_is_of_an_answer_and_not_of_what_it_says_is_no_part_of_a_message() -> None:
    cited = {"type": "output_text", "text": "b", "annotations": [{"type": "url_citation"}]}
    plain: Any = {"type": "output_text", "text": "a", "annotations": [], "logprobs": []}
    call = {"type": "function_call", "id": "fc_1", "status": "completed", "call_id": "c"}
    output: list[Any] = [
        {"type": "reasoning", "id": "rs_1", "status": "completed", "summary": []},
        {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant"}
        | {"content": [plain, cited]},
        {**call, "name": "f", "arguments": "{}"},
    ]
    request = go_on(asked("Three"), [kept("resp_1", [USER], *output)])
    parts: Any = request.messages[1].parts
    thought, first, second, called = parts
    assert thought.id == "rs_1"
    assert [each.extra for each in (thought, first, called)] == [None, None, None]
    assert second.extra.keys() == {"annotations"}
    sent = msgspec.json.decode(render_request(request, model="m").body)
    assert sent["input"][1:4] == output


def test_a_part_that_is_none_is_said_to_be_none() -> None:
    odd = {"type": "message", "role": "assistant", "content": ["text"]}
    with pytest.raises(Malformed):
        go_on(asked("Three"), [kept("resp_1", [USER], odd)])


def test_nothing_may_be_said_now() -> None:
    request = go_on(asked(None, previous_response_id="resp_1"), [kept("resp_1", [USER], FINE)])
    assert texts(request) == [("user", ["One"]), ("assistant", ["Two"])]


def test_what_stands_for_something_else_stays_in_front() -> None:
    request = go_on(asked("Three", prompt={"id": "p"}), [kept("resp_1", [USER], FINE)])
    assert [message.role for message in request.messages] == [
        "user",
        "user",
        "assistant",
        "user",
    ]
    assert texts(request)[0] == ("user", [])


def test_an_endpoint_must_be_able_to_do_what_was_needed_before() -> None:
    image = {"type": "input_image", "image_url": "data:image/png;base64,AA=="}
    seen = {"role": "user", "content": [image]}
    request = go_on(asked("And?"), [kept("resp_1", [seen], FINE)])
    assert request.needs == {"text", "image"}
    assert isinstance(request.messages[0].parts[0], Image)


def test_what_goes_on_from_data_of_a_class_is_of_that_class_at_least() -> None:
    past = [
        msgspec.structs.replace(kept("resp_1", [USER]), data_class=data_class)
        for data_class in (DataClass.SPECIAL, DataClass.PUBLIC)
    ]
    personal = msgspec.structs.replace(asked("Three"), data_class=DataClass.PERSONAL)
    assert go_on(personal, past).data_class == DataClass.SPECIAL
    assert go_on(personal, past[1:]).data_class == DataClass.PERSONAL
    answer = render_answer([END], personal)
    assert (
        keepsake(personal, answer, key="key_1", data_class=DataClass.SPECIAL).data_class
        == DataClass.SPECIAL
    )


def test_an_endpoint_of_the_dialect_is_sent_every_item_as_it_was() -> None:
    request = go_on(asked("Three"), [kept("resp_1", [USER], FINE), kept("resp_2", [USER])])
    sent = msgspec.json.decode(render_request(request, model="m").body)
    now = {
        "type": "message",
        "role": "user",
        "content": [{"type": "input_text", "text": "Three"}],
    }
    assert sent["input"] == [USER, FINE, USER, now]
    assert request.source.digest == asked("Three").source.digest


def test_thinking_comes_back_as_its_owners() -> None:
    events = [ReasoningDelta("hm", owner="deepseek", opaque="mark"), TextDelta("Two"), END]
    first = asked("One", store=True)
    answer = keepsake(first, render_answer(events, first), key="key_1", data_class=DataClass.PUBLIC)
    request = go_on(asked("Three"), [answer])
    thought = request.messages[1].parts[0]
    assert isinstance(thought, Reasoning)
    assert (thought.owner, thought.opaque, thought.text) == ("deepseek", "mark", "hm")


def test_a_whole_answer_is_kept_byte_for_byte() -> None:
    first = asked([USER], store=True, previous_response_id="resp_0")
    body = render_answer([TextDelta("Two"), END], first)
    assert keepsake(first, body, key="key_1", data_class=DataClass.PUBLIC) == Kept(
        id="resp_2",
        key="key_1",
        at_ms=7,
        previous="resp_0",
        input=msgspec.json.encode([USER]),
        answer=body,
    )


def test_of_a_stream_its_last_event_is_kept() -> None:
    first = asked("One", store=True, stream=True)
    chunks = Chunks(first)
    chunks.event(TextDelta("Two"))
    _, last = chunks.closing((END,))
    answer = keepsake(first, last, key="key_1", data_class=DataClass.PUBLIC)
    assert msgspec.json.decode(answer.answer)["output"][0]["content"][0]["text"] == "Two"
    assert keepsake(first, ENDED, key="key_1", data_class=DataClass.PUBLIC).answer in ENDED


def test_items_are_listed_typed_and_named_each_with_a_name_of_its_own() -> None:
    ours = {"type": "message", "role": "assistant", "content": "Two"}
    odd = {"type": "web_search_call", "id": "ws_1"}
    past = [
        kept("resp_1", [USER, ours, odd, {"id": "msg_9"}], {**FINE, "id": "msg_1"}),
        kept("resp_2", [{"role": "user", "content": [{"type": "input_text", "text": "x"}]}], FINE),
    ]
    listed = input_items(past)
    assert listed == [
        {
            "id": "msg_jevons_1_in0",
            "type": "message",
            "status": "completed",
            "role": "user",
            "content": [{"type": "input_text", "text": "One"}],
        },
        {
            "id": "msg_jevons_1_in1",
            "type": "message",
            "status": "completed",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "Two", "annotations": []}],
        },
        {"id": "ws_1", "type": "web_search_call", "status": "completed"},
        {"id": "msg_9", "type": "item_reference", "status": "completed"},
        {**FINE, "id": "msg_1"},
        {
            "id": "msg_jevons_2_in0",
            "type": "message",
            "status": "completed",
            "role": "user",
            "content": [{"type": "input_text", "text": "x"}],
        },
    ]
    assert input_items(past) == listed


def test_an_item_of_no_kind_that_we_name_is_listed_all_the_same() -> None:
    (item,) = input_items([kept("resp_1", [{"type": "odd"}])])
    assert item["id"] == "item_jevons_1_in0"


def content(request: Generate) -> list[tuple[str, list[object]]]:
    """Take from messages what is of the dialect only."""
    return [
        (
            message.role,
            [
                (part.kind, part.fields.keys() - {"id", "status"})
                if isinstance(part, Opaque)
                else msgspec.structs.replace(part, extra=None)
                for part in message.parts
            ],
        )
        for message in request.messages
    ]


@given(answers())
def test_going_on_says_what_handing_everything_back_says(events: list[Event]) -> None:
    first = asked([USER], store=True)
    body = render_answer(events, first)
    output = msgspec.json.decode(body)["output"]
    now = {"role": "user", "content": "Three"}
    kept_here = go_on(
        asked([now]), [keepsake(first, body, key="key_1", data_class=DataClass.PUBLIC)]
    )
    handed_back = asked([USER, *output, now])
    assert content(kept_here) == content(handed_back)
    assert msgspec.json.decode(kept_here.source.fields["input"]) == [USER, *output, now]
