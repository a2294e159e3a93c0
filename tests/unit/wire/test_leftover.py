"""What a dialect has no words for is refused where it means more, and named everywhere else."""

from __future__ import annotations

import msgspec
import pytest

from jevons.testing.make import a_request
from jevons.types.errors import Unsupported
from jevons.types.message import Message, Text, ToolResult
from jevons.types.request import Source, Thinking
from jevons.wire.leftover import check_one_answer, left_out


def source(**fields: bytes) -> Source:
    named = {name: msgspec.Raw(value) for name, value in fields.items()}
    return Source(dialect="openai-responses", fields=named, digest=b"", size_bytes=0)


def test_what_was_said_elsewhere_is_refused() -> None:
    asked = a_request(source=source(previous_response_id=b'"resp_1"'))
    with pytest.raises(Unsupported) as refused:
        check_one_answer(asked, dialect="D")
    assert refused.value.param == "previous_response_id"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("modalities", b'["text", "audio"]'),
        ("web_search_options", b"{}"),
        ("enable_search", b"true"),
        ("service_tier", b'"flex"'),
        ("logit_bias", b'{"50256": -100}'),
        ("mcp_servers", b'[{"url": "https://x"}]'),
    ],
)
def test_what_asks_for_more_than_a_hint_is_refused(name: str, value: bytes) -> None:
    asked = a_request(source=source(**{name: value}))
    with pytest.raises(Unsupported, match="has no word for") as refused:
        check_one_answer(asked, dialect="D")
    assert refused.value.param == name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("modalities", b'["text"]'),
        ("web_search_options", b"null"),
        ("enable_search", b"false"),
        ("service_tier", b'"auto"'),
        ("service_tier", b'"standard_only"'),
        ("logit_bias", b"{}"),
    ],
)
def test_what_asks_for_what_is_done_anyway_is_neither_refused_nor_named(
    name: str, value: bytes
) -> None:
    asked = a_request(source=source(**{name: value}))
    check_one_answer(asked, dialect="D")
    assert left_out(asked, dialect="D") == []


def test_a_field_that_says_nothing_is_not_named() -> None:
    asked = a_request(source=source(previous_response_id=b"null", truncation=b"null", input=b"[]"))
    check_one_answer(asked, dialect="D")
    assert left_out(asked, dialect="D") == []


def test_headers_fields_and_what_stands_beside_parts_are_named() -> None:
    extra = {"cache_control": msgspec.Raw(b"{}")}
    inner = ToolResult(call="c", parts=(Text(text="a", extra={"citations": msgspec.Raw(b"1")}),))
    said = msgspec.structs.replace(source(truncation=b'"auto"'), headers=(("x-beta", "a"),))
    asked = a_request(
        messages=(Message(role="user", parts=(Text(text="a", extra=extra), inner)),),
        thinking=Thinking(extra={"display": msgspec.Raw(b"1")}),
        source=said,
    )
    assert left_out(asked, dialect="D") == [
        "x-beta: dropped, D has no such header",
        "truncation: dropped, D has no such field",
        "cache_control: dropped, D has no such field",
        "citations: dropped, D has no such field",
        "display: dropped, D has no such field",
    ]
