"""What asks for more than a limit has is refused, and told what would do; nothing is changed."""

from __future__ import annotations

from typing import Any

import pytest

from jevons.budget import Pace, Terms
from jevons.budget.depth import asked_for, refuse_depth, rounds
from jevons.testing import Clock
from jevons.testing.make import a_request
from jevons.types.budget import Limit
from jevons.types.errors import TooDeep
from jevons.types.message import Message, Part, Text, ToolCall, ToolResult
from jevons.types.request import Thinking

SAID = Message(role="user", parts=(Text(text="do it"),))
CALLED = Message(
    role="assistant", parts=(Text(text="yes"), ToolCall(id="1", name="f", arguments="{}"))
)
CAME = Message(role="tool", parts=(ToolResult(call="1", parts=(Text(text="42"),)),))


def limit(**figures: Any) -> Limit:
    return Limit(at_ms=0, account="ada", **figures)


@pytest.mark.parametrize(
    ("thinking", "tokens"),
    [
        (Thinking(), 0),
        (Thinking(effort="none"), 0),
        (Thinking(on=True), 8192),
        (Thinking(effort="low"), 2048),
        (Thinking(effort="low", budget_tokens=5000), 5000),
    ],
)
def test_what_is_asked_for_is_a_number_of_tokens(thinking: Thinking, tokens: int) -> None:
    assert asked_for(thinking) == tokens


def test_rounds_are_counted_from_the_user_s_last_word() -> None:
    parts: tuple[Part, ...] = (ToolResult(call="1", parts=(Text(text="42"),)),)
    came_as_user = Message(role="user", parts=parts)
    assert rounds([]) == rounds([SAID]) == 0
    assert rounds([SAID, CALLED, CAME, CALLED, came_as_user]) == 2
    assert rounds([SAID, CALLED, CAME, SAID, CALLED, CAME]) == 1
    assert rounds([CALLED]) == 1


def test_what_goes_deeper_than_a_limit_is_refused() -> None:
    thinks = a_request(thinking=Thinking(effort="high"))
    refuse_depth(thinks, [limit(requests=1), limit(reasoning=16384)])
    with pytest.raises(TooDeep, match="'ada' may ask for 2048 tokens of reasoning, and this asks"):
        refuse_depth(thinks, [limit(reasoning=16384), limit(reasoning=2048)])
    acts = a_request(messages=(SAID, CALLED, CAME, CALLED, CAME))
    refuse_depth(acts, [limit(steps=2)])
    with pytest.raises(TooDeep, match="from 1 rounds of tools, and this goes on from 2"):
        refuse_depth(acts, [limit(steps=1)])


def test_what_is_refused_takes_nothing() -> None:
    actor = a_request().actor
    assert actor is not None
    told = Limit(at_ms=0, account=actor.key, requests=1, reasoning=100)
    pace = Pace(lambda: Terms.of([told]), Clock())
    with pytest.raises(TooDeep):
        pace.enter(a_request(thinking=Thinking(effort="max")))
    assert pace.enter(a_request())


def test_depth_alone_is_a_limit_too() -> None:
    assert Terms.of([limit(steps=3)]).limits["ada"].steps == 3
    assert not Terms.of([limit()]).limits
