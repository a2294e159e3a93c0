"""Clients for Node talk to us unmodified: Anthropic's, OpenAI's on Responses, and Vercel's AI SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.contract.clients.front import MODELS, SMALL
from tests.contract.clients.obliging import THOUGHT, WORDS
from tests.contract.clients.reading import CACHED, COUNTED, WRITTEN
from tests.node.project import hear

if TYPE_CHECKING:
    from pathlib import Path

    from tests.contract.clients.front import Front

pytestmark = pytest.mark.slow

NOBODY = "gpt-5-nowhere"
CITY = {"name": "Bath", "people": 7}


def heard_by(script: str, front: Front, project: Path) -> Any:
    """What a client heard of every model, of one that is not there, and of the embedded one."""
    return hear(project, script, front.root, front.key, NOBODY, SMALL, *MODELS)


def test_anthropics_client(front: Front, node_project: Path) -> None:
    heard = heard_by("anthropic.mjs", front, node_project)
    for name in MODELS:
        of_model = heard[name]
        assert of_model.pop("id").startswith("req_")
        # Chat has no way to ask for a count.
        counted = {"input_tokens": COUNTED}
        refused = ["UnprocessableEntityError", 422, "invalid_request_error"]
        assert of_model == {
            "answer": [WORDS],
            "stop": "end_turn",
            "tokens": [COUNTED - CACHED, CACHED, WRITTEN],
            "stream": [["thinking", THOUGHT], ["text", WORDS]],
            "pieces": 2,
            "streamed": WRITTEN,
            "call": ["weather", {"place": "Bath"}, "tool_use"],
            "goesOn": WORDS,
            "shaped": CITY,
            "counted": refused if name == "gpt-5-chat" else counted,
        }
    whole, streamed, counted = heard[SMALL]
    assert whole == streamed
    assert whole[1:] == ["max_tokens", 8]
    assert counted > 1
    assert heard["unknown"] == ["NotFoundError", 404, "not_found_error"]
    assert heard["nobody"] == ["AuthenticationError", 401, "authentication_error"]
    assert heard["wrong"] == ["BadRequestError", 400, "invalid_request_error"]
    assert sorted(heard["models"]) == sorted([[name, name] for name in (SMALL, *MODELS)])


def test_openais_client_on_responses(front: Front, node_project: Path) -> None:
    heard = heard_by("responses.mjs", front, node_project)
    for name in MODELS:
        assert heard[name] == {
            "answer": WORDS,
            "tokens": [COUNTED, CACHED, WRITTEN],
            "id": "req_",
            "stream": WORDS,
            "pieces": 2,
            "thought": [THOUGHT],
            "call": ["weather", {"place": "Bath"}],
            "goesOn": WORDS,
            "shaped": CITY,
            "kept": [WORDS, WORDS, True],
        }
    whole, streamed = heard[SMALL]
    assert whole == streamed
    assert whole[1:] == ["max_output_tokens", 16]
    assert heard["unknown"] == ["NotFoundError", 404, "unknown_model"]
    assert heard["nobody"] == ["AuthenticationError", 401, "unauthenticated"]
    assert heard["wrong"] == ["BadRequestError", 400, "malformed"]


def test_vercels_sdk_on_every_surface(front: Front, node_project: Path) -> None:
    heard = heard_by("vercel.mjs", front, node_project)
    assert heard.keys() == {"compatible", "chat", "responses", "messages"}
    for surface, of_surface in heard.items():
        assert of_surface.pop("unknown") == ["AI_APICallError", 404]
        assert of_surface.pop("broken") == [404]
        small = of_surface.pop(SMALL)
        assert small["answer"] == small["stream"]
        assert small["shaped"]["city"] in {"Bath", "Rome"}
        assert of_surface.keys() == MODELS.keys()
        for name, of_model in of_surface.items():
            thought = THOUGHT if shows_thinking(surface, name) else ""
            assert of_model == {
                "answer": [WORDS, "stop"],
                "tokens": [COUNTED, CACHED, WRITTEN],
                "thought": [WORDS, thought],
                "stream": [True, WORDS, "stop"],
                "streamed": [thought, WRITTEN],
                "acted": [["sunny in Bath"], WORDS],
                "acts": [["sunny in Bath"], WORDS],
                "shaped": CITY,
                "shapes": CITY,
            }, (surface, name)


def shows_thinking(surface: str, model: str) -> bool:
    """Tell whether the client reads thinking there: OpenAI's tells it on Responses, as a summary."""
    if surface == "responses":
        return model == "gpt-5-responses"
    return surface != "chat"
