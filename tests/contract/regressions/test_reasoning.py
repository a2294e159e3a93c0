"""What users of other gateways lost of their models' thinking is not lost here.

Each test names the public thread in which it was reported.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.contract.regressions.corridor import claude, endpoint

from jevons.testing.reply import chunk, event, refusal, respond, stream, usage, whole

if TYPE_CHECKING:
    from tests.contract.regressions.corridor import Answer, Lab

    from jevons.settings import EndpointSettings
    from jevons.testing import Reply, Vendor

pytestmark = pytest.mark.anyio

QUESTION = {"role": "user", "content": "Is it warm?"}
TOOL: dict[str, Any] = {"name": "weather", "parameters": {"type": "object", "properties": {}}}
TOOLS = [{"type": "function", "function": TOOL}]
CALL = {
    "index": 0,
    "id": "call_1",
    "type": "function",
    "function": {"name": "weather", "arguments": "{}"},
}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "warm"}
COUNTS = event({"choices": [], "usage": usage(5, 2)})
BOTH = pytest.mark.parametrize("is_stream", [False, True])


def thinking(thought: str = "I look.", *, is_stream: bool) -> Reply:
    """An answer of DeepSeek's that thinks and calls a tool."""
    if is_stream:
        return stream(
            chunk("", role="assistant"),
            chunk(None, content=None, reasoning_content=thought[:3]),
            chunk(None, content=None, reasoning_content=thought[3:]),
            chunk(None, tool_calls=[CALL]),
            chunk(finish="tool_calls"),
            COUNTS,
        )
    message = {"role": "assistant", "content": "", "reasoning_content": thought}
    said = {**message, "tool_calls": [CALL]}
    return whole(choices=[{"index": 0, "message": said, "finish_reason": "tool_calls"}])


def deepseek(server: Vendor, name: str = "far") -> EndpointSettings:
    return endpoint(server, name, vendor="deepseek", upstream_model="deepseek-flash")


def heard(vendor: Vendor, number: int = -1) -> dict[str, Any]:
    """Read the body of a request that a vendor was sent."""
    return json.loads(vendor.heard[number].body)


@BOTH
async def test_a_call_to_a_tool_comes_back_to_deepseek_with_its_thinking(
    lab: Lab, *, is_stream: bool
) -> None:
    """BerriAI/litellm#26395, BerriAI/litellm#37636: without it DeepSeek answers 400.

    Its newer models think though nobody asks them to, so nothing in the request says so.
    """
    vendor = await lab.vendor(thinking(is_stream=is_stream), whole())
    await lab.house(deepseek(vendor))
    first = await lab.chat(QUESTION, tools=TOOLS, stream=is_stream)
    await lab.chat(QUESTION, first.message, RESULT, tools=TOOLS)
    _, said, _ = heard(vendor)["messages"]
    assert said["reasoning_content"] == "I look."
    assert [call["id"] for call in said["tool_calls"]] == ["call_1"]


@pytest.mark.parametrize("thought", [None, "", " "])
async def test_a_call_whose_thinking_the_caller_dropped_is_not_refused(
    lab: Lab, thought: str | None
) -> None:
    """openai/openai-agents-python#2155, agent0ai/agent-zero#1732: SDKs drop unknown fields."""
    vendor = await lab.vendor(whole())
    await lab.house(deepseek(vendor))
    said = {"role": "assistant", "content": None, "tool_calls": [CALL]}
    kept = said if thought is None else {**said, "reasoning_content": thought}
    answer = await lab.chat(QUESTION, kept, RESULT, tools=TOOLS)
    assert heard(vendor)["messages"][1]["reasoning_content"]
    changed = (await lab.receipt(answer))["changed"]
    assert bool(changed) is (thought != " "), "what is put in is on the receipt"


async def test_a_call_that_deepseek_made_without_thinking_can_be_handed_back(lab: Lab) -> None:
    """EverMind-AI/Raven#297: DeepSeek itself sends such a call, then refuses it."""
    message = {"role": "assistant", "content": "", "tool_calls": [CALL]}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    vendor = await lab.vendor(whole(choices=[choice]), whole())
    await lab.house(deepseek(vendor))
    first = await lab.chat(QUESTION, tools=TOOLS)
    second = await lab.chat(QUESTION, first.message, RESULT, tools=TOOLS)
    assert second.status == 200
    assert heard(vendor)["messages"][1]["reasoning_content"] == " "


async def test_without_tools_nothing_is_put_in_place_of_thinking(lab: Lab) -> None:
    """laravel/ai#533: with calls to tools thinking is mandatory, without it is ignored."""
    vendor = await lab.vendor(whole())
    await lab.house(deepseek(vendor))
    answer = await lab.chat(QUESTION, {"role": "assistant", "content": "Yes."}, QUESTION)
    assert "reasoning_content" not in heard(vendor)["messages"][1]
    assert (await lab.receipt(answer))["changed"] == []


@BOTH
async def test_thinking_is_there_in_every_turn(lab: Lab, *, is_stream: bool) -> None:
    """maximhq/bifrost#5887: it was lost on every request of several turns, with HTTP 200."""
    vendor = await lab.vendor(thinking(is_stream=is_stream))
    await lab.house(deepseek(vendor))
    turns: list[Any] = [QUESTION]
    for _ in range(3):
        answer = await lab.chat(*turns, tools=TOOLS, stream=is_stream)
        assert answer.message["reasoning_content"] == "I look."
        turns += [answer.message, RESULT]
    thoughts = [each.get("reasoning_content") for each in heard(vendor)["messages"]]
    assert thoughts == [None, "I look.", None, "I look.", None]


@pytest.mark.parametrize("switch", ["enabled", "disabled", None])
async def test_thinking_is_never_switched_behind_the_callers_back(
    lab: Lab, switch: str | None
) -> None:
    """maximhq/bifrost#7213: it was switched off where its text could not be handed back."""
    vendor = await lab.vendor(whole())
    await lab.house(deepseek(vendor))
    fields = {"thinking": {"type": switch}} if switch else {}
    said = {"role": "assistant", "content": None, "tool_calls": [CALL]}
    await lab.chat(QUESTION, said, RESULT, tools=TOOLS, **fields)
    assert heard(vendor).get("thinking") == fields.get("thinking")


def gemini_says(*parts: dict[str, Any], is_stream: bool) -> Reply:
    """An answer of Gemini's, in one chunk for each part."""

    def body(*said: dict[str, Any]) -> dict[str, Any]:
        content = {"role": "model", "parts": said}
        counts = {"promptTokenCount": 5, "candidatesTokenCount": 2, "totalTokenCount": 7}
        candidate = {"content": content, "index": 0}
        return {"candidates": [candidate], "usageMetadata": counts, "responseId": "r"}

    if not is_stream:
        said = body(*parts)
        said["candidates"][0]["finishReason"] = "STOP"
        return respond(json.dumps(said).encode())
    chunks = [body(part) for part in parts]
    chunks[-1]["candidates"][0]["finishReason"] = "STOP"
    return stream(*map(event, chunks), done=0)


def ollama_says(thought: str, text: str, *, is_stream: bool) -> Reply:
    """An answer of Ollama's."""

    def line(*, done: bool, **message: Any) -> bytes:
        said = {"role": "assistant", "content": "", **message}
        fields = {"model": "m", "message": said, "done": done}
        ended = {"done_reason": "stop", "prompt_eval_count": 5, "eval_count": 2} if done else {}
        return json.dumps({**fields, **ended}).encode() + b"\n"

    if not is_stream:
        return respond(line(done=True, thinking=thought, content=text))
    lines = (line(done=False, thinking=thought), line(done=False, content=text), line(done=True))
    return respond(*lines, kind="application/x-ndjson", framed="chunked")


@BOTH
@pytest.mark.parametrize("dialect", ["openai-chat", "gemini", "ollama"])
async def test_thinking_has_the_field_that_clients_read(
    lab: Lab, dialect: str, *, is_stream: bool
) -> None:
    """maximhq/bifrost#5325, maximhq/bifrost#3139: clients read `reasoning_content` only."""
    replies = {
        "openai-chat": thinking(is_stream=is_stream),
        "gemini": gemini_says(
            {"text": "I look.", "thought": True}, {"text": "Yes."}, is_stream=is_stream
        ),
        "ollama": ollama_says("I look.", "Yes.", is_stream=is_stream),
    }
    vendor = await lab.vendor(replies[dialect])
    await lab.house(endpoint(vendor, dialect=dialect))
    answer = await lab.chat(QUESTION, stream=is_stream)
    assert answer.message["reasoning_content"] == "I look."


def made(answer: Answer) -> list[Any]:
    """List the items of an answer of Responses; of a stream, those of its last event."""
    last = answer.json if answer.body.startswith(b"{") else answer.events[-1]["response"]
    return last["output"]


@BOTH
async def test_thinking_goes_through_responses_and_back(lab: Lab, *, is_stream: bool) -> None:
    """maximhq/bifrost#7320: handing it back through `/v1/responses` failed."""
    vendor = await lab.vendor(thinking(is_stream=is_stream), whole())
    await lab.house(deepseek(vendor))
    tools = [{"type": "function", **TOOL}]
    first = await lab.responses(QUESTION, tools=tools, stream=is_stream)
    result = {"type": "function_call_output", "call_id": "call_1", "output": "warm"}
    await lab.responses(QUESTION, *made(first), result, tools=tools)
    _, said, _ = heard(vendor)["messages"]
    assert said["reasoning_content"] == "I look."
    assert [call["id"] for call in said["tool_calls"]] == ["call_1"]


async def test_what_one_endpoint_wants_changed_does_not_leak_into_the_next(lab: Lab) -> None:
    """maximhq/bifrost#5888: a switch meant for one endpoint went on to its fallbacks."""
    busy, next_ = await lab.vendor(refusal(503, "busy")), await lab.vendor(whole())
    await lab.house(deepseek(busy, "first"), endpoint(next_, "second"))
    said = {"role": "assistant", "content": None, "tool_calls": [CALL]}
    answer = await lab.chat(QUESTION, said, RESULT, tools=TOOLS, max_completion_tokens=50)
    assert "max_tokens" in heard(busy)
    assert heard(busy)["messages"][1]["reasoning_content"] == " "
    assert heard(next_)["max_completion_tokens"] == 50
    assert "max_tokens" not in heard(next_)
    assert "reasoning_content" not in heard(next_)["messages"][1]
    receipt = await lab.receipt(answer)
    assert receipt["changed"] == []
    assert [each["endpoint"] for each in receipt["tried"]] == ["first", "second"]


@BOTH
async def test_the_mark_on_a_call_comes_back_to_whoever_made_it(
    lab: Lab, *, is_stream: bool
) -> None:
    """google/adk-python#5437: signatures were dropped where calls to tools were streamed."""
    call: dict[str, Any] = {
        "functionCall": {"name": "weather", "args": {}},
        "thoughtSignature": "c2lnbg==",
    }
    said = gemini_says({"text": "I look.", "thought": True}, call, is_stream=is_stream)
    vendor = await lab.vendor(said, gemini_says({"text": "Yes."}, is_stream=False))
    google = {"vendor": "google", "dialect": "gemini", "upstream_model": "gemini-3-pro-preview"}
    await lab.house(endpoint(vendor, **google))
    first = await lab.chat(QUESTION, tools=TOOLS, stream=is_stream)
    (called,) = first.message["tool_calls"]
    result = {**RESULT, "tool_call_id": called["id"]}
    await lab.chat(QUESTION, first.message, result, tools=TOOLS)
    parts = heard(vendor)["contents"][1]["parts"]
    (made_,) = [part for part in parts if "functionCall" in part]
    assert made_["thoughtSignature"] == "c2lnbg=="


THOUGHTFUL = {
    "openai-chat": stream(
        chunk("", role="assistant"),
        chunk(None, reasoning_content="I "),
        chunk(None, reasoning_content="look."),
        chunk("Yes."),
        chunk(None, tool_calls=[CALL]),
        chunk(finish="tool_calls"),
        COUNTS,
    ),
    "gemini": gemini_says(
        {"text": "I look.", "thought": True},
        {"text": "Yes."},
        {"functionCall": {"name": "weather", "args": {}}},
        is_stream=True,
    ),
    "ollama": ollama_says("I look.", "Yes.", is_stream=True),
}


@pytest.mark.parametrize("dialect", THOUGHTFUL)
async def test_a_caller_of_anthropics_dialect_gets_each_delta_in_a_block_of_its_kind(
    lab: Lab, dialect: str
) -> None:
    """BerriAI/litellm#32357, BerriAI/litellm#33224: thinking inside text, and two beginnings."""
    vendor = await lab.vendor(THOUGHTFUL[dialect])
    await lab.house(endpoint(vendor, dialect=dialect))
    tools = [{"name": "weather", "input_schema": TOOL["parameters"]}]
    answer = await lab.messages(QUESTION, tools=tools, stream=True)
    kinds = [each["type"] for each in answer.events]
    assert kinds.count("message_start") == kinds.count("message_stop") == 1
    assert (kinds[0], kinds[-1]) == ("message_start", "message_stop")
    fits = {
        "thinking": {"thinking_delta", "signature_delta"},
        "text": {"text_delta"},
        "tool_use": {"input_json_delta"},
    }
    open_: dict[int, str] = {}
    said = {"thinking": "", "text": ""}
    for each in answer.events:
        match each["type"]:
            case "content_block_start":
                assert not open_, "one block at a time"
                open_[each["index"]] = each["content_block"]["type"]
            case "content_block_delta":
                kind = open_[each["index"]]
                assert each["delta"]["type"] in fits[kind]
                if kind in said:
                    said[kind] += each["delta"].get(kind, "")
            case "content_block_stop":
                del open_[each["index"]]
            case _:
                assert each["type"] in {"message_start", "ping", "message_delta", "message_stop"}
    assert not open_
    assert said == {"thinking": "I look.", "text": "Yes."}


@BOTH
@pytest.mark.parametrize("surface", ["chat", "messages"])
async def test_the_signature_of_thinking_before_a_call_comes_back_to_anthropic(
    lab: Lab, surface: str, *, is_stream: bool
) -> None:
    """google/adk-python#5437: it was dropped where calls were streamed, and the next turn refused."""
    thought = {"type": "thinking", "thinking": "I look.", "signature": "c2ln"}
    call = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"place": "Here"}}
    counts = {"input_tokens": 5, "output_tokens": 2}
    said = claude(thought, call, counts=counts, reason="tool_use", is_stream=is_stream)
    vendor = await lab.vendor(
        said, claude({"type": "text", "text": "Yes."}, counts=counts, is_stream=False)
    )
    far = {
        "vendor": "anthropic",
        "upstream_model": "claude-sonnet-4-5",
        "dialect": "anthropic-messages",
    }
    await lab.house(endpoint(vendor, **far))
    if surface == "chat":
        first = await lab.chat(QUESTION, tools=TOOLS, stream=is_stream)
        result = {**RESULT, "tool_call_id": "toolu_1"}
        second = await lab.chat(QUESTION, first.message, result, tools=TOOLS)
    else:
        tools = [{"name": "weather", "input_schema": TOOL["parameters"]}]
        first = await lab.messages(QUESTION, tools=tools, stream=is_stream)
        content = collected(first.events) if is_stream else first.json["content"]
        result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "warm"}
        turns = [{"role": "assistant", "content": content}, {"role": "user", "content": [result]}]
        second = await lab.messages(QUESTION, *turns, tools=tools)
    assert second.status == 200, second.body
    content = heard(vendor)["messages"][1]["content"]
    assert content == [thought, call]


def collected(events: list[Any]) -> list[dict[str, Any]]:
    """Put the blocks of a stream together, as Anthropic's SDK does."""
    blocks: list[dict[str, Any]] = []
    for each in events:
        if each["type"] == "content_block_start":
            blocks.append({**each["content_block"], "json": ""})
        if each["type"] == "content_block_delta":
            at: int = each["index"]
            _grow(blocks[at], each["delta"])
    for block in blocks:
        arguments = block.pop("json")
        if arguments:
            block["input"] = json.loads(arguments)
    return blocks


def _grow(block: dict[str, Any], delta: dict[str, str]) -> None:
    for name in ("text", "thinking", "signature"):
        if name in delta:
            block[name] = block.get(name, "") + delta[name]
    block["json"] += delta.get("partial_json", "")


async def test_text_beside_thinking_in_one_chunk_is_not_dropped(lab: Lab) -> None:
    """BerriAI/litellm#36327: `/v1/responses` kept the one and dropped the other."""
    both = chunk("Yes.", reasoning_content="I look.")
    vendor = await lab.vendor(stream(both, chunk(" It is."), chunk(finish="stop"), COUNTS))
    await lab.house(endpoint(vendor))
    answer = await lab.responses(stream=True)
    thought, text = made(answer)
    assert thought["content"][0]["text"] == "I look."
    assert text["content"][0]["text"] == "Yes. It is."
    assert answer.is_done
