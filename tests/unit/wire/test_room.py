"""What is left of a limit is told in each dialect's own headers."""

from __future__ import annotations

import pytest

from jevons.types.pace import Room
from jevons.wire import messages, openai_chat

NOW_MS = 1_767_225_600_000  # 2026-01-01
ROOMS = (
    Room(what="requests", limit=60, remaining=12, reset_s=48.0),
    Room(what="tokens", limit=1000, remaining=0, reset_s=361.2),
)


def test_openai_is_told_spans() -> None:
    assert openai_chat.write_rooms(ROOMS, now_ms=NOW_MS) == [
        (b"x-ratelimit-limit-requests", b"60"),
        (b"x-ratelimit-remaining-requests", b"12"),
        (b"x-ratelimit-reset-requests", b"48s"),
        (b"x-ratelimit-limit-tokens", b"1000"),
        (b"x-ratelimit-remaining-tokens", b"0"),
        (b"x-ratelimit-reset-tokens", b"6m2s"),
    ]


@pytest.mark.parametrize(
    ("reset_s", "said"), [(0.0, b"0ms"), (0.0201, b"21ms"), (1.0, b"1s"), (59.5, b"1m0s")]
)
def test_a_span_is_never_shorter_than_it_is(reset_s: float, said: bytes) -> None:
    room = Room(what="requests", limit=1, remaining=0, reset_s=reset_s)
    assert openai_chat.write_rooms([room], now_ms=NOW_MS)[-1][1] == said


def test_anthropic_is_told_moments() -> None:
    assert messages.write_rooms(ROOMS, now_ms=NOW_MS) == [
        (b"anthropic-ratelimit-requests-limit", b"60"),
        (b"anthropic-ratelimit-requests-remaining", b"12"),
        (b"anthropic-ratelimit-requests-reset", b"2026-01-01T00:00:48Z"),
        (b"anthropic-ratelimit-tokens-limit", b"1000"),
        (b"anthropic-ratelimit-tokens-remaining", b"0"),
        (b"anthropic-ratelimit-tokens-reset", b"2026-01-01T00:06:02Z"),
    ]
