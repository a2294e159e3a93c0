"""What a fake vendor answers: the bytes of a response, and how they go wrong on the way.

A `Reply` is bytes from the status line on. Its methods give the same reply with a fault:

```python
good = stream(chunk("Hel"), chunk("lo"), chunk(finish="stop"))
good.cut(at=good.after(1))  # the connection ends after the first event
good.stall(at=0)            # not one byte comes until the test says so
good.drip()                 # one byte at a time
```
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = (
    "DONE",
    "Framed",
    "Reply",
    "chunk",
    "event",
    "refusal",
    "respond",
    "stream",
    "usage",
    "whole",
)

DONE = b"data: [DONE]\n\n"

Framed = Literal["chunked", "length", "close"]
"""How a body's length is told: RFC 9112 §6.3, cases 4, 6 and 8."""

_HEAD = MappingProxyType({"id": "chatcmpl-fake", "created": 1_767_225_600, "model": "fake"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One response."""

    raw: bytes
    """Everything, from the status line on."""
    ends: tuple[int, ...] = ()
    """Offset at which the head ends, and then each event of a stream."""
    cut_at: int | None = None
    stall_at: int | None = None
    endless: bytes = b""
    """Sent for ever after `raw`."""
    is_dripped: bool = False
    closes: bool = False

    def after(self, events: int) -> int:
        """Find the offset after the head and this many events."""
        return self.ends[events]

    def cut(self, *, at: int) -> Reply:
        """Close the connection after `at` bytes."""
        return replace(self, cut_at=at)

    def stall(self, *, at: int) -> Reply:
        """Fall silent after `at` bytes, until `Vendor.go_on`."""
        return replace(self, stall_at=at)

    def drip(self) -> Reply:
        """Send it byte by byte."""
        return replace(self, is_dripped=True)

    def for_ever(self, event: bytes) -> Reply:
        """Send all of it but the last byte, which would end it, and then one event for ever."""
        piece = b"%x\r\n%b\r\n" % (len(event), event)
        return replace(self, raw=self.raw.removesuffix(b"0\r\n\r\n"), endless=piece)

    def longer(self, extra: bytes) -> Reply:
        """Send something after its end, which belongs to no response."""
        return replace(self, raw=self.raw + extra)

    def replaced(self, old: bytes, new: bytes) -> Reply:
        """Replace the first `old` in it; its offsets are those of the original."""
        return replace(self, raw=self.raw.replace(old, new, 1))

    def closing(self) -> Reply:
        """Close the connection once it is sent, without a word of it in the head."""
        return replace(self, closes=True)


def whole(
    text: str = "Hello",
    *,
    finish: str | None = "stop",
    counted: Mapping[str, Any] | None = None,
    framed: Framed = "length",
    **fields: Any,
) -> Reply:
    """Make a whole answer; `fields` are added to its body, or replace what it has."""
    message = {"role": "assistant", "content": text}
    body = {
        **_HEAD,
        "object": "chat.completion",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        **({} if counted is None else {"usage": counted}),
        **fields,
    }
    return respond(msgspec.json.encode(body), framed=framed)


def stream(
    *events: bytes,
    done: int = 1,
    framed: Framed = "chunked",
    kind: str = "text/event-stream",
    line_end: bytes = b"\n",
) -> Reply:
    """Make a stream.

    Args:
        events: Each from `chunk` or `event`, or whatever bytes a test likes.
        done: How many `[DONE]` follow.
        framed: How the length of its body is told.
        kind: Content type.
        line_end: What every LF of `events` becomes.
    """
    parts = [each.replace(b"\n", line_end) for each in (*events, *[DONE] * done)]
    return respond(*parts, kind=kind, framed=framed)


def refusal(
    status: int, message: str = "no", *, headers: Mapping[str, str] | None = None, **fields: Any
) -> Reply:
    """Make an error in OpenAI's shape; `fields` are added to the error object."""
    body = msgspec.json.encode({"error": {"message": message, **fields}})
    return respond(body, status=status, headers=headers)


def respond(
    *parts: bytes,
    status: int = 200,
    kind: str = "application/json",
    framed: Framed = "length",
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """Make any response out of the parts of its body."""
    lines = [f"HTTP/1.1 {status} Whatever"]
    lines += [f"content-type: {kind}"] if kind else []
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if framed == "length":
        lines.append(f"content-length: {sum(map(len, parts))}")
    if framed == "chunked":
        lines.append("transfer-encoding: chunked")
        parts = tuple([b"%x\r\n%b\r\n" % (len(part), part) for part in parts])
    raw = "\r\n".join([*lines, "", ""]).encode()
    ends = [len(raw)]
    for part in parts:
        raw += part
        ends.append(len(raw))
    raw += b"0\r\n\r\n" if framed == "chunked" else b""
    return Reply(raw=raw, ends=tuple(ends), closes=framed == "close")


def event(data: Any) -> bytes:
    """Make one event of any JSON."""
    return b"data: %b\n\n" % msgspec.json.encode(data)


def chunk(
    text: str | None = None,
    *,
    index: int = 0,
    finish: str | None = None,
    counted: Mapping[str, Any] | None = None,
    **delta: Any,
) -> bytes:
    """Make one chunk of a stream; `delta` is added to what it says."""
    said = {} if text is None else {"content": text}
    choice = {"index": index, "delta": {**said, **delta}, "finish_reason": finish}
    fields = {} if counted is None else {"usage": counted}
    return event({**_HEAD, "object": "chat.completion.chunk", "choices": [choice], **fields})


def usage(prompt: int, completion: int, **fields: Any) -> dict[str, Any]:
    """Make OpenAI's usage object; `fields` are added to it."""
    counts = {"prompt_tokens": prompt, "completion_tokens": completion}
    return {**counts, "total_tokens": prompt + completion, **fields}
