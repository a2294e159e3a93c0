"""What an answer is called that is passed on from an endpoint, where it matters here.

An endpoint of this dialect has names of its own for answers. One that is kept here, or goes
on from one that is, has our name, and says of itself what is so here.

Rule 1: of other answers nothing is touched.
Rule 2: only events that hold the whole answer are read. A delta is not: inside a string
    quotes are escaped, so that the field's name cannot be found in one.
Rule 3: an event that cannot be read goes on as it came: who relays it says what is wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from jevons.wire.fields import WRONG
from jevons.wire.sse import read_event, split

if TYPE_CHECKING:
    from jevons.types.request import Generate

__all__ = ("answer_name", "answer_of", "named_answer", "named_events")

_Fields = dict[str, msgspec.Raw]

_HOLDS = b'"response"'
_FIELDS = msgspec.json.Decoder(_Fields)
_encode = msgspec.json.Encoder().encode


def answer_name(request: Generate) -> str:
    """Our name for the answer to a request."""
    return "resp_" + request.id.removeprefix("req_")


def named_events(events: bytes, request: Generate) -> bytes:
    """Give the answer in an endpoint's events our name, if it needs one.

    Args:
        events: Whole events.
        request: What they answer.
    """
    if not _needs_name(request) or _HOLDS not in events:
        return events
    return b"".join([_named_event(event, request) for event in split(events)])


def named_answer(body: bytes, request: Generate) -> bytes:
    """Give an endpoint's whole answer our name, if it needs one."""
    if not _needs_name(request):
        return body
    said = {
        "id": answer_name(request),
        "store": request.keep,
        "previous_response_id": request.previous or None,
    }
    ours = {name: msgspec.Raw(_encode(value)) for name, value in said.items()}
    return _encode({**_FIELDS.decode(body), **ours})


def answer_of(event: bytes) -> bytes:
    """Take the whole answer out of the event that ends a stream.

    Raises:
        msgspec.MsgspecError: It is not such an event.
    """
    return bytes(_FIELDS.decode(read_event(event).data or b"{}").get("response", b"null"))


def _needs_name(request: Generate) -> bool:
    return request.keep or bool(request.previous)


def _named_event(event: bytes, request: Generate) -> bytes:
    if _HOLDS not in event:
        return event
    name, data = read_event(event)
    try:
        fields = _FIELDS.decode(data or b"{}")
        answer = named_answer(bytes(fields.get("response", b"")), request)
    except WRONG:
        return event
    fields["response"] = msgspec.Raw(answer)
    head = b"event: %b\n" % name if name else b""
    return b"%bdata: %b\n\n" % (head, _encode(fields))
