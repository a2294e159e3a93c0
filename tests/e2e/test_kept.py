"""A caller that saw the end of a kept answer can fetch it, whatever became of the server then."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any

import pytest
from openai import AsyncOpenAI, NotFoundError, UnprocessableEntityError
from tests.e2e.test_kill_server import serving

from jevons.testing import Vendor
from jevons.testing.reply import respond, stream

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

SECRET = "nobody but the caller may read this sentence"
ASKED = "what may nobody read"


def an_answer(status: str = "completed") -> dict[str, Any]:
    """Write the answer of an endpoint that speaks the dialect itself."""
    said: Any = {"type": "output_text", "text": SECRET, "annotations": [], "logprobs": []}
    message: Any = {
        "type": "message",
        "id": "msg_theirs",
        "role": "assistant",
        "status": "completed",
        "content": [said],
    }
    return {
        "id": "resp_theirs",
        "object": "response",
        "created_at": 1,
        "status": status,
        "model": "theirs",
        "store": False,
        "previous_response_id": None,
        "output": [message] if status == "completed" else [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": 3,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": 4,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 7,
        },
    }


def told(number: int, kind: str, **fields: Any) -> bytes:
    said = json.dumps({"type": kind, "sequence_number": number, **fields})
    return f"event: {kind}\ndata: {said}\n\n".encode()


STREAM = stream(
    told(0, "response.created", response=an_answer("in_progress")),
    told(
        1, "response.output_text.delta", item_id="msg_theirs", output_index=0, content_index=0,
        delta=SECRET, logprobs=[],
    ),
    told(2, "response.completed", response=an_answer()),
    done=0,
)  # fmt: skip
WHOLE = respond(json.dumps(an_answer()).encode())


def settings(folder: Path, url: str, dialect: str, *more: str) -> Path:
    path = folder / "jevons.toml"
    lines = [
        f'data_dir = "{folder}/data"',
        *more,
        "[[endpoint]]",
        'name = "here"',
        'model = "an/endpoint"',
        'place = "on-prem"',
        f'dialect = "{dialect}"',
        f'url = "{url}"',
    ]
    path.write_text("\n".join(lines))
    return path


def client(folder: Path, port: int) -> AsyncOpenAI:
    key = (folder / "data/key").read_text().strip()
    return AsyncOpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key=key, max_retries=0)


def remains(folder: Path, *secrets: str) -> list[str]:
    """List the files of a house that hold any of these."""
    return [
        each.name
        for each in sorted((folder / "data").iterdir())
        if each.is_file() and any(secret.encode() in each.read_bytes() for secret in secrets)
    ]


async def test_an_answer_outlives_a_server_that_is_killed_at_its_end(tmp_path: Path) -> None:
    async with Vendor(STREAM) as vendor:
        config = settings(tmp_path, f"{vendor.url}/v1", "openai-responses")
        async with serving(config) as (child, port), client(tmp_path, port) as caller:
            answers = await caller.responses.create(
                model="here", input=ASKED, store=True, stream=True
            )
            answer = None
            async for each in answers:
                if each.type == "response.completed":
                    child.send_signal(signal.SIGKILL)
                    answer = each.response
                    break
            await child.wait()
        assert answer is not None
        assert answer.id != "resp_theirs"
        assert remains(tmp_path, SECRET, ASKED) == []
        async with serving(config) as (_, port), client(tmp_path, port) as caller:
            assert await caller.responses.retrieve(answer.id) == answer
            items = await caller.responses.input_items.list(answer.id)
            assert ASKED in items.model_dump_json()
            await caller.responses.delete(answer.id)
            with pytest.raises(NotFoundError):
                await caller.responses.retrieve(answer.id)


async def test_an_endpoint_of_the_dialect_is_told_no_name_and_to_store_nothing(
    tmp_path: Path,
) -> None:
    async with Vendor(WHOLE) as vendor:
        config = settings(tmp_path, f"{vendor.url}/v1", "openai-responses")
        async with serving(config) as (_, port), client(tmp_path, port) as caller:
            first = await caller.responses.create(model="here", input=ASKED, store=True)
            assert first.id != "resp_theirs"
            second = await caller.responses.create(
                model="here", input="So?", previous_response_id=first.id, store=True
            )
            assert await caller.responses.retrieve(second.id) == second
            with pytest.raises(UnprocessableEntityError) as refused:
                await caller.responses.create(model="here", input=ASKED, background=True)
            assert refused.value.param == "background"
        one, two = [json.loads(each.body) for each in vendor.heard]
        assert one["store"] is two["store"] is False
        assert "previous_response_id" not in two
        asked, answered, now = two["input"]
        assert asked["content"][0]["text"] == ASKED
        assert answered["content"][0]["text"] == SECRET
        assert now["content"][0]["text"] == "So?"
        assert remains(tmp_path, SECRET, ASKED) == []


async def test_a_house_that_keeps_nothing_destroys_what_it_kept(tmp_path: Path) -> None:
    async with Vendor(WHOLE) as vendor:
        url = f"{vendor.url}/v1"
        config = settings(tmp_path, url, "openai-responses")
        async with serving(config) as (_, port), client(tmp_path, port) as caller:
            answer = await caller.responses.create(model="here", input=ASKED, store=True)
        assert remains(tmp_path, answer.id)
        config = settings(tmp_path, url, "openai-responses", "[answers]", 'keep = "never"')
        async with serving(config) as (_, port), client(tmp_path, port) as caller:
            assert not [*(tmp_path / "data").glob("answers*")]
            with pytest.raises(NotFoundError):
                await caller.responses.retrieve(answer.id)
            with pytest.raises(UnprocessableEntityError):
                await caller.responses.create(model="here", input=ASKED, store=True)
            unkept = await caller.responses.create(model="here", input=ASKED)
            assert unkept.to_dict()["store"] is False
