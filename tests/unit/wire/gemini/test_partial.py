"""Arguments that come by places are put together, and a place that cannot be is garbled."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jevons.types.errors import ProviderGarbled
from jevons.wire.gemini.partial import Arguments, PartialArg


def put(*pieces: PartialArg) -> Any:
    arguments = Arguments()
    for piece in pieces:
        arguments.put(piece)
    return json.loads(arguments.text)


def text(path: str, value: str, *, more: bool = False) -> PartialArg:
    return PartialArg(json_path=path, string_value=value, will_continue=more)


def test_values_of_every_kind_go_to_their_places() -> None:
    assert put(
        text("$.a.b", "x"),
        text("$['a']['c d']", "y"),
        PartialArg(json_path="$.n", number_value=1.5),
        PartialArg(json_path="$.t", bool_value=False),
        PartialArg(json_path="$.z", null_value="NULL_VALUE"),
        text("$.l[0]", "p"),
        PartialArg(json_path="$.l[1].q", number_value=2),
        PartialArg(json_path="$.l[1].s", number_value=3),
        text("$.m[0][0]", "r"),
    ) == {
        "a": {"b": "x", "c d": "y"},
        "n": 1.5,
        "t": False,
        "z": None,
        "l": ["p", {"q": 2, "s": 3}],
        "m": [["r"]],
    }


def test_a_text_goes_on_only_where_it_said_so() -> None:
    assert put(text("$.a", "x", more=True), text("$.a", "y")) == {"a": "xy"}
    assert put(text("$.a", "x"), text("$.a", "y")) == {"a": "y"}
    assert put(text("$.a", "x", more=True), PartialArg(json_path="$.a")) == {"a": "x"}


@pytest.mark.parametrize(
    "path", ["", "$", "a", "$.", "$[0]", "$.a[", "$.a[x]", "$.a[1]", "$.a[1].b", "$" + ".a" * 70]
)
def test_a_place_that_cannot_be_is_garbled(path: str) -> None:
    with pytest.raises(ProviderGarbled):
        put(text(path, "x"))


@pytest.mark.parametrize("path", ["$.a.b", "$.a[0]", "$.l.b", "$.l.b.c", "$.a[0][0]", "$.a.b.c"])
def test_a_value_has_nothing_inside(path: str) -> None:
    with pytest.raises(ProviderGarbled):
        put(text("$.a", "x"), text("$.l[0]", "y"), text(path, "z"))


def test_what_is_kept_is_bounded() -> None:
    arguments = Arguments()
    arguments.put(text("$.a", "x" * (8 * 1024 * 1024 - 8), more=True))
    with pytest.raises(ProviderGarbled):
        arguments.put(text("$.a", "x" * 8))
