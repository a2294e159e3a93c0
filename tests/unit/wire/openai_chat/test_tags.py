"""Thinking between tags at the beginning of a text is told from it, however it is cut."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jevons.wire.openai_chat.tags import Tags

PIECES = st.lists(
    st.sampled_from(["<think>", "</think>", "<", "/", "think>", "a", " ", "\n", "</th"]), max_size=8
)


def told(*texts: str, inside: bool = False) -> tuple[str, str]:
    """Say what is thinking and what is text."""
    tags = Tags(inside=inside)
    runs = [run for text in texts for run in tags.feed(text)] + tags.end()
    thought = "".join([text for is_thinking, text in runs if is_thinking])
    return thought, "".join([text for is_thinking, text in runs if not is_thinking])


@pytest.mark.parametrize(
    ("texts", "thought", "text"),
    [
        (["<think>hm</think>yes"], "hm", "yes"),
        (["\n<th", "ink>h", "m</thi", "nk>", "yes"], "hm", "yes"),
        (["<think></think>yes"], "", "yes"),
        (["<think>a < b</think>"], "a < b", ""),
        (["<think>cut"], "cut", ""),
        (["<think>cut</thi"], "cut</thi", ""),
        (["plain"], "", "plain"),
        (["", "plain"], "", "plain"),
        (["a", ""], "", "a"),
        (["a <think>b</think>"], "", "a <think>b</think>"),
        (["<think>a</think>b<think>c"], "a", "b<think>c"),
        (["<thin"], "", "<thin"),
        (["<thinly"], "", "<thinly"),
        (["  "], "", "  "),
        ([" " * 100], "", " " * 100),
    ],
)
def test_only_what_a_text_begins_with_is_thinking(
    texts: list[str], thought: str, text: str
) -> None:
    assert told(*texts) == (thought, text)


def test_a_template_may_have_written_the_opening_tag() -> None:
    assert told("hm</think>yes", inside=True) == ("hm", "yes")
    assert told("hm", inside=True) == ("hm", "")


def test_tags_are_text_where_thinking_comes_apart_from_it() -> None:
    tags = Tags()
    assert tags.feed("<th") == []
    assert tags.close() == [(False, "<th")]
    assert tags.feed("<think>") == [(False, "<think>")]


@settings(deadline=None)
@given(PIECES)
def test_how_a_text_is_cut_makes_no_difference(pieces: list[str]) -> None:
    whole = "".join(pieces)
    assert told(*pieces) == told(whole) == told(*whole)
