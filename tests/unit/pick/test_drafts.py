"""A cascade asks one after the other, and goes on to the reference where they do not agree."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import pytest

from jevons.pick import Retries, can_compare, can_draft, cascade, drafted, form_of
from jevons.testing.make import a_request, an_endpoint
from jevons.types.account import Usage
from jevons.types.decision import Attempt, Candidate, Canonical, Outcome, Plan
from jevons.types.errors import (
    CallerLeft,
    Exhausted,
    JevonsError,
    NoCandidate,
    ProviderFiltered,
    ProviderTimeout,
    ProviderUnavailable,
)
from jevons.types.event import Finished, Frame, OpaqueBlock, RefusalDelta, TextDelta, ToolCallDelta
from jevons.types.request import HostedTool, Output, Sampling, Tool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jevons.pick.drafts import Told
    from jevons.types.event import Event

ONE, TWO = Canonical("number", "1"), Canonical("number", "2")
FREE = Retries(draw=lambda: 0.0)


def plan(drafts: int = 2, behind: int = 1) -> Plan:
    names = [f"draft-{n}" for n in range(drafts)] + [f"behind-{n}" for n in range(behind)]
    return Plan(
        candidates=tuple(Candidate(endpoint=an_endpoint(name), why="") for name in names),
        drafts=drafts,
    )


class Walked(NamedTuple):
    tried: list[Attempt]
    told: Told

    @property
    def names(self) -> list[str]:
        return [each.candidate.endpoint.name for each in self.tried]


Came = Canonical | JevonsError | None


def drive(came: Sequence[Came], of: Plan | None = None, retries: Retries | None = None) -> Walked:
    """Walk a plan whose attempts come to something, one by one."""
    walking = cascade(of or plan(), retries)
    tried = [next(walking)]
    for each in came:
        error = each if isinstance(each, JevonsError) else None
        form = each if isinstance(each, Canonical) else None
        try:
            tried.append(walking.send(Outcome(attempt=tried[-1], error=error, form=form)))
        except StopIteration as stop:
            return Walked(tried, stop.value)
    raise AssertionError(tried)


def test_what_both_agree_on_is_the_first_s_answer() -> None:
    walked = drive([ONE, ONE])
    assert walked.names == ["draft-0", "draft-1"]
    assert walked.told == (None, 0)
    assert [each.is_draft for each in walked.tried] == [True, True]


def test_where_they_differ_the_reference_answers() -> None:
    walked = drive([ONE, TWO, None])
    assert walked.names == ["draft-0", "draft-1", "behind-0"]
    assert walked.told == (None, None)
    assert [(each.number, each.is_draft) for each in walked.tried] == [
        (1, True),
        (2, True),
        (3, False),
    ]


@pytest.mark.parametrize("came", [None, ProviderTimeout("slow"), ProviderUnavailable("down")])
def test_a_first_draft_that_is_none_is_followed_by_the_reference_at_once(came: Came) -> None:
    assert drive([came, None]).names == ["draft-0", "behind-0"]


@pytest.mark.parametrize("error", [CallerLeft("gone"), ProviderFiltered("no")])
@pytest.mark.parametrize("before", [(), (ONE,)])
def test_what_ends_any_plan_ends_a_cascade(error: JevonsError, before: tuple[Came, ...]) -> None:
    walked = drive([*before, error])
    assert walked.told == (error, None)
    assert len(walked.tried) == len(before) + 1


def test_a_draft_is_never_asked_again_and_the_reference_is() -> None:
    down = ProviderUnavailable("down")
    walked = drive([down, down, None], retries=FREE)
    assert walked.names == ["draft-0", "behind-0", "behind-0"]
    assert [each.number for each in walked.tried] == [1, 2, 3]
    assert walked.told == (None, None)


def test_a_reference_that_fails_tells_its_own_error() -> None:
    down = ProviderUnavailable("down")
    assert drive([ONE, TWO, down]).told == (down, None)
    assert isinstance(drive([ONE, TWO, down, down], plan(behind=2)).told.error, Exhausted)


def test_three_have_to_agree_each_with_each() -> None:
    letter, paris, london = (Canonical("choice", "b", said) for said in ("", "paris", "london"))
    assert drive([letter, paris, letter], plan(3)).told == (None, 0)
    assert drive([letter, paris, london, None], plan(3)).names[-1] == "behind-0"


def test_nobody_behind_them_is_no_plan() -> None:
    with pytest.raises(NoCandidate):
        drive([None], plan(behind=0))


def test_a_plan_without_drafts_is_walked_as_ever() -> None:
    down = ProviderUnavailable("down")
    walked = drive([down, None], plan(drafts=0, behind=2))
    assert walked.told == (None, None)
    assert [each.is_draft for each in walked.tried] == [False, False]


EVENTS: tuple[Came, ...] = (
    ONE,
    TWO,
    None,
    ProviderTimeout("slow"),
    ProviderUnavailable("down"),
    ProviderFiltered("no"),
    CallerLeft("gone"),
)


@pytest.mark.parametrize("drafts", [2, 3])
def test_however_they_come_out_the_rules_hold(drafts: int) -> None:
    """Every row of things that may happen, one after the other."""
    for came in product(EVENTS, repeat=drafts + 3):
        walked = drive([*came, *[None] * 9], plan(drafts), FREE)
        heard = list(came)[: len(walked.tried)]
        names = walked.names
        assert len(set(names[:drafts])) == len(names[:drafts]) or names[:drafts].count("behind-0")
        assert sum(each.is_draft for each in walked.tried) == len(
            [name for name in names if name.startswith("draft")]
        ), "who drafts is never asked for more"
        assert [each.number for each in walked.tried] == list(range(1, len(names) + 1))
        if walked.told.taken is not None:
            assert len(names) == drafts
            assert len({*heard}) == 1
            assert isinstance(heard[0], Canonical)
        elif walked.told.error is None:
            assert names[-1] == "behind-0"
            assert not isinstance(heard[-1] if heard else None, JevonsError)
        final = [at for at, each in enumerate(heard) if isinstance(each, CallerLeft)]
        assert not final or final == [len(names) - 1]


def test_what_a_cascade_would_have_come_to_is_what_it_comes_to() -> None:
    for forms in product((ONE, TWO, None), repeat=3):
        walked = drive([*forms, None, None], plan(3))
        is_taken, asked = drafted(forms)
        assert is_taken == (walked.told.taken == 0)
        assert asked == sum(each.is_draft for each in walked.tried)


# what an answer comes to

END = Finished(reason="stop", usage=Usage())
WEATHER = Tool(name="weather")


def came_to(*events: Event, finish: str = "stop", **asked: Any) -> Canonical | None:
    return form_of((*events, END), finish, a_request(**asked))


def test_words_calls_and_json_come_to_what_they_say() -> None:
    assert came_to(TextDelta("4"), TextDelta("2")) == Canonical("number", "42")
    called = ToolCallDelta(index=0, name="weather", arguments='{"a": 1}')
    assert came_to(called, finish="tool_calls", tools=(WEATHER,)) == Canonical(
        "calls", '"weather"{"a":1e0}'
    )
    assert came_to(TextDelta('{"a":1}'), output=Output(kind="json")) == Canonical(
        "json", '{"a":1e0}'
    )


@pytest.mark.parametrize("finish", ["length", "content_filter", "error"])
def test_what_was_cut_comes_to_nothing(finish: str) -> None:
    assert came_to(TextDelta("42"), finish=finish) is None


@pytest.mark.parametrize(
    "event", [RefusalDelta("no"), OpaqueBlock(kind="search", fields={}), Frame(b"no answer")]
)
def test_what_refuses_or_is_not_known_comes_to_nothing(event: Event) -> None:
    assert came_to(TextDelta("42"), event) is None


def test_fields_that_do_not_count_are_left_out_of_answers_and_not_of_calls() -> None:
    ignore = frozenset({"why"})
    said = (TextDelta('{"a":1,"why":"so"}'), END)
    for output, value in ((Output(), '{"a":"1"}'), (Output(kind="json"), '{"a":1e0}')):
        asked = a_request(output=output)
        assert form_of(said, "stop", asked, ignore) == Canonical("json", value)
    called = (ToolCallDelta(index=0, name="weather", arguments='{"why":"so"}'), END)
    form = form_of(called, "tool_calls", a_request(tools=(WEATHER,)), ignore)
    assert form == Canonical("calls", '"weather"{"why":"so"}')


def test_a_call_to_nobody_comes_to_nothing() -> None:
    called = ToolCallDelta(index=0, name="wether", arguments="{}")
    assert came_to(called, finish="tool_calls", tools=(WEATHER,)) is None


def test_json_of_another_shape_comes_to_nothing() -> None:
    schema = msgspec.Raw(b'{"type":"object","required":["a"]}')
    wanted = Output(kind="json_schema", schema=schema)
    assert came_to(TextDelta('{"b":1}'), output=wanted) is None
    assert came_to(TextDelta('{"a":1}'), output=wanted) is not None
    assert came_to(TextDelta("```json\n{}\n```"), output=Output(kind="json")) is None


# which requests

HOSTED = HostedTool(kind="web_search", fields={})


def test_plain_requests_may_be_drafted() -> None:
    assert can_draft(a_request())
    assert can_draft(a_request(tools=(WEATHER,), needs=frozenset({"text", "tools", "json_schema"})))


@pytest.mark.parametrize(
    "fields",
    [
        {"tools": (HOSTED,)},
        {"sampling": Sampling(n=2)},
        {"sampling": Sampling(logprobs=True)},
        {"counts": True},
        {"needs": frozenset({"speech"})},
        {"needs": frozenset({"search"})},
    ],
)
def test_what_acts_or_has_several_answers_is_not_even_compared(fields: dict[str, Any]) -> None:
    assert not can_compare(a_request(**fields))
    assert not can_draft(a_request(**fields))


def test_what_asks_its_endpoint_for_more_is_not_drafted() -> None:
    asked = a_request()
    fields = {"web_search_options": msgspec.Raw(b"{}")}
    source = msgspec.structs.replace(asked.source, fields=fields)
    assert not can_draft(msgspec.structs.replace(asked, source=source))


def test_what_is_to_be_kept_is_compared_and_not_drafted() -> None:
    assert can_compare(a_request(keep=True))
    assert not can_draft(a_request(keep=True))
