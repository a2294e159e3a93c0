"""Canonical messages as Ollama's dialect has them.

Rule 1: what a tool said is a message of its own with the tool's name, found by the call's id;
    what of it is no text follows in a message of the user.
Rule 2: a message has one text, its pictures, one thought and its calls: their order among each
    other is not told.
Rule 3: thinking goes to its owner and to nobody else. Marks have no place here.
Rule 4: what this dialect cannot say is refused; what is only a hint is dropped, and named.

Source: Ollama docs, "API", "Generate a chat message", "Tool calling" and "Vision", read 2026-11.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from jevons.types.errors import Unsupported
from jevons.types.message import Image, Opaque, Reasoning, Refusal, Text, ToolCall, ToolResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jevons.types.message import Message, Part

__all__ = ("Turns",)

_Said = dict[str, Any]
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_DATA = re.compile(r"data:image/[\w.+-]+(?:;[\w.+-]+=[^;,]*)*;base64,(?P<data>.*)", re.DOTALL)
_ROLES = MappingProxyType({"developer": "system", "tool": "user"})


class Turns:
    """Messages as they are sent.

    Args:
        owner: Vendor that they go to.
        changed: Takes what was dropped or altered.
    """

    def __init__(self, *, owner: str, changed: list[str]) -> None:
        self.written: list[_Said] = []
        self._owner = owner
        self._changed = changed
        self._names: dict[str, str] = {}
        self._shown: list[str] = []

    def add(self, message: Message, where: str) -> None:
        """Write one message; it may become several.

        Raises:
            Unsupported: It holds what this dialect cannot say.
        """
        if message.name is not None:
            self._note("messages: names of speakers are dropped, there is no field for them")
        results = [part for part in message.parts if isinstance(part, ToolResult)]
        others = [part for part in message.parts if not isinstance(part, ToolResult)]
        for result in results:
            self.written.append(self._result(result, where))
        if results and not others:
            return
        self.show()
        role = _ROLES.get(message.role, message.role)
        between = "" if role == "assistant" else "\n\n"
        self.written.append({"role": role, **self._said(others, where, between)})

    def show(self) -> None:
        """Write what tools showed, once all of them have spoken."""
        if self._shown:
            self.written.append({"role": "user", "content": "", "images": self._shown})
            self._shown = []

    def _result(self, result: ToolResult, where: str) -> _Said:
        name = self._names.get(result.call)
        if name is None:
            message = f"{where} answers {result.call!r}, which no message before it calls"
            raise Unsupported(message, param=where)
        shown = [_image(part, where) for part in result.parts if not isinstance(part, Text)]
        if shown:
            self._shown += shown
            self._note(f"{where}: what a tool showed follows in a message of the user")
        if result.failed:
            self._note(f"{where}: that a tool failed is dropped, only its words tell")
        return {"role": "tool", "content": result.text, "tool_name": name}

    def _said(self, parts: Sequence[Part], where: str, between: str) -> _Said:
        """Write what anybody but a tool said."""
        texts: list[str] = []
        calls: list[_Said] = []
        images: list[str] = []
        thoughts: list[str] = []
        for part in parts:
            match part:
                case Text() | Refusal():
                    texts.append(part.text)
                case ToolCall():
                    calls.append(self._call(part, where))
                case Reasoning():
                    thoughts += self._thought(part)
                case _:
                    images.append(_image(part, where))
        said: _Said = {"content": between.join(filter(None, texts))}
        more = {"thinking": "".join(thoughts), "images": images, "tool_calls": calls}
        return said | {name: value for name, value in more.items() if value}

    def _call(self, part: ToolCall, where: str) -> _Said:
        self._names[part.id] = part.name
        if part.opaque is not None:
            self._note(f"messages: a mark of {part.owner!r} on a call to a tool was dropped")
        arguments = part.arguments if part.arguments.strip() else "{}"
        try:
            _OBJECT.decode(arguments)
        except (msgspec.MsgspecError, RecursionError) as error:
            message = f"{where} calls {part.name!r} with arguments that are not a JSON object"
            raise Unsupported(message, param=where) from error
        return {"function": {"name": part.name, "arguments": msgspec.Raw(arguments.encode())}}

    def _thought(self, part: Reasoning) -> list[str]:
        if self._owner and part.owner == self._owner:
            return [part.text]
        whose = repr(part.owner) if part.owner else "nobody knows whom"
        self._note(f"messages: reasoning of {whose} was dropped, it is its owner's alone")
        return []

    def _note(self, what: str) -> None:
        if what not in self._changed:
            self._changed.append(what)


def _image(part: Part, where: str) -> str:
    """Write a picture: its bytes alone."""
    found = _DATA.fullmatch(part.url) if isinstance(part, Image) else None
    if found is not None:
        return found["data"]
    kind = part.kind if isinstance(part, Opaque) else type(part).__name__.lower()
    what = "a picture that is not sent with it" if kind == "image" else f"a part of kind {kind!r}"
    message = f"{where} holds {what}, which Ollama cannot be told"
    raise Unsupported(message, param=where)
