"""The fake vendor in Anthropic's Messages dialect."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.contract.clients.obliging import Asked, oblige
from tests.contract.clients.reading import (
    CACHED,
    COUNTED,
    JSON,
    PONDERED,
    SEALED,
    WRITTEN,
    called,
    dump,
    halves,
    must,
    named,
    parts_of,
    since,
    within,
)

from jevons.testing.reply import respond, stream

if TYPE_CHECKING:
    from tests.contract.clients.obliging import Said

    from jevons.testing import Reply

__all__ = ("answer_messages",)

_SILENT = {"stop_reason": None, "stop_sequence": None, "stop_details": None}
_UNTOLD = ("cache_creation", "server_tool_use")


def answer_messages(body: JSON) -> Reply:
    """Answer whole, or as a stream."""
    said = oblige(_asked(body))
    blocks = _blocks(said)
    head: JSON = {"id": "msg_1", "type": "message", "role": "assistant", "model": body["model"]}
    end = {**_SILENT, "stop_reason": "tool_use" if said.call else "end_turn"}
    counts: JSON = {
        "input_tokens": COUNTED - CACHED,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": CACHED,
        "output_tokens": WRITTEN,
        "output_tokens_details": {"thinking_tokens": PONDERED if said.thought else 0},
        "service_tier": "standard",
        "inference_geo": "global",
        **dict.fromkeys(_UNTOLD),
    }
    head["container"] = None
    if not body.get("stream"):
        return respond(dump({**head, "content": blocks, **end, "usage": counts}).encode())
    begun: JSON = {**head, "content": [], **_SILENT, "usage": {**counts, "output_tokens": 1}}
    return stream(
        named("message_start", message=begun),
        named("ping"),
        *[event for index, block in enumerate(blocks) for event in _events(index, block)],
        named("message_delta", delta=end, usage=counts),
        named("message_stop"),
        done=0,
    )


def _asked(body: JSON) -> Asked:
    turns: list[JSON] = body["messages"]
    wanted = within(body, "output_config", "format")
    tools: list[JSON] = body.get("tools") or []
    thinking: JSON = body.get("thinking") or {"type": "disabled"}
    return Asked(
        **since(turns, results={"tool_result"}),
        called=called(
            part for turn in turns for part in parts_of(turn) if part["type"] == "tool_use"
        ),
        tools={each["name"]: each["input_schema"] for each in tools},
        must_call=must(body.get("tool_choice")),
        shape=wanted["schema"] if wanted else None,
        thinks=thinking["type"] != "disabled",
    )


def _blocks(said: Said) -> list[JSON]:
    blocks: list[JSON] = []
    if said.thought:
        blocks.append({"type": "thinking", "thinking": said.thought, "signature": SEALED})
    if said.text:
        blocks.append({"type": "text", "text": said.text})
    if said.call:
        call = {"type": "tool_use", "id": "toolu_1", "name": said.call.name}
        blocks.append({**call, "input": json.loads(said.call.arguments)})
    return blocks


def _events(index: int, block: JSON) -> list[bytes]:
    """Write one block as the events that tell it."""
    if block["type"] == "tool_use":
        begun: JSON = {**block, "input": {}}
        deltas = [("input_json_delta", "partial_json", it) for it in halves(dump(block["input"]))]
    elif block["type"] == "thinking":
        begun = {**block, "thinking": "", "signature": ""}
        deltas = [("thinking_delta", "thinking", it) for it in halves(block["thinking"])]
        deltas.append(("signature_delta", "signature", block["signature"]))
    else:
        begun = {**block, "text": ""}
        deltas = [("text_delta", "text", it) for it in halves(block["text"])]
    told: list[JSON] = [{"type": kind, field: piece} for kind, field, piece in deltas]
    return [
        named("content_block_start", index=index, content_block=begun),
        *[named("content_block_delta", index=index, delta=delta) for delta in told],
        named("content_block_stop", index=index),
    ]
