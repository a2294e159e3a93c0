"""Two requests have one key only if they would be answered alike, to the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from jevons.cache import meaning
from jevons.testing.make import a_request, an_actor, an_endpoint
from jevons.types.custody import DataClass, Label
from jevons.types.decision import Verdict
from jevons.types.message import File, Image, Message, Text, ToolResult
from jevons.types.request import Embed, HostedTool, Output, Sampling, Source, Thinking, Tool
from jevons.wire import messages, openai_chat, responses

if TYPE_CHECKING:
    from jevons.types.request import Generate

VERDICT = Verdict(endpoints=(an_endpoint(),), rules=("allow",), policy="00" * 32)
ACTOR = an_actor()


def key(request: Generate, verdict: Verdict = VERDICT) -> bytes | None:
    return meaning(request, verdict)


def chat(**fields: Any) -> Generate:
    body = {"model": "a/model", "messages": [{"role": "user", "content": "hello"}], **fields}
    return openai_chat.parse_request(msgspec.json.encode(body), id="req_1", at_ms=0, actor=ACTOR)


def said(*parts: Any) -> tuple[Message, ...]:
    return (Message(role="user", parts=parts),)


ALIKE: dict[str, dict[str, Any]] = {
    "another id": {"id": "req_other"},
    "another time": {"at_ms": 5},
    "another trace": {"traceparent": "00-1-2-01"},
    "as a stream": {"stream": True, "want_usage": True},
    "another key of the account": {
        "actor": an_actor(key="key_2", name="b", salting=bytes(range(32)))
    },
    "an expiring key": {"actor": an_actor(expires_ms=7)},
    "renewed": {"cache": "renew"},
    "other bytes": {"source": replace(a_request().source, digest=b"x" * 32, size_bytes=9)},
}
UNLIKE: dict[str, dict[str, Any]] = {
    "another word": {"messages": said(Text(text="hello!"))},
    "another speaker": {"messages": (Message(role="system", parts=(Text(text="hello"),)),)},
    "two parts": {"messages": said(Text(text="hel"), Text(text="lo"))},
    "what stands beside": {"messages": said(Text(text="hello", extra={"a": msgspec.Raw(b"1")}))},
    "another name of it": {"model": "here"},
    "another arm": {"arm": "there"},
    "another class of traffic": {"traffic": "chat"},
    "cooler": {"sampling": Sampling(temperature=0.1)},
    "another seed": {"sampling": Sampling(seed=3)},
    "shorter": {"sampling": Sampling(max_tokens=3)},
    "with likelihoods": {"sampling": Sampling(logprobs=True)},
    "thinking": {"thinking": Thinking(effort="high")},
    "a tool": {"tools": (Tool(name="a"),)},
    "a tool's shape": {"tools": (Tool(name="a", parameters=msgspec.Raw(b'{"a":1}')),)},
    "a must": {"tool_choice": "required"},
    "that tool": {"tool": "a"},
    "one at a time": {"parallel_tools": False},
    "json": {"output": Output(kind="json")},
    "vectors": {"embed": Embed()},
    "names": {"identifiers": ("Anna",)},
    "another account": {"actor": an_actor(account=("other", "main"))},
    "a person's own": {"actor": an_actor(owner="person_1")},
    "fewer endpoints": {"actor": an_actor(endpoints=frozenset({"here"}))},
    "fewer places": {"actor": an_actor(places=frozenset({"DE"}))},
    "a stricter key": {"actor": an_actor(data_class=DataClass.INTERNAL)},
    "of other people": {"actor": an_actor(region="EEA")},
    "a header": {"source": replace(a_request().source, headers=(("anthropic-beta", "x"),))},
    "a field": {"source": replace(a_request().source, fields={"user": msgspec.Raw(b'"a"')})},
}
NOTHING: dict[str, dict[str, Any]] = {
    "nobody": {"actor": None},
    "kept": {"keep": True},
    "goes on": {"previous": "resp_1"},
    "counted": {"counts": True},
    "several": {"sampling": Sampling(n=2)},
    "searched": {"needs": frozenset({"text", "search"})},
    "spoken": {"needs": frozenset({"text", "speech"})},
    "hosted": {"tools": (HostedTool(kind="web_search", fields={}),)},
    "no text at all": {"model": "\ud800"},
    "a picture elsewhere": {
        "needs": frozenset({"text", "image"}),
        "messages": said(Text(text="a"), Image(url="https://there.example/now.png")),
    },
    "a picture that a tool found": {
        "needs": frozenset({"text", "image"}),
        "messages": said(ToolResult(call="c", parts=(File(url="https://there.example/a"),))),
    },
}


@pytest.mark.parametrize("fields", ALIKE.values(), ids=ALIKE)
def test_what_changes_no_answer_changes_no_key(fields: dict[str, Any]) -> None:
    assert key(a_request(**fields)) == key(a_request()) is not None


def test_what_changes_an_answer_or_who_may_have_it_changes_the_key() -> None:
    found = [key(a_request()), *[key(a_request(**fields)) for fields in UNLIKE.values()]]
    found += [
        key(a_request(), replace(VERDICT, label=Label(data_class=DataClass.INTERNAL))),
        key(a_request(), replace(VERDICT, label=Label(region="EEA"))),
        key(a_request(), replace(VERDICT, veiled=frozenset({"here"}))),
    ]
    assert None not in found
    assert len({*found}) == len(UNLIKE) + 4


@pytest.mark.parametrize("fields", NOTHING.values(), ids=NOTHING)
def test_what_is_not_to_be_repeated_has_no_key(fields: dict[str, Any]) -> None:
    assert key(a_request(**fields)) is None


def test_a_picture_that_came_along_has_one() -> None:
    needs = frozenset({"text", "image"})
    parts = (Image(url="data:image/png;base64,AA=="), ToolResult(call="c", parts=(Text(text="a"),)))
    assert key(a_request(needs=needs, messages=said(*parts))) is not None


def test_the_same_in_three_dialects_is_the_same() -> None:
    plain = {"model": "a/model", "max_tokens": 9, "temperature": 0.5}
    asked = {"messages": [{"role": "user", "content": "hello"}]}
    one = openai_chat.parse_request(
        msgspec.json.encode({**plain, **asked}), id="req_1", at_ms=0, actor=ACTOR
    )
    two = messages.parse_request(
        msgspec.json.encode({**asked, **plain}), id="req_2", at_ms=1, actor=ACTOR
    )
    spelled = {"model": "a/model", "input": "hello", "max_output_tokens": 9, "temperature": 0.5}
    three = responses.parse_request(
        msgspec.json.encode({**spelled, "store": False, "stream": True}),
        id="req_3",
        at_ms=2,
        actor=ACTOR,
    )
    assert key(one) == key(two) == key(three) is not None


def test_what_only_a_dialect_knows_tells_requests_apart() -> None:
    plain = chat()
    assert key(chat(user="a")) != key(chat(user="b"))
    assert key(chat(user="a")) != key(plain)
    assert key(chat(store=True)) != key(chat(store=False)) == key(plain)
    both = chat(max_tokens=5, max_completion_tokens=9)
    assert key(both) != key(chat(max_tokens=7, max_completion_tokens=9))
    assert key(chat(max_tokens=9)) == key(chat(max_completion_tokens=9))


TEXTS = st.text(max_size=4)


def asking(
    turns: list[list[str]], model: str, arm: str, names: list[str], extra: dict[str, str | int]
) -> Generate:
    fields = {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in extra.items()}
    return a_request(
        messages=tuple(
            [
                Message(role="user", parts=tuple([Text(text=each) for each in turn]))
                for turn in turns
            ]
        ),
        model=model,
        arm=arm,
        identifiers=tuple(names),
        source=Source(dialect="openai-chat", fields=fields, digest=b"", size_bytes=0),
    )


ASKED = st.builds(
    asking,
    st.lists(st.lists(TEXTS, max_size=2), max_size=2),
    TEXTS,
    TEXTS,
    st.lists(TEXTS, max_size=2),
    st.dictionaries(
        st.sampled_from(["a", "b", 'c"', "user"]), TEXTS | st.integers(0, 3), max_size=2
    ),
)


def meant(request: Generate) -> object:
    fields = {name: msgspec.json.decode(raw) for name, raw in request.source.fields.items()}
    return request.messages, request.model, request.arm, request.identifiers, fields


@given(ASKED, ASKED)
def test_no_two_that_differ_have_one_key(one: Generate, two: Generate) -> None:
    assert (key(one) == key(two)) == (meant(one) == meant(two))
