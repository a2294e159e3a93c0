"""A request is looked through whole; what cannot be is said, and nobody is veiled without a key."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from jevons.privacy import Detector, Finder, Finding, Inspector
from jevons.testing import Listener
from jevons.testing.make import an_actor
from jevons.types.account import Veil
from jevons.types.custody import DataClass
from jevons.types.errors import Bug
from jevons.types.event import TextDelta
from jevons.types.request import Generate, Inspected
from jevons.wire import openai_chat

MAIL, KEY = "anna@example.org", "sk-" + "a1B2" * 10


def chat(content: Any, **fields: Any) -> Generate:
    body = {"model": "m", "messages": [{"role": "user", "content": content}], **fields}
    raw = json.dumps(body).encode()
    return openai_chat.parse_request(raw, id="req_1", at_ms=0, actor=an_actor())


class Anna:
    """A finder of one name."""

    def find(self, text: str) -> list[Finding]:
        at = text.find("Anna")
        return [Finding(at, at + 4, "term")] if at >= 0 else []


class Counting:
    """A finder of nothing, which counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def find(self, text: str) -> list[Finding]:
        self.asked += 1
        return []


def an_inspector(*finders: Finder) -> Inspector:
    return Inspector(Detector(), finders, key=bytes(32))


def test_what_is_found_makes_the_class() -> None:
    inspector = an_inspector()
    assert inspector.inspect(chat("See https://example.org")) == Inspected()
    assert inspector.inspect(chat(f"{MAIL}, b@example.org", user=MAIL)) == Inspected(
        found=("email",), data_class=DataClass.PERSONAL
    )
    seen = inspector.inspect(chat(f"{MAIL} {KEY}"))
    assert (seen.found, seen.data_class) == (("email", "api_key"), DataClass.SPECIAL)


def test_what_is_no_text_is_not_read() -> None:
    picture = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}
    assert an_inspector().inspect(chat([picture])).unread == ("image",)


def test_what_the_caller_names_is_found_in_their_request_alone() -> None:
    inspector = an_inspector()
    asked = msgspec.structs.replace(chat("Ask Ada Byron"), identifiers=("ada byron", "…"))
    assert inspector.inspect(asked).found == ("term",)
    assert len(inspector.veil(asked, Listener()).request.identifiers) == 2
    assert inspector.inspect(chat("Ask Ada Byron")).found == ()


def test_further_finders_find_more_and_take_their_time() -> None:
    inspector = an_inspector(Anna())
    assert inspector.inspect(chat(f"Anna, {MAIL}")).found == ("email", "term")
    assert inspector.quick_bytes == 0 < an_inspector().quick_bytes


def test_an_answer_to_a_veiled_request_is_counted() -> None:
    listener = Listener()
    veiled = an_inspector(Anna()).veil(chat(f"Anna, {MAIL}"), listener)
    (part,) = veiled.request.messages[0].parts
    text = getattr(part, "text", "")
    assert "Anna" not in text
    assert veiled.tally() == Veil(hidden=2)
    assert veiled.caller.push(TextDelta(f"{text}!"))
    assert veiled.caller.push(TextDelta("⟦EMAIL_z9yx8wv⟧"))
    said = "".join([event.text for event in listener.heard if isinstance(event, TextDelta)])
    assert said == f"Anna, {MAIL}!⟦EMAIL_z9yx8wv⟧"
    assert veiled.tally() == Veil(hidden=2, restored=2, unrestored=1)


def test_nobody_is_veiled_without_a_key() -> None:
    request = openai_chat.parse_request(
        b'{"model":"m","messages":[{"role":"user","content":"Hi"}]}',
        id="req_1",
        at_ms=0,
        actor=None,
    )
    with pytest.raises(Bug):
        an_inspector().veil(request, Listener())


def test_what_comes_again_is_looked_at_once() -> None:
    counting = Counting()
    inspector = an_inspector(counting)
    for turn in ("one", "two"):
        tools = [{"type": "function", "function": {"name": "look"}}]
        assert inspector.inspect(chat(turn, tools=tools, odd="so " * 50)).found == ()
    assert counting.asked == 5  # two turns; one tool, the long field and the short ones, once


def test_what_was_found_is_found_again() -> None:
    counting = Counting()
    inspector = an_inspector(counting)
    seen = [inspector.inspect(chat(f"{MAIL} {KEY}")) for _ in range(2)]
    assert seen[0] == seen[1]
    assert seen[0].found == ("email", "api_key")
    assert counting.asked == 2


def test_what_a_caller_names_is_not_remembered_for_others() -> None:
    inspector = an_inspector()
    asked = chat("Ask Ada Byron")
    named = msgspec.structs.replace(asked, identifiers=("ada byron",))
    assert [inspector.inspect(each).found for each in (asked, named, asked)] == [(), ("term",), ()]


def test_what_could_not_be_looked_at_is_looked_at_again() -> None:
    class Fails(Counting):
        def find(self, text: str) -> list[Finding]:
            super().find(text)
            message = "no"
            raise ValueError(message)

    fails = Fails()
    inspector = an_inspector(fails)
    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            inspector.inspect(chat("Hi"))
    assert fails.asked == 2
