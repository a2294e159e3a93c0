"""What a caller's header lines ask for is read, and none of them can write a head of ours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.types.errors import Malformed
from jevons.wire.messages.headers import VERSION, read_headers

USUAL = (b"anthropic-version", VERSION.encode())


def test_what_every_request_says_is_nothing_to_say() -> None:
    assert read_headers([]) == ()
    assert read_headers([USUAL]) == ()
    assert read_headers([(b"anthropic-version", b"2026-10-21")]) == ()
    assert read_headers([USUAL, (b"anthropic-dangerous-direct-browser-access", b"true")]) == ()
    assert read_headers([USUAL, (b"anthropic-beta", b" ")]) == ()


def test_betas_are_kept_as_they_came_and_several_lines_are_one() -> None:
    lines = [(b"anthropic-beta", b" a-2025-01-01,b "), USUAL, (b"anthropic-beta", b"c")]
    assert read_headers(lines) == (("anthropic-beta", "a-2025-01-01,b, c"),)


@pytest.mark.parametrize(
    "value", [b"a\r\nx-api-key: b", b"a\tb", "ä".encode(), b"a\x00", b"\x7f", b"x" * 2049]
)
def test_what_no_header_line_may_hold_is_refused(value: bytes) -> None:
    with pytest.raises(Malformed) as refused:
        read_headers([(b"anthropic-beta", value)])
    assert refused.value.param == "anthropic-beta"


def test_a_version_that_is_not_spoken_here_is_refused_with_the_one_that_is() -> None:
    with pytest.raises(Malformed, match=VERSION) as refused:
        read_headers([(b"anthropic-version", b"2099-01-01")])
    assert refused.value.param == "anthropic-version"


@given(st.lists(st.binary(max_size=30), max_size=3))
def test_whatever_comes_a_line_is_one_line_or_refused(values: list[bytes]) -> None:
    try:
        said = read_headers([(b"anthropic-beta", value) for value in values])
    except Malformed:
        return
    assert all(value.isascii() and value.isprintable() for _, value in said)
