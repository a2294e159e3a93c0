"""An answer that is kept, or goes on from one, has our name for it, and no other is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.types.event import Frame
from jevons.wire.responses import Chunks, parse_request, render_answer
from jevons.wire.responses.named import answer_of, named_events
from jevons.wire.sse import read_event

if TYPE_CHECKING:
    from jevons.types.request import Generate

THEIRS = {"id": "resp_theirs", "store": False, "previous_response_id": None, "odd": {"a": [1.50]}}


def asked(**fields: Any) -> Generate:
    body = msgspec.json.encode({"model": "m", "input": "hello", **fields})
    return parse_request(body, id="req_01X", at_ms=7000, actor=None)


def an_event(name: str, **fields: Any) -> bytes:
    data = msgspec.json.encode({"type": name, **fields})
    return b"event: %b\ndata: %b\n\n" % (name.encode(), data)


CREATED = an_event("response.created", sequence_number=0, response=THEIRS)
DELTA = an_event("response.output_text.delta", sequence_number=1, delta='say "response":{} now')
ENDED = an_event("response.completed", sequence_number=2, response=THEIRS)


def said(event: bytes) -> Any:
    return msgspec.json.decode(read_event(event).data or b"")


@pytest.mark.parametrize("fields", [{}, {"store": False}, {"previous_response_id": ""}])
def test_what_is_not_kept_passes_as_it_is(fields: dict[str, Any]) -> None:
    chunks = Chunks(asked(**fields))
    assert chunks.event(Frame(CREATED + DELTA)) == CREATED + DELTA
    assert chunks.closing((Frame(ENDED),)) == (b"", ENDED)
    assert render_answer([Frame(b"not even JSON")], asked(**fields)) == b"not even JSON"


@pytest.mark.parametrize(
    ("fields", "store", "previous"),
    [
        ({"store": True}, True, None),
        ({"previous_response_id": "resp_0"}, False, "resp_0"),
        ({"store": True, "previous_response_id": "resp_0"}, True, "resp_0"),
    ],
)
def test_what_is_kept_or_goes_on_has_our_name(
    fields: dict[str, Any], *, store: bool, previous: str | None
) -> None:
    ours = {**THEIRS, "id": "resp_01X", "store": store, "previous_response_id": previous}
    chunks = Chunks(asked(**fields))
    assert said(chunks.event(Frame(CREATED))) == {**said(CREATED), "response": ours}
    assert chunks.event(Frame(DELTA)) is DELTA  # so nobody looked inside
    before, last = chunks.closing((Frame(DELTA + ENDED),))
    assert before == DELTA
    assert last.startswith(b"event: response.completed\n")
    assert said(last) == {**said(ENDED), "response": ours}
    assert msgspec.json.decode(answer_of(last)) == ours
    whole = render_answer([Frame(msgspec.json.encode(THEIRS))], asked(**fields))
    assert msgspec.json.decode(whole) == ours


def test_what_only_looks_as_if_it_held_an_answer_passes() -> None:
    odd = b'data: {"response":}\n\ndata: {"response":null}\n\n: "response"\n\ndata: {"x":"response"}\n\n'
    assert named_events(odd, asked(store=True)) == odd


def test_an_event_without_a_name_keeps_none() -> None:
    event = b'data: {"response":{"id":"resp_theirs"}}\n\n'
    assert named_events(event, asked(store=True)).startswith(b'data: {"response":{"id":"resp_01X"')


def test_an_event_without_an_answer_holds_none() -> None:
    assert answer_of(b": a comment\n\n") == b"null"


@given(st.text())
def test_no_text_is_taken_for_an_answer(text: str) -> None:
    delta = an_event("response.output_text.delta", delta=text + '"response":{"id":"x"}')
    assert named_events(delta, asked(store=True)) == delta
