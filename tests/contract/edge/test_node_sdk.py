"""The official `openai` package for Node talks to us unmodified."""

from __future__ import annotations

import asyncio
import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from jevons.types.errors import ProviderTruncated
from jevons.types.event import TextDelta, ToolCallDelta

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import House
    from jevons.ports import Caller
    from jevons.types.decision import Attempt, Outcome
    from jevons.types.request import Generate

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


async def test_chat_stream_tools_schema_models_and_errors(house: House, node_project: Path) -> None:
    house.stage.act = plays(house)
    node = await asyncio.create_subprocess_exec(
        "node", "talk.mjs", house.url, house.key,
        cwd=node_project, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(60):
        said, complained = await node.communicate()
    assert node.returncode == 0, complained.decode()
    heard = json.loads(said)
    assert heard.pop("id").startswith("req_")
    cut = heard.pop("cut")
    assert cut is not None, "a stream that broke off raises"
    assert heard == {
        "chat": "Hello",
        "stream": "Hello",
        "tokens": 7,
        "tool": {"name": "weather", "arguments": '{"place":"Here"}'},
        "schema": {"total": 7},
        "models": ["here"],
        "unknown": ["NotFoundError", 404, "unknown_model"],
        "nobody": ["AuthenticationError", 401, "unauthenticated"],
        "wrong": ["BadRequestError", 400, "malformed"],
    }


def plays(house: House) -> Any:
    """Answer as each request wants it."""

    async def act(attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
        if request.tools:
            call = ToolCallDelta(index=0, id="1", name="weather", arguments='{"place":"Here"}')
            return await house.answers(call, finish="tool_calls")(attempt, request, caller)
        if request.output.kind == "json_schema":
            shaped = house.answers(TextDelta(text='{"total":7}'))
            return await shaped(attempt, request, caller)
        if b"cut" in bytes(request.source.fields["messages"]):
            cut = house.fails(ProviderTruncated("cut off"), after="Hel")
            return await cut(attempt, request, caller)
        return await house.answers(TextDelta(text="Hello"))(attempt, request, caller)

    return act
