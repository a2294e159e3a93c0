"""Header lines that a dialect has a meaning for reach whoever serves, and those of no use do not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import House

pytestmark = pytest.mark.anyio

PATH = "/v1/messages?beta=true"
ASK = json.dumps(
    {"model": "here", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
).encode()
BETA = "interleaved-thinking-2025-05-14,context-management-2025-06-27"


async def test_anthropics_betas_are_part_of_a_request_of_its_dialect(house: House) -> None:
    lines = {"anthropic_version": "2023-06-01", "anthropic_beta": BETA}
    reply = await house.ask("POST", PATH, ASK, key=house.key, **lines)
    assert reply.status == 200
    assert house.stage.heard[-1].source.headers == (("anthropic-beta", BETA),)


async def test_they_mean_nothing_in_a_request_of_another(house: House) -> None:
    path = "/v1/chat/completions"
    reply = await house.ask("POST", path, ASK, key=house.key, anthropic_beta=BETA)
    assert reply.status == 200
    assert house.stage.heard[-1].source.headers == ()


@pytest.mark.parametrize(
    ("name", "value"), [("anthropic-beta", "x" * 3000), ("anthropic-version", "2099-01-01")]
)
async def test_those_that_cannot_be_said_are_refused_by_name(
    house: House, name: str, value: str
) -> None:
    reply = await house.ask("POST", PATH, ASK, key=house.key, **{name: value})
    assert (reply.status, reply.error["code"]) == (400, "malformed")
    assert reply.error["param"] == name
    assert house.stage.heard == []
