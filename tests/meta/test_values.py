"""What travels cannot change on the way, and nothing is shared behind anyone's back."""

from __future__ import annotations

import inspect
from collections import Counter, OrderedDict, defaultdict, deque
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conftest import Page

TRAVELS = ("jevons.types", "jevons.settings")
POSITIONAL = {
    "Frame",
    "TextDelta",
    "RefusalDelta",
    "ReasoningDelta",
}  # one obvious field each, made per chunk
MUTABLE = (list, dict, set, bytearray, deque, defaultdict, OrderedDict, Counter)


def structs(pages: Sequence[Page]) -> Iterator[type[msgspec.Struct]]:
    for page in pages:
        for value in vars(page.module).values():
            is_struct = isinstance(value, type) and issubclass(value, msgspec.Struct)
            if is_struct and value.__module__ == page.name and page.name.startswith(TRAVELS):
                yield value


def test_structs_that_travel_are_frozen(pages: Sequence[Page]) -> None:
    found = list(structs(pages))
    assert found
    assert [each.__name__ for each in found if not each.__struct_config__.frozen] == []


def test_structs_that_travel_take_their_fields_by_name(pages: Sequence[Page]) -> None:
    for each in structs(pages):
        kinds = {field.kind for field in inspect.signature(each).parameters.values()}
        by_name = kinds <= {inspect.Parameter.KEYWORD_ONLY}
        assert by_name or each.__name__ in POSITIONAL, each.__name__


def test_no_module_keeps_a_container_that_can_change(pages: Sequence[Page]) -> None:
    for page in pages:
        for name, value in vars(page.module).items():
            if not name.startswith("__"):
                kind = value.__class__.__name__
                assert not isinstance(value, MUTABLE), f"{page.name}.{name}: {kind}"
