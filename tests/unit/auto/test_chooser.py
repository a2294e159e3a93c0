"""A request for `auto` gets the arm that may serve it and was shown to be good enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.auto.test_study import EASY, HARD, certified, study

from jevons.auto import chooser as chooser_module
from jevons.auto.chooser import Chooser, prompt_of
from jevons.testing import Clock, InOrder
from jevons.testing.make import a_request, an_endpoint
from jevons.types.decision import Verdict
from jevons.types.errors import Forbidden
from jevons.types.message import Message, Text
from jevons.types.request import HostedTool, Tool

if TYPE_CHECKING:
    from jevons.auto.features import Prompt
    from jevons.auto.study import Study
    from jevons.types.decision import Candidate
    from jevons.types.request import Generate

DEAR, CHEAP = an_endpoint("dear"), an_endpoint("cheap")


def a_chooser(loop: Study, **fields: Any) -> Chooser:
    usual: dict[str, Any] = {"holdout": 0.0}
    return Chooser(loop, InOrder(), Clock(200), **{**usual, **fields})


def asked(text: str = EASY.format(20), **fields: Any) -> Generate:
    return a_request(text, **{"model": "auto", **fields})


def planned(
    loop: Study, request: Generate, *, endpoints: tuple[Any, ...] = (DEAR, CHEAP), **fields: Any
) -> list[Candidate]:
    verdict = Verdict(endpoints=endpoints, rules=("r",), policy="00")
    return [*a_chooser(loop, **fields).plan(request, verdict).candidates]


def test_what_is_not_asked_of_auto_is_planned_as_ever() -> None:
    (first, *_) = planned(certified(), asked(model="a/model"))
    assert (first.endpoint.name, first.chosen, first.certificate) == ("dear", "", "")


def test_without_a_certificate_there_is_only_the_reference() -> None:
    (only,) = planned(study(), asked())
    assert (only.endpoint.name, only.chosen, only.certificate) == ("dear", "uncertified", "")


def test_a_certified_arm_goes_first_and_the_reference_stands_behind_it() -> None:
    first, second = planned(certified(), asked())
    assert (first.endpoint.name, first.chosen) == ("cheap", "certified")
    assert first.why.startswith("saves 90%")
    assert (second.endpoint.name, second.chosen) == ("dear", "fallback")
    assert first.certificate.startswith("cert_")


def test_where_the_cheap_arm_is_worse_the_reference_serves() -> None:
    (only,) = planned(certified(), asked(HARD.format(21)))
    assert (only.endpoint.name, only.chosen) == ("dear", "certified")


def test_what_was_never_graded_goes_to_the_reference() -> None:
    (only,) = planned(certified(), asked("Où est la gare, et à quelle heure part le train ?"))
    assert (only.endpoint.name, only.chosen) == ("dear", "new")


def test_an_arm_that_policy_forbids_is_not_taken() -> None:
    (only,) = planned(certified(), asked(), endpoints=(DEAR,))
    assert only.endpoint.name == "dear"


def test_where_the_reference_is_forbidden_nothing_is_promised_and_it_says_so() -> None:
    (only,) = planned(certified(), asked(), endpoints=(CHEAP,))
    assert (only.endpoint.name, only.chosen, only.certificate) == ("cheap", "no-reference", "")
    assert only.why.startswith("the reference 'dear' may not serve this")


def test_a_caller_may_name_an_arm() -> None:
    (only,) = planned(study(), asked(arm="cheap"))
    assert (only.endpoint.name, only.chosen) == ("cheap", "named")


def test_a_caller_may_not_name_what_policy_forbids() -> None:
    with pytest.raises(Forbidden, match="x-jevons-arm is 'cheap'; this request may use 'dear'"):
        planned(study(), asked(arm="cheap"), endpoints=(DEAR,))


def test_some_requests_get_the_reference_to_measure_beside() -> None:
    (only,) = planned(certified(), asked(), holdout=1.0)
    assert (only.endpoint.name, only.chosen) == ("dear", "holdout")
    assert only.certificate


def turns(*said: tuple[str, str]) -> tuple[Message, ...]:
    return tuple([Message(role=role, parts=(Text(text=text),)) for role, text in said])  # type: ignore[arg-type] one of the roles


def went_on(began: str, then: str) -> Candidate:
    """Begin a conversation, and go on with it."""
    one = a_chooser(certified())
    verdict = Verdict(endpoints=(DEAR, CHEAP), rules=("r",), policy="00")
    one.plan(asked(messages=turns(("user", began))), verdict)
    on = asked(messages=turns(("user", began), ("assistant", "32"), ("user", then)))
    return one.plan(on, verdict).candidates[0]


def test_a_conversation_that_began_at_the_reference_stays_there() -> None:
    stays = went_on(HARD.format(21), EASY.format(20))
    assert (stays.endpoint.name, stays.chosen) == ("dear", "sticky")


def test_one_that_began_elsewhere_is_decided_at_each_turn() -> None:
    assert went_on(EASY.format(20), EASY.format(30)).endpoint.name == "cheap"
    assert went_on(EASY.format(20), HARD.format(21)).chosen == "certified"


def test_the_oldest_conversations_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chooser_module, "_REMEMBERED", 1)
    one = a_chooser(certified())
    verdict = Verdict(endpoints=(DEAR, CHEAP), rules=("r",), policy="00")
    for number in (21, 31):
        one.plan(asked(HARD.format(number)), verdict)
    began = ("user", HARD.format(21))
    on = asked(messages=turns(began, ("assistant", "yes"), ("user", EASY.format(20))))
    assert one.plan(on, verdict).candidates[0].chosen == "certified"


def test_whoever_grades_is_told_of_each_request() -> None:
    told: list[str] = []

    def notice(request: Generate, _: Prompt) -> None:
        told.append(request.id)

    planned(study(), asked(), notice=notice)
    assert told == [asked().id]


def test_who_asks_through_which_words_and_tools_tells_traffic_apart() -> None:
    plain = asked(messages=turns(("system", "be short"), ("user", "hello")))
    tool = asked(messages=plain.messages, tools=(Tool(name="search"),))
    hosted = asked(messages=plain.messages, tools=(HostedTool(kind="web", fields={}),))
    nobody = asked(messages=plain.messages, actor=None)
    silent = asked(messages=turns(("system", "be short")))
    routes = {prompt_of(each).route for each in (plain, tool, hosted, nobody, asked())}
    assert len(routes) == 5
    assert len(prompt_of(silent).columns) == 0


def test_a_conversation_of_nobody_is_a_conversation() -> None:
    (first, _) = planned(certified(), asked(actor=None))
    assert first.endpoint.name == "cheap"
