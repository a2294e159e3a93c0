"""What is proved holds for every endpoint there could be; what does not is shown by one."""

from __future__ import annotations

import sys
from typing import Any

import msgspec
import pytest
import z3 as _z3
from hypothesis import given, settings
from hypothesis import strategies as st

from jevons.boot.policy import load_profile, shipped_profiles
from jevons.catalog.places import groups
from jevons.policy.cedar import Policies
from jevons.policy.facts import FOREVER_DAYS, OWN_PLACES, Facts, facts_of
from jevons.policy.profile import Profile, read_profile
from jevons.policy.proof import ELSEWHERE, Case, Proof, Prover, proof_digest
from jevons.testing.make import an_endpoint
from jevons.types.custody import Custody, DataClass, Label
from jevons.types.errors import Bug, Misconfigured

z3: Any = _z3
OPEN = '@id("open")\npermit (principal, action == Action::"send", resource);\n'
PLACES = st.sampled_from(
    ["on-prem", "house", "nowhere", "unknown", "EU", "DE", "FR", "US", "CN", "HK", "CH", "JP", "BR"]
)
CUSTODIES = st.builds(
    Custody,
    owner=PLACES,
    storage=PLACES,
    access=st.none() | st.lists(PLACES, max_size=3).map(tuple),
    retention_days=st.none() | st.integers(0, FOREVER_DAYS),
    trains=st.none() | st.booleans(),
    basis=st.sampled_from(["none", "dpf", "scc-tia"]),
)
LABELS = st.builds(
    Label,
    data_class=st.sampled_from(DataClass),
    region=st.sampled_from(["EEA", "US", "CN", "GB", "unknown"]),
)


def profile(policies: str, *never: str) -> Profile:
    promised = "".join(
        f"[[invariants]]\nname = 'promise-{number}'\nsays = 'so'\nnever = '{each}'\n"
        for number, each in enumerate(never)
    )
    manifest = f'says = "x"\ndata_class = "public"\n{promised}'
    return read_profile("mine", policies=policies, manifest=manifest)


def prover(policies: str, *never: str) -> Prover:
    return Prover(profile(policies, *never), groups())


def forbid(when: str, name: str = "no") -> str:
    head = f'@id("{name}")\nforbid (principal, action == Action::"send", resource)'
    return f"{head} when {{ {when} }};\n"


def case_of(label: Label, facts: Facts) -> Case:
    told = {f"resource.{name}": value for name, value in msgspec.structs.asdict(facts).items()}
    return {
        **{f"context.{name}": each for name, each in msgspec.structs.asdict(label).items()},
        "context.data_class": int(label.data_class),
        **told,
    }


def facts(place: str, custody: Custody) -> Facts:
    endpoint = an_endpoint("far", place=place, custody=custody)
    return facts_of(endpoint, groups(), day="2026-11-23")


@pytest.mark.parametrize("name", shipped_profiles())
def test_what_ships_keeps_every_promise_and_every_rule_does_something(name: str) -> None:
    shipped = Prover(load_profile(name), groups())
    assert [each.name for each in shipped.invariants() if not each.holds] == []
    assert shipped.idle() == ()


def test_what_ships_promises_something_unless_it_is_open() -> None:
    assert [name for name in shipped_profiles() if not load_profile(name).invariants] == ["open"]


@pytest.mark.parametrize(
    "name", [name for name in shipped_profiles() if load_profile(name).invariants]
)
def test_each_forbid_that_ships_is_needed_for_a_promise_or_lets_more_through(name: str) -> None:
    """Without any one of its rules a profile lets something through that it did not."""
    whole = load_profile(name)
    before = Prover(whole, groups())
    blocks = whole.policies.split("@id(")
    for number, block in enumerate(blocks):
        if "\nforbid " not in block:
            continue
        without = "@id(".join([*blocks[:number], *blocks[number + 1 :]])
        after = Prover(
            read_profile(name, policies=without, manifest='says = ""\ndata_class = "public"'),
            groups(),
        )
        assert after.newly_allows(before) is not None
        assert before.newly_allows(after) is None


def test_a_broken_promise_is_shown_by_an_endpoint_that_breaks_it() -> None:
    (proof,) = prover(
        OPEN + forbid('context.data_class >= 2 && resource.owner == "CN"'),
        'context.data_class >= 1 && resource.owner == "CN"',
    ).invariants()
    assert not proof.holds
    assert proof.case is not None
    assert proof.case["context.data_class"] == 1
    assert proof.case["resource.owner"] == "CN"
    assert proof.case["resource.eea"] is False
    assert proof.case["resource.concern"] is True


def test_facts_that_are_made_of_others_cannot_be_had_apart() -> None:
    proofs = prover(
        OPEN,
        'resource.eea && resource.place == "US"',
        "resource.eea && !resource.adequate",
        "resource.adequate && resource.concern",
        'resource.local && resource.owner != "house"',
        "resource.retention_days < 0",
        'resource.basis == "a promise"',
        "context.data_class > 3",
    ).invariants()
    assert all(proof.holds for proof in proofs)
    assert not any(
        proof.holds for proof in prover(OPEN, "resource.eea", "resource.concern").invariants()
    )


def test_a_proof_says_of_what_it_is_and_how_long_it_took(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter((1.0, 1.5))
    formulas = prover(OPEN, "resource.retention_days < 0")
    monkeypatch.setattr("jevons.policy.proof.time.perf_counter", lambda: next(moments))
    assert formulas.invariants() == (
        Proof(name="promise-0", says="so", holds=True, case=None, took_ms=500.0),
    )


def test_only_words_that_are_told_apart_can_be_had() -> None:
    formulas = prover(OPEN + forbid('resource.place == "XK"'))
    for place in ("on-prem", "unknown", "DE", "CH", "CN", "XK", *ELSEWHERE):
        assert formulas.is_possible({"resource.place": place}), place
    assert not formulas.is_possible({"resource.place": "XL"})


def test_every_group_of_places_can_be_had() -> None:
    """A prover that knows of no such place would prove anything of it."""
    for never in (
        "resource.adequate && !resource.eea",
        "!resource.concern && !resource.adequate",
        'resource.local && resource.storage == "nowhere"',
    ):
        (proof,) = prover(OPEN, never).invariants()
        assert not proof.holds, never


@pytest.mark.parametrize(
    "never", ["resource.place != resource.storage", "resource.place != resource.owner"]
)
def test_two_places_that_no_rule_mentions_are_not_one(never: str) -> None:
    """Else it would be proved that whatever is named nowhere is the same."""
    known = {"on-prem", "house", "nowhere", "unknown", "none", "dpf", "scc-tia"}
    for group in (groups().eea, groups().adequate, groups().concern):
        known |= group.places
    listed = "[" + ", ".join(f'"{each}"' for each in sorted(known)) + "]"
    others = [f"!{listed}.contains(resource.{name})" for name in ("place", "storage", "owner")]
    (proof,) = prover(OPEN, " && ".join([never, *others])).invariants()
    assert not proof.holds


def test_a_case_names_only_places_that_are_told_apart() -> None:
    (proof,) = prover(OPEN, 'resource.place != "XK" && context.region != "XK"').invariants()
    assert proof.case is not None
    said = {str(value) for value in proof.case.values() if isinstance(value, str)}
    places = groups().eea.places | groups().adequate.places | groups().concern.places
    words = {*ELSEWHERE, *OWN_PLACES, "XK", "unknown", "none", "dpf", "scc-tia"}
    assert said <= places | words


@pytest.mark.parametrize(
    ("told", "could_be"),
    [
        ({"context.data_class": -1}, False),
        ({"context.data_class": 0}, True),
        ({"context.data_class": 3}, True),
        ({"context.data_class": 4}, False),
        ({"resource.retention_days": -1}, False),
        ({"resource.retention_days": 0}, True),
        ({"resource.retention_days": FOREVER_DAYS}, True),
        ({"resource.retention_days": FOREVER_DAYS + 1}, False),
        ({"resource.basis": "dpf"}, True),
        ({"resource.basis": "word"}, False),
        ({"resource.eea": True, "resource.adequate": False}, False),
        ({"resource.adequate": True, "resource.concern": True}, False),
        ({"resource.local": True}, True),
        ({"resource.local": True, "resource.place": "DE"}, False),
        ({"resource.local": True, "resource.owner": "DE"}, False),
        ({"resource.local": False, "resource.place": "on-prem", "resource.owner": "DE"}, True),
        ({"resource.local": False, "resource.place": "DE", "resource.owner": "house"}, True),
        ({"resource.local": False, "resource.place": "on-prem", "resource.owner": "house"}, False),
    ],
)
def test_what_there_could_be_has_its_bounds(told: Case, *, could_be: bool) -> None:
    assert prover(OPEN).is_possible(told) is could_be


def test_staff_anywhere_makes_of_an_endpoint_what_they_could_do() -> None:
    here = {f"resource.{name}": "DE" for name in ("place", "storage", "owner")}
    formulas = prover(OPEN)
    for reached in (
        {"resource.eea": True, "resource.adequate": True, "resource.concern": False},
        {"resource.eea": False, "resource.adequate": True, "resource.concern": False},
        {"resource.eea": False, "resource.adequate": False, "resource.concern": False},
        {"resource.eea": False, "resource.adequate": False, "resource.concern": True},
    ):
        assert formulas.is_possible({**here, **reached})
        assert formulas.is_possible({**here, **reached}, has_near_staff=True) is bool(
            reached["resource.eea"]
        )


def test_what_nothing_permits_is_not_allowed_by_the_formulas_either() -> None:
    closed = OPEN.replace("resource);", 'resource) when { context.region == "US" };')
    formulas = prover(closed, 'context.region != "US"')
    assert [each.holds for each in formulas.invariants()] == [True]
    told = case_of(Label(region="US"), facts("DE", Custody()))
    assert formulas.evaluate(told)
    assert not formulas.evaluate({**told, "context.region": "EEA"})
    assert prover(closed + forbid('context.region == "CN"')).idle() == ("no",)


def test_a_rule_that_others_make_idle_is_named() -> None:
    wide, narrow = (
        forbid("context.data_class >= 1", "wide"),
        forbid("context.data_class == 2", "narrow"),
    )
    assert prover(OPEN + wide + narrow).idle() == ("narrow",)
    assert prover(OPEN + wide).idle() == ()
    assert prover(OPEN + forbid("false", "never")).idle() == ("never",)


def test_what_a_change_newly_lets_through_is_shown() -> None:
    strict = prover(OPEN + forbid('["US", "CN"].contains(resource.owner)'))
    loose = prover(OPEN + forbid('resource.owner == "CN"'))
    newly = loose.newly_allows(strict)
    assert newly is not None
    assert newly["resource.owner"] == "US"
    assert strict.newly_allows(loose) is None


def test_a_place_that_only_the_new_rules_mention_is_tried() -> None:
    old = prover(OPEN.replace("resource);", 'resource) when { resource.place == "XL" };'))
    new = prover(OPEN.replace("resource);", 'resource) when { resource.place == "XK" };'))
    case = new.newly_allows(old)
    assert case is not None
    assert case["resource.place"] == "XK"


def test_text_that_no_rule_mentions_is_elsewhere() -> None:
    strict, loose = prover(OPEN + forbid('resource.place != "XK"')), prover(OPEN)
    case = loose.newly_allows(strict)
    assert case is not None
    assert case["resource.place"] != "XK"
    assert strict.evaluate({**case, "resource.place": "XK"})


@pytest.mark.parametrize(
    ("policies", "named"),
    [
        (
            OPEN + forbid('resource.owner like "C*"'),
            "^'like' cannot be proved over; write it with &&, .*, >= or contains$",
        ),
        (OPEN + forbid('Key::"a" == Key::"a"'), "no word, number or truth"),
        (OPEN + forbid('principal == Key::"a"'), "Var"),
        (OPEN + forbid('resource in Endpoint::"a"'), "'in'"),
        (OPEN + forbid("resource is Endpoint"), "'is'"),
        (OPEN + forbid('decimal("1.0").lessThan(decimal("2.0"))'), "lessThan"),
        (OPEN + forbid('ip("10.0.0.1").isLoopback()'), "isLoopback"),
        (OPEN + forbid("-context.data_class < 0"), "neg"),
        (OPEN + forbid("context.data_class * 2 < 0"), r"'\*'"),
        (OPEN + forbid('context has region && context.region == "US"'), "has"),
        (OPEN + forbid("[resource.owner].isEmpty()"), "isEmpty"),
        (OPEN + forbid('[resource.owner].containsAll(["CN"])'), "containsAll"),
        (OPEN + forbid("resource has local"), "has"),
        (OPEN + forbid("context.data_class + 1 > 2"), r"'\+'"),
        (OPEN + forbid("[resource.owner, resource.place] == [resource.place]"), "Set"),
        (
            OPEN + forbid("{x: 1}.x == context.data_class"),
            "^'None.x' is not among context.data_class, .*, resource.retention_days$",
        ),
        (
            OPEN.replace("principal,", 'principal == Key::"a",'),
            "^a policy must speak of every principal and resource; say the rest in `when`$",
        ),
        (OPEN.replace("resource)", 'resource == Endpoint::"a")'), "every principal"),
    ],
)
def test_what_cannot_be_a_formula_is_refused(policies: str, named: str) -> None:
    with pytest.raises(Misconfigured, match=named):
        prover(policies)


def test_what_is_too_much_to_prove_over_is_refused() -> None:
    words = ", ".join(f'"X{number}"' for number in range(1_000))
    with pytest.raises(Misconfigured, match=r"^1,0\d\d places and other words; at most 1,000 are"):
        prover(OPEN + forbid(f"[{words}].contains(resource.owner)")).idle()
    known = len(prover(OPEN)._words)  # pyright: ignore[reportPrivateUsage] how many there are without
    words = ", ".join(f'"X{number}"' for number in range(1_000 - known))
    assert prover(OPEN + forbid(f"[{words}].contains(resource.owner)")).idle() == ()
    with pytest.raises(Misconfigured, match=r"recursion|too long to be proved over"):
        prover(OPEN + forbid("resource.local" + " || resource.local" * 500))


def test_a_formula_that_needs_too_much_stack_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def overflow(*_: object) -> None:
        raise RecursionError

    monkeypatch.setattr(Prover, "_formula", overflow)
    with pytest.raises(
        Misconfigured, match=r"^an expression is too long to be proved over; write it"
    ):
        prover(OPEN + forbid("resource.local"))


def test_a_set_that_is_not_written_out_is_refused() -> None:
    when = '(if resource.local then ["a"] else ["b"]).contains(resource.owner)'
    with pytest.raises(Misconfigured, match=r"^contains cannot be .* a set that is written out$"):
        prover(OPEN + forbid(when))
    with pytest.raises(Misconfigured, match="invariant 'promise-0'"):
        prover(OPEN, "resource.colour").invariants()


def test_every_operator_means_what_cedar_means_by_it() -> None:
    text = (
        OPEN
        + forbid(
            "if resource.local then context.data_class < 1 || context.data_class <= 0"
            " else !(context.data_class > 1) && resource.retention_days != 7"
        )
        + '@id("unless")\nforbid (principal, action == Action::"send", resource) unless { true };\n'
    )
    formulas, cedar = prover(text), Policies(profile(text))
    for label in (Label(data_class=DataClass.PUBLIC), Label(data_class=DataClass.SPECIAL)):
        for place, owner in (("on-prem", "house"), ("US", "US")):
            told = facts(place, Custody(owner=owner, retention_days=7))
            assert formulas.evaluate(case_of(label, told)) == cedar.decide(label, told).is_allowed


class Tired:
    """Z3, but for a solver that always says one thing."""

    def __init__(self, says: str) -> None:
        self.says = says
        self.told: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(z3, name)

    def Solver(self) -> Any:  # noqa: N802 as Z3 has it
        return self

    def set(self, *told: Any) -> None:
        self.told.append(told)

    def add(self, *_: Any) -> None: ...

    def check(self) -> Any:
        return getattr(z3, self.says)

    def reason_unknown(self) -> str:
        return "timeout"


def test_axioms_that_contradict_each_other_prove_nothing() -> None:
    """Of nothing everything is true."""
    with pytest.raises(Bug, match=r"^the axioms contradict each other$"):
        Prover(profile(OPEN, "true"), groups(), z3=Tired("unsat")).invariants()


def test_what_cannot_be_decided_in_time_is_no_proof() -> None:
    solver = Tired("unknown")
    tired = Prover(profile(OPEN + forbid("resource.local", "x")), groups(), z3=solver)
    for asks in (tired.idle, lambda: tired.never("x", "", tired.allows)):
        with pytest.raises(Misconfigured, match=r"^'x' could not be decided: timeout$"):
            asks()
    with pytest.raises(Misconfigured, match=r"^'what is new' could not"):
        tired.newly_allows(tired)
    assert solver.told == [("timeout", 10_000)] * 3


def test_without_the_prover_nothing_is_taken_for_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "z3", None)
    with pytest.raises(Misconfigured, match=r"^proving needs Z3, .*'\.\[proof\]'$"):
        prover(OPEN)


def test_an_endpoint_of_which_all_are_near_is_near() -> None:
    here = case_of(Label(), facts("DE", Custody(owner="FR", storage="EU", access=("IE",))))
    formulas = prover(OPEN)
    assert formulas.is_possible(here, has_near_staff=True)
    assert not formulas.is_possible({**here, "resource.eea": False}, has_near_staff=True)


def test_what_was_proved_has_a_digest() -> None:
    proofs = prover(OPEN, "false").invariants()
    assert proof_digest(proofs) == proof_digest(prover(OPEN, "false").invariants())
    assert proof_digest(proofs) != proof_digest(prover(OPEN, "true").invariants())


SHIPPED = [load_profile(name) for name in shipped_profiles()]
BOTH = [(Policies(each), Prover(each, groups())) for each in SHIPPED]


@settings(max_examples=300, deadline=None)
@given(which=st.sampled_from(BOTH), label=LABELS, place=PLACES, custody=CUSTODIES)
def test_formulas_and_cedar_agree(
    which: tuple[Policies, Prover], label: Label, place: str, custody: Custody
) -> None:
    cedar, formulas = which
    told = facts(place, custody)
    decision = cedar.decide(label, told)
    assert not decision.errors
    assert formulas.evaluate(case_of(label, told)) == decision.is_allowed


@settings(max_examples=100, deadline=None)
@given(label=LABELS, place=PLACES, custody=CUSTODIES)
def test_facts_are_made_of_each_other_as_the_axioms_say(
    label: Label, place: str, custody: Custody
) -> None:
    """And no other way: with one of them turned round there is no such endpoint."""
    told = case_of(label, facts(place, custody))
    _, formulas = BOTH[0]
    assert formulas.is_possible(told)
    access = custody.access
    if access is not None and not {*access} - {"on-prem", "house", "nowhere"}:
        for name in ("eea", "adequate", "concern"):
            turned = {**told, f"resource.{name}": not told[f"resource.{name}"]}
            assert not formulas.is_possible(turned, has_near_staff=True)
    assert not formulas.is_possible({**told, "resource.local": not told["resource.local"]})
