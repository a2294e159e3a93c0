"""A request of any dialect goes to an endpoint of this one with its meaning, or is refused."""

from __future__ import annotations

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
    Generate,
    HostedTool,
    Output,
    Sampling,
    Source,
    Thinking,
    Tool,
)
from jevons.wire.responses import parse_request, render_request

if TYPE_CHECKING:
    from jevons.types.message import Part
    from jevons.wire.rendered import Rendered


def raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


def bare(value: Any) -> Any:
    """Compare what is undecoded by its bytes: a `Raw` equals nothing."""
    return msgspec.json.decode(msgspec.json.encode(value))


def turn(*parts: Part, role: Role = "user", **fields: Any) -> Message:
    return Message(role=role, parts=parts, **fields)


HELLO = turn(Text(text="hello"))


def asked(*messages: Message, fields: dict[str, Any] | None = None, **more: Any) -> Generate:
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
        **more,
    )


def spoken(text: str) -> dict[str, Any]:
    """What the model said, as it goes back to it."""
    part = {"type": "output_text", "text": text}
    return {"type": "message", "role": "assistant", "content": [part]}


def written(*messages: Message, owner: str = "", **more: Any) -> tuple[Any, tuple[str, ...]]:
    rendered = render_request(asked(*messages, **more), model="m", owner=owner)
    return msgspec.json.decode(rendered.body), rendered.changed


def items(*messages: Message, owner: str = "") -> Any:
    return written(*messages, owner=owner)[0]["input"]


def test_the_least_that_can_be_asked_is_not_stored() -> None:
    body, changed = written()
    assert body == {
        "model": "m",
        "input": [{"role": "user", "content": "hello"}],
        "store": False,
        "stream": False,
    }
    assert changed == ()


def test_the_first_instruction_goes_apart_and_others_stay_where_they_are() -> None:
    system = turn(Text(text="be brief"), role="system")
    body, _ = written(system, system, HELLO)
    assert body["instructions"] == "be brief"
    assert [item["role"] for item in body["input"]] == ["system", "user"]


@pytest.mark.parametrize(
    "first",
    [
        turn(Text(text="a"), Text(text="b"), role="system"),
        turn(Text(text="a"), role="developer"),
        turn(Text(text="a"), role="system", name="n"),
    ],
)
def test_what_is_more_than_one_instruction_is_an_item(first: Message) -> None:
    body, _ = written(first, HELLO)
    assert "instructions" not in body
    assert len(body["input"]) == 2


def test_an_instruction_alone_is_an_item_for_there_must_be_one() -> None:
    body, _ = written(turn(Text(text="a"), role="system"))
    assert body["input"] == [{"role": "system", "content": "a"}]


@pytest.mark.parametrize(
    ("owner", "role"), [("", "developer"), ("openai", "developer"), ("xai", "system")]
)
def test_a_developer_is_one_to_openai_only(owner: str, role: str) -> None:
    body, changed = written(HELLO, turn(Text(text="a"), role="developer"), owner=owner)
    assert body["input"][1]["role"] == role
    assert bool(changed) == (role == "system")


def test_every_part_has_its_place() -> None:
    parts = (
        Text(text="look"),
        Image(url="https://x/y.png", detail="low"),
        Image(id="file_1"),
        Audio(data="AAAA", format="wav"),
        File(url="data:a;base64,", name="a.pdf"),
        File(url="https://x/y.pdf"),
        File(id="file_2"),
    )
    assert items(turn(*parts))[0]["content"] == [
        {"type": "input_text", "text": "look"},
        {"type": "input_image", "image_url": "https://x/y.png", "detail": "low"},
        {"type": "input_image", "file_id": "file_1"},
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
        {"type": "input_file", "file_data": "data:a;base64,", "filename": "a.pdf"},
        {"type": "input_file", "file_url": "https://x/y.pdf"},
        {"type": "input_file", "file_id": "file_2"},
    ]


def test_what_the_model_said_is_written_in_its_order() -> None:
    said = turn(
        Text(text="I"),
        Refusal(text="won't"),
        ToolCall(id="c1", name="f", arguments=""),
        Text(text="but"),
        role="assistant",
    )
    assert items(HELLO, said)[1:] == [
        {
            "type": "message",
            "role": "assistant",
            "content": [
                {"type": "output_text", "text": "I"},
                {"type": "refusal", "refusal": "won't"},
            ],
        },
        {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
        spoken("but"),
    ]


def test_calls_follow_each_other_for_deepseek() -> None:
    said = turn(
        ToolCall(id="c1", name="f", arguments="{}"),
        Text(text="and"),
        ToolCall(id="c2", name="f", arguments="{}"),
        role="assistant",
    )
    body, changed = written(HELLO, said, owner="deepseek")
    kinds = [item["type"] for item in body["input"][1:]]
    assert kinds == ["message", "function_call", "function_call"]
    assert changed == ("messages: calls to tools moved behind what was said with them",)
    assert written(HELLO, turn(*said.parts[1:], role="assistant"), owner="deepseek")[1] == ()


def test_what_tools_said_goes_before_what_was_said_with_it() -> None:
    said = turn(
        Text(text="here"),
        ToolResult(call="c1", parts=(Text(text="sun"),)),
        ToolResult(call="c2", failed=True),
        ToolResult(call="c3", parts=(Text(text="see"), Image(id="f"))),
    )
    body, changed = written(said)
    assert body["input"] == [
        {"type": "function_call_output", "call_id": "c1", "output": "sun"},
        {"type": "function_call_output", "call_id": "c2", "output": ""},
        {
            "type": "function_call_output",
            "call_id": "c3",
            "output": [
                {"type": "input_text", "text": "see"},
                {"type": "input_image", "file_id": "f"},
            ],
        },
        {"role": "user", "content": "here"},
    ]
    assert changed == ("messages.tool.failed: dropped, has no counterpart in this dialect",)


def test_thinking_goes_to_its_owner_exactly_and_its_parts_are_one_item() -> None:
    thoughts = (
        Reasoning(text="long", id="rs_1", owner="openai"),
        Reasoning(text="short", kind="summary", id="rs_1", owner="openai", opaque="gA"),
        Reasoning(kind="redacted", id="rs_1", owner="openai", opaque="gB"),
        Reasoning(text="other", kind="summary", owner="openai"),
    )
    body, changed = written(HELLO, turn(*thoughts, role="assistant"), owner="openai")
    assert body["input"][1:] == [
        {
            "type": "reasoning",
            "id": "rs_1",
            "content": [{"type": "reasoning_text", "text": "long"}],
            "summary": [{"type": "summary_text", "text": "short"}],
            "encrypted_content": "gA",
        },
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gB"},
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "other"}]},
    ]
    assert body["include"] == ["reasoning.encrypted_content"]
    assert changed == ()


@pytest.mark.parametrize(("owner", "whose"), [("anthropic", "it is"), ("", "nobody said")])
def test_thinking_goes_to_nobody_else_and_the_drop_is_named(owner: str, whose: str) -> None:
    thought = turn(Reasoning(text="t", owner=owner), Text(text="so"), role="assistant")
    body, changed = written(HELLO, thought, owner="openai")
    assert body["input"][1:] == [spoken("so")]
    assert len(changed) == 1
    assert changed[0].startswith(f"messages.reasoning: dropped, {whose}")


def test_the_mark_of_a_call_has_no_place_and_the_drop_is_named() -> None:
    call = ToolCall(id="c", name="f", arguments="{}", opaque="sig", owner="google")
    _, changed = written(HELLO, turn(call, role="assistant"))
    assert changed == ("messages.tool_calls.opaque: dropped, it is google's",)


def test_fields_that_only_another_dialect_knows_are_dropped_and_named_once() -> None:
    marked = Text(text="a", extra={"cache_control": raw({})})
    fields: dict[str, Any] = {
        "user": "u",
        "logit_bias": {},
        "metadata": None,
        "store": False,
        "model": "x",
    }
    _, changed = written(
        turn(marked, name="n"),
        turn(marked, marked, extra={"weight": raw(1)}),
        fields=fields,
        tools=(Tool(name="f", extra={"cache_control": raw({})}),),
        thinking=Thinking(extra={"display": raw("omitted")}),
    )
    why = "dropped, has no counterpart in this dialect"
    assert changed == (
        f"messages.name: {why}",
        f"messages.content.cache_control: {why}",
        f"messages.weight: {why}",
        f"tools.cache_control: {why}",
        f"thinking.display: {why}",
        f"user: {why}",
        f"logit_bias: {why}",
    )


def test_how_to_answer_is_written() -> None:
    schema = raw({"type": "object"})
    body, changed = written(
        sampling=Sampling(temperature=0.5, top_p=0.9, max_tokens=64, logprobs=True, top_logprobs=2),
        tools=(Tool(name="f", description="d", parameters=schema), Tool(name="g", strict=True)),
        tool_choice="named",
        tool="f",
        parallel_tools=False,
        output=Output(kind="json_schema", schema=schema, strict=True),
        stream=True,
    )
    body.pop("input")
    assert body == {
        "model": "m",
        "store": False,
        "stream": True,
        "temperature": 0.5,
        "top_p": 0.9,
        "max_output_tokens": 64,
        "include": ["message.output_text.logprobs"],
        "top_logprobs": 2,
        "tools": [
            {
                "type": "function",
                "name": "f",
                "description": "d",
                "parameters": {"type": "object"},
                "strict": False,
            },
            {"type": "function", "name": "g", "parameters": {}, "strict": True},
        ],
        "tool_choice": {"type": "function", "name": "f"},
        "parallel_tool_calls": False,
        "text": {
            "format": {
                "type": "json_schema",
                "name": "answer",
                "schema": {"type": "object"},
                "strict": True,
            }
        },
    }
    assert changed == ()


def test_a_choice_without_a_name_and_a_shape_without_a_schema_are_written() -> None:
    body, _ = written(tool_choice="required", output=Output(kind="json"))
    assert body["tool_choice"] == "required"
    assert body["text"] == {"format": {"type": "json_object"}}
    body, _ = written(output=Output(kind="json_schema", name="s"))
    assert body["text"]["format"] == {"type": "json_schema", "name": "s", "schema": {}}


def test_seeds_are_hints_and_their_drop_is_named() -> None:
    body, changed = written(sampling=Sampling(seed=1, top_k=5))
    assert "seed" not in body
    assert [change.partition(":")[0] for change in changed] == ["seed", "top_k"]


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"sampling": Sampling(n=2)}, "n"),
        ({"sampling": Sampling(stop=("x",))}, "stop"),
        ({"tools": (HostedTool(kind="web_search", fields={}),)}, "tools"),
    ],
)
def test_what_cannot_be_said_is_refused(more: dict[str, Any], param: str) -> None:
    with pytest.raises(Unsupported) as caught:
        written(**more)
    assert caught.value.param == param


@pytest.mark.parametrize(
    "message",
    [
        turn(Opaque(kind="document", fields={})),
        turn(Image(id="f"), role="assistant"),
        turn(ToolResult(call="c", parts=(Reasoning(text="t"), Text(text="x")))),
    ],
)
def test_a_part_that_cannot_be_said_is_refused(message: Message) -> None:
    with pytest.raises(Unsupported) as caught:
        written(message)
    assert caught.value.param == "messages"


@pytest.mark.parametrize(
    ("budget", "effort"),
    [(0, "none"), (1, "minimal"), (1024, "minimal"), (8000, "medium"), (99_999, "xhigh")],
)
def test_a_budget_is_the_least_effort_that_holds_it(budget: int, effort: str) -> None:
    body, changed = written(thinking=Thinking(budget_tokens=budget))
    assert body["reasoning"] == {"effort": effort}
    assert changed == (f"thinking.budget_tokens: {budget} sent as effort {effort!r}",)


def test_what_asks_for_more_than_a_hint_is_refused() -> None:
    with pytest.raises(Unsupported) as refused:
        written(fields={"logit_bias": {"50256": -100}})
    assert refused.value.param == "logit_bias"


def test_being_told_to_think_is_the_usual_effort() -> None:
    body, changed = written(thinking=Thinking(on=True))
    assert body["reasoning"] == {"effort": "medium"}
    assert changed == ("thinking.enabled: sent as effort 'medium'",)


def test_thinking_is_asked_for_as_it_was_and_not_otherwise() -> None:
    assert "reasoning" not in written(owner="openai")[0]
    body, _ = written(thinking=Thinking(effort="high", visible=True), owner="openai")
    assert body["reasoning"] == {"effort": "high", "summary": "auto"}
    assert body["include"] == ["reasoning.encrypted_content"]
    both = {"thinking": Thinking(effort="low"), "sampling": Sampling(logprobs=True)}
    assert len(written(owner="openai", **both)[0]["include"]) == 2
    body, _ = written(thinking=Thinking(effort="none"), owner="openai")
    assert "include" not in body
    assert "include" not in written(thinking=Thinking(effort="low"), owner="xai")[0]


def passed_on(owner: str, *items: Any, **fields: Any) -> tuple[Any, tuple[str, ...]]:
    """Send a request of this dialect, not to be stored, on to an endpoint that speaks it too."""
    asked = {"model": "asked", "input": list(items), "store": False, **fields}
    body = msgspec.json.encode(asked)
    request = parse_request(body, id="req_1", at_ms=0, actor=None)
    rendered: Rendered = render_request(request, model="m", owner=owner)
    return msgspec.json.decode(rendered.body), rendered.changed


def test_a_request_of_this_dialect_goes_on_field_for_field() -> None:
    item = {"role": "user", "content": "hi", "odd": [1]}
    body, changed = passed_on("openai", item, prompt_cache_key="k")
    assert body == {"model": "m", "input": [item], "store": False, "prompt_cache_key": "k"}
    assert changed == ()


@pytest.mark.parametrize(
    ("store", "why"), [(True, "the answer is kept here"), (None, "the endpoint would store")]
)
def test_nothing_is_stored_at_the_endpoint_whatever_is_kept_here(
    *, store: bool | None, why: str
) -> None:
    body, (change,) = passed_on("openai", USER, store=store)
    assert body["store"] is False
    assert change.startswith(f"store: sent as false, {why}")


def test_what_a_kept_answer_stands_for_goes_on_and_its_name_does_not() -> None:
    body, changed = passed_on("openai", USER, previous_response_id="resp_1")
    assert body == {"model": "m", "input": [USER], "store": False}
    assert changed == ("previous_response_id: sent as the items that it stands for",)


def test_what_needs_storing_at_the_endpoint_is_refused() -> None:
    with pytest.raises(Unsupported) as caught:
        passed_on("openai", USER, background=True)
    assert caught.value.param == "background"


def test_marks_are_asked_for_where_thinking_is_and_they_can_be() -> None:
    marks = "reasoning.encrypted_content"
    thinks = {"store": None, "reasoning": {"effort": "low"}}
    body, changed = passed_on("openai", USER, **thinks, include=["x"])
    assert body["include"] == ["x", marks]
    assert len(changed) == 2
    assert passed_on("openai", USER, **thinks)[0]["include"] == [marks]
    assert passed_on("openai", USER, **thinks, include=[marks])[0]["include"] == [marks]
    for owner, fields in (
        ("xai", thinks),
        ("openai", {**thinks, "store": False}),
        ("openai", {"store": None}),
        ("openai", {"store": None, "reasoning": {"effort": "none"}}),
    ):
        assert "include" not in passed_on(owner, USER, **fields)[0]


def test_thinking_that_openai_would_have_stored_is_taken_out_with_the_names_that_miss_it() -> None:
    bare: Any = {"type": "reasoning", "id": "rs_1", "summary": []}
    said = {"type": "message", "id": "msg_1", "role": "assistant", "content": "so"}
    call = {"type": "function_call", "id": "fc_1", "call_id": "c", "name": "f", "arguments": ""}
    search = {"type": "web_search_call", "id": "ws_1"}
    odd = {"type": "function_call", "id": 5, "call_id": "c", "name": "f", "arguments": ""}
    items: tuple[Any, ...] = (USER, bare, said, call, search, odd)
    body, changed = passed_on("openai", *items)
    unnamed = [
        {name: value for name, value in each.items() if name != "id"} for each in (said, call)
    ]
    assert body["input"][:-1] == [USER, *unnamed, search]
    assert changed == ("input.reasoning: dropped, it has no mark, and nothing is stored there",)
    for owner in ("", "xai"):
        assert passed_on(owner, *items)[0]["input"] == list(items)
    assert passed_on("openai", USER, said, call)[0]["input"] == [USER, said, call]


def test_a_string_goes_on_whatever_it_says() -> None:
    request = parse_request(b'{"model":"a","input":"jevons:x:y"}', id="req_1", at_ms=0, actor=None)
    assert msgspec.json.decode(render_request(request, model="m").body)["input"] == "jevons:x:y"


USER = {"role": "user", "content": "jevons: what is that?"}
SEALED: dict[str, Any] = {
    "type": "reasoning",
    "id": "rs_jevons_1_0",
    "summary": [],
    "encrypted_content": "jevons:deepseek:bWFyaw==",
}


def test_a_seal_is_opened_for_its_owner() -> None:
    bare_mark = {**SEALED, "id": "rs_far", "encrypted_content": "jevons:deepseek:"}
    body, changed = passed_on("deepseek", USER, SEALED, bare_mark)
    assert body["input"] == [
        USER,
        {"type": "reasoning", "summary": [], "encrypted_content": "mark"},
        {"type": "reasoning", "id": "rs_far", "summary": []},
    ]
    assert changed == ()


@pytest.mark.parametrize("owner", ["openai", ""])
def test_a_seal_is_opened_for_nobody_else_and_the_drop_is_named(owner: str) -> None:
    call = {
        "type": "function_call",
        "id": "fc_jevons_1_1",
        "call_id": "c",
        "name": "f",
        "arguments": "{}",
        "encrypted_content": "jevons::c2ln",
    }
    body, changed = passed_on(owner, USER, SEALED, call)
    rest = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
    assert body["input"] == [USER, rest]
    assert changed == (
        "input.reasoning: dropped, its mark is deepseek's",
        "input.function_call: dropped, its mark is nobody's",
    )


PLAIN: dict[str, Any] = {"type": "reasoning", "id": "rs", "summary": [], "encrypted_content": "gA"}


@pytest.mark.parametrize("owner", ["openai", ""])
def test_a_mark_without_a_seal_goes_to_openai_and_to_who_may_have_written_it(owner: str) -> None:
    compaction = {"type": "compaction", "encrypted_content": "gB"}
    body, changed = passed_on(owner, USER, PLAIN, compaction)
    assert body["input"] == [USER, PLAIN, compaction]
    assert changed == ()


def test_a_mark_without_a_seal_goes_to_no_other_vendor() -> None:
    unmarked = {**PLAIN, "encrypted_content": None}
    body, changed = passed_on("deepseek", USER, PLAIN, unmarked)
    assert body["input"] == [USER, unmarked]
    assert changed == ("input.reasoning: dropped, its mark is openai's",)


def test_a_seal_of_openais_is_opened_for_it_alone() -> None:
    sealed = {**PLAIN, "encrypted_content": "jevons:openai:"}
    marked = {**PLAIN, "encrypted_content": "jevons:openai:Z0E="}
    assert passed_on("openai", USER, marked)[0]["input"] == [USER, PLAIN]
    assert passed_on("openai", USER, sealed)[0]["input"] == [USER]
    assert passed_on("", USER, marked)[0]["input"] == [USER]


def test_an_item_that_only_mentions_us_goes_on() -> None:
    odd = {"type": "odd_call", "id": 5, "encrypted_content": "jevons:x:y"}
    plain = {"role": "user", "content": "hello"}
    assert passed_on("openai", USER, odd, plain)[0]["input"] == [USER, odd, plain]


NAMES = st.text("abcxyz_-", min_size=1, max_size=8)
TEXTS = st.builds(Text, text=st.text())
IMAGES = st.builds(Image, url=NAMES, id=st.just("") | NAMES, detail=st.none() | NAMES)
FILES = st.builds(File, url=NAMES | NAMES.map("data:".__add__), id=st.just("") | NAMES, name=NAMES)
SOUNDS = st.builds(Audio, data=NAMES, format=NAMES)
CALLS = st.builds(ToolCall, id=NAMES, name=NAMES, arguments=st.text(min_size=1))


@st.composite
def thoughts(draw: st.DrawFn) -> list[Reasoning]:
    """Make the parts of one item of thinking."""
    name = draw(st.just("") | NAMES.map("rs_".__add__))
    owned: dict[str, Any] = {"id": name, "owner": "openai"}
    said = [Reasoning(text=each, **owned) for each in draw(st.lists(st.text(), max_size=2))]
    told = draw(st.lists(st.text(), max_size=2))
    parts = [*said, *[Reasoning(text=each, kind="summary", **owned) for each in told]]
    if not parts or not name:
        parts = [Reasoning(kind="redacted", **owned)]
    return [*parts[:-1], msgspec.structs.replace(parts[-1], opaque=draw(NAMES))]


def turns() -> st.SearchStrategy[list[Message]]:
    """Make messages that this dialect can say, no two of the model's in a row."""
    spoken = st.lists(TEXTS | st.builds(Refusal, text=st.text()), min_size=1, max_size=3)
    user = st.lists(TEXTS | IMAGES | FILES | SOUNDS, min_size=1, max_size=3)
    result = st.builds(
        ToolResult, call=NAMES, parts=st.lists(TEXTS | IMAGES, min_size=1).map(tuple)
    )
    model = st.lists(thoughts() | spoken | CALLS.map(lambda call: [call]), min_size=1, max_size=4)
    asked = user.map(lambda parts: turn(*parts))
    told = result.map(lambda part: turn(part, role="tool"))
    answered = model.map(
        lambda groups: turn(*[part for group in groups for part in group], role="assistant")
    )
    others = asked | told | st.builds(turn, TEXTS, role=st.just("developer"))
    pairs = st.tuples(others, st.none() | answered)
    return st.lists(pairs, min_size=1, max_size=4).map(
        lambda found: [message for pair in found for message in pair if message is not None]
    )


REQUESTS = st.builds(
    asked,
    sampling=st.builds(
        Sampling,
        temperature=st.none() | st.floats(0, 2),
        top_p=st.none() | st.floats(0, 1),
        max_tokens=st.none() | st.integers(1, 10**6),
        logprobs=st.booleans(),
        top_logprobs=st.none() | st.integers(0, 20),
    ),
    thinking=st.builds(Thinking, effort=st.sampled_from([None, "none", "low", "max"])),
    tools=st.lists(
        st.builds(Tool, name=NAMES, description=st.text(), strict=st.booleans()), max_size=2
    ).map(tuple),
    tool_choice=st.sampled_from(["auto", "none", "required"]),
    parallel_tools=st.none() | st.booleans(),
    output=st.sampled_from([Output(), Output(kind="json"), Output(kind="json_schema", name="s")]),
    stream=st.booleans(),
)


@given(REQUESTS, turns(), st.none() | TEXTS)
def test_what_is_written_is_read_back(
    request: Generate, messages: list[Message], system: Text | None
) -> None:
    first = [] if system is None else [turn(system, role="system")]
    request = msgspec.structs.replace(request, messages=(*first, *messages))
    rendered = render_request(request, model="asked", owner="openai")
    again = parse_request(rendered.body, id="req_1", at_ms=0, actor=None)
    assert rendered.changed == ()
    for field in (
        "model",
        "messages",
        "sampling",
        "thinking",
        "tools",
        "tool_choice",
        "parallel_tools",
        "output",
        "stream",
    ):
        assert bare(getattr(again, field)) == bare(getattr(request, field)), field


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["jevons:a:", "rs_jevons_", "gA"]),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)
ITEMS = st.fixed_dictionaries(
    {"type": st.sampled_from(["reasoning", "function_call", "odd", "message"])},
    optional=dict.fromkeys(
        ("id", "encrypted_content", "summary", "content", "call_id", "name", "role"), ODD
    ),
)


@given(st.lists(ITEMS, min_size=1), st.sampled_from(["", "openai", "a"]))
def test_any_request_that_can_be_read_can_be_sent_or_is_refused(
    items: list[Any], owner: str
) -> None:
    body = msgspec.json.encode({"model": "m", "input": items})
    try:
        request = parse_request(body, id="req_1", at_ms=0, actor=None)
    except Malformed:
        return
    rendered = render_request(request, model="m", owner=owner)
    assert msgspec.json.decode(rendered.body)["model"] == "m"
    source = msgspec.structs.replace(request.source, dialect="openai-chat")
    foreign = msgspec.structs.replace(request, source=source)
    with suppress(Unsupported):
        render_request(foreign, model="m", owner=owner)
