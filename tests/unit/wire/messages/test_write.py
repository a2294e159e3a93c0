"""A request of any dialect goes to an endpoint of this one with its meaning, or is refused."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.types.errors import Malformed, Unsupported
from jevons.types.message import (
    Audio,
    File,
    Image,
    Message,
    Opaque,
    Reasoning,
    Refusal,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from jevons.types.request import (
    Effort,
    Generate,
    HostedTool,
    Output,
    Sampling,
    Source,
    Thinking,
    Tool,
)
from jevons.wire.messages.request import parse_request
from jevons.wire.messages.write import render_request

if TYPE_CHECKING:
    from jevons.types.message import Part

BUDGETED = "claude-haiku-4-5"
ADAPTIVE = "claude-opus-4-6"
NEWEST = "claude-opus-5-5"
OTHER = "kimi-k3"


def raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


def bare(value: Any) -> Any:
    """Compare what is undecoded by its bytes: a `Raw` equals nothing."""
    return msgspec.json.decode(msgspec.json.encode(value))


def turn(*parts: Part, role: Role = "user", **fields: Any) -> Message:
    return Message(role=role, parts=parts, **fields)


def said(text: str, role: Role = "user") -> Message:
    return turn(Text(text=text), role=role)


HELLO = said("hello")
SO = said("so", "assistant")


FEW = Sampling(max_tokens=100)


def asked(
    *messages: Message,
    fields: dict[str, Any] | None = None,
    sampling: Sampling = FEW,
    **more: Any,
) -> Generate:
    source = Source(
        dialect="openai-chat",
        fields={name: raw(value) for name, value in (fields or {}).items()},
        digest=b"",
        size_bytes=0,
    )
    return Generate(
        id="req_1",
        at_ms=0,
        actor=None,
        model="asked",
        messages=messages or (HELLO,),
        source=source,
        sampling=sampling,
        **more,
    )


def written(
    *messages: Message, owner: str = "", model: str = BUDGETED, **more: Any
) -> tuple[Any, tuple[str, ...]]:
    rendered = render_request(asked(*messages, **more), model=model, owner=owner)
    return msgspec.json.decode(rendered.body), rendered.changed


def turns(*messages: Message, owner: str = "") -> list[tuple[str, Any]]:
    body, _ = written(*messages, owner=owner)
    return [(each["role"], each["content"]) for each in body["messages"]]


def changes(*messages: Message, **more: Any) -> tuple[str, ...]:
    return written(*messages, **more)[1]


def refused(*messages: Message, **more: Any) -> str | None:
    with pytest.raises(Unsupported) as caught:
        written(*messages, **more)
    return caught.value.param


def test_the_least_that_can_be_asked() -> None:
    body, changed = written()
    assert body == {
        "model": BUDGETED,
        "messages": [{"role": "user", "content": "hello"}],
        "max_tokens": 100,
        "stream": False,
    }
    assert changed == ()


def test_instructions_at_the_beginning_go_apart() -> None:
    body, changed = written(said("be brief", "system"), HELLO)
    assert body["system"] == "be brief"
    assert body["messages"] == [{"role": "user", "content": "hello"}]
    assert changed == ()
    body, _ = written(said("be brief", "developer"), said("be kind", "system"), HELLO)
    assert [each["text"] for each in body["system"]] == ["be brief", "be kind"]


def test_an_instruction_amid_the_others_keeps_its_place_and_is_marked() -> None:
    rows = (HELLO, SO, said("be kind", "system"), said("", "system"), said("and now"))
    role, content = turns(*rows)[-1]
    assert role == "user"
    assert [each["text"] for each in content] == ["<system>", "be kind", "</system>", "and now"]
    assert any("amid the others" in each for each in changes(*rows))


def test_an_instruction_that_is_all_is_sent_as_the_users() -> None:
    body, changed = written(said("be brief", "system"))
    assert body["messages"] == [{"role": "user", "content": "be brief"}]
    assert "system" not in body
    assert len(changed) == 1


def test_what_one_side_says_without_a_break_is_one_turn() -> None:
    assert turns(HELLO, said("there"), SO, said("what", "assistant"), HELLO) == [
        ("user", [{"type": "text", "text": "hello"}, {"type": "text", "text": "there"}]),
        ("assistant", [{"type": "text", "text": "so"}, {"type": "text", "text": "what"}]),
        ("user", "hello"),
    ]


def test_a_conversation_that_the_model_begins_gets_a_beginning() -> None:
    assert turns(SO, HELLO) == [("user", "."), ("assistant", "so"), ("user", "hello")]
    assert changes(SO, HELLO) == ("messages: '.' of the user's put first, who must begin",)


def test_blanks_at_the_end_of_what_the_model_goes_on_from_are_dropped() -> None:
    assert turns(HELLO, said("so \n", "assistant"))[-1] == ("assistant", "so")
    assert len(changes(HELLO, said("so \n", "assistant"))) == 1
    assert changes(HELLO, SO) == ()
    assert turns(HELLO, said("so \n", "assistant"), HELLO)[1] == ("assistant", "so \n")


def test_a_text_that_says_nothing_is_not_sent_and_nor_is_a_turn_of_it() -> None:
    rows = (turn(Text(text=""), Text(text="hello"), Text(text=" \n")), said("", "assistant"), HELLO)
    assert [role for role, _ in turns(*rows)] == ["user"]
    assert any("say nothing" in each for each in changes(*rows))


def test_every_part_has_its_place() -> None:
    parts = (
        Text(text="look"),
        Refusal(text="no"),
        Image(url="data:image/png;base64,AAAA", detail="low"),
        Image(url="data:;base64,AAAA"),
        Image(url="https://x/y.png"),
        Image(id="file_1"),
        File(url="data:application/pdf;base64,AAAA", name="a.pdf"),
        File(url="data:text/markdown;charset=utf-8;base64,w6k="),
        File(url="data:;base64,AAAA"),
        File(url="https://x/y.pdf"),
        File(id="file_2"),
    )
    ((_, content),) = turns(turn(*parts))
    assert content == [
        {"type": "text", "text": "look"},
        {"type": "text", "text": "no"},
        image(type="base64", media_type="image/png", data="AAAA"),
        image(type="base64", media_type="image/jpeg", data="AAAA"),
        image(type="url", url="https://x/y.png"),
        image(type="file", file_id="file_1"),
        {**document(type="base64", media_type="application/pdf", data="AAAA"), "title": "a.pdf"},
        document(type="text", media_type="text/plain", data="é"),
        document(type="base64", media_type="application/pdf", data="AAAA"),
        document(type="url", url="https://x/y.pdf"),
        document(type="file", file_id="file_2"),
    ]
    assert changes(turn(*parts)) == (
        "messages.content: a refusal was sent as text, there is no other way",
        "messages.content.detail: dropped, there is no field for it",
    )


def image(**source: Any) -> dict[str, Any]:
    return {"type": "image", "source": source}


def document(**source: Any) -> dict[str, Any]:
    return {"type": "document", "source": source}


@pytest.mark.parametrize(
    "part",
    [
        Audio(data="AAAA", format="wav"),
        Opaque(kind="odd", fields={}),
        Image(url="data:image/svg+xml,<svg/>"),
        Image(url="gs://bucket/y.png"),
        Image(),
        File(url="data:application/zip;base64,AAAA"),
        File(url="data:text/plain;base64,_"),
        File(url="data:text/plain;base64,/w=="),
        ToolResult(call="c", parts=(Audio(data="AAAA", format="wav"),)),
        ToolResult(call="c", parts=(Reasoning(text="hm", owner="me"),)),
        ToolResult(call="c", parts=(ToolCall(id="c", name="f", arguments=""),)),
    ],
)
def test_a_part_that_cannot_be_said_is_refused(part: Part) -> None:
    assert refused(HELLO, turn(part), owner="me") == "messages[1]"


@pytest.mark.parametrize(
    ("part", "role"),
    [
        (Image(id="f"), "system"),
        (ToolResult(call="c"), "developer"),
        (File(id="f"), "assistant"),
        (ToolResult(call="c"), "assistant"),
        (ToolCall(id="c", name="f", arguments=""), "user"),
        (Reasoning(text="hm", owner="me"), "tool"),
    ],
)
def test_what_a_role_cannot_say_is_refused(part: Part, role: Role) -> None:
    assert refused(HELLO, turn(part, role=role), owner="me") == "messages[1]"


def test_calls_and_what_tools_said_are_in_turns_that_follow_each_other() -> None:
    calls = [ToolCall(id=each, name="f", arguments='{"b": 1, "a": 1.50}') for each in "xy"]
    results = [
        turn(ToolResult(call=each.id, parts=(Text(text="1"),)), role="tool") for each in calls
    ]
    rows = (HELLO, turn(Text(text="I look"), *calls, role="assistant"), *results, said("and"))
    _, (_, answer), (role, told) = turns(*rows)
    assert [each["type"] for each in answer] == ["text", "tool_use", "tool_use"]
    assert role == "user"
    assert told == [
        {"type": "tool_result", "tool_use_id": "x", "content": "1"},
        {"type": "tool_result", "tool_use_id": "y", "content": "1"},
        {"type": "text", "text": "and"},
    ]
    assert changes(*rows) == ()
    body = render_request(asked(*rows), model="m").body
    assert b'"input":{"b": 1, "a": 1.50}' in body


def test_what_a_tool_said_comes_before_what_was_said_with_it() -> None:
    result = turn(ToolResult(call="x"), role="tool")
    ((_, told),) = turns(HELLO, result)
    assert [each["type"] for each in told] == ["tool_result", "text"]
    assert len(changes(HELLO, result)) == 1


@pytest.mark.parametrize(
    ("result", "block"),
    [
        (ToolResult(call="x"), {}),
        (ToolResult(call="x", parts=(Text(text=""),)), {}),
        (ToolResult(call="x", parts=(Text(text="no"),), failed=True), {"is_error": True}),
        (
            ToolResult(call="x", parts=(Text(text="a"), Image(id="f"))),
            {"content": [{"type": "text", "text": "a"}, image(type="file", file_id="f")]},
        ),
    ],
)
def test_a_tool_may_say_nothing_or_show_something_or_fail(
    result: ToolResult, block: dict[str, Any]
) -> None:
    ((_, (told,)),) = turns(turn(result, role="tool"))
    assert block.items() <= told.items()
    assert ("content" in told) == any(
        not isinstance(part, Text) or part.text for part in result.parts
    )


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        ("", {}),
        (" ", {}),
        (' {"a":1}', {"a": 1}),
        ("[]", {}),  # no arguments, as PHP and R write them
        ("[1]", {"INVALID_JSON": "[1]"}),
        ('{"a"', {"INVALID_JSON": '{"a"'}),
        ("[" * 9999, {"INVALID_JSON": "[" * 9999}),
    ],
)
def test_arguments_are_an_object_whatever_the_model_wrote(arguments: str, given: Any) -> None:
    call = turn(ToolCall(id="x", name="f", arguments=arguments), role="assistant")
    _, (_, (block,)) = turns(HELLO, call)
    assert block["input"] == given
    assert bool(changes(HELLO, call)) == ("INVALID_JSON" in given)


def test_ids_that_the_dialect_does_not_take_are_altered_alike_and_stay_apart() -> None:
    rows = [
        turn(*[ToolCall(id=each, name="f", arguments="") for each in ("f:0", "f_0", "")]),
        turn(*[ToolResult(call=each) for each in ("f:0", "f_0", "")], role="tool"),
    ]
    rows[0] = msgspec.structs.replace(rows[0], role="assistant")
    _, (_, calls), (_, results) = turns(HELLO, *rows)
    ids = [each["id"] for each in calls]
    assert ids == [each["tool_use_id"] for each in results]
    assert len(set(ids)) == 3
    assert ids[1] == "f_0"
    assert all(re.fullmatch("[a-zA-Z0-9_-]+", each) for each in ids)
    assert len(changes(HELLO, *rows)) == 1


def test_thinking_goes_to_its_owner_exactly_as_it_was() -> None:
    thoughts = (
        Reasoning(text="hm ", opaque="sig", owner="anthropic"),
        Reasoning(kind="redacted", opaque="data", owner="anthropic"),
        Reasoning(text="bare", owner="anthropic"),
        Reasoning(kind="redacted", owner="anthropic"),
    )
    _, (_, content), _ = turns(HELLO, turn(*thoughts, role="assistant"), HELLO, owner="anthropic")
    assert content == [
        {"type": "thinking", "thinking": "hm ", "signature": "sig"},
        {"type": "redacted_thinking", "data": "data"},
        {"type": "thinking", "thinking": "bare", "signature": ""},
        {"type": "redacted_thinking", "data": ""},
    ]


@pytest.mark.parametrize("owner", ["", "deepseek"])
def test_thinking_goes_to_nobody_else_and_the_drop_is_named(owner: str) -> None:
    thoughts = (Reasoning(text="hm", opaque="sig", owner="anthropic"), Reasoning(text="hm"))
    call = ToolCall(id="x", name="f", arguments="", opaque="mark", owner="google")
    unsigned = ToolCall(id="y", name="f", arguments="", opaque="mark")
    rows = (HELLO, turn(*thoughts, Text(text="so"), call, unsigned, role="assistant"), HELLO)
    rendered = render_request(asked(*rows), model="m", owner=owner)
    assert b"hm" not in rendered.body
    assert b"sig" not in rendered.body
    assert b"mark" not in rendered.body
    assert rendered.changed == (
        "messages: reasoning of 'anthropic' was dropped, it is its owner's alone",
        "messages: reasoning of nobody knows whom was dropped, it is its owner's alone",
        "messages: a mark of 'google' on a call to a tool was dropped",
        "messages: a mark of nobody on a call to a tool was dropped",
    )


def test_a_limit_is_always_said() -> None:
    body, changed = written(sampling=Sampling())
    assert body["max_tokens"] == 8192
    assert changed == ("max_tokens: sent as 8192, the dialect wants a limit",)
    thinks = Thinking(budget_tokens=10000)
    assert written(sampling=Sampling(), thinking=thinks)[0]["max_tokens"] == 18192
    thinks = Thinking(effort="medium")
    assert written(sampling=Sampling(), thinking=thinks, model=ADAPTIVE)[0]["max_tokens"] == 16384


LONG = Sampling(max_tokens=50000)


@pytest.mark.parametrize(
    ("thinking", "model", "sent", "is_changed"),
    [
        (Thinking(), BUDGETED, {}, False),
        (Thinking(effort="none"), BUDGETED, {"thinking": {"type": "disabled"}}, False),
        (Thinking(effort="none"), ADAPTIVE, {"thinking": {"type": "disabled"}}, False),
        (Thinking(budget_tokens=0), OTHER, {"thinking": {"type": "disabled"}}, False),
        (Thinking(budget_tokens=0), ADAPTIVE, {"thinking": {"type": "disabled"}}, False),
        (
            Thinking(on=True),
            ADAPTIVE,
            {"thinking": {"type": "adaptive"}, "output_config": {"effort": "medium"}},
            True,
        ),
        (
            Thinking(budget_tokens=3000),
            BUDGETED,
            {"thinking": {"type": "enabled", "budget_tokens": 3000}},
            False,
        ),
        (
            Thinking(budget_tokens=5),
            BUDGETED,
            {"thinking": {"type": "enabled", "budget_tokens": 1024}},
            True,
        ),
        (
            Thinking(effort="high"),
            OTHER,
            {"thinking": {"type": "enabled", "budget_tokens": 16384}},
            True,
        ),
        (
            Thinking(effort="high", budget_tokens=3000),
            OTHER,
            {"thinking": {"type": "enabled", "budget_tokens": 3000}},
            True,
        ),
        (
            Thinking(effort="xhigh"),
            ADAPTIVE,
            {"thinking": {"type": "adaptive"}, "output_config": {"effort": "xhigh"}},
            False,
        ),
        (
            Thinking(effort="minimal"),
            NEWEST,
            {"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}},
            True,
        ),
        (
            Thinking(effort="max", budget_tokens=3000),
            NEWEST,
            {"thinking": {"type": "adaptive"}, "output_config": {"effort": "max"}},
            True,
        ),
        (
            Thinking(budget_tokens=3000),
            NEWEST,
            {"thinking": {"type": "adaptive"}, "output_config": {"effort": "medium"}},
            True,
        ),
        (
            Thinking(budget_tokens=99999),
            NEWEST,
            {"thinking": {"type": "adaptive"}, "output_config": {"effort": "xhigh"}},
            True,
        ),
    ],
)
def test_thinking_is_asked_for_as_the_model_takes_it(
    thinking: Thinking,
    model: str,
    sent: dict[str, Any],
    is_changed: bool,  # noqa: FBT001 a parameter of the test
) -> None:
    body, changed = written(thinking=thinking, model=model, sampling=LONG)
    assert {name: body[name] for name in ("thinking", "output_config") if name in body} == sent
    assert bool(changed) is is_changed


@pytest.mark.parametrize(
    ("limit", "thinking"),
    [
        (20000, {"type": "enabled", "budget_tokens": 16384}),
        (16384, {"type": "enabled", "budget_tokens": 8192}),
        (1025, {"type": "enabled", "budget_tokens": 1024}),
        (1024, None),
    ],
)
def test_a_budget_gives_way_to_the_callers_limit(limit: int, thinking: Any) -> None:
    asks: dict[str, Any] = {
        "thinking": Thinking(budget_tokens=16384),
        "sampling": Sampling(max_tokens=limit),
    }
    body, changed = written(**asks)
    assert body["max_tokens"] == limit
    assert body.get("thinking") == thinking
    assert len(changed) == (limit <= 16384)


CALL_OF_ANOTHER = turn(ToolCall(id="c", name="f", arguments=""), role="assistant")
CALL_THOUGHT_OF = turn(
    Reasoning(text="hm", opaque="sig", owner="anthropic"), *CALL_OF_ANOTHER.parts, role="assistant"
)
TOLD = turn(ToolResult(call="c"), role="tool")


@pytest.mark.parametrize(
    ("rows", "model", "does_think"),
    [
        ((HELLO, CALL_OF_ANOTHER, TOLD), BUDGETED, False),
        ((HELLO, CALL_OF_ANOTHER, TOLD), OTHER, True),
        ((HELLO, CALL_OF_ANOTHER, TOLD), ADAPTIVE, True),
        ((HELLO, CALL_THOUGHT_OF, TOLD), BUDGETED, True),
        ((HELLO, CALL_OF_ANOTHER, TOLD, SO, HELLO), BUDGETED, True),
        ((HELLO, SO), BUDGETED, False),
        ((TOLD,), BUDGETED, True),
    ],
)
def test_a_model_thinks_amid_its_turn_only_if_it_began_so(
    rows: tuple[Message, ...],
    model: str,
    does_think: bool,  # noqa: FBT001 a parameter of the test
) -> None:
    asks: dict[str, Any] = {"thinking": Thinking(effort="low"), "sampling": LONG}
    body, changed = written(*rows, model=model, owner="anthropic", **asks)
    assert ("thinking" in body) is does_think
    assert any("begun without it" in each for each in changed) is not does_think
    assert "thinking" not in written(*rows, model=model, sampling=LONG)[0]


def test_nothing_to_go_on_with_is_no_reason_not_to_think() -> None:
    asks: dict[str, Any] = {"thinking": Thinking(effort="low"), "sampling": LONG}
    assert "thinking" in written(said(""), **asks)[0]


@pytest.mark.parametrize(
    ("visible", "display"), [(True, "summarized"), (False, "omitted"), (None, None)]
)
def test_thinking_is_shown_as_asked(*, visible: bool | None, display: str | None) -> None:
    thinking = Thinking(effort="low", visible=visible)
    for model in (BUDGETED, NEWEST):
        body, _ = written(thinking=thinking, model=model, sampling=LONG)
        assert body["thinking"].get("display") == display
    body, changed = written(thinking=thinking, model=OTHER, sampling=LONG)
    assert "display" not in body["thinking"]
    assert any("visible" in each for each in changed) == (visible is not None)
    body, changed = written(thinking=Thinking(visible=visible))
    assert "thinking" not in body
    assert any("visible" in each for each in changed) == (visible is not None)


@pytest.mark.parametrize(
    ("model", "is_budgeted", "is_sampled"),
    [
        ("claude-3-7-sonnet-20250219", True, True),
        ("claude-opus-4-20250514", True, True),
        ("claude-sonnet-4@20250514", True, True),
        ("claude-haiku-4-5", True, True),
        ("anthropic/claude-4.5-sonnet", True, True),
        ("claude-opus-4-6", False, True),
        ("us.anthropic.claude-opus-4-7-v1:0", False, False),
        ("claude-fable-5", False, False),
        ("Claude-Latest", False, False),
        ("glm-5", True, True),
    ],
)
def test_a_model_is_told_what_it_takes(
    model: str,
    is_budgeted: bool,  # noqa: FBT001 a parameter of the test
    is_sampled: bool,  # noqa: FBT001 a parameter of the test
) -> None:
    body, _ = written(model=model, thinking=Thinking(effort="low"), sampling=LONG)
    assert (body["thinking"]["type"] == "enabled") is is_budgeted
    body, changed = written(model=model, sampling=Sampling(max_tokens=1, temperature=0.5))
    assert ("temperature" in body) is is_sampled
    assert bool(changed) is not is_sampled


def test_how_to_draw_the_answer_goes_on() -> None:
    sampling = Sampling(max_tokens=9, temperature=0.5, top_k=3, stop=("a", "b"))
    body, changed = written(sampling=sampling)
    assert (body["temperature"], body["top_k"]) == (0.5, 3)
    assert body["stop_sequences"] == ["a", "b"]
    assert changed == ()
    assert written(sampling=Sampling(max_tokens=9, top_p=0.5))[0]["top_p"] == 0.5


def test_what_claude_refuses_to_be_told_is_left_out_and_named() -> None:
    sampling = Sampling(max_tokens=50000, temperature=0.5, top_p=0.9, top_k=3, seed=1)
    thinking = Thinking(budget_tokens=2000)
    body, changed = written(sampling=sampling, thinking=thinking)
    assert {"temperature", "top_p", "top_k", "seed"}.isdisjoint(body)
    assert changed == (
        "seed: dropped, there is no field for it",
        "temperature: 0.5 dropped, it cannot be set while the model thinks",
        "top_p: 0.9 dropped, it cannot be set while the model thinks",
        "top_k: 3 dropped, it cannot be set while the model thinks",
    )
    one = Sampling(max_tokens=50000, temperature=1, top_k=1)
    body, changed = written(sampling=one, thinking=thinking)
    assert body["temperature"] == 1
    assert changed == ("top_k: 1 dropped, it cannot be set while the model thinks",)
    no_room = Sampling(max_tokens=100, temperature=0.5)
    assert written(sampling=no_room, thinking=thinking)[0]["temperature"] == 0.5
    body, changed = written(sampling=Sampling(max_tokens=9, temperature=1.5, top_p=0.9))
    assert body["temperature"] == 1
    assert "top_p" not in body
    assert len(changed) == 2
    body, changed = written(sampling=sampling, thinking=thinking, model=OTHER)
    assert {"temperature", "top_p", "top_k"} <= body.keys()
    assert len(changed) == 1


TOOL = Tool(name="f", description="d", parameters=raw({"type": "object", "x": 1}), strict=True)


def test_tools_go_on_and_a_schema_says_that_it_is_an_object() -> None:
    bare_tool = Tool(name="g", strict=False)
    body, changed = written(tools=(TOOL, bare_tool))
    assert body["tools"] == [
        {
            "name": "f",
            "description": "d",
            "input_schema": {"type": "object", "x": 1},
            "strict": True,
        },
        {"name": "g", "input_schema": {"type": "object"}},
    ]
    assert "tool_choice" not in body
    assert changed == ("tools[1].parameters: type 'object' was added, which must be said",)


@pytest.mark.parametrize("schema", [b"[]", b"[" * 9999])
def test_a_schema_that_is_no_object_is_refused(schema: bytes) -> None:
    assert refused(tools=(Tool(name="f", parameters=msgspec.Raw(schema)),)) == "tools[0]"


@pytest.mark.parametrize(
    ("asks", "choice"),
    [
        ({"tool_choice": "required"}, {"type": "any"}),
        ({"tool_choice": "named", "tool": "f"}, {"type": "tool", "name": "f"}),
        ({"tool_choice": "none", "parallel_tools": False}, {"type": "none"}),
        ({"parallel_tools": False}, {"type": "auto", "disable_parallel_tool_use": True}),
        (
            {"tool_choice": "required", "parallel_tools": True},
            {"type": "any", "disable_parallel_tool_use": False},
        ),
    ],
)
def test_which_tools_may_or_must_be_called(asks: dict[str, Any], choice: Any) -> None:
    assert written(tools=(TOOL,), **asks)[0]["tool_choice"] == choice


def test_the_shape_of_an_answer_is_asked_for_beside_the_effort() -> None:
    output = Output(kind="json_schema", name="n", schema=raw({"type": "object"}))
    wanted = {"type": "json_schema", "schema": {"type": "object"}}
    body, changed = written(output=output)
    assert body["output_config"] == {"format": wanted}
    assert changed == ("response_format.name: dropped, there is no field for it",)
    nameless = msgspec.structs.replace(output, name="")
    body, changed = written(output=nameless, thinking=Thinking(effort="low"), model=NEWEST)
    assert body["output_config"] == {"effort": "low", "format": wanted}
    assert changed == ()


@pytest.mark.parametrize(
    ("asks", "param"),
    [
        ({"sampling": Sampling(n=2)}, "n"),
        ({"sampling": Sampling(logprobs=True)}, "logprobs"),
        ({"sampling": Sampling(stop=("a", "\n"))}, "stop"),
        ({"output": Output(kind="json")}, "response_format"),
        ({"tools": (HostedTool(kind="web_search", fields={}),)}, "tools[0]"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tool_choice": "named", "tool": "f"}, "tool_choice"),
        ({"fields": {"conversation": "c"}}, "conversation"),
    ],
)
def test_what_cannot_be_asked_is_refused(asks: dict[str, Any], param: str) -> None:
    assert refused(**asks) == param


def test_hints_that_have_no_place_are_dropped_and_named() -> None:
    rows = (turn(Text(text="hello", extra={"odd": raw(1)}), name="ann"),)
    body, changed = written(*rows, fields={"seed": 1, "frequency_penalty": 0.5, "store": False})
    assert body["messages"] == [{"role": "user", "content": "hello"}]
    assert changed == (
        "messages.name: dropped, there is no field for it",
        "frequency_penalty: dropped, Anthropic's dialect has no such field",
        "odd: dropped, Anthropic's dialect has no such field",
    )


def test_the_end_user_keeps_a_name() -> None:
    body, changed = written(fields={"user": "u", "safety_identifier": "s"})
    assert body["metadata"] == {"user_id": "s"}
    assert changed == (
        "safety_identifier: sent as metadata.user_id",
        "user: dropped, Anthropic's dialect has no such field",
    )
    assert "metadata" not in written(fields={"user": None})[0]


def passed_on(owner: str, *content: Any, **fields: Any) -> tuple[Any, tuple[str, ...]]:
    """Send a request of this dialect on to an endpoint that speaks it too."""
    said: list[Any] = [{"role": "user", "content": "thinking"}]
    said.append({"role": "assistant", "content": list(content)})
    body = {"model": "asked", "max_tokens": 9, "messages": said, **fields}
    request = parse_request(msgspec.json.encode(body), id="req_1", at_ms=0, actor=None)
    rendered = render_request(request, model="m", owner=owner)
    sent = msgspec.json.decode(rendered.body)
    assert {**sent, "model": "asked", "messages": said} == body
    return sent["messages"], rendered.changed


USER = {"role": "user", "content": "thinking"}
SEALED = {"type": "thinking", "thinking": "hm", "signature": "jevons:deepseek:bWFyaw==", "odd": 1}
HIDDEN = {"type": "redacted_thinking", "data": "jevons:deepseek:bWFyaw=="}
PLAIN = {"type": "thinking", "thinking": "hm", "signature": "sig"}
UNSIGNED = {"type": "thinking", "thinking": "hm"}
WORDS = {"type": "text", "text": "so, jevons:", "cache_control": {"type": "ephemeral"}}
CALL = {"type": "tool_use", "id": "c", "name": "f", "input": {"b": 1, "a": 2}}
MARKED = {**CALL, "signature": "jevons:deepseek:bWFyaw=="}


def test_a_request_of_this_dialect_goes_on_field_for_field() -> None:
    content = (PLAIN, WORDS, CALL)
    turns, changed = passed_on("anthropic", *content, top_k=5, odd={"a": [1]})
    assert turns == [USER, {"role": "assistant", "content": list(content)}]
    assert changed == ()


def test_what_holds_nothing_of_ours_goes_on_undecoded() -> None:
    body = b'{"model":"a","max_tokens":9,"messages":[ {"role":"user","content":"hi"} ]}'
    request = parse_request(body, id="req_1", at_ms=0, actor=None)
    sent = render_request(request, model="m").body
    assert sent == body.replace(b'"a"', b'"m"')


def test_a_request_is_not_changed_by_writing_it() -> None:
    """Else what one endpoint must not see would be lost for the next."""
    said = {"role": "assistant", "content": [SEALED, WORDS]}
    body = msgspec.json.encode({"model": "a", "max_tokens": 9, "messages": [USER, said]})
    request = parse_request(body, id="req_1", at_ms=0, actor=None)
    first = render_request(request, model="m", owner="deepseek")
    assert b"hm" not in render_request(request, model="n", owner="anthropic").body
    assert render_request(request, model="m", owner="deepseek") == first


def test_a_seal_is_opened_for_its_owner() -> None:
    (_, answer), changed = passed_on("deepseek", SEALED, HIDDEN, WORDS, MARKED)
    assert answer["content"] == [
        {**SEALED, "signature": "mark"},
        {**HIDDEN, "data": "mark"},
        WORDS,
        {**MARKED, "signature": "mark"},
    ]
    assert changed == ()
    (_, answer), _ = passed_on("x", {**UNSIGNED, "signature": "jevons:x:"}, WORDS)
    assert answer["content"] == [{**UNSIGNED, "signature": ""}, WORDS]


@pytest.mark.parametrize("owner", ["anthropic", "xai", ""])
def test_a_seal_is_opened_for_nobody_else_and_the_drop_is_named(owner: str) -> None:
    (_, answer), changed = passed_on(owner, SEALED, HIDDEN, WORDS, MARKED)
    assert answer["content"] == [WORDS, CALL]
    assert changed == (
        "messages: thinking of deepseek's was dropped",
        "messages: redacted_thinking of deepseek's was dropped",
        "messages: a mark of deepseek's was dropped",
    )


def test_thinking_without_a_seal_goes_to_whom_it_may_be_of() -> None:
    for owner, kept in (
        ("", [PLAIN, UNSIGNED, WORDS]),
        ("anthropic", [PLAIN, WORDS]),
        ("xai", [WORDS]),
    ):
        (_, answer), changed = passed_on(owner, PLAIN, UNSIGNED, WORDS)
        assert answer["content"] == kept
        assert len(changed) == 3 - len(kept)


def test_a_turn_of_which_nothing_is_left_is_taken_out() -> None:
    assert passed_on("xai", PLAIN)[0] == [USER]
    assert len(passed_on("xai", fields_of="thinking")[0]) == 2


def test_what_only_mentions_thinking_goes_on() -> None:
    odd = {"type": "odd", "signature": 5, "about": "thinking"}
    other = {"type": "thinking_about", "of": "thinking"}
    call = {**CALL, "input": {"kind": "thinking"}}
    (_, answer), changed = passed_on("xai", odd, other, call)
    assert answer["content"] == [odd, other, call]
    assert changed == ()


ODD = st.none() | st.integers() | st.sampled_from(["", "sig", "jevons:xai:", "jevons:xai:!", "x"])
NO_INPUT: dict[str, int] = {}
ODD_BLOCKS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"type": st.sampled_from(["thinking", "redacted_thinking", "tool_use", "text", "odd"])},
    optional={
        "thinking": ODD,
        "signature": ODD,
        "data": ODD,
        "text": ODD,
        "id": ODD,
        "name": ODD,
        "input": st.just(NO_INPUT),
    },
)


@given(st.lists(ODD_BLOCKS, max_size=4), st.sampled_from(["", "anthropic", "xai"]))
def test_whatever_can_be_read_goes_on_and_nothing_of_another(
    content: list[Any], owner: str
) -> None:
    with suppress(Malformed):
        turns, _ = passed_on(owner, *content)
        kept = [block for turn in turns[1:] for block in turn["content"]]
        marks = [(block["type"], block.get("signature", block.get("data"))) for block in kept]
        for kind, mark in marks:
            is_sealed = isinstance(mark, str) and mark.startswith("jevons:xai:")
            assert not is_sealed or mark == "jevons:xai:!" or kind in {"text", "odd"}
        assert [block for block in kept if block["type"] == "odd"] == [
            block for block in content if block["type"] == "odd"
        ]


NAMES = st.text("abcxyz_-", min_size=1, max_size=8)
SPOKEN = st.text(min_size=1).filter(lambda text: bool(text.strip()))
TEXTS = st.builds(Text, text=SPOKEN)
DATA = st.binary(max_size=6).map(lambda data: msgspec.json.encode(data).decode().strip('"'))
URLS = NAMES.map("https://".__add__)
IMAGES = st.builds(Image, url=URLS | DATA.map("data:image/png;base64,".__add__)) | st.builds(
    Image, id=NAMES
)
FILES = st.builds(
    File, url=URLS | DATA.map("data:application/pdf;base64,".__add__), name=st.just("") | NAMES
) | st.builds(File, id=NAMES)
OBJECTS = st.dictionaries(NAMES, st.integers() | st.text(), max_size=3)
CALLS = st.builds(
    ToolCall, id=NAMES, name=NAMES, arguments=OBJECTS.map(lambda each: bytes(raw(each)).decode())
)
MARKS = st.none() | NAMES
THOUGHTS = st.builds(Reasoning, text=st.text(), opaque=NAMES, owner=st.just("anthropic")) | (
    st.builds(Reasoning, kind=st.just("redacted"), opaque=NAMES, owner=st.just("anthropic"))
)
RESULTS = st.builds(
    ToolResult,
    call=NAMES,
    parts=st.lists(TEXTS | IMAGES | FILES, max_size=3).map(tuple),
    failed=st.booleans(),
)


@st.composite
def conversations(draw: st.DrawFn) -> list[Message]:
    """Make messages that this dialect can say, in the form in which it says them."""
    rows = [turn(*draw(st.lists(TEXTS, min_size=1, max_size=2)), role="system")]
    if draw(st.booleans()):
        rows = []
    for at in range(draw(st.integers(1, 3))):
        results = draw(st.lists(RESULTS, max_size=2)) if at else []
        rows += [turn(result, role="tool") for result in results]
        if not results or draw(st.booleans()):
            rows.append(turn(*draw(st.lists(TEXTS | IMAGES | FILES, min_size=1, max_size=3))))
        parts = draw(st.lists(TEXTS | CALLS | THOUGHTS, min_size=1, max_size=4))
        rows.append(turn(*parts, role="assistant"))
    return [*rows, turn(*draw(st.lists(TEXTS, min_size=1, max_size=2)))]


EFFORTS: st.SearchStrategy[Effort] = st.sampled_from(
    ["none", "low", "medium", "high", "xhigh", "max"]
)
SHAPES = st.just(Output()) | st.just(Output(kind="json_schema", schema=raw({"type": "object"})))


@st.composite
def requests(draw: st.DrawFn) -> tuple[Generate, str]:
    """Make a request that this dialect can say, and the model that it goes to."""
    model = draw(st.sampled_from([ADAPTIVE, BUDGETED, OTHER]))
    effort: Effort | None = None
    budget, visible = None, None
    if draw(st.booleans()):
        if model == ADAPTIVE:
            effort = draw(EFFORTS)
        else:
            budget = draw(st.integers(1024, 9999))
        if model != OTHER and effort != "none":
            visible = draw(st.none() | st.booleans())
    does_think = (effort or "none") != "none" or bool(budget)
    tools = draw(st.lists(tool(), max_size=2))
    choices = ["auto", "none", "required", "named"] if tools else ["auto"]
    choice = draw(st.sampled_from(choices))
    parallel = draw(st.none() | st.booleans()) if tools and choice != "none" else None
    request = asked(
        *draw(conversations()),
        sampling=Sampling(
            max_tokens=draw(st.integers(10000, 99999)),
            temperature=None if does_think else draw(st.none() | st.floats(0, 1)),
            stop=tuple(draw(st.lists(SPOKEN, max_size=2))),
        ),
        thinking=Thinking(effort=effort, budget_tokens=budget, visible=visible),
        tools=tuple(tools),
        tool_choice=choice,
        tool=tools[0].name if choice == "named" else "",
        parallel_tools=parallel,
        output=draw(SHAPES),
        stream=draw(st.booleans()),
    )
    return request, model


def tool() -> st.SearchStrategy[Tool]:
    schemas = OBJECTS.map(lambda each: raw({"type": "object", **each}))
    return st.builds(
        Tool,
        name=NAMES,
        description=st.text(),
        parameters=schemas,
        strict=st.sampled_from([None, True]),
    )


def content_of(request: Generate) -> Any:
    """Take what was asked, whoever asked it."""
    names = ("messages", "sampling", "thinking", "tools", "tool_choice", "tool", "parallel_tools")
    return bare([getattr(request, name) for name in (*names, "output", "stream")])


@given(requests())
def test_what_is_written_is_read_back(found: tuple[Generate, str]) -> None:
    request, model = found
    rendered = render_request(request, model=model, owner="anthropic")
    again = parse_request(rendered.body, id="req_2", at_ms=1, actor=None)
    assert content_of(again) == content_of(request)
    assert rendered.changed == ()


BLANKS = st.builds(Text, text=st.sampled_from(["", " ", "\n "]))
ANY = st.lists(
    st.builds(turn, TEXTS | BLANKS, TEXTS | BLANKS | CALLS | THOUGHTS, role=st.just("assistant"))
    | st.builds(turn, TEXTS | BLANKS, TEXTS | BLANKS | IMAGES | RESULTS)
    | st.builds(turn, RESULTS, role=st.just("tool"))
    | st.builds(turn, TEXTS | BLANKS, role=st.sampled_from(["system", "developer"])),
    min_size=1,
    max_size=6,
)


@given(ANY, st.sampled_from(["", "anthropic", "xai"]))
def test_turns_are_well_formed_whatever_was_said(rows: list[Message], owner: str) -> None:
    found = turns(*rows, owner=owner)
    roles = [role for role, _ in found]
    assert roles == [("user", "assistant")[at % 2] for at in range(len(roles))]
    for _, content in found:
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        kinds = [block["type"] == "tool_result" for block in blocks]
        assert kinds == sorted(kinds, reverse=True)
        assert all(block["text"].strip() for block in blocks if block["type"] == "text")
        assert blocks
