"""Thinking of any owner comes back from a caller of Anthropic's dialect as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.types.event import ReasoningDelta
from jevons.types.message import Reasoning
from jevons.wire.messages.signature import Signed, signed, unsigned


@pytest.mark.parametrize(
    ("thought", "signature"),
    [
        (Reasoning(owner="anthropic"), "sig"),
        (ReasoningDelta("", owner="minimax"), "jevons:minimax:c2ln"),
        (Reasoning(owner="openai", id="rs_1"), "jevons:openai/thinking/rs_1:c2ln"),
        (Reasoning(owner="openai", kind="summary"), "jevons:openai/summary/:c2ln"),
        (Reasoning(owner="x", kind="redacted", id="a:b"), "jevons:x/thinking/a%3Ab:c2ln"),
    ],
)
def test_a_signature_says_what_the_dialect_has_no_field_for(
    thought: Reasoning | ReasoningDelta, signature: str
) -> None:
    kind = "summary" if thought.kind == "summary" else "thinking"
    assert signed(thought, "sig") == signature
    assert unsigned(signature) == Signed(thought.owner, "sig", kind, thought.id)


@pytest.mark.parametrize("signature", [None, ""])
def test_no_signature_says_nothing(signature: str | None) -> None:
    assert unsigned(signature) == Signed("", None)
    assert signed(Reasoning(), None) is None


@given(
    st.text("abcdefghij-", min_size=1, max_size=9),
    st.sampled_from(["thinking", "summary"]),
    st.text(),
    st.text(min_size=1) | st.none(),
)
def test_any_thinking_comes_back(owner: str, kind: str, name: str, opaque: str | None) -> None:
    thought = Reasoning(owner=owner, kind="summary" if kind == "summary" else "thinking", id=name)
    assert unsigned(signed(thought, opaque)) == Signed(owner, opaque, thought.kind, name)  # pyright: ignore[reportArgumentType] not redacted
