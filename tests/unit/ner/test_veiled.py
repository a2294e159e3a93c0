"""What the model finds is hidden from the endpoint, each value of a request by itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jevons.ner import Names
from jevons.privacy import Detector, Inspector
from jevons.testing import Listener
from jevons.testing.make import an_actor
from jevons.types.custody import DataClass
from jevons.wire import openai_chat

pytest.importorskip("spacy", reason="the extra `ner` is not installed")


@pytest.fixture(scope="module")
def inspector() -> Inspector:
    return Inspector(Detector(), (Names(),), key=bytes(32))


def chat(content: str, **fields: Any) -> Any:
    body = {"model": "m", "messages": [{"role": "user", "content": content}], **fields}
    raw = json.dumps(body).encode()
    return openai_chat.parse_request(raw, id="req_1", at_ms=0, actor=an_actor())


def test_a_name_makes_a_request_personal_and_a_place_does_not(inspector: Inspector) -> None:
    named = inspector.inspect(chat("Angela Merkel was in Hamburg."))
    assert (named.found, named.data_class) == (("person", "place"), DataClass.PERSONAL)
    placed = inspector.inspect(chat("What is the capital of France?"))
    assert (placed.found, placed.data_class) == (("place",), DataClass.PUBLIC)


def test_what_is_found_is_not_in_what_is_sent(inspector: Inspector) -> None:
    asked = chat(
        "Angela Merkel, born 14 March 1980, lives at 12 Maple Street\\nSpringfield, IL 62701.",
        user="Angela Merkel",
        metadata={"street": "12 Maple Street", "city": "Springfield"},
    )
    veiled = inspector.veil(asked, Listener()).request
    sent = json.dumps({name: json.loads(bytes(raw)) for name, raw in veiled.source.fields.items()})
    for hidden in ("Angela", "Merkel", "1980", "Maple", "62701"):
        assert hidden not in sent
