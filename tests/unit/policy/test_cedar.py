"""Cedar decides, and whatever goes wrong while it does denies."""

from __future__ import annotations

import pytest

from jevons.catalog.places import groups
from jevons.policy.cedar import Policies, parse, read_never
from jevons.policy.facts import Facts, facts_of
from jevons.policy.profile import Profile, read_profile
from jevons.testing.make import an_endpoint
from jevons.types.custody import OWN, Custody, DataClass, Label
from jevons.types.errors import Misconfigured

OPEN = '@id("open")\npermit (principal, action == Action::"send", resource);\n'
MANIFEST = 'says = "x"\ndata_class = "public"'
HERE = facts_of(an_endpoint("here", place="on-prem", custody=OWN), groups(), day="2026-11-23")
AWAY = facts_of(an_endpoint("away", place="CN", custody=Custody()), groups(), day="2026-11-23")
PERSONAL = Label(data_class=DataClass.PERSONAL, region="EEA")


def profile(text: str) -> Profile:
    return read_profile("mine", policies=text, manifest=MANIFEST)


def forbid(when: str, name: str = "no") -> str:
    head = f'@id("{name}")\nforbid (principal, action == Action::"send", resource)'
    return f"{head} when {{ {when} }};\n"


def decided(text: str, facts: Facts = AWAY) -> tuple[bool, list[str]]:
    decision = Policies(profile(text)).decide(PERSONAL, facts)
    assert not decision.errors
    return decision.is_allowed, [each.id for each in decision.statements]


def test_what_no_policy_permits_is_denied() -> None:
    assert decided(OPEN.replace(";", ' when { context.region == "US" };')) == (False, [])


def test_what_one_policy_permits_is_allowed_by_it() -> None:
    assert decided(OPEN) == (True, ["open"])


def test_one_forbid_outweighs_every_permit() -> None:
    assert decided(OPEN + forbid("!resource.local")) == (False, ["no"])
    assert decided(OPEN + forbid("!resource.local"), HERE) == (True, ["open"])


def test_all_that_forbid_are_named_in_the_order_of_the_text() -> None:
    text = OPEN + "".join(forbid("resource.concern", f"rule-{number}") for number in range(12))
    assert decided(text) == (False, [f"rule-{number}" for number in range(12)])


def test_a_policy_that_errs_denies_though_cedar_itself_would_skip_it() -> None:
    text = OPEN + forbid("context.data_class * 9223372036854775807 > 3")
    decision = Policies(profile(text)).decide(PERSONAL, AWAY)
    assert not decision.is_allowed
    assert "overflow" in decision.errors[0]


@pytest.mark.parametrize(
    "text",
    [
        OPEN + forbid("resource.colour == 1"),
        OPEN + forbid("resource.local == 1 + true"),
        OPEN + forbid("resource.owner < 3"),
    ],
)
def test_what_does_not_fit_the_schema_is_refused(text: str) -> None:
    with pytest.raises(Misconfigured, match="profile 'mine'"):
        Policies(profile(text))


@pytest.mark.parametrize(
    "text",
    [
        OPEN + OPEN,
        OPEN.replace('@id("open")', ""),
        OPEN + ' @id("two") @says("x") ' + OPEN.partition("\n")[2] + OPEN.partition("\n")[2],
    ],
)
def test_each_policy_needs_an_id_of_its_own(text: str) -> None:
    with pytest.raises(Misconfigured, match="of its own"):
        parse(profile(text))


def test_everything_that_does_not_fit_is_named() -> None:
    text = OPEN + forbid("resource.colour == 1") + forbid("resource.size == 1", "two")
    with pytest.raises(Misconfigured) as caught:
        parse(profile(text))
    said = str(caught.value)
    assert said.startswith("profile 'mine': ")
    assert sorted(name for name in ("colour", "size") if name in said) == ["colour", "size"]
    assert "; [policy" in said
    with pytest.raises(Misconfigured) as caught:
        read_never("resource.colour && resource.size", "x")
    said = str(caught.value)
    assert said.startswith("invariant 'x': [policy0] for policy ")
    assert sorted(name for name in ("colour", "size") if name in said) == ["colour", "size"]
    assert "; [policy" in said


def test_what_is_not_cedar_is_refused() -> None:
    with pytest.raises(Misconfigured, match="mine: "):
        parse(profile("forbid everything"))


@pytest.mark.parametrize(
    ("when", "named"),
    [
        (
            "(" * 100 + "resource.local" + ")" * 100,
            "^mine: brackets within brackets, more than 100",
        ),
        ("((true) && " * 100 + "true" + ")" * 100, "^mine: brackets within brackets, more than"),
        (
            "!(" * 30_000 + "resource.local" + ")" * 30_000,
            r"^mine: 9\d,\d{3} characters of policies",
        ),
        ("true" + "||true" * 10_000, "^mine: maximum recursion depth"),
    ],
)
def test_what_would_end_the_process_is_refused(when: str, named: str) -> None:
    with pytest.raises(Misconfigured, match=named):
        parse(profile(OPEN + forbid(when)))


def test_brackets_in_text_and_comments_are_none() -> None:
    text = "// " + "(" * 200 + "\n" + OPEN + forbid('resource.owner == "' + "([{" * 99 + '\\""')
    assert len(parse(profile(text))) == 2
    assert parse(profile(OPEN + forbid("(" * 99 + "resource.local" + ")" * 99)))
    assert parse(profile(OPEN + forbid("&&".join(["(resource.local)"] * 200))))


def test_a_text_as_long_as_can_be_is_taken() -> None:
    filled = OPEN + "//" + "x" * (65_536 - len(OPEN) - 2)
    assert len(parse(profile(filled))) == 1
    with pytest.raises(Misconfigured, match="65,537 characters"):
        parse(profile(filled + "x"))


def test_templates_are_refused() -> None:
    text = OPEN.replace("principal,", "principal == ?principal,")
    with pytest.raises(Misconfigured, match=r"^mine: templates are not taken$"):
        parse(profile(text))


def test_an_invariant_is_one_expression_that_fits_the_schema() -> None:
    assert read_never("resource.local", "x")["effect"] == "permit"
    for never in ("resource.colour", "true }; permit (principal, action, resource) when { true"):
        with pytest.raises(Misconfigured, match="'x'"):
            read_never(never, "x")
    with pytest.raises(Misconfigured, match="x: "):
        read_never("(", "x")
    two = 'true }; permit (principal, action == Action::"send", resource) when { true'
    with pytest.raises(Misconfigured, match=r"^invariant 'x': it must be one expression$"):
        read_never(two, "x")
