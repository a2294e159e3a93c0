"""A mark that went out under seal comes back as it was, and as whose it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.wire.responses.seal import Mark, seal, unseal


@pytest.mark.parametrize(
    ("mark", "sealed"),
    [
        (Mark("openai", "gAAA"), "gAAA"),
        (Mark("anthropic", "sig"), "jevons:anthropic:c2ln"),
        (Mark("deepseek", None), "jevons:deepseek:"),
        (Mark("openai", None), "jevons:openai:"),
        (Mark("openai", "jevons:x:y"), "jevons:openai:amV2b25zOng6eQ=="),
        (Mark("", "whose"), "jevons::d2hvc2U="),
        (Mark("", None), None),
    ],
)
def test_a_mark_is_under_seal_unless_it_is_openais(mark: Mark, sealed: str | None) -> None:
    assert seal(mark) == sealed
    assert unseal(sealed) == mark


@pytest.mark.parametrize("text", ["jevons:x:not base64", "jevons:x:Y Q==", "jevons:x:/w==", "gAAA"])
def test_what_is_not_our_seal_is_openais(text: str) -> None:
    assert unseal(text) == Mark("openai", text)


def test_an_empty_mark_is_none() -> None:
    assert unseal("") == Mark("", None)


@given(st.text("abcdefghij-", max_size=9), st.text(min_size=1) | st.none())
def test_any_mark_comes_back(owner: str, opaque: str | None) -> None:
    assert unseal(seal(Mark(owner, opaque))) == Mark(owner, opaque)
