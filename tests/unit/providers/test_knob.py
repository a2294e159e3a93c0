"""However a caller says how hard to think, an endpoint is told in its own words, or it is named."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec
import pytest

from jevons.catalog.vendors import vendors
from jevons.providers.knob import Words, efforts_of, spoken, words_of
from jevons.testing.make import an_actor
from jevons.types.errors import Unsupported
from jevons.wire import messages, openai_chat, responses

HELLO = [{"role": "user", "content": "Hi"}]
BODIES: dict[str, tuple[Any, dict[str, Any]]] = {
    "chat": (openai_chat, {"messages": HELLO}),
    "responses": (responses, {"input": "Hi"}),
    "messages": (messages, {"messages": HELLO, "max_tokens": 99}),
}


def words(vendor: str, model: str = "") -> Words | None:
    return words_of(vendor, vendors()[vendor].product(model) if model else None)


def sent(
    vendor: str, model: str = "", *, dialect: str = "chat", **said: Any
) -> tuple[dict[str, Any], list[str]]:
    """Write a request, and tell what it says beside the words, and what was changed."""
    codec, usual = BODIES[dialect]
    body = msgspec.json.encode({"model": "m", **usual, **said})
    request = codec.parse_request(body, id="req_1", at_ms=0, actor=an_actor())
    render = partial(openai_chat.render_request, model="m", owner=vendor)
    rendered = spoken(request, words(vendor, model), render)
    fields = msgspec.json.decode(rendered.body)
    told = {name: value for name, value in fields.items() if name in openai_chat.KNOBS}
    return told, [note for note in rendered.changed if not note.startswith("max_tokens")]


@pytest.mark.parametrize(
    ("vendor", "model", "said"),
    [
        (
            "deepseek",
            "deepseek-flash",
            {"thinking": {"type": "enabled"}, "reasoning_effort": "max"},
        ),
        ("deepseek", "deepseek-flash", {"reasoning_effort": "none"}),
        ("moonshot", "kimi-k2.6", {"thinking": {"type": "enabled", "keep": "all"}}),
        ("moonshot", "kimi-k3", {"reasoning_effort": "max"}),
        ("alibaba", "qwen3.8-max", {"enable_thinking": True, "thinking_budget": 9}),
        ("volcengine", "doubao-seed-2-1-pro-260915", {"thinking": {"type": "auto"}}),
        ("openai", "gpt-5.5", {"reasoning_effort": "none"}),
        ("openrouter", "", {"reasoning": {"max_tokens": 9, "exclude": True}}),
        ("vllm", "", {"chat_template_kwargs": {"enable_thinking": False, "odd": 1}}),
        ("openai-compatible", "", {"thinking": {"type": "disabled"}, "enable_thinking": False}),
        ("moonshot", "kimi-k3.1-pro", {"enable_thinking": False}),
        ("alibaba", "qwen3-max", {"enable_thinking": "odd"}),
        ("alibaba", "qwen3-max", {}),
    ],
)
def test_what_is_said_in_the_endpoints_words_goes_as_it_came(
    vendor: str, model: str, said: dict[str, Any]
) -> None:
    assert sent(vendor, model, **said) == (said, [])


OFF: dict[str, Any] = {
    "reasoning": {"effort": "none"},
    "thinking": {"type": "disabled"},
    "enable_thinking": False,
    "chat_template_kwargs": {"thinking": False},
}


@pytest.mark.parametrize("name", OFF)
@pytest.mark.parametrize(
    ("vendor", "model", "told"),
    [
        ("deepseek", "deepseek-flash", {"thinking": {"type": "disabled"}}),
        ("volcengine", "doubao-seed-2-1-pro-260915", {"thinking": {"type": "disabled"}}),
        ("moonshot", "kimi-k2.6", {"thinking": {"type": "disabled"}}),
        ("minimax", "MiniMax-M3", {"thinking": {"type": "disabled"}}),
        ("zai", "glm-5.3", {"thinking": {"type": "disabled"}}),
        ("alibaba", "qwen3-max", {"enable_thinking": False}),
        ("siliconflow", "", {"enable_thinking": False}),
        ("openai", "gpt-5.5", {"reasoning_effort": "none"}),
        ("groq", "", {"reasoning_effort": "none"}),
        ("vllm", "", {"chat_template_kwargs": {"enable_thinking": False, "thinking": False}}),
    ],
)
def test_thinking_is_switched_off_whatever_it_is_called(
    name: str, vendor: str, model: str, told: dict[str, Any]
) -> None:
    """Moonshot, Alibaba and Volcengine each know one of four names, and OpenAI none of them."""
    fields, changed = sent(vendor, model, dialect="chat", **{name: OFF[name]})
    if name in told:
        assert (fields, changed) == ({name: OFF[name]}, [])
        return
    assert fields == told
    says = "sent as " + ", ".join(
        [f"{each} {msgspec.json.encode(value).decode()}" for each, value in told.items()]
    )
    assert changed in ([f"{name}: {says}"], [])  # OpenAI's effort is what our knob means anyway
    assert changed or name == "reasoning"


@pytest.mark.parametrize(
    ("vendor", "model", "said", "told"),
    [
        ("moonshot", "kimi-k2.6", {"reasoning_effort": "high"}, {"thinking": {"type": "enabled"}}),
        ("minimax", "MiniMax-M3", {"enable_thinking": True}, {"thinking": {"type": "adaptive"}}),
        ("minimax", "", {"enable_thinking": True}, {"thinking": {"type": "adaptive"}}),
        ("deepseek", "deepseek-flash", {"reasoning": {"effort": "xhigh"}},
            {"thinking": {"type": "enabled"}, "reasoning_effort": "max"}),
        ("volcengine", "doubao-seed-2-1-pro-260915", {"reasoning": {"effort": "max"}},
            {"thinking": {"type": "enabled"}, "reasoning_effort": "high"}),
        ("volcengine", "doubao-seed-2-1-pro-260915", {"enable_thinking": True},
            {"thinking": {"type": "enabled"}}),
        ("alibaba", "qwen3-max", {"reasoning_effort": "high"},
            {"enable_thinking": True, "thinking_budget": 16384}),
        ("alibaba", "qwen3-max", {"reasoning": {"budget_tokens": 500}},
            {"enable_thinking": True, "thinking_budget": 500}),
        ("alibaba", "qwen3-max", {"thinking": {"type": "enabled"}}, {"enable_thinking": True}),
        ("alibaba", "qwen3.8-max", {"reasoning": {"effort": "high"}},
            {"enable_thinking": True, "reasoning_effort": "xhigh"}),
        ("alibaba", "qwq-plus", {"reasoning_effort": "low"}, {"thinking_budget": 2048}),
        ("openai", "gpt-5", {"enable_thinking": True}, {"reasoning_effort": "medium"}),
        ("openai", "gpt-5", {"thinking": {"type": "enabled", "budget_tokens": 99999}},
            {"reasoning_effort": "high"}),
        ("openrouter", "", {"enable_thinking": True, "thinking_budget": 9},
            {"reasoning": {"enabled": True, "max_tokens": 9}}),
        ("openrouter", "", {"enable_thinking": False}, {"reasoning": {"enabled": False}}),
        ("sglang", "", {"thinking_budget": 9},
            {"chat_template_kwargs": {"enable_thinking": True, "thinking": True},
            "reasoning_effort": "minimal"}),
    ],
)  # fmt: skip
def test_how_hard_to_think_is_said_in_the_endpoints_words(
    vendor: str, model: str, said: dict[str, Any], told: dict[str, Any]
) -> None:
    fields, changed = sent(vendor, model, **said)
    assert fields == told
    assert [note.partition(":")[0] for note in changed] == sorted(said)
    assert all("sent as" in note for note in changed)


def test_the_endpoints_words_stand_where_another_vendors_are_beside_them() -> None:
    said: dict[str, Any] = {"thinking": {"type": "enabled"}, "enable_thinking": False}
    assert sent("moonshot", "kimi-k2.6", **said) == (
        {"thinking": {"type": "enabled"}},
        ["enable_thinking: dropped beside thinking"],
    )


@pytest.mark.parametrize("model", ["kimi-k3", "kimi-k2.7-code"])
def test_a_model_that_always_thinks_is_not_told_not_to(model: str) -> None:
    with pytest.raises(Unsupported, match="always") as refused:
        sent("moonshot", model, enable_thinking=False)
    assert refused.value.param == "enable_thinking"


def test_a_model_that_never_thinks_is_told_nothing_of_it() -> None:
    assert sent("openai", "gpt-4.1", reasoning_effort="low", enable_thinking=True) == (
        {},
        ["enable_thinking: dropped, the model does not think",
         "reasoning_effort: dropped, the model does not think"],
    )  # fmt: skip


def test_what_has_no_word_there_is_dropped_and_named() -> None:
    assert sent("minimax", "MiniMax-M2", reasoning_effort="low") == (
        {},
        ["reasoning_effort: dropped, the endpoint has no word for it"],
    )
    assert sent("vllm", reasoning={"visible": False}) == (
        {},
        ["reasoning: dropped, the endpoint has no word for it",
         "reasoning.visible: dropped, it cannot be asked for here"],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("dialect", "said", "name"),
    [
        ("messages", {"thinking": {"type": "enabled", "budget_tokens": 3000}}, "thinking"),
        ("responses", {"reasoning": {"effort": "medium"}}, "reasoning"),
    ],
)
def test_what_was_asked_in_another_dialect_is_said_in_those_words_too(
    dialect: str, said: dict[str, Any], name: str
) -> None:
    fields, changed = sent("moonshot", "kimi-k2.6", dialect=dialect, **said)
    assert fields == {"thinking": {"type": "enabled"}}
    assert changed == [f'{name}: sent as thinking {{"type":"enabled"}}']
    fields, _ = sent("openai", dialect=dialect, **said)
    assert fields == {"reasoning_effort": "medium"}


# what can be told at all

EVERY = {"none", "minimal", "low", "medium", "high", "xhigh", "max"}


def products(reasoning: str, *, switch: bool, listed: bool) -> list[tuple[str, Any]]:
    """Find models of which so much is known."""
    return [
        (name, product)
        for name, vendor in vendors().items()
        for product in vendor.models
        if product.reasoning == reasoning
        and bool(product.switch) is switch
        and bool(EVERY & {*product.efforts}) is listed
    ]


def test_an_endpoint_of_which_nothing_is_known_can_be_told_anything() -> None:
    assert efforts_of("openai-chat", "", None) == EVERY
    assert efforts_of("openai-chat", "openai", None) == EVERY


def test_a_vendor_whose_switch_is_known_can_be_told_not_to_think_too() -> None:
    assert efforts_of("openai-chat", "deepseek", None) == EVERY
    assert efforts_of("openai-chat", "minimax", None) == EVERY


def test_a_model_that_does_not_think_can_be_told_nothing() -> None:
    vendor, product = products("none", switch=False, listed=False)[0]
    assert efforts_of("openai-chat", vendor, product) == frozenset()


def test_a_model_that_always_thinks_cannot_be_told_not_to() -> None:
    found = products("always", switch=True, listed=True)
    assert found
    for vendor, product in found:
        told = efforts_of("openai-chat", vendor, product)
        assert told == (EVERY & {*product.efforts}) - {"none"}


def test_a_model_without_any_word_for_it_can_be_told_nothing() -> None:
    vendor, product = products("always", switch=False, listed=False)[0]
    assert efforts_of("openai-chat", "nobody", product) == frozenset()
    assert efforts_of("anthropic-messages", vendor, product) == EVERY - {"none"}


def test_a_model_with_a_switch_can_be_told_what_it_lists_and_not_to_think() -> None:
    for vendor, product in products("switch", switch=True, listed=True):
        told = efforts_of("openai-chat", vendor, product)
        assert told == (EVERY & {*product.efforts}) | {"none"}
