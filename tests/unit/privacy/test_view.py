"""Whatever of a request can go out is in its view, or is named as not read."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.privacy import Detector
from jevons.privacy.near import PARTED
from jevons.privacy.view import spoken, unread, view
from jevons.testing.make import a_request
from jevons.types.message import (
    Audio,
    File,
    Image,
    Message,
    Opaque,
    Part,
    Reasoning,
    Text,
    ToolResult,
)
from jevons.types.request import Generate, Source

PICTURE = "data:image/png;base64," + "iVBORw0KGgo" * 40
SOUND = "UklGR" * 80


def request(*parts: Part, headers: tuple[tuple[str, str], ...] = (), **fields: Any) -> Generate:
    raw = {name: msgspec.Raw(json.dumps(value).encode()) for name, value in fields.items()}
    source = Source(dialect="openai-chat", fields=raw, digest=b"", size_bytes=0, headers=headers)
    return a_request(messages=(Message(role="user", parts=parts),), source=source)


def laid_out(asked: Generate) -> str:
    return view(spoken(asked.source)).text


def not_read(asked: Generate) -> tuple[str, ...]:
    return unread(asked, spoken(asked.source))


def test_every_field_is_in_it_but_the_model_s_name() -> None:
    asked = request(
        model="a/model", user="anna", odd={"x": [1, "y"]}, headers=(("anthropic-beta", "z"),)
    )

    for said in ("user: anna", "x: 1", "x: y", "anthropic-beta", "z"):
        assert said in laid_out(asked)
    assert "a/model" not in laid_out(asked)


def test_what_was_found_is_read_without_the_name_before_it() -> None:
    seen = view('{"ssn": "078-05-1120", "n": ["12"]}')
    start = seen.text.index("ssn: ")
    end = start + len("ssn: 078-05-1120")
    assert seen.value(start, end).said == "078-05-1120"
    assert seen.value(end - 4, end).said == "1120"
    assert seen.value(0, 3).said == "ssn"
    assert view("{}").value(0, 0) == (0, "")
    spaced = view('["a  Ada  b"]').value(1, 8)
    assert (spaced.start, spaced.end, spaced.said) == (3, 6, "Ada")


def test_names_of_ours_can_be_left_out() -> None:
    assert view('{"tel": "4711"}', named=False).text.split(PARTED) == ["tel", "4711"]


def test_what_stands_twice_is_looked_at_once_and_nothing_stands_beside_it() -> None:
    text = '[{"call_id": "4711", "to": "anna"}, {"to": "anna", "x": "4711"}]'
    said = ["call_id", "4711", "to", "to: anna", "x", "x: 4711"]
    assert view(text).text.split(PARTED) == said
    beside = view('["call me", "5550100 22", "call 5550100 33", "please"]').text
    assert [beside[one.start : one.end] for one in Detector().find(beside)] == ["5550100 33"]


@pytest.mark.parametrize(
    ("part", "name"),
    [
        (Image(url="https://example.org/a.png"), "image"),
        (Audio(data=SOUND, format="wav"), "audio"),
        (File(id="file-1"), "file"),
        (Opaque(kind="video_url", fields={}), "other"),
        (Opaque(kind="tokens", fields={}), "other"),
        (ToolResult(call="c", parts=(Image(id="i"),)), "image"),
    ],
)
def test_what_is_no_text_is_named(part: Part, name: str) -> None:
    assert not_read(request(Text(text="look"), part, part)) == (name,)


def test_parts_of_words_in_one_dialect_are_read() -> None:
    assert not_read(request(Opaque(kind="server_tool_use", fields={}), Text(text="x"))) == ()


def test_data_that_no_part_names_is_named() -> None:
    assert not_read(request(odd={"x": PICTURE})) == ("image",)
    assert not_read(request(odd={"x": PICTURE.replace("image/png", "video/mp4")})) == ("file",)
    assert not_read(request(odd={"x": SOUND})) == ("file",)
    assert not_read(request(odd={"x": f"see ![]({PICTURE})"})) == ("image",)
    assert PICTURE not in laid_out(request(odd=PICTURE))
    assert SOUND not in laid_out(request(odd=SOUND))


def test_data_of_a_part_that_is_named_is_not_named_twice() -> None:
    asked = request(Audio(data=SOUND, format="wav"), messages=[{"data": SOUND}])
    assert not_read(asked) == ("audio",)


def test_what_an_endpoint_wrote_for_itself_is_not_asked_about() -> None:
    mark = "EqQBCgIYAhIM" * 30
    sealed = f"jevons:deep-seek:{mark}"
    asked = request(
        Reasoning(text="so", opaque="redacted" * 40),
        messages=[{"signature": mark}, {"encrypted_content": sealed}, {"data": "redacted" * 40}],
    )
    assert not_read(asked) == ()
    assert mark not in laid_out(asked)


def test_words_under_the_name_of_a_mark_are_read() -> None:
    asked = request(messages=[{"signature": "write to anna@example.org"}])
    assert "anna@example.org" in laid_out(asked)


def test_long_prose_is_no_data() -> None:
    assert not_read(request(odd="word " * 200)) == ()


@given(st.integers(0, 450), st.integers(190, 420), st.integers(0, 450))
def test_data_is_noticed_wherever_it_stands(before: int, size: int, after: int) -> None:
    said = f"{'a b ' * (before // 4)}{'c' * (before % 4)} {'Q' * size} {'d ' * (after // 2)}"
    assert not_read(request(odd=said)) == (("file",) if size >= 200 else ())
