"""Where only tokens may go, only tokens go, and whoever asked reads the names all the same."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, get_args

import pytest
from tests.contract.regressions.corridor import Lab, endpoint

from jevons.settings import PolicySettings
from jevons.testing.make import a_request
from jevons.testing.reply import Reply, respond, stream, whole
from jevons.types.account import Usage
from jevons.types.custody import OWN, Custody
from jevons.types.event import Finished, TextDelta, ToolCallDelta
from jevons.types.request import Dialect, Need
from jevons.wire import messages, openai_chat, responses
from jevons.wire.fold import fold
from jevons.wire.sse import split

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator, Mapping
    from pathlib import Path

    from tests.contract.regressions.corridor import Answer

    from jevons.settings import EndpointSettings
    from jevons.testing import Heard, Vendor
    from jevons.types.event import Event

pytestmark = pytest.mark.anyio

MAIL, PHONE, CARD = "anna.berg@example.org", "+49 30 901820", "4111 1111 1111 1111"
VALUES = (MAIL, PHONE, CARD)
GDPR = PolicySettings(profile="eu-gdpr")
CONTRACT = Custody(owner="US", storage="US", access=(), trains=False, basis="scc-tia")
TOKEN = re.compile("⟦[A-Z_]+_[a-z0-9]{7}⟧")
CODECS: dict[str, Any] = {
    "openai-chat": openai_chat,
    "openai-responses": responses,
    "anthropic-messages": messages,
}
SPOKEN: tuple[Dialect, ...] = get_args(Dialect)
NUMBER = CARD.replace(" ", "")
STREAMS = pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "stream"])
TOOL = {"type": "object", "properties": {"to": {"type": "string", "description": f"as {MAIL}"}}}


TELLS = f"Write to {MAIL} or call {PHONE}; she pays with {CARD}."
ASKED: Mapping[str, Any] = {
    "openai-chat": {
        "messages": [
            {"role": "system", "content": f"You work for {MAIL}."},
            {"role": "user", "content": TELLS, "name": "anna"},
            {
                "role": "assistant",
                "content": "Looking.",
                "tool_calls": [
                    {
                        "id": "call_0",
                        "type": "function",
                        "function": {"name": "send", "arguments": json.dumps({"to": MAIL})},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "call_0", "content": json.dumps({"tel": PHONE})},
        ],
        "tools": [{"type": "function", "function": {"name": "send", "parameters": TOOL}}],
        "user": MAIL,
    },
    "openai-responses": {
        "instructions": f"You work for {MAIL}.",
        "input": [
            {"role": "user", "content": [{"type": "input_text", "text": TELLS}]},
            {
                "type": "function_call",
                "call_id": "call_0",
                "name": "send",
                "arguments": json.dumps({"to": MAIL}),
            },
            {"type": "function_call_output", "call_id": "call_0", "output": f"called {PHONE}"},
        ],
        "tools": [{"type": "function", "name": "send", "parameters": TOOL, "strict": False}],
        "metadata": {"for": MAIL},
    },
    "anthropic-messages": {
        "max_tokens": 100,
        "system": [{"type": "text", "text": f"You work for {MAIL}."}],
        "messages": [
            {"role": "user", "content": TELLS},
            {
                "role": "assistant",
                "content": [
                    {
                        "type": "tool_use",
                        "id": "call_0",
                        "name": "send",
                        "input": {"to": MAIL, "card": int(NUMBER)},
                    }
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "call_0", "content": f"called {PHONE}"}
                ],
            },
        ],
        "tools": [{"name": "send", "input_schema": TOOL}],
        "metadata": {"user_id": MAIL},
    },
}
PATHS: dict[str, str] = {
    "openai-chat": "/v1/chat/completions",
    "openai-responses": "/v1/responses",
    "anthropic-messages": "/v1/messages",
}
SURFACES = pytest.mark.parametrize("surface", [*PATHS])


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncGenerator[Lab]:
    async with Lab.open(tmp_path) as lab:
        yield lab


def said_of(heard: Heard) -> str:
    """What a vendor was sent, without escapes."""
    return json.dumps(json.loads(heard.body), ensure_ascii=False)


def told_of(tokens: list[str]) -> Iterator[Event]:
    """An answer that names every token, in small pieces, and calls a tool with the first."""
    text = f"I wrote to {' and '.join(tokens)}."
    yield from [TextDelta(text[at : at + 3]) for at in range(0, len(text), 3)]
    arguments = json.dumps({"to": tokens[0]})
    yield ToolCallDelta(index=0, id="call_1", name="send")
    for at in range(0, len(arguments), 4):
        yield ToolCallDelta(index=0, arguments=arguments[at : at + 4])


def echo(spoken: Dialect, *, is_stream: bool) -> Any:
    """Make a vendor that answers with what it was sent in place of names."""

    def answer(heard: Heard) -> Reply:
        told = [*told_of(list(dict.fromkeys(TOKEN.findall(said_of(heard)))) or ["nobody"])]
        if spoken == "gemini":
            return gemini(told, is_stream=is_stream)
        if spoken == "ollama":
            return ollama(told, is_stream=is_stream)
        codec, asked = CODECS[spoken], a_request(stream=is_stream, want_usage=True)
        end = Finished(reason="tool_calls", usage=Usage(input=5, output=7, counted_by="endpoint"))
        if not is_stream:
            return respond(codec.render_answer((*told, end), asked))
        chunks = codec.Chunks(asked)
        body = b"".join([*map(chunks.event, told), *chunks.closing((end,))])
        return stream(*split(body), done=0)

    return answer


def gemini(told: list[Event], *, is_stream: bool) -> Reply:
    end = {"usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 7}}
    text = "".join([event.text for event in told if isinstance(event, TextDelta)])
    arguments = "".join([event.arguments for event in told if isinstance(event, ToolCallDelta)])
    call = {"functionCall": {"name": "send", "args": json.loads(arguments)}}
    texts = [text[at : at + 3] for at in range(0, len(text), 3)] if is_stream else [text]
    parts: list[dict[str, Any]] = [*[{"text": each} for each in texts], call]
    bodies = [candidate([part]) for part in parts] if is_stream else [candidate(parts)]
    bodies[-1]["candidates"][0]["finishReason"] = "STOP"
    bodies[-1] |= end
    if not is_stream:
        return respond(json.dumps(bodies[0]).encode())
    return stream(*[f"data: {json.dumps(body)}\n\n".encode() for body in bodies], done=0)


def candidate(parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {"candidates": [{"content": {"role": "model", "parts": parts}, "index": 0}]}


def ollama(told: list[Event], *, is_stream: bool) -> Reply:
    text = "".join([event.text for event in told if isinstance(event, TextDelta)])
    arguments = "".join([event.arguments for event in told if isinstance(event, ToolCallDelta)])
    call = {"function": {"name": "send", "arguments": json.loads(arguments)}}
    texts = [text[at : at + 3] for at in range(0, len(text), 3)] if is_stream else [text]
    said: list[dict[str, Any]] = [{"content": each} for each in texts]
    said[-1]["tool_calls"] = [call]
    lines: list[dict[str, Any]] = [
        {"model": "m", "message": {"role": "assistant", **each}, "done": False} for each in said
    ]
    lines[-1] |= {"done": True, "done_reason": "stop", "prompt_eval_count": 5, "eval_count": 7}
    if not is_stream:
        return respond(json.dumps(lines[-1]).encode())
    told_lines = [json.dumps(line).encode() + b"\n" for line in lines]
    return stream(*told_lines, done=0, kind="application/x-ndjson")


async def house(lab: Lab, *, is_stream: bool) -> dict[Dialect, Vendor]:
    """Open a house in front of an endpoint of each dialect, each of which may have only tokens."""
    vendors: dict[Dialect, Vendor] = {}
    for each in SPOKEN:
        vendors[each] = await lab.vendor(echo(each, is_stream=is_stream))
    await lab.house(*[far(vendor, each) for each, vendor in vendors.items()], policy=GDPR)
    return vendors


def far(vendor: Vendor, spoken: Dialect, **fields: Any) -> EndpointSettings:
    url = vendor.url.removesuffix("/v1") if spoken == "anthropic-messages" else vendor.url
    usual: dict[str, Any] = {
        "dialect": spoken,
        "url": url,
        "place": "US",
        "host": "Far Inc.",
        "custody": CONTRACT,
        "can": get_args(Need),
        "model": f"a/{spoken}",
    }
    return endpoint(vendor, f"far-{spoken}", **{**usual, **fields})


def heard_by(surface: str, answer: Answer, *, is_stream: bool) -> tuple[str, str]:
    """Read an answer as its caller's own side does: its text, and the arguments of its call."""
    codec = CODECS[surface]
    if is_stream:
        reader = codec.Reader(owner="")
        told = [*reader.feed(answer.body)]
        assert reader.end() is None
        told = fold([*told, *reader.closing])
    else:
        told = fold(codec.read_whole(answer.body, owner="").events)
    texts = [event.text for event in told if isinstance(event, TextDelta)]
    calls = [event.arguments for event in told if isinstance(event, ToolCallDelta)]
    return "".join(texts), "".join(calls)


@STREAMS
@SURFACES
async def test_names_stay_and_come_back(lab: Lab, surface: str, *, is_stream: bool) -> None:
    for spoken, vendor in (await house(lab, is_stream=is_stream)).items():
        asked: dict[str, Any] = {**ASKED[surface], "model": f"a/{spoken}", "stream": is_stream}
        answer = await lab.post(PATHS[surface], **asked)
        assert answer.status == 200, answer.body
        (heard,) = vendor.heard
        sent = said_of(heard)
        assert [value for value in (*VALUES, NUMBER) if value in sent] == [], spoken
        text, arguments = heard_by(surface, answer, is_stream=is_stream)
        assert all(value in text for value in VALUES), (spoken, text)
        assert not TOKEN.search(answer.body.decode()), spoken
        assert json.loads(arguments) == {"to": MAIL}, spoken
        receipt = await lab.receipt(answer)
        assert receipt["found"] == ["email", "phone", "card"]
        assert receipt["data_class"] == "personal"
        veil = receipt["veil"]
        assert veil["hidden"] >= 3
        assert veil["restored"] >= 4
        assert veil["unrestored"] == 0


async def test_a_conversation_has_its_tokens_in_every_turn_and_another_has_others(lab: Lab) -> None:
    vendor = await lab.vendor(echo("openai-chat", is_stream=False))
    await lab.house(far(vendor, "openai-chat", model="a/model"), policy=GDPR)
    asks = {"role": "user", "content": TELLS}
    answer = await lab.chat(asks)
    await lab.chat(asks, answer.message, {"role": "user", "content": f"Thanks! {PHONE}"})
    await lab.chat({"role": "user", "content": f"Another matter: {MAIL}, {PHONE}, {CARD}"})
    first, second, other = [set(TOKEN.findall(said_of(heard))) for heard in vendor.heard]
    assert first == second
    assert first.isdisjoint(other)
    turns = json.loads(vendor.heard[1].body)["messages"]
    said = json.loads(vendor.heard[0].body)["messages"]
    assert turns[0] == said[0]
    assert all(token in turns[1]["content"] for token in first), "as the endpoint wrote it"


async def test_what_is_kept_is_as_its_caller_heard_it_and_goes_on_veiled(lab: Lab) -> None:
    vendor = await lab.vendor(echo("openai-responses", is_stream=False))
    await lab.house(far(vendor, "openai-responses", model="a/model"), policy=GDPR)
    first = await lab.responses({"role": "user", "content": TELLS}, store=True)
    assert first.status == 200, first.body
    said = {"role": "user", "content": "And the telephone?"}
    more = await lab.responses(said, previous_response_id=first.json["id"])
    assert more.status == 200, more.body
    once, again = [said_of(heard) for heard in vendor.heard]
    assert set(TOKEN.findall(once)) == set(TOKEN.findall(again))
    assert [value for value in VALUES if value in again] == []
    assert all(value in first.body.decode() for value in VALUES)
    receipt = await lab.receipt(more)
    assert receipt["found"] == ["email", "phone", "card"], "what was said before is looked at too"


async def test_what_a_caller_names_is_hidden(lab: Lab) -> None:
    vendor = await lab.vendor(echo("openai-chat", is_stream=False))
    await lab.house(far(vendor, "openai-chat", model="a/model"), policy=GDPR)
    said = [{"role": "user", "content": "Ask José Núñez, of room 12, now."}]
    headers = {"x-jevons-identifiers": "jos%C3%A9%20n%C3%BA%C3%B1ez,room 12"}
    answer = await lab.post("/v1/chat/completions", headers=headers, messages=said)
    assert "Núñez" not in said_of(vendor.heard[0])
    assert answer.message["content"] == "I wrote to José Núñez and room 12."
    headers = {"x-jevons-identifiers": "a%20b,-"}
    answer = await lab.post("/v1/chat/completions", headers=headers, messages=said)
    assert (answer.status, answer.error["code"]) == (400, "malformed")


async def test_an_endpoint_that_may_have_it_as_it_is_has_it_so(lab: Lab) -> None:
    vendor = await lab.vendor(whole())
    await lab.house(endpoint(vendor, custody=OWN), policy=GDPR)
    answer = await lab.chat({"role": "user", "content": TELLS})
    assert TELLS in said_of(vendor.heard[0])
    assert (await lab.receipt(answer))["veil"] is None


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": TELLS}], "n": 2}),
        (
            "/v1/chat/completions",
            {"messages": [{"role": "user", "content": TELLS}], "logprobs": True},
        ),
        ("/v1/embeddings", {"input": TELLS}),
        (
            "/v1/chat/completions",
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [
                            {"type": "text", "text": "Who is it?"},
                            {
                                "type": "image_url",
                                "image_url": {"url": "https://example.org/a.png"},
                            },
                        ],
                    }
                ]
            },
        ),
        (
            "/v1/chat/completions",
            {"messages": [{"role": "user", "content": f"sk-{'a1B2' * 10} is the key"}]},
        ),
    ],
    ids=["several answers", "probabilities", "vectors", "a picture", "a secret"],
)
async def test_what_no_veil_fits_does_not_leave(lab: Lab, path: str, asked: dict[str, Any]) -> None:
    vendor = await lab.vendor(whole())
    await lab.house(far(vendor, "openai-chat", model="a/model"), policy=GDPR)
    answer = await lab.post(path, **asked)
    assert (answer.status, answer.error["code"]) == (403, "egress_refused")
    assert vendor.heard == []
