"""The official `anthropic` package for Python talks to us unmodified."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from anthropic import Anthropic
from tests.contract.clients.front import MODELS, SMALL
from tests.contract.clients.obliging import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.clients.front import Front


@pytest.fixture
def client(front: Front) -> Iterator[Anthropic]:
    with Anthropic(base_url=front.root, api_key=front.key, max_retries=0) as it:
        yield it


@pytest.mark.parametrize("model", [*MODELS])
def test_an_answer(client: Anthropic, model: str) -> None:
    answer = client.messages.create(
        model=model, max_tokens=20, messages=[{"role": "user", "content": "Hi"}]
    )
    (block,) = answer.content
    assert block.type == "text"
    assert block.text == WORDS


def test_the_embedded_model_answers(client: Anthropic) -> None:
    answer = client.messages.create(
        model=SMALL, max_tokens=8, messages=[{"role": "user", "content": "Hi"}]
    )
    (block,) = answer.content
    assert block.type == "text"
    assert block.text
