"""The output of an answer, put together from canonical events as items and their events.

Rule 1: every item has a place, in the order in which items begin, and all of it is told
    again at its end, as the dialect wants it.
Rule 2: calls may be told piece by piece in turns; they end when the answer does. All else
    ends when something else begins.
Rule 3: thinking goes out with its mark sealed, so that its owner is known when the caller
    hands it back.
Rule 4: a block of another dialect, which has no meaning here, is not written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from jevons.types.event import (
    OpaqueBlock,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
)
from jevons.wire.responses.seal import Mark, seal
from jevons.wire.responses.turns import OWN_ID

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jevons.types.event import Event

__all__ = ("Output", "Said")

Said = tuple[str, dict[str, Any]]
"""An event of this dialect: its type, and its fields but the type."""

_HOSTED = (
    "apply_patch_call",
    "code_interpreter_call",
    "compaction",
    "computer_call",
    "custom_tool_call",
    "file_search_call",
    "image_generation_call",
    "local_shell_call",
    "mcp_",
    "program",
    "shell_call",
    "tool_search_call",
    "web_search_call",
    "x_search_call",
)
"""Beginnings of the types of items that this dialect has and we have no name for."""

_TOKENS = msgspec.json.Decoder(dict[str, list[msgspec.Raw] | None])

_Spoken = TextDelta | RefusalDelta
_Key = tuple[object, ...]


class Output:
    """The items of one answer.

    Args:
        stem: What the ids of items are made from.
    """

    def __init__(self, stem: str) -> None:
        self.items: list[dict[str, Any]] = []
        """All items so far; those that have ended are whole."""
        self._stem = stem
        self._open: _Block | None = None
        self._calls: dict[int, _Call] = {}

    def event(self, event: Event) -> Iterator[Said]:
        """Write one event."""
        match event:
            case TextDelta() | RefusalDelta():
                yield from self._speak(event)
            case ReasoningDelta():
                yield from self._think(event)
            case ToolCallDelta():
                yield from self._call(event)
            case OpaqueBlock() if event.kind.startswith(_HOSTED):
                yield from self._opaque(event)
            case _:
                pass

    def end(self) -> Iterator[Said]:
        """End what has not ended."""
        yield from self._close()
        for call in self._calls.values():
            yield from call.end()
        self._calls = {}

    def _speak(self, event: _Spoken) -> Iterator[Said]:
        block = self._open
        if not isinstance(block, _Message):
            yield from self._close()
            block = _Message(*self._place("msg"))
            yield from self._begin(block)
        yield from block.more(event)

    def _think(self, event: ReasoningDelta) -> Iterator[Said]:
        block = self._open
        if not isinstance(block, _Thought) or not block.continues(event):
            yield from self._close()
            at, name = self._place("rs")
            block = _Thought(at, event.id or name, event)
            yield from self._begin(block)
        yield from block.more(event)

    def _call(self, event: ToolCallDelta) -> Iterator[Said]:
        call = self._calls.get(event.index)
        if call is None:
            yield from self._close()
            call = self._calls[event.index] = _Call(*self._place("fc"), event)
            self.items.append(call.item)
            yield call.added()
        yield from call.more(event)

    def _opaque(self, event: OpaqueBlock) -> Iterator[Said]:
        yield from self._close()
        at = len(self.items)
        item = {**event.fields, "type": event.kind}
        self.items.append(item)
        yield "response.output_item.added", {"output_index": at, "item": item}
        yield "response.output_item.done", {"output_index": at, "item": item}

    def _place(self, kind: str) -> tuple[int, str]:
        at = len(self.items)
        return at, f"{kind}{OWN_ID}{self._stem}_{at}"

    def _begin(self, block: _Block) -> Iterator[Said]:
        self._open = block
        self.items.append(block.item)
        yield block.added()

    def _close(self) -> Iterator[Said]:
        block, self._open = self._open, None
        if block is not None:
            yield from block.end()


class _Block:
    """An item under way.

    Args:
        at: Its place.
        item: As it begins; it grows.
    """

    def __init__(self, at: int, item: dict[str, Any]) -> None:
        self.at = at
        self.item = item

    def added(self) -> Said:
        return "response.output_item.added", {"output_index": self.at, "item": _copy(self.item)}

    def end(self) -> Iterator[Said]:
        self.item["status"] = "completed"
        yield "response.output_item.done", {"output_index": self.at, "item": _copy(self.item)}

    def place(self, **fields: Any) -> dict[str, Any]:
        return {"item_id": self.item["id"], "output_index": self.at, **fields}


class _Parted(_Block):
    """An item whose words are in parts."""

    def __init__(self, at: int, item: dict[str, Any]) -> None:
        super().__init__(at, item)
        self._words: list[str] = []
        self._key: _Key = ()
        self._form = _FORMS["text"]

    def _turn_to(self, key: _Key, form: _Form) -> Iterator[Said]:
        """Begin another part, if it is not the one under way."""
        if key == self._key:
            return
        yield from self._end_part()
        self._key, self._form = key, form
        self.item[form.field].append(form.empty())
        part = {form.index: self._index, "part": form.empty()}
        yield f"response.{form.part}.added", self.place(**part)

    def _say(self, text: str, **beside: Any) -> Said:
        self._words.append(text)
        index = {self._form.index: self._index}
        return f"response.{self._form.event}.delta", self.place(**index, delta=text, **beside)

    @property
    def _index(self) -> int:
        return len(self.item[self._form.field]) - 1

    def _end_part(self) -> Iterator[Said]:
        if not self._key:
            return
        form = self._form
        part = self.item[form.field][-1]
        part[form.text] = "".join(self._words)
        self._words.clear()
        index = {form.index: self._index}
        said = {form.text: part[form.text]}
        if "logprobs" in part:
            said["logprobs"] = part["logprobs"]
        yield f"response.{form.event}.done", self.place(**index, **said)
        yield f"response.{form.part}.done", self.place(**index, part=_copy(part))

    def end(self) -> Iterator[Said]:
        yield from self._end_part()
        yield from super().end()


class _Form(msgspec.Struct, frozen=True, kw_only=True):
    """How parts of one kind are written."""

    event: str
    """What the events of its words are called."""
    part: str
    """What the events of its beginning and end are called."""
    type: str
    field: str
    index: str
    text: str = "text"

    def empty(self) -> dict[str, Any]:
        part: dict[str, Any] = {"type": self.type, self.text: ""}
        if self.type == "output_text":
            part |= {"annotations": [], "logprobs": []}
        return part


_FORMS = {
    "text": _Form(
        event="output_text",
        part="content_part",
        type="output_text",
        field="content",
        index="content_index",
    ),
    "refusal": _Form(
        event="refusal",
        part="content_part",
        type="refusal",
        field="content",
        index="content_index",
        text="refusal",
    ),
    "thinking": _Form(
        event="reasoning_text",
        part="content_part",
        type="reasoning_text",
        field="content",
        index="content_index",
    ),
    "summary": _Form(
        event="reasoning_summary_text",
        part="reasoning_summary_part",
        type="summary_text",
        field="summary",
        index="summary_index",
    ),
}


class _Message(_Parted):
    """Text and refusals."""

    def __init__(self, at: int, name: str) -> None:
        super().__init__(
            at,
            {
                "type": "message",
                "id": name,
                "status": "in_progress",
                "role": "assistant",
                "content": [],
            },
        )

    def more(self, event: _Spoken) -> Iterator[Said]:
        kind = "text" if isinstance(event, TextDelta) else "refusal"
        yield from self._turn_to((kind, event.block), _FORMS[kind])
        if isinstance(event, RefusalDelta):
            yield self._say(event.text)
            return
        tokens = _tokens(event.logprobs)
        self.item["content"][-1]["logprobs"] += tokens
        yield self._say(event.text, logprobs=tokens)


class _Thought(_Parted):
    """Thinking, its summary, and its mark."""

    def __init__(self, at: int, name: str, first: ReasoningDelta) -> None:
        self._id = first.id
        self._owner = first.owner
        self._block = first.block
        self._opaque: str | None = None
        item: dict[str, Any] = {"type": "reasoning", "id": name, "status": "in_progress"}
        if first.kind == "thinking":
            item["content"] = []
        item |= {"summary": [], "encrypted_content": self._sealed()}
        super().__init__(at, item)

    def continues(self, event: ReasoningDelta) -> bool:
        """Whether more thinking belongs to this item: it has its id, or is of its block."""
        if event.owner != self._owner or (event.id and event.id != self._id):
            return False
        is_same_block = event.block == self._block and self._is_in(event.kind)
        return is_same_block or (self._opaque is None and bool(event.id))

    def more(self, event: ReasoningDelta) -> Iterator[Said]:
        self._block = event.block
        if event.kind != "redacted":
            form = _FORMS[event.kind]
            self.item.setdefault(form.field, [])
            yield from self._turn_to((event.kind, event.block), form)
            if event.text:
                yield self._say(event.text)
        if event.opaque is not None:
            self._opaque = (self._opaque or "") + event.opaque

    def end(self) -> Iterator[Said]:
        self.item["encrypted_content"] = self._sealed()
        yield from super().end()

    def _is_in(self, kind: str) -> bool:
        return not self._key or self._key[0] == kind

    def _sealed(self) -> str | None:
        return seal(Mark(self._owner, self._opaque))


class _Call(_Block):
    """A call to a tool."""

    def __init__(self, at: int, name: str, first: ToolCallDelta) -> None:
        super().__init__(
            at,
            {
                "type": "function_call",
                "id": name,
                "status": "in_progress",
                "call_id": first.id,
                "name": first.name,
                "arguments": "",
            },
        )
        self._arguments: list[str] = []
        self._owner = first.owner
        self._opaque: str | None = None

    def more(self, event: ToolCallDelta) -> Iterator[Said]:
        if event.opaque is not None:
            self._owner = self._owner or event.owner
            self._opaque = (self._opaque or "") + event.opaque
        if event.arguments:
            self._arguments.append(event.arguments)
            said = self.place(delta=event.arguments)
            yield "response.function_call_arguments.delta", said

    def end(self) -> Iterator[Said]:
        self.item["arguments"] = "".join(self._arguments) or "{}"
        if self._opaque is not None:
            self.item["encrypted_content"] = seal(Mark(self._owner, self._opaque))
        said = self.place(arguments=self.item["arguments"], name=self.item["name"])
        yield "response.function_call_arguments.done", said
        yield from super().end()


def _copy(item: dict[str, Any]) -> dict[str, Any]:
    """Copy what an event says of an item, whose lists grow on."""
    grown = {name: [*item[name]] for name in ("content", "summary") if name in item}
    return {**item, **grown}


def _tokens(logprobs: msgspec.Raw | None) -> list[msgspec.Raw]:
    return [] if logprobs is None else _TOKENS.decode(logprobs).get("content") or []
