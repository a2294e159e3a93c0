"""A mark that went out under seal comes back as it was, and as whose it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.wire.seal import ANTHROPIC, OPENAI, Mark, Seal

_HOUSES = st.sampled_from([OPENAI, ANTHROPIC])


@pytest.mark.parametrize(
    ("seal", "mark", "sealed"),
    [
        (OPENAI, Mark("openai", "gAAA"), "gAAA"),
        (OPENAI, Mark("anthropic", "sig"), "jevons:anthropic:c2ln"),
        (OPENAI, Mark("deepseek", None), "jevons:deepseek:"),
        (OPENAI, Mark("openai", None), "jevons:openai:"),
        (OPENAI, Mark("openai", "jevons:x:y"), "jevons:openai:amV2b25zOng6eQ=="),
        (OPENAI, Mark("", "whose"), "jevons::d2hvc2U="),
        (OPENAI, Mark("", None), None),
        (ANTHROPIC, Mark("anthropic", "sig"), "sig"),
        (ANTHROPIC, Mark("openai", "gAAA"), "jevons:openai:Z0FBQQ=="),
    ],
)
def test_a_mark_is_under_seal_unless_it_is_the_houses(
    seal: Seal, mark: Mark, sealed: str | None
) -> None:
    assert seal.write(mark) == sealed
    assert seal.read(sealed) == mark


@pytest.mark.parametrize("text", ["jevons:x:not base64", "jevons:x:Y Q==", "jevons:x:/w==", "gAAA"])
@pytest.mark.parametrize("seal", [OPENAI, ANTHROPIC])
def test_what_is_not_our_seal_is_the_houses(seal: Seal, text: str) -> None:
    assert seal.read(text) == Mark(seal.house, text)


def test_an_empty_mark_is_none() -> None:
    assert OPENAI.read("") == Mark("", None)


@given(_HOUSES, st.text("abcdefghij-", max_size=9), st.text(min_size=1) | st.none())
def test_any_mark_comes_back(seal: Seal, owner: str, opaque: str | None) -> None:
    assert seal.read(seal.write(Mark(owner, opaque))) == Mark(owner, opaque)
