"""Whatever parts Gemini wrote are read, kept as a message, and written again as they were."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from jevons.testing.make import a_request
from jevons.types.event import ReasoningDelta, TextDelta, ToolCallDelta
from jevons.types.message import Message, Part, Reasoning, Text, ToolCall
from jevons.wire.fold import fold
from jevons.wire.gemini import Reader, render_request

if TYPE_CHECKING:
    from jevons.types.event import Event

OURS = "google"
TEXTS = st.text(min_size=1, max_size=4)
MARKS = st.none() | st.sampled_from(["c2lnMQ==", "c2lnMg=="])


def part(kind: str, text: str, mark: str | None) -> dict[str, Any]:
    kinds: dict[str, dict[str, Any]] = {
        "text": {"text": text},
        "thought": {"text": text, "thought": True},
        "call": {"functionCall": {"id": "c1", "name": "f", "args": {"a": text}}},
    }
    return kinds[kind] | ({} if mark is None else {"thoughtSignature": mark})


PARTS = st.lists(
    st.builds(part, st.sampled_from(["text", "thought", "call"]), TEXTS, MARKS),
    min_size=1,
    max_size=6,
)
LAST = st.sampled_from([[], [{"text": "", "thoughtSignature": "c2lnMw=="}]])


@given(PARTS, LAST)
def test_parts_go_back_as_they_were(
    parts: list[dict[str, Any]], last: list[dict[str, Any]]
) -> None:
    said = [*parts, *last]
    assistant = Message(role="assistant", parts=kept(streamed(said)))
    rendered = render_request(a_request(messages=(assistant,)), model="gemini-2.5-pro", owner=OURS)
    assert json.loads(rendered.body)["contents"] == [{"role": "model", "parts": joined(said)}]
    assert rendered.changed == ()


def streamed(parts: list[dict[str, Any]]) -> list[Event]:
    """Read a stream of a part each."""
    reader = Reader(owner=OURS)
    events: list[Event] = []
    for each in parts:
        chunk = {"candidates": [{"content": {"parts": [each]}}]}
        events += reader.feed(b"data: " + json.dumps(chunk).encode() + b"\n\n")
    events += reader.feed(b'data: {"candidates":[{"finishReason":"STOP"}]}\n\n')
    assert reader.end() is None
    return events


def kept(events: list[Event]) -> tuple[Part, ...]:
    """Keep an answer as the message that it will be."""
    parts: list[Part] = []
    for event in fold(events):
        match event:
            case TextDelta():
                parts.append(Text(text=event.text))
            case ReasoningDelta(kind=kind, opaque=opaque, owner=owner):
                parts.append(Reasoning(text=event.text, kind=kind, opaque=opaque, owner=owner))
            case ToolCallDelta(id=id_, name=name, arguments=arguments):
                mark, owner = event.opaque, event.owner
                call = ToolCall(id=id_, name=name, arguments=arguments, opaque=mark, owner=owner)
                parts.append(call)
            case _:
                pass
    return tuple(parts)


def joined(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Join what is one block: a mark ends it, and begins a text too."""
    blocks: list[dict[str, Any]] = []
    for each in parts:
        last = blocks[-1] if blocks else {}
        is_thought = each.get("thought") and last.get("thought")
        is_text = (
            "text" in each and "text" in last and not (each.get("thought") or last.get("thought"))
        )
        is_marked = "thoughtSignature" in last
        is_text = is_text and "thoughtSignature" not in each
        if (is_text or is_thought) and not is_marked:
            blocks[-1] = {**last, **each, "text": last["text"] + each["text"]}
        else:
            blocks.append(each)
    return blocks
