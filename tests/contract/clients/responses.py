"""The fake vendor in OpenAI's Responses dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.contract.clients.obliging import Asked, oblige
from tests.contract.clients.reading import (
    CACHED,
    CALL,
    COUNTED,
    CREATED_S,
    JSON,
    PONDERED,
    SEALED,
    WRITTEN,
    called,
    dump,
    halves,
    must,
    named,
    since,
    within,
)

from jevons.testing.reply import respond, stream

if TYPE_CHECKING:
    from tests.contract.clients.obliging import Said

    from jevons.testing import Reply

__all__ = ("answer_responses",)

_Told = tuple[str, JSON]
"""An event's name, and what it says."""

_UNASKED: JSON = {
    "background": False,
    "frequency_penalty": 0.0,
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "presence_penalty": 0.0,
    "previous_response_id": None,
    "prompt_cache_key": None,
    "reasoning": {"effort": None, "summary": None},
    "safety_identifier": None,
    "service_tier": "default",
    "store": True,
    "temperature": 1.0,
    "text": {"format": {"type": "text"}, "verbosity": "medium"},
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
}
"""What the vendor says of a request that does not say."""


def answer_responses(body: JSON) -> Reply:
    """Answer whole, or as a stream."""
    said = oblige(_asked(body))
    items = _items(said)
    head: JSON = {"id": "resp_1", "object": "response", "created_at": CREATED_S}
    begun: JSON = {
        **head,
        **_echo(body),
        **dict.fromkeys(["completed_at", "error", "incomplete_details", "usage"]),
        "status": "in_progress",
        "output": [],
    }
    done = {**begun, "completed_at": CREATED_S + 1, "status": "completed", "output": items}
    done["usage"] = _usage(said)
    if not body.get("stream"):
        return respond(dump(done).encode())
    told: list[_Told] = [
        ("response.created", {"response": begun}),
        ("response.in_progress", {"response": begun}),
        *[event for index, item in enumerate(items) for event in _events(index, item)],
        ("response.completed", {"response": done}),
    ]
    events = [
        named(kind, sequence_number=number, **said) for number, (kind, said) in enumerate(told)
    ]
    return stream(*events, done=0)


def _echo(body: JSON) -> JSON:
    """Say again what was asked, and what was not."""
    told: JSON = {name: body.get(name, unasked) for name, unasked in _UNASKED.items()}
    bare: JSON = {"description": None, "strict": True}
    told["tools"] = [{**bare, **tool} for tool in told["tools"]]
    return {**told, "model": body["model"]}


def _asked(body: JSON) -> Asked:
    said = body["input"]
    turns: list[JSON] = [{"role": "user", "content": said}] if isinstance(said, str) else said
    wanted: JSON = within(body, "text", "format") or {"type": "text"}
    tools: list[JSON] = body.get("tools") or []
    return Asked(
        **since(turns, results={"function_call_output"}),
        called=called(turn for turn in turns if turn.get("type") == "function_call"),
        tools={each["name"]: within(each, "parameters") or {} for each in tools},
        must_call=must(body.get("tool_choice")),
        shape=None if wanted["type"] == "text" else within(wanted, "schema") or {},
        thinks=bool(within(body, "reasoning", "effort")),
    )


def _usage(said: Said) -> JSON:
    return {
        "input_tokens": COUNTED,
        "input_tokens_details": {"cached_tokens": CACHED},
        "output_tokens": WRITTEN,
        "output_tokens_details": {"reasoning_tokens": PONDERED if said.thought else 0},
        "total_tokens": COUNTED + WRITTEN,
    }


def _items(said: Said) -> list[JSON]:
    items: list[JSON] = []
    if said.thought:
        summary = [{"type": "summary_text", "text": said.thought}]
        thinking: JSON = {"id": "rs_1", "type": "reasoning", "summary": summary}
        items.append({**thinking, "encrypted_content": SEALED})
    if said.text:
        text: JSON = {"type": "output_text", "text": said.text, "annotations": [], "logprobs": []}
        message: JSON = {"id": "msg_1", "type": "message", "role": "assistant"}
        items.append({**message, "status": "completed", "content": [text]})
    if said.call:
        call: JSON = {"id": "fc_1", "type": "function_call", "status": "completed", "call_id": CALL}
        items.append({**call, "name": said.call.name, "arguments": said.call.arguments})
    return items


def _events(index: int, item: JSON) -> list[_Told]:
    """Write one item as the events that tell it."""
    tell = {"message": _text, "function_call": _call, "reasoning": _thought}
    begun, inner = tell[item["type"]](item, {"output_index": index, "item_id": item["id"]})
    return [
        ("response.output_item.added", {"output_index": index, "item": begun}),
        *inner,
        ("response.output_item.done", {"output_index": index, "item": item}),
    ]


def _text(item: JSON, at: JSON) -> tuple[JSON, list[_Told]]:
    (part,) = item["content"]
    at = {**at, "content_index": 0}
    kind = "response.output_text"
    return {**item, "status": "in_progress", "content": []}, [
        ("response.content_part.added", {**at, "part": {**part, "text": ""}}),
        *[(f"{kind}.delta", {**at, "logprobs": [], "delta": it}) for it in halves(part["text"])],
        (f"{kind}.done", {**at, "logprobs": [], "text": part["text"]}),
        ("response.content_part.done", {**at, "part": part}),
    ]


def _call(item: JSON, at: JSON) -> tuple[JSON, list[_Told]]:
    whole = item["arguments"]
    kind = "response.function_call_arguments"
    return {**item, "status": "in_progress", "arguments": ""}, [
        *[(f"{kind}.delta", {**at, "delta": piece}) for piece in halves(whole)],
        (f"{kind}.done", {**at, "name": item["name"], "arguments": whole}),
    ]


def _thought(item: JSON, at: JSON) -> tuple[JSON, list[_Told]]:
    (part,) = item["summary"]
    at = {**at, "summary_index": 0}
    kind = "response.reasoning_summary"
    return {**item, "summary": []}, [
        (f"{kind}_part.added", {**at, "part": {**part, "text": ""}}),
        *[(f"{kind}_text.delta", {**at, "delta": it}) for it in halves(part["text"])],
        (f"{kind}_text.done", {**at, "text": part["text"]}),
        (f"{kind}_part.done", {**at, "part": part}),
    ]
