"""The items of an answer under way, and the events that tell of each.

Rule 1: an item is told when it begins, as it grows, and whole when it ends; so is a part.
Rule 2: an item's mark goes out sealed; what the mark is may be known only at its end.

Source: OpenAI API reference, "Streaming events", read 2026-11.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from jevons.types.event import ReasoningDelta, RefusalDelta, TextDelta, ToolCallDelta
from jevons.wire.seal import OPENAI, Mark

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("Block", "Call", "Message", "Said", "Spoken", "Thought")

Said = tuple[str, dict[str, Any]]
"""An event of this dialect: its type, and its fields but the type."""

Spoken = TextDelta | RefusalDelta

_TOKENS = msgspec.json.Decoder(dict[str, list[msgspec.Raw] | None])
_Key = tuple[object, ...]


class Block:
    """An item under way.

    Args:
        at: Its place.
        item: As it begins; it grows.
    """

    def __init__(self, at: int, item: dict[str, Any]) -> None:
        self.at = at
        self.item = item

    def added(self) -> Said:
        """Say that it begins."""
        return "response.output_item.added", {"output_index": self.at, "item": _copy(self.item)}

    def end(self) -> Iterator[Said]:
        """Say what has not been said, and all of it again."""
        self.item["status"] = "completed"
        yield "response.output_item.done", {"output_index": self.at, "item": _copy(self.item)}

    def place(self, **fields: Any) -> dict[str, Any]:
        """Say where an event belongs."""
        return {"item_id": self.item["id"], "output_index": self.at, **fields}


class _Parted(Block):
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


_FORMS = MappingProxyType(
    {
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
)


class Message(_Parted):
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

    def more(self, event: Spoken) -> Iterator[Said]:
        """Take some more text, or some more of a refusal."""
        kind = "text" if isinstance(event, TextDelta) else "refusal"
        yield from self._turn_to((kind, event.block), _FORMS[kind])
        if isinstance(event, RefusalDelta):
            yield self._say(event.text)
            return
        tokens = _tokens(event.logprobs)
        self.item["content"][-1]["logprobs"] += tokens
        yield self._say(event.text, logprobs=tokens)


class Thought(_Parted):
    """Thinking, its summary, and its mark."""

    def __init__(self, at: int, name: str, first: ReasoningDelta) -> None:
        self._id = first.id
        self._owner = first.owner
        self._block = first.block
        self._opaque: str | None = None
        item: dict[str, Any] = {"type": "reasoning", "id": name, "status": "in_progress"}
        if first.kind == "thinking":
            item["content"] = []
        item |= {"summary": []}
        super().__init__(at, item)
        self._seal()

    def continues(self, event: ReasoningDelta) -> bool:
        """Whether more thinking belongs to this item: it has its id, or is of its block."""
        if event.owner != self._owner or (event.id and event.id != self._id):
            return False
        is_same_block = event.block == self._block and self._is_in(event.kind)
        return is_same_block or (self._opaque is None and bool(event.id))

    def more(self, event: ReasoningDelta) -> Iterator[Said]:
        """Take some more thinking, or its mark."""
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
        """Say its mark, which may have come last."""
        self._seal()
        yield from super().end()

    def _is_in(self, kind: str) -> bool:
        return not self._key or self._key[0] == kind

    def _seal(self) -> None:
        """Put its mark on it; one without any has no such field, which may not be null."""
        mark = OPENAI.write(Mark(self._owner, self._opaque))
        if mark is not None:
            self.item["encrypted_content"] = mark


class Call(Block):
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
        """Take some more arguments, or the call's mark."""
        if event.opaque is not None:
            self._owner = self._owner or event.owner
            self._opaque = (self._opaque or "") + event.opaque
        if event.arguments:
            self._arguments.append(event.arguments)
            said = self.place(delta=event.arguments)
            yield "response.function_call_arguments.delta", said

    def end(self) -> Iterator[Said]:
        """Say all of its arguments; a call without any has an empty object of them."""
        self.item["arguments"] = "".join(self._arguments) or "{}"
        if self._opaque is not None:
            self.item["encrypted_content"] = OPENAI.write(Mark(self._owner, self._opaque))
        said = self.place(arguments=self.item["arguments"], name=self.item["name"])
        yield "response.function_call_arguments.done", said
        yield from super().end()


def _copy(item: dict[str, Any]) -> dict[str, Any]:
    """Copy what an event says of an item, whose lists grow on."""
    grown = {name: [*item[name]] for name in ("content", "summary") if name in item}
    return {**item, **grown}


def _tokens(logprobs: msgspec.Raw | None) -> list[msgspec.Raw]:
    return [] if logprobs is None else _TOKENS.decode(logprobs).get("content") or []
