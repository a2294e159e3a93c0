"""Canonical messages as OpenAI's chat dialect has them.

Rule 1: what a tool said is a message of its own, right after the call; what of it is no
    text follows in a message of the user, for tools may say nothing else here.
Rule 2: thinking goes to its owner, as its owner wrote it, and to nobody else.
Rule 3: an empty text is not sent: some vendors refuse it.
Rule 4: what this dialect cannot say is refused; what is only a hint is dropped, and named.

Sources, read 2026-11: OpenAI API reference, "Create chat completion"; Mistral docs,
"Reasoning"; DeepSeek API docs, "Thinking Mode"; Moonshot platform docs, "Chat".
"""

from __future__ import annotations

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
from jevons.wire.openai_chat.reasoning import write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jevons.types.message import Message, Part

__all__ = ("write_messages",)

_SPEAKS_DEVELOPER = frozenset({"openai", "azure"})
"""Vendors that know the role; to others it is `system`."""

_TAKES_ONE_STRING = frozenset({"deepseek"})  # api-docs.deepseek.com, "Create Chat Completion"


def write_messages(
    messages: Sequence[Message], owner: str, changed: list[str]
) -> list[dict[str, Any]]:
    """Write the messages of a request.

    Args:
        messages: Of any dialect.
        owner: Vendor that they go to.
        changed: Takes what was dropped or altered.

    Raises:
        Unsupported: One holds what this dialect cannot say.
    """
    turns = _Turns(owner, changed)
    for index, message in enumerate(messages):
        turns.add(message, f"messages[{index}]")
    turns.show()
    return turns.written


class _Turns:
    """Messages under way.

    Args:
        owner: Vendor that they go to.
        changed: Takes what was dropped or altered.
    """

    def __init__(self, owner: str, changed: list[str]) -> None:
        self.written: list[dict[str, Any]] = []
        self._owner = owner
        self._changed = changed
        self._shown: list[dict[str, Any]] = []

    def add(self, message: Message, where: str) -> None:
        """Write one message; it may become several."""
        results = [part for part in message.parts if isinstance(part, ToolResult)]
        others = [part for part in message.parts if not isinstance(part, ToolResult)]
        for result in results:
            self.written.append(self._result(result, where))
        if results and not others:
            return
        self.show()
        if message.role == "assistant":
            said = _assistant(others, where, self._owner, self._changed)
        else:
            said = {"content": _content(others, where, self._owner)}
        named = {} if message.name is None else {"name": message.name}
        if said != {"content": ""} or not others or _is_empty(others[0]):
            self.written.append({"role": _role(message.role, self._owner), **named, **said})

    def show(self) -> None:
        """Write what tools showed, once all of them have spoken."""
        if self._shown:
            self.written.append({"role": "user", "content": self._shown})
            self._shown = []

    def _result(self, result: ToolResult, where: str) -> dict[str, Any]:
        """Write what a tool said; keep what is no text to be shown."""
        texts = [part for part in result.parts if isinstance(part, Text)]
        shown = [_part(part, where) for part in result.parts if not isinstance(part, Text)]
        if shown:
            self._shown += shown
            self._changed.append(f"{where}: what a tool showed follows in a message of the user")
        if result.failed:
            self._changed.append(f"{where}: that a tool failed is dropped, only its words tell")
        content = _content(texts, where, self._owner)
        return {"role": "tool", "tool_call_id": result.call, "content": content}


def _role(role: str, owner: str) -> str:
    """Name who speaks."""
    if role == "developer" and owner not in _SPEAKS_DEVELOPER:
        return "system"
    return "user" if role == "tool" else role


def _content(parts: Sequence[Part], where: str, owner: str) -> str | list[dict[str, Any]]:
    """Write content: a string where one text is all, and where nothing else is taken."""
    texts = [part.text for part in parts if isinstance(part, Text)]
    is_text = len(texts) == len(parts)
    if is_text and (len(texts) < 2 or owner in _TAKES_ONE_STRING):  # noqa: PLR2004 a list
        return "\n\n".join(texts)
    return [_part(part, where) for part in parts if not _is_empty(part)] or ""


def _part(part: Part, where: str) -> dict[str, Any]:
    match part:
        case Text():
            return {"type": "text", "text": part.text}
        case Image(url=url) if url:
            detail = {} if part.detail is None else {"detail": part.detail}
            return {"type": "image_url", "image_url": {"url": url, **detail}}
        case Audio():
            sound = {"data": part.data, "format": part.format}
            return {"type": "input_audio", "input_audio": sound}
        case File():
            return {"type": "file", "file": _file(part, where)}
        case _:
            raise _beyond(part, where)


def _file(part: File, where: str) -> dict[str, str]:
    """Write a document: the dialect takes its bytes or an id, and no address."""
    if part.url and not part.url.startswith("data:"):
        raise _beyond(part, where, "a document by its address")
    said = {"file_data": part.url, "file_id": part.id, "filename": part.name}
    return {name: value for name, value in said.items() if value}


def _assistant(parts: Sequence[Part], where: str, owner: str, changed: list[str]) -> dict[str, Any]:
    """Write what the model said."""
    text = "".join([part.text for part in parts if isinstance(part, Text)])
    refusal = "".join([part.text for part in parts if isinstance(part, Refusal)])
    calls = [_call(part, owner, changed) for part in parts if isinstance(part, ToolCall)]
    for part in parts:
        if not isinstance(part, Text | Refusal | ToolCall | Reasoning):
            raise _beyond(part, where)
    thoughts = _own([part for part in parts if isinstance(part, Reasoning)], owner, changed)
    empty = None if (calls or refusal) and owner != "deepseek" else ""
    said: dict[str, Any] = {"content": text or empty}
    if owner == "mistral" and thoughts:
        said = {"content": [*[_thinking(part) for part in thoughts], *_texts(text)]}
    else:
        said |= write(thoughts, owner)
    said |= {"refusal": refusal} if refusal else {}
    return said | ({"tool_calls": calls} if calls else {})


def _own(thoughts: Sequence[Reasoning], owner: str, changed: list[str]) -> list[Reasoning]:
    """Take the thinking that belongs to an owner; name whose else was dropped."""
    own = [part for part in thoughts if owner and part.owner == owner]
    for other in sorted({part.owner for part in thoughts if not owner or part.owner != owner}):
        whose = repr(other) if other else "nobody knows whom"
        _note(changed, f"messages: reasoning of {whose} was dropped, it is its owner's alone")
    return own


def _call(part: ToolCall, owner: str, changed: list[str]) -> dict[str, Any]:
    """Write a call; arguments that are empty are an empty object."""
    function = {"name": part.name, "arguments": part.arguments if part.arguments.strip() else "{}"}
    call: dict[str, Any] = {"id": part.id, "type": "function", "function": function}
    if part.opaque is None:
        return call
    if owner and part.owner == owner:
        return call | {"extra_content": {owner: {"thought_signature": part.opaque}}}
    _note(changed, f"messages: a mark of {part.owner!r} on a call to a tool was dropped")
    return call


def _thinking(part: Reasoning) -> dict[str, Any]:
    """Write thinking as Mistral has it: a part of the content."""
    said: dict[str, Any] = {"type": "thinking", "thinking": _texts(part.text)}
    return said if part.opaque is None else said | {"signature": part.opaque}


def _texts(text: str) -> list[dict[str, str]]:
    return [{"type": "text", "text": text}] if text else []


def _is_empty(part: Part) -> bool:
    return isinstance(part, Text) and not part.text


def _note(changed: list[str], what: str) -> None:
    if what not in changed:
        changed.append(what)


def _beyond(part: Part, where: str, what: str = "") -> Unsupported:
    kind = part.kind if isinstance(part, Opaque) else type(part).__name__.lower()
    message = f"{where} holds {what or f'a part of kind {kind!r}'}, which OpenAI chat cannot say"
    return Unsupported(message, param=where)
