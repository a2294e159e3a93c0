"""Messages, written as the items of a request.

Rule 1: what a tool said goes before anything that was said with it.
Rule 2: thinking goes to its owner only, exactly as it was; parts with one id are one item.
Rule 3: what this dialect has no place for is dropped and named, or refused if it is said.
Rule 4: calls of one turn follow each other for DeepSeek, which rejects others (its API,
    "No tool output found for tool call", 2026-08).
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from jevons.types.errors import Unsupported
from jevons.types.message import (
    Audio,
    File,
    Image,
    Opaque,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from jevons.types.message import Extra, Message, Part

__all__ = ("Carried", "write_items")

_Item = dict[str, Any]


class Carried:
    """What becomes of a request on its way.

    Args:
        owner: Vendor of the endpoint.
    """

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.replayed = False
        """Whether some thinking is handed back to who wrote it."""
        self._changed: dict[str, None] = {}

    @property
    def changed(self) -> tuple[str, ...]:
        """What was dropped or altered; each of it once."""
        return tuple(self._changed)

    def owns(self, thought: Reasoning) -> bool:
        """Whether the endpoint's vendor wrote it; one that is not known wrote nothing."""
        return bool(self.owner) and thought.owner == self.owner

    def note(self, change: str) -> None:
        """Name a change."""
        self._changed[change] = None

    def drop(self, field: str, why: str) -> None:
        """Name a field that does not go on."""
        self.note(f"{field}: dropped, {why}")

    def drop_all(self, where: str, extra: Extra) -> None:
        """Name the fields that have no name of ours."""
        for name in extra or ():
            self.drop(f"{where}.{name}", "has no counterpart in this dialect")


def write_items(messages: Sequence[Message], carried: Carried) -> list[_Item]:
    """Write messages as items.

    Raises:
        Unsupported: A part cannot be said in this dialect.
    """
    return [item for message in messages for item in _items(message, carried)]


def _items(message: Message, carried: Carried) -> Iterator[_Item]:
    if message.name:
        carried.drop("messages.name", "has no counterpart in this dialect")
    carried.drop_all("messages", message.extra)
    parts = _in_order(message, carried)
    for kind, run in groupby(parts, key=_kind):
        said = list(run)
        if kind is Reasoning:
            yield from _thoughts(said, carried)
        elif kind is ToolCall:
            yield from [_call(part, carried) for part in said if isinstance(part, ToolCall)]
        elif kind is ToolResult:
            yield from [_result(part, carried) for part in said if isinstance(part, ToolResult)]
        else:
            yield _message(message, said, carried)


def _in_order(message: Message, carried: Carried) -> list[Part]:
    results = [part for part in message.parts if isinstance(part, ToolResult)]
    others = [part for part in message.parts if not isinstance(part, ToolResult)]
    if carried.owner != "deepseek":
        return [*results, *others]
    calls = [part for part in others if isinstance(part, ToolCall)]
    before = [part for part in others if not isinstance(part, ToolCall)]
    if [*before, *calls] != others:
        carried.note("messages: calls to tools moved behind what was said with them")
    return [*results, *before, *calls]


def _kind(part: Part) -> type:
    return type(part) if isinstance(part, Reasoning | ToolCall | ToolResult) else Text


def _message(message: Message, parts: Sequence[Part], carried: Carried) -> _Item:
    """Write what was said; text alone as a string, as callers do.

    What the model said is typed to the last part: llama.cpp's server takes nothing less.
    """
    role = _role(message, carried)
    match parts:
        case [Text() as alone] if role != "assistant":
            carried.drop_all("messages.content", alone.extra)
            return {"role": role, "content": alone.text}
        case _:
            content = [_part(part, role, carried) for part in parts]
            return {"type": "message", "role": role, "content": content}


def _role(message: Message, carried: Carried) -> str:
    if message.role == "developer" and carried.owner not in {"", "openai"}:
        carried.note("messages.role: 'developer' sent as 'system', which others know too")
        return "system"
    return "user" if message.role == "tool" else message.role


def _part(part: Part, role: str, carried: Carried) -> _Item:
    if isinstance(part, Opaque):
        message = f"part {part.kind!r} is one that only the caller's own dialect has"
        raise Unsupported(message, param="messages")
    carried.drop_all("messages.content", part.extra)
    match part:
        case Text():
            return {"type": "output_text" if role == "assistant" else "input_text"} | {
                "text": part.text
            }
        case Refusal():
            return {"type": "refusal", "refusal": part.text}
        case _ if role == "assistant":
            message = "this endpoint's dialect has no place for files in the model's own turns"
            raise Unsupported(message, param="messages")
        case Image():
            return _image(part)
        case Audio():
            sound = {"data": part.data, "format": part.format}
            return {"type": "input_audio", "input_audio": sound}
        case File():
            return _file(part)
        case _:
            message = f"a {type(part).__name__} cannot be in what a tool said"
            raise Unsupported(message, param="messages")


def _image(image: Image) -> _Item:
    written = {"file_id": image.id, "image_url": image.url, "detail": image.detail}
    return {"type": "input_image", **_only(written)}


def _file(file: File) -> _Item:
    where = "file_data" if file.url.startswith("data:") else "file_url"
    written = {"file_id": file.id, where: file.url, "filename": file.name}
    return {"type": "input_file", **_only(written)}


def _only(fields: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in fields.items() if value}


def _call(call: ToolCall, carried: Carried) -> _Item:
    carried.drop_all("messages.tool_calls", call.extra)
    if call.opaque is not None:
        carried.drop("messages.tool_calls.opaque", f"it is {call.owner or 'nobody'}'s")
    arguments = call.arguments or "{}"
    return {"type": "function_call", "call_id": call.id, "name": call.name, "arguments": arguments}


def _result(result: ToolResult, carried: Carried) -> _Item:
    carried.drop_all("messages.tool", result.extra)
    if result.failed:
        carried.drop("messages.tool.failed", "has no counterpart in this dialect")
    match result.parts:
        case (Text() as alone,):
            carried.drop_all("messages.tool", alone.extra)
            output: str | list[_Item] = alone.text
        case ():
            output = ""
        case parts:
            output = [_part(part, "user", carried) for part in parts]
    return {"type": "function_call_output", "call_id": result.call, "output": output}


def _thoughts(parts: Sequence[Part], carried: Carried) -> Iterator[_Item]:
    """Write thinking for its owner."""
    thoughts = [part for part in parts if isinstance(part, Reasoning)]
    kept = [part for part in thoughts if carried.owns(part)]
    for part in thoughts:
        if not carried.owns(part):
            whose = f"it is {part.owner}'s" if part.owner else "nobody said whose it is"
            carried.drop("messages.reasoning", whose)
    carried.replayed = carried.replayed or bool(kept)
    for thought in _grouped(kept):
        yield _thought(thought, carried)


def _grouped(parts: Sequence[Reasoning]) -> Iterator[list[Reasoning]]:
    """Put together the parts of one item: they have its id, and the last has its mark."""
    group: list[Reasoning] = []
    for part in parts:
        goes_on = group and part.id and part.id == group[-1].id and group[-1].opaque is None
        if group and not goes_on:
            yield group
            group = []
        group.append(part)
    if group:
        yield group


def _thought(parts: Sequence[Reasoning], carried: Carried) -> _Item:
    item: _Item = {"type": "reasoning", "summary": []}
    if parts[0].id:
        item["id"] = parts[0].id
    for part in parts:
        carried.drop_all("messages.reasoning", part.extra)
        if part.kind == "summary":
            item["summary"].append({"type": "summary_text", "text": part.text})
        elif part.kind == "thinking":
            said = {"type": "reasoning_text", "text": part.text}
            item.setdefault("content", []).append(said)
    if parts[-1].opaque is not None:
        item["encrypted_content"] = parts[-1].opaque
    return item
