"""A stream cut at any byte is never a success, whoever reads it: no socket, every dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.contract.providers.spoken import PAIRS, SPOKEN
from tests.contract.providers.tongues import TONGUES, asking, essence, understood

from jevons.providers.speech import SPEECHES
from jevons.types.errors import ProviderGarbled, ProviderTruncated
from jevons.types.event import Frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jevons.providers.speech import Hearing
    from jevons.types.event import Event
    from jevons.types.request import Dialect

WHOLE = [
    ("ReasoningDelta", "hm"),
    ("TextDelta", "Hello"),
    ("weather", '{"place":"Here"}'),
]


def hearing(asked: Dialect, spoken: Dialect) -> Hearing:
    """Begin to relay a stream, or to read it, as a provider would."""
    return SPEECHES[spoken].hear(asking(asked, is_stream=True), "openai")


def passed(said: bytes | Sequence[Event]) -> list[Event]:
    if isinstance(said, bytes):
        return [Frame(said)] if said else []
    return [*said]


@pytest.mark.parametrize(("asked", "spoken"), PAIRS)
def test_a_stream_that_is_cut_at_any_byte_is_truncated(asked: Dialect, spoken: Dialect) -> None:
    said = SPOKEN[spoken]
    body = b"".join(said.pieces)
    # Of the last event that is needed, the line's end is not: some servers forget it.
    ended = len(b"".join(said.pieces[: len(said.pieces) - said.spare]).rstrip())
    for at in range(ended):
        heard = hearing(asked, spoken)
        heard.feed(body[:at])
        assert isinstance(heard.end(), ProviderTruncated | ProviderGarbled), at
        assert heard.error is not None, at


@pytest.mark.parametrize(("asked", "spoken"), PAIRS)
def test_a_stream_that_comes_byte_by_byte_is_the_same_answer(
    asked: Dialect, spoken: Dialect
) -> None:
    heard = hearing(asked, spoken)
    body = b"".join(SPOKEN[spoken].pieces)
    events: list[Event] = []
    for at in range(len(body)):
        events += passed(heard.feed(body[at : at + 1]))
    assert heard.end() is None
    events += passed(heard.closing)
    used = SPOKEN[spoken].used
    heard_ = understood(asking(asked, is_stream=True), events)
    assert [*essence(heard_)] == [*WHOLE, ("tool_calls", used)]


@pytest.mark.parametrize("spoken", SPOKEN)
def test_a_whole_answer_that_is_cut_at_any_byte_is_garbled(spoken: Dialect) -> None:
    whole = SPOKEN[spoken].whole
    for at in range(len(whole)):
        for asked in TONGUES:
            with pytest.raises(ProviderGarbled):
                SPEECHES[spoken].read(asking(asked, is_stream=False), whole[:at], "openai")
