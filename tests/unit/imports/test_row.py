"""A name gives one model; names that are wanted by one endpoint alone are its own."""

from __future__ import annotations

from jevons.imports.row import Row, name_rows, settle_products
from jevons.imports.source import Source


def row(*wants: str, model: str = "", vendor: str = "", label: str = "") -> Row:
    upstream = model.rpartition("/")[2] or "deployment"
    return Row(
        path=(),
        wants=[*wants],
        source=Source(vendor),
        upstream=upstream,
        model=model,
        label=label,
    )


def settled(*rows: Row) -> list[tuple[str, str, list[str]]]:
    settle_products(rows)
    name_rows(rows)
    return [(each.name, each.model, each.aliases) for each in rows]


def test_a_name_of_one_endpoint_is_its_own() -> None:
    assert settled(row("fast", model="openai/gpt-5"), row("slow", model="openai/gpt-5")) == [
        ("fast", "openai/gpt-5", []),
        ("slow", "openai/gpt-5", []),
    ]


def test_a_name_of_several_is_an_alias_of_each_and_they_are_one_model() -> None:
    found = settled(row("big", model="openai/gpt-5"), row("big", model="unknown/GPT-5"))
    assert found == [("big-1", "openai/gpt-5", ["big"]), ("big-2", "openai/gpt-5", ["big"])]


def test_a_label_is_the_name_where_no_other_is_its_alone() -> None:
    found = settled(row("big", model="a/m", label="east"), row("big", model="a/m", label="east"))
    assert [name for name, _, _ in found] == ["east", "east-1"]


def test_a_name_that_is_the_model_itself_needs_no_alias() -> None:
    assert settled(row("a/m", model="a/m"), row("a/m", model="a/m")) == [
        ("a/m-1", "a/m", []),
        ("a/m-2", "a/m", []),
    ]
    assert settled(row("a/m", model="a/m")) == [("a/m", "a/m", [])]


def test_a_name_that_would_give_two_models_stays_with_the_first() -> None:
    rows = (row("chat", model="a/m"), row("chat", model="b/n"))
    assert settled(*rows) == [("chat", "a/m", []), ("chat-1", "b/n", [])]
    assert [each.refused for each in rows] == [[], ["chat"]]


def test_a_name_that_is_another_model_is_had_by_none() -> None:
    rows = (row("b/n", model="a/m"), row("x", model="b/n"))
    assert settled(*rows) == [("b/n-1", "a/m", []), ("x", "b/n", [])]
    assert rows[0].refused == ["b/n"]


def test_a_deployment_without_a_model_is_taken_for_that_of_its_group() -> None:
    found = settled(row("gpt-5", vendor="azure"), row("gpt-5", model="openai/gpt-5"))
    assert [model for _, model, _ in found] == ["openai/gpt-5", "openai/gpt-5"]


def test_a_deployment_alone_is_called_by_its_name() -> None:
    assert settled(row("team", vendor="azure")) == [("team", "azure/team", [])]
    assert settled(row("team")) == [("team", "unknown/team", [])]


def test_one_model_is_one_along_a_chain_of_shared_names() -> None:
    found = settled(
        row("x", model="a/m"),
        row("y", model="c/m"),
        row("y", "x", model="b/m"),
        row("z", model="d/m"),
    )
    assert [model for _, model, _ in found] == ["a/m", "a/m", "a/m", "d/m"]


def test_a_row_is_written_without_what_it_does_not_say() -> None:
    made = row("a", model="openai/gpt-5", vendor="openai")
    settled(made)
    made.settings = {"api_key": "env:K"}
    assert made.table() == {
        "name": "a",
        "model": "openai/gpt-5",
        "vendor": "openai",
        "api_key": "env:K",
    }
    made.upstream = "else"
    assert made.table()["upstream_model"] == "else"
