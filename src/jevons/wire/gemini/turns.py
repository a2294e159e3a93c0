"""Canonical messages as Gemini's dialect has them.

Rule 1: what one side says without a break is one content, and what tools said comes first in
    it, in the order in which they were called: an answer to each call of the content before.
Rule 2: what a tool said is known by the name of the tool; it is found by the call's id.
Rule 3: thinking and marks go to their owner, in the place in which they came, and to nobody
    else. Thinking without words is the mark of the text that follows.
Rule 4: a text that is empty is not sent, unless it is all that the model said.
Rule 5: what this dialect cannot say is refused; what is only a hint is dropped, and named.

Sources, read 2026-11: Gemini API reference, "Content"; Gemini API docs, "Function calling",
"Thought signatures" and "File input methods".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from jevons.types.errors import Unsupported
from jevons.types.message import (
    Audio,
    File,
    Image,
    Message,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from jevons.wire.gemini.media import write_file

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ("Contents", "write_contents")

_Said = dict[str, Any]
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_INSTRUCTS = frozenset({"system", "developer"})

_ANY_MARK = "skip_thought_signature_validator"
"""What stands for a mark on calls that another model made ("Thought signatures", FAQ)."""


class Contents:
    """Messages as they are sent.

    Args:
        owner: Vendor that they go to.
        marks_calls: Whether the model refuses a call without a mark.
        changed: Takes what was dropped or altered.
    """

    def __init__(self, *, owner: str, marks_calls: bool, changed: list[str]) -> None:
        self.system: list[_Said] = []
        self.written: list[_Said] = []
        self._owner = owner
        self._marks_calls = marks_calls
        self._changed = changed
        self._calls: dict[str, tuple[int, str]] = {}

    def add(self, message: Message, where: str) -> None:
        """Write one message.

        Raises:
            Unsupported: It holds what this dialect cannot say.
        """
        if message.name is not None:
            self._note("messages: names of speakers are dropped, there is no field for them")
        if message.role in _INSTRUCTS:
            self._add_system(message, where)
        elif message.role == "assistant":
            self._put("model", self._answer(message.parts, where) or [{"text": ""}])
        else:
            self._put("user", self._asked(message.parts, where))

    def _add_system(self, message: Message, where: str) -> None:
        """Write an instruction: beside the contents, or in its place among them."""
        parts = [said for part in message.parts for said in self._part(part, where)]
        if not self.written:
            self.system += parts
            return
        self._note(f"{where}: an instruction amid the messages was sent as the user's, marked so")
        self._put("user", [{"text": "<system>"}, *parts, {"text": "</system>"}] if parts else [])

    def _put(self, role: str, parts: list[_Said]) -> None:
        if not parts:
            return
        if self.written and self.written[-1]["role"] == role:
            self.written[-1]["parts"] += parts
        else:
            self.written.append({"role": role, "parts": parts})

    def _asked(self, parts: Sequence[Part], where: str) -> list[_Said]:
        """Write what the user or tools said."""
        results = [part for part in parts if isinstance(part, ToolResult)]
        told = [self._result(result, where) for result in results]
        shown = [
            said
            for result in results
            for part in result.parts
            if not isinstance(part, Text)
            for said in self._part(part, where)
        ]
        if shown:
            self._note(f"{where}: what a tool showed follows what it said")
        others = [part for part in parts if not isinstance(part, ToolResult)]
        return [*told, *shown, *[said for part in others for said in self._part(part, where)]]

    def _result(self, result: ToolResult, where: str) -> _Said:
        _, name = self._calls.get(result.call, (0, ""))
        if not name:
            message = f"{where} answers {result.call!r}, which no message before it calls"
            raise Unsupported(message, param=where)
        text = result.text
        said = None if result.failed else _object(text)
        response: Any = {"error" if result.failed else "output": text} if said is None else said
        return {"functionResponse": {"id": result.call, "name": name, "response": response}}

    def _answer(self, parts: Sequence[Part], where: str) -> list[_Said]:
        """Write what the model said."""
        written: list[_Said] = []
        mark: str | None = None
        is_first_call = True
        for part in parts:
            match part:
                case Reasoning():
                    written += _marked(mark)
                    mark = self._thought(part, written)
                    continue
                case Text(text=text) if text:
                    written.append({"text": text, **_signed(mark)})
                case ToolCall():
                    written += _marked(mark)
                    written.append(self._call(part, where, is_first=is_first_call))
                    is_first_call = False
                case _:
                    written += [*_marked(mark), *self._part(part, where)]
            mark = None
        return [*written, *_marked(mark)]

    def _thought(self, part: Reasoning, written: list[_Said]) -> str | None:
        """Write thinking; return what is the mark of the next part."""
        if not self._owner or part.owner != self._owner:
            whose = repr(part.owner) if part.owner else "nobody knows whom"
            self._note(f"messages: reasoning of {whose} was dropped, it is its owner's alone")
            return None
        if not part.text:
            return part.opaque
        written.append({"text": part.text, "thought": True, **_signed(part.opaque)})
        return None

    def _call(self, part: ToolCall, where: str, *, is_first: bool) -> _Said:
        """Write a call; of those that are made at once the first has the mark."""
        self._calls[part.id] = (len(self._calls), part.name)
        args = _object(part.arguments if part.arguments.strip() else "{}")
        if args is None:
            message = f"{where} calls {part.name!r} with arguments that are not a JSON object"
            raise Unsupported(message, param=where)
        call: _Said = {"functionCall": {"id": part.id, "name": part.name, "args": args}}
        if part.opaque is not None and self._owner and part.owner == self._owner:
            return {**call, "thoughtSignature": part.opaque}
        if part.opaque is not None:
            self._note(f"messages: a mark of {part.owner!r} on a call to a tool was dropped")
        if not (is_first and self._marks_calls):
            return call
        self._note("messages: calls that another model made have a mark that stands for any")
        return {**call, "thoughtSignature": _ANY_MARK}

    def _part(self, part: Part, where: str) -> list[_Said]:
        """Write a part of any role; a text that is empty is none."""
        match part:
            case Text() | Refusal():
                return [{"text": part.text}] if part.text else []
            case Image(url=url) if url:
                if part.detail is not None:
                    self._note("messages: how closely to look at an image is dropped")
                return [write_file(url, usual="image/jpeg", where=where)]
            case Audio():
                return [{"inlineData": {"mimeType": f"audio/{part.format}", "data": part.data}}]
            case File(url=url) if url:
                if part.name:
                    self._note("messages: names of documents are dropped")
                return [write_file(url, name=part.name, usual="application/pdf", where=where)]
            case _:
                kind = part.kind if isinstance(part, Opaque) else type(part).__name__.lower()
                what = f"{kind!r} by an id" if isinstance(part, Image | File) else repr(kind)
                message = f"{where} holds a part of kind {what}, which Gemini cannot be told"
                raise Unsupported(message, param=where)

    def settle(self) -> None:
        """Put what tools said first, in the order of the calls."""
        for content in self.written:
            content["parts"].sort(key=self._place)
        if not self.written and self.system:
            self.written, self.system = [{"role": "user", "parts": self.system}], []
            self._note("messages: an instruction that was all was sent as the user's")

    def _note(self, what: str) -> None:
        if what not in self._changed:
            self._changed.append(what)

    def _place(self, part: _Said) -> float:
        answered = part.get("functionResponse")
        return self._calls[answered["id"]][0] if answered else float("inf")


def write_contents(
    messages: Sequence[Message], *, owner: str, marks_calls: bool, changed: list[str]
) -> Contents:
    """Write the messages of a request.

    Args:
        messages: Of any dialect.
        owner: Vendor that they go to.
        marks_calls: Whether the model refuses a call without a mark.
        changed: Takes what was dropped or altered.

    Raises:
        Unsupported: One holds what this dialect cannot say.
    """
    contents = Contents(owner=owner, marks_calls=marks_calls, changed=changed)
    for index, message in enumerate(messages):
        contents.add(message, f"messages[{index}]")
    contents.settle()
    return contents


def _object(text: str) -> msgspec.Raw | None:
    """Take a text that is a JSON object as one; None if it is none."""
    try:
        _OBJECT.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        return None
    return msgspec.Raw(text.encode())


def _signed(mark: str | None) -> _Said:
    return {} if mark is None else {"thoughtSignature": mark}


def _marked(mark: str | None) -> list[_Said]:
    """Write a mark that no text follows: on an empty one, as it came."""
    return [] if mark is None else [{"text": "", "thoughtSignature": mark}]
