"""A request for `auto` gets the arm that may serve it and was shown to be good enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.auto.test_study import EASY, HARD, PLAN, certified, study

from jevons.auto import chooser as chooser_module
from jevons.auto.chooser import Chooser, prompt_of
from jevons.auto.traffic import Studied, Traffic
from jevons.testing import Clock, InOrder
from jevons.testing.make import a_request, an_endpoint
from jevons.types.arm import Arm, Step
from jevons.types.decision import Verdict
from jevons.types.errors import Forbidden, Unsupported
from jevons.types.message import Message, Text
from jevons.types.request import HostedTool, Thinking, Tool

if TYPE_CHECKING:
    from jevons.auto.features import Prompt
    from jevons.auto.study import Study
    from jevons.types.decision import Candidate, Plan
    from jevons.types.request import Generate

DEAR, CHEAP = an_endpoint("dear"), an_endpoint("cheap")


def a_chooser(loop: Study, **fields: Any) -> Chooser:
    usual: dict[str, Any] = {
        "holdout": 0.0,
        "arms": [Arm(each, (Step(each),)) for each in loop.arms],
    }
    studied = Studied(Traffic("default", "text"), loop)
    return Chooser(lambda _: studied, InOrder(), Clock(200), **{**usual, **fields})


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
    assert (first.tenant, first.traffic, second.traffic) == ("default", "text", "text")


def test_where_the_cheap_arm_is_worse_the_reference_serves() -> None:
    (only,) = planned(certified(), asked(HARD.format(21)))
    assert (only.endpoint.name, only.chosen) == ("dear", "certified")


def test_what_was_never_graded_goes_to_the_reference() -> None:
    (only,) = planned(certified(), asked("Où est la gare, et à quelle heure part le train ?"))
    assert (only.endpoint.name, only.chosen) == ("dear", "new")


def test_where_an_arm_is_forbidden_nothing_like_it_was_graded_and_the_reference_serves() -> None:
    (only,) = planned(certified(), asked(), endpoints=(DEAR,))
    assert (only.endpoint.name, only.chosen, only.certificate) == ("dear", "barred", "")
    assert only.why.startswith("the reference, and nothing is promised: ")


def test_what_is_never_graded_is_promised_nothing() -> None:
    (only,) = planned(certified(), asked(), can_grade=may_not)
    assert (only.endpoint.name, only.chosen, only.certificate) == ("dear", "barred", "")
    assert only.why.endswith("answers to requests like this are never graded")
    first, _ = planned(certified(), asked(), can_grade=may)
    assert first.chosen == "certified"


def test_where_the_reference_is_forbidden_nothing_is_promised_and_it_says_so() -> None:
    (only,) = planned(certified(), asked(), endpoints=(CHEAP,))
    assert (only.endpoint.name, only.chosen, only.certificate) == ("cheap", "no-reference", "")
    assert only.why.startswith("the reference 'dear' may not serve this")
    assert (only.tenant, only.traffic) == ("default", "text")


def test_what_is_saved_is_said_where_it_is_not_money() -> None:
    first, _ = planned(certified(), asked(), spend="energy")
    assert first.why.startswith("saves 90% of the energy, expected")


def test_a_certificate_that_is_over_is_named_by_nobody() -> None:
    loop = certified()
    loop.resume(PLAN.terms.requests, 1.0)
    (only,) = planned(loop, asked())
    assert (only.chosen, only.certificate) == ("uncertified", "")


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

    def notice(request: Generate, _: Prompt, studied: Studied) -> None:
        assert studied.traffic.name == "text"
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


# arms that are more than an endpoint

LOCAL = an_endpoint("local")
ALL = (DEAR, CHEAP, LOCAL)


def an_arm(name: str, *steps: Step) -> Arm:
    return Arm(name, steps)


def may(_: Generate) -> bool:
    return True


def may_not(_: Generate) -> bool:
    return False


PAIR = an_arm("cheap", Step("cheap"), Step("local", "none"))
"""A cascade that the study knows by the name of its one arm."""
LOW = an_arm("cheap", Step("dear", "low"))
REFERENCE = an_arm("dear", Step("dear"))


def a_plan(arm: Arm, request: Generate, reference: Arm = REFERENCE, **fields: Any) -> Plan:
    loop = fields.pop("loop", None) or certified()
    verdict = Verdict(endpoints=fields.pop("endpoints", ALL), rules=("r",), policy="00")
    usual: dict[str, Any] = {"arms": (reference, arm), "can_draft": may}
    return a_chooser(loop, **{**usual, **fields}).plan(request, verdict)


def test_a_cascade_s_endpoints_draft_and_the_reference_stands_behind_them() -> None:
    plan = a_plan(PAIR, asked())
    assert plan.drafts == 2
    assert [(each.endpoint.name, each.effort) for each in plan.candidates] == [
        ("cheap", None),
        ("local", "none"),
        ("dear", None),
    ]
    assert {(each.arm, each.chosen) for each in plan.candidates} == {("cheap", "certified")}
    assert {bool(each.certificate) for each in plan.candidates} == {True}
    assert plan.candidates[0].why.endswith("what 'cheap' and 'local' agree on goes out")
    assert plan.candidates[2].why.endswith("answers where 'cheap' and 'local' do not agree")


def test_fields_that_do_not_count_go_with_the_plan() -> None:
    ignore = frozenset({"reasoning"})
    assert a_plan(PAIR, asked(), ignore=ignore).ignore == ignore
    assert a_plan(PAIR, asked(arm="cheap"), ignore=ignore).ignore == ignore


def test_a_cascade_serves_only_if_all_of_it_may_and_the_answer_can_be_drafted() -> None:
    for plan in (
        a_plan(PAIR, asked(), endpoints=(DEAR, CHEAP)),
        a_plan(PAIR, asked(), can_draft=may_not),
        a_plan(PAIR, asked(), can_draft=None),
    ):
        assert [each.endpoint.name for each in plan.candidates] == ["dear"]
        assert plan.drafts == 0


def test_an_effort_is_an_arm_of_its_own_before_the_same_endpoint() -> None:
    plan = a_plan(LOW, asked())
    assert [(each.endpoint.name, each.effort, each.arm) for each in plan.candidates] == [
        ("dear", "low", "cheap"),
        ("dear", None, "dear"),
    ]


@pytest.mark.parametrize(
    ("thinking", "efforts"),
    [
        (Thinking(effort="low"), ["low", None]),
        (Thinking(effort="high"), [None]),
        (Thinking(budget_tokens=5), [None]),
        (Thinking(on=True), [None]),
    ],
)
def test_a_caller_s_own_effort_bars_arms_that_are_told_another(
    thinking: Thinking, efforts: list[str | None]
) -> None:
    plan = a_plan(LOW, asked(thinking=thinking))
    assert [each.effort for each in plan.candidates] == efforts


def test_where_the_reference_is_told_another_nothing_is_promised() -> None:
    high = an_arm("dear", Step("dear", "high"))
    cheap = an_arm("cheap", Step("cheap"))
    (only,) = a_plan(cheap, asked(thinking=Thinking(effort="low")), high).candidates
    assert (only.endpoint.name, only.chosen, only.certificate) == ("dear", "barred", "")
    assert only.why.endswith("this request says itself how hard to think")
    first, second = a_plan(cheap, asked(), high).candidates
    assert (first.effort, second.effort) == (None, "high")


def test_only_what_every_arm_may_serve_is_graded() -> None:
    seen: list[str] = []

    def notice(request: Generate, _: Prompt, __: Studied) -> None:
        seen.append(request.id)

    a_plan(PAIR, asked(), notice=notice, endpoints=(DEAR, CHEAP))
    a_plan(PAIR, asked(), notice=notice, can_draft=None)
    assert seen == []
    a_plan(PAIR, asked(), notice=notice)
    assert len(seen) == 1


def test_a_caller_may_name_a_cascade_an_effort_or_an_endpoint_of_one() -> None:
    pair = an_arm("cheap+local", Step("cheap"), Step("local"))
    plan = a_plan(pair, asked(arm="cheap+local"), loop=study())
    assert (plan.drafts, [each.endpoint.name for each in plan.candidates]) == (
        2,
        ["cheap", "local", "dear"],
    )
    assert {(each.chosen, each.arm) for each in plan.candidates} == {("named", "cheap+local")}
    (alone,) = a_plan(pair, asked(arm="local"), loop=study()).candidates
    assert (alone.endpoint.name, alone.arm) == ("local", "local")
    low = an_arm("dear@low", Step("dear", "low"))
    (told,) = a_plan(low, asked(arm="dear@low"), loop=study()).candidates
    assert (told.endpoint.name, told.effort) == ("dear", "low")


def test_a_caller_may_not_name_what_cannot_serve_this() -> None:
    pair = an_arm("cheap+local", Step("cheap"), Step("local"))
    with pytest.raises(Forbidden, match="'cheap\\+local'; this request may use 'dear', 'cheap'"):
        a_plan(pair, asked(arm="cheap+local"), endpoints=(DEAR, CHEAP))
    with pytest.raises(Forbidden, match="this request may use 'cheap', 'local'"):
        a_plan(pair, asked(arm="cheap+local"), endpoints=(CHEAP, LOCAL))
    with pytest.raises(Unsupported, match="the answer to this cannot be drafted"):
        a_plan(pair, asked(arm="cheap+local"), can_draft=None)
    low = an_arm("dear@low", Step("dear", "low"))
    with pytest.raises(Unsupported, match="says itself how hard to think"):
        a_plan(low, asked(arm="dear@low", thinking=Thinking(effort="max")))
