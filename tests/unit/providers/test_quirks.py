"""What a vendor wants otherwise is done, named, or refused; nothing else is touched."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.catalog.vendor import Rule
from jevons.catalog.vendors import vendors
from jevons.providers.quirks import Fitted, fit, thinks
from jevons.types.errors import Unsupported


def rule(field: str, do: Any, **fields: Any) -> Rule:
    return Rule(models="*", field=field, do=do, why="it says so", source="page", **fields)


def fitted(body: dict[str, Any], *rules: Rule, thinking: bool = False) -> tuple[Any, Any]:
    raws = {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in body.items()}
    before = dict(raws)
    result = fit(raws, rules, model="m", thinking=thinking)
    assert raws == before, "a body is never changed in place"
    return {name: msgspec.json.decode(raw) for name, raw in result.fields.items()}, result.changed


def test_a_field_is_dropped_by_name() -> None:
    body, changed = fitted({"seed": 1, "model": "m"}, rule("seed", "drop"))
    assert body == {"model": "m"}
    assert changed == ("seed: dropped, it says so",)


def test_a_field_is_renamed_unless_the_new_name_is_there() -> None:
    renaming = rule("seed", "rename", to="random_seed")
    assert fitted({"seed": 1}, renaming) == (
        {"random_seed": 1},
        ("seed: renamed to random_seed, it says so",),
    )
    assert fitted({"seed": 1, "random_seed": 2}, renaming) == (
        {"random_seed": 2},
        ("seed: dropped beside random_seed, it says so",),
    )


def test_a_field_is_forced_whether_it_was_there_or_not() -> None:
    forcing = rule("split", "force", to=True)
    assert fitted({}, forcing) == ({"split": True}, ("split: set to true, it says so",))
    assert fitted({"split": False}, forcing)[0] == {"split": True}
    assert fitted({"split": True}, forcing) == ({"split": True}, ())


@pytest.mark.parametrize(
    ("value", "after"),
    [(2, 1), (-1, 0), (0.5, 0.5), (1, 1), ("2", "2"), (True, True)],
)
def test_a_number_is_kept_within_its_bounds(value: Any, after: Any) -> None:
    body, changed = fitted({"temperature": value}, rule("temperature", "clamp", to=[0, 1]))
    assert body == {"temperature": after}
    assert bool(changed) is (value != after)


def test_bounds_may_be_decimals() -> None:
    bounds = [Decimal("0.0"), Decimal("1.5")]
    body, changed = fitted({"t": 1.75}, rule("t", "clamp", to=bounds))
    assert body == {"t": 1.5}
    assert changed == ("t: set to 1.5, it says so",)


def test_values_are_mapped_and_others_stay() -> None:
    mapping = rule("effort", "map", to={"medium": "high"})
    assert fitted({"effort": "medium"}, mapping)[0] == {"effort": "high"}
    assert fitted({"effort": "low"}, mapping) == ({"effort": "low"}, ())
    assert fitted({"effort": {"a": 1}}, mapping) == ({"effort": {"a": 1}}, ())


def test_what_would_change_the_meaning_is_refused() -> None:
    refusing = rule("tool_choice", "refuse", unless=("auto", "none"))
    assert fitted({"tool_choice": "auto"}, refusing) == ({"tool_choice": "auto"}, ())
    assert fitted({"tool_choice": {"type": "none"}}, refusing)[1] == ()
    for value in ("required", {"type": "function", "function": {"name": "f"}}, {"name": "f"}):
        with pytest.raises(Unsupported) as caught:
            fitted({"tool_choice": value}, refusing)
        assert caught.value.param == "tool_choice"
        assert "m does not take tool_choice" in str(caught.value)


def test_a_rule_may_hold_only_while_thinking_or_only_while_not() -> None:
    dropping = rule("temperature", "drop", when="thinking")
    assert fitted({"temperature": 1}, dropping)[0] == {"temperature": 1}
    assert fitted({"temperature": 1}, dropping, thinking=True)[0] == {}
    sparing = rule("effort", "drop", when="not-thinking")
    assert fitted({"effort": "low"}, sparing, thinking=True)[0] == {"effort": "low"}
    assert fitted({"effort": "low"}, sparing)[0] == {}


def test_a_rule_may_hold_only_beside_another_field() -> None:
    dropping = rule("max_tokens", "drop", beside="max_completion_tokens")
    assert fitted({"max_tokens": 1}, dropping)[0] == {"max_tokens": 1}
    both = {"max_tokens": 1, "max_completion_tokens": 2}
    assert fitted(both, dropping)[0] == {"max_completion_tokens": 2}


def test_a_null_is_no_wish() -> None:
    assert fitted({"n": None}, rule("n", "refuse"))[1] == ()


def test_rules_are_applied_in_order() -> None:
    body, changed = fitted(
        {"max_completion_tokens": 10},
        rule("max_completion_tokens", "rename", to="max_tokens"),
        rule("max_tokens", "clamp", to=[1, 5]),
    )
    assert body == {"max_tokens": 5}
    assert len(changed) == 2


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=4))
def test_without_rules_nothing_is_touched(body: dict[str, Any]) -> None:
    raws = {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in body.items()}
    assert fit(raws, (), model="m", thinking=True) == Fitted(raws, ())


@pytest.mark.parametrize(
    ("vendor", "model", "body", "will"),
    [
        ("deepseek", "deepseek-flash", {}, True),
        ("deepseek", "deepseek-flash", {"thinking": {"type": "disabled"}}, False),
        ("deepseek", "deepseek-flash", {"reasoning_effort": "none"}, False),
        ("deepseek", "deepseek-flash", {"thinking": "odd"}, True),
        ("deepseek", "deepseek-chat", {"reasoning_effort": "high"}, False),
        ("moonshot", "kimi-k3", {"reasoning_effort": "none"}, True),
        ("moonshot", "kimi-k2.6", {"thinking": {"type": "enabled"}}, True),
        ("alibaba", "qwen3-32b", {}, True),
        ("alibaba", "qwen3.8-max", {}, False),
        ("alibaba", "qwen3.8-max", {"enable_thinking": True}, True),
        ("openai", "gpt-6.1-sol", {"reasoning_effort": "low"}, True),
        (
            "google",
            "gemini-2.5-flash",
            {"generationConfig": {"thinkingConfig": {"thinkingBudget": 0}}},
            False,
        ),
        ("openai", "nobody knows it", {}, False),
        ("openai", "nobody knows it", {"reasoning_effort": "low"}, True),
    ],
)
def test_whether_it_thinks_is_read_off_the_body(
    vendor: str, model: str, body: dict[str, Any], *, will: bool
) -> None:
    raws = {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in body.items()}
    assert thinks(raws, vendors()[vendor].product(model)) is will


SHIPPED: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    ("moonshot", "kimi-k2.6", {"temperature": 0.2, "n": 1}, {"n": 1}),
    ("moonshot", "kimi-k3", {"max_tokens": 5}, {"max_completion_tokens": 5}),
    ("moonshot", "kimi-k3", {"reasoning_effort": "medium"}, {"reasoning_effort": "high"}),
    ("deepseek", "deepseek-flash", {"max_completion_tokens": 9}, {"max_tokens": 9}),
    ("deepseek", "deepseek-flash", {"seed": 1, "tool_choice": "auto"}, {"tool_choice": "auto"}),
    ("mistral", "mistral-large-4", {"seed": 1}, {"random_seed": 1}),
    ("mistral", "mistral-large-4", {"tool_choice": "required"}, {"tool_choice": "any"}),
    ("volcengine", "doubao-seed-2-1-pro-260915", {"max_tokens": 1, "max_completion_tokens": 2},
        {"max_completion_tokens": 2}),
    ("alibaba", "qwen3.8-max", {"thinking_budget": 1, "reasoning_effort": "high"},
        {"reasoning_effort": "xhigh"}),
    ("openai", "gpt-6.1-sol", {"max_tokens": 1}, {"max_completion_tokens": 1}),
    ("openai", "gpt-4.1", {"max_tokens": 1, "temperature": 0}, {"max_tokens": 1, "temperature": 0}),
    ("minimax", "MiniMax-M3", {}, {"reasoning_split": True}),
]  # fmt: skip


@pytest.mark.parametrize(("vendor", "model", "body", "after"), SHIPPED)
def test_a_shipped_rule_does_what_its_vendor_wants(
    vendor: str, model: str, body: dict[str, Any], after: dict[str, Any]
) -> None:
    rules = vendors()[vendor].rules_of(model, "openai-chat")
    assert fitted(body, *rules, thinking=True)[0] == after


@pytest.mark.parametrize(
    ("vendor", "model", "body"),
    [
        ("moonshot", "kimi-k2.6", {"n": 2}),
        ("moonshot", "kimi-k2.6", {"tool_choice": "required"}),
        ("moonshot", "kimi-k3", {"reasoning_effort": "none"}),
        ("deepseek", "deepseek-flash", {"tool_choice": "required"}),
        ("deepseek", "deepseek-flash", {"response_format": {"type": "json_schema"}}),
        ("ollama", "qwen3", {"tool_choice": "required"}),
    ],
)
def test_a_shipped_rule_refuses_what_its_vendor_cannot_do(
    vendor: str, model: str, body: dict[str, Any]
) -> None:
    rules = vendors()[vendor].rules_of(model, "openai-chat")
    with pytest.raises(Unsupported):
        fitted(body, *rules, thinking=True)


def test_each_shipped_rule_is_reached_by_some_model() -> None:
    for vendor in vendors().values():
        for each in vendor.rules:
            names = [name for product in vendor.models for name in (product.id, *product.aliases)]
            fits = [name for name in names if each in vendor.rules_of(name, each.dialect)]
            assert fits or not names or each.models in {"o[134]*", "glm-4-7*"}, each
