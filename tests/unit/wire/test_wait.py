"""A wait is read in every way in which servers write one, and never runs away."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.wire.wait import LONGEST_S, asked_s, moment_s, span_s

NOW_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("6ms", 0.006),
        ("1m2.5s", 62.5),
        ("7.66s", 7.66),
        ("34.4s", 34.4),
        ("1h2m3s", 3723.0),
        ("120ms", 0.12),
        ("2 minutes 3 seconds", 123.0),
        (" 5 Milliseconds ", 0.005),
        ("9999999h", LONGEST_S),
        ("", None),
        ("5", None),
        ("soon", None),
        ("5 parsecs", None),
    ],
)
def test_a_length_of_time_is_read(text: str, seconds: float | None) -> None:
    assert span_s(text) == (seconds if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("sentence", "seconds"),
    [
        ("Limit reached, please try again after 3 seconds", 3.0),
        ("Please try again in 6m0s. Contact us.", 360.0),
        ("Please retry in 34.07s.", 34.07),
        ("Try again in 20ms", 0.02),
        ("try again in 1 second, or add a key", 1.0),
        ("Please try again later", None),
        ("the answer came after 5 seconds", None),
    ],
)
def test_a_sentence_may_ask_to_wait(sentence: str, seconds: float | None) -> None:
    assert asked_s(sentence) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1m2.5s", 62.5),
        ("30", 30.0),
        ("0", 0.0),
        ("1767225630", 30.0),
        ("1767225630000", 30.0),
        ("2026-01-01T00:00:30Z", 30.0),
        ("2026-01-01T00:00:30", 30.0),
        ("2025-12-31T00:00:00Z", 0.0),
        ("2099-12-31T00:00:00Z", LONGEST_S),
        ("9" * 400, LONGEST_S),
        ("-3", None),
        ("nan", None),
        ("", None),
    ],
)
def test_a_moment_is_read_as_seconds_from_now(text: str, seconds: float | None) -> None:
    assert moment_s(text, NOW_MS) == seconds


@given(st.text(max_size=40), st.integers(min_value=0, max_value=2**52))
def test_no_text_gives_a_wait_that_nobody_would_wait(text: str, now_ms: int) -> None:
    for wait in (span_s(text), asked_s(text), moment_s(text, now_ms)):
        assert wait is None or 0 <= wait <= LONGEST_S
