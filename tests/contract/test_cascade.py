"""A cascade answers callers of every dialect, from endpoints of every dialect, as one endpoint would."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from jevons.boot import open_house
from jevons.settings import load
from jevons.testing import Vendor
from jevons.testing.reply import chunk, respond, stream, usage, whole
from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from pathlib import Path

    from jevons.testing import Heard
    from jevons.testing.reply import Reply

pytestmark = pytest.mark.anyio

ENDPOINT = """
[[endpoint]]
name = "{name}"
model = "a/{name}"
url = "{url}"
dialect = "{dialect}"
place = "on-prem"
"""


def a_house(folder: Path, url: str, dialect: str, arms: str = '["cheap+local"]') -> Path:
    config = folder / "jevons.toml"
    names = ("dear", "cheap", "local")
    said = [ENDPOINT.format(name=name, url=url, dialect=dialect) for name in names]
    auto = f'data_dir = "{folder}"\n[auto]\nreference = "dear"\narms = {arms}\n'
    config.write_text("".join([auto, *said]))
    return config


def says(said: dict[str, str]) -> Any:
    """Answer in the endpoint's dialect, streamed or whole."""

    def answer(heard: Heard) -> Reply:
        asked = json.loads(heard.body)
        text = said[asked["model"].rpartition("/")[2]]
        if heard.path.endswith("/messages"):
            return in_messages(text, is_stream=bool(asked.get("stream")))
        if asked.get("stream"):
            return stream(
                chunk(text[:1]), chunk(text[1:], finish="stop"), chunk(counted=usage(5, 5))
            )
        return whole(text, counted=usage(5, 5))

    return answer


def in_messages(text: str, *, is_stream: bool) -> Reply:
    message: dict[str, Any] = {
        "id": "m",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 5, "output_tokens": 5},
    }
    if not is_stream:
        return respond(json.dumps(message).encode())
    delta = {"type": "text_delta", "text": text}
    said: list[dict[str, Any]] = [
        {"type": "message_start", "message": {**message, "content": [], "stop_reason": None}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": delta},
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn"},
            "usage": {"output_tokens": 5},
        },
        {"type": "message_stop"},
    ]
    events = [f"event: {each['type']}\ndata: {json.dumps(each)}\n\n".encode() for each in said]
    return respond(*events, kind="text/event-stream", framed="chunked")


ASKED: dict[str, tuple[str, dict[str, Any]]] = {
    "chat": ("/v1/chat/completions", {"messages": [{"role": "user", "content": "hi"}]}),
    "messages": (
        "/v1/messages",
        {"max_tokens": 99, "messages": [{"role": "user", "content": "hi"}]},
    ),
    "responses": ("/v1/responses", {"input": "hi", "store": False}),
}


@pytest.mark.parametrize("wanted", ["stream", "whole"])
@pytest.mark.parametrize("surface", [*ASKED])
@pytest.mark.parametrize("dialect", ["openai-chat", "anthropic-messages"])
async def test_what_both_agree_on_goes_out_and_else_the_reference_s(
    tmp_path: Path, dialect: str, surface: str, wanted: str
) -> None:
    said = {"dear": "45", "cheap": "43", "local": "43."}
    path, body = ASKED[surface]
    async with Vendor(says(said)) as vendor:
        config = a_house(tmp_path, vendor.url, dialect)
        async with open_house(load(config)) as house:
            key = (tmp_path / "key").read_text().strip()
            headers = {"authorization": f"Bearer {key}", "x-jevons-arm": "cheap+local"}
            headers["cache-control"] = "no-store"  # the same is asked twice
            transport = httpx2.ASGITransport(app=house.app)  # type: ignore[arg-type] ours is narrower
            async with httpx2.AsyncClient(transport=transport, base_url="http://house") as client:
                asked = {"model": "auto", **body, "stream": wanted == "stream"}
                agreed = await client.post(path, json=asked, headers=headers)
                said["local"] = "44"
                asked = json.loads(json.dumps(asked).replace('"hi"', '"ho"'))  # not from memory
                differs = await client.post(path, json=asked, headers=headers)
    assert (agreed.status_code, differs.status_code) == (200, 200), agreed.text + differs.text
    for answer, digits, endpoint in ((agreed, "43", "cheap"), (differs, "45", "dear")):
        assert words(answer.text, is_stream=wanted == "stream") == digits
        others = {"43", "44", "45"} - {digits}
        assert not any(f'"{each}' in answer.text for each in others), "nothing of a draft went out"
        line = answer.headers.get("x-jevons-receipt") or answer.text.split(": jevons ")[1]
        told = json.loads(line.partition("\n")[0])
        assert (told["arm"], told["endpoint"]) == ("cheap+local", endpoint)


def words(text: str, *, is_stream: bool) -> str:
    """Put together what was said, in whichever of three dialects."""
    if not is_stream:
        return _found(json.loads(text))
    lines = [line[6:] for line in text.splitlines() if line.startswith("data: {")]
    said: list[str] = []
    for each in map(json.loads, lines):
        if each.get("type") == "response.output_text.delta":
            said.append(each["delta"])
        elif each.get("type") == "content_block_delta":
            said.append(each["delta"].get("text", ""))
        else:
            said += [choice["delta"].get("content") or "" for choice in each.get("choices", [])]
    return "".join(said)


def _found(answer: dict[str, Any]) -> str:
    if "choices" in answer:
        return answer["choices"][0]["message"]["content"]
    if "output" in answer:
        return answer["output"][-1]["content"][0]["text"]
    return answer["content"][-1]["text"]


@pytest.mark.parametrize(
    ("arms", "says_why"),
    [
        ('["cheap+lokal"]', "names 'lokal', and no endpoint is called so"),
        ('["cheap+cheap"]', "asks 'cheap' twice"),
        ('["cheap@much"]', "an effort is one of none, minimal, low"),
        ('["cheap+dear"]', "asks the reference 'dear'"),
    ],
)
async def test_an_arm_that_cannot_be_stops_the_start(
    tmp_path: Path, arms: str, says_why: str
) -> None:
    config = a_house(tmp_path, "http://127.0.0.1:1/v1", "openai-chat", arms)
    with pytest.raises(Misconfigured, match=says_why):
        async with open_house(load(config)):
            pass
