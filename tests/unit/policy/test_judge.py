"""A verdict says who may serve, under which rules, and under which policy exactly."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.catalog import Catalog
from jevons.policy import RULES, Asking, Rule, Rules
from jevons.testing import Clock
from jevons.testing.make import a_footprint, a_price, a_request, an_actor, an_endpoint
from jevons.types.custody import DataClass, Label
from jevons.types.errors import Bug, ResidencyRefused, Unauthenticated, Unsupported

if TYPE_CHECKING:
    from jevons.types.model import Endpoint

HERE = an_endpoint("here", can=frozenset({"text", "tools"}), aliases=("x", "y"))
BERLIN = an_endpoint("berlin", place="DE")


def house(*endpoints: Endpoint, rules: tuple[Rule, ...] = RULES) -> Rules:
    return Rules(Catalog(endpoints), clock=Clock(5_000), rules=rules)


def policy(*endpoints: Endpoint, rules: tuple[Rule, ...] = RULES) -> str:
    return house(*endpoints, rules=rules).judge(a_request()).policy


def test_a_verdict_names_every_rule_that_allowed_it() -> None:
    verdict = house(HERE, BERLIN).judge(a_request())
    assert verdict.endpoints == (HERE, BERLIN)
    assert verdict.rules == tuple(rule.name for rule in RULES)


def test_the_policy_is_a_sha256_of_the_rules_and_of_what_they_read() -> None:
    # Receipts carry it: to change what is hashed is to change what they mean.
    hashed = (
        b'[[["key-valid",1],["model-known",1],["endpoint-allowed",1],["place-allowed",1],'
        b'["modality-supported",1],["size-fits",1]],'
        b'[["here","a/model",["x","y"],"on-prem",["text","tools"],null]]]'
    )
    assert policy(HERE) == sha256(hashed).hexdigest()


def test_the_order_of_the_catalogue_is_no_part_of_the_policy() -> None:
    assert policy(HERE, BERLIN) == policy(BERLIN, HERE)


@pytest.mark.parametrize(
    "other",
    [
        an_endpoint("there", can=HERE.can, aliases=HERE.aliases),
        an_endpoint("here", can=frozenset({"text"}), aliases=HERE.aliases),
        an_endpoint("here", can=HERE.can, aliases=("x",)),
        an_endpoint("here", can=HERE.can, aliases=HERE.aliases, place="DE"),
        an_endpoint("here", can=HERE.can, aliases=HERE.aliases, context_tokens=1),
    ],
)
def test_what_a_rule_reads_of_an_endpoint_is_part_of_the_policy(other: Endpoint) -> None:
    assert policy(other) != policy(HERE)


def test_the_model_an_endpoint_serves_is_part_of_the_policy() -> None:
    ours = an_endpoint("here", model="b/model", aliases=("a/model",))
    theirs = an_endpoint("here", model="a/model", aliases=("b/model",))
    assert policy(ours) != policy(theirs)


def test_money_and_energy_are_no_part_of_the_policy() -> None:
    billed = an_endpoint("berlin", place="DE", price=a_price(), footprint=a_footprint())
    assert policy(billed) == policy(BERLIN)


def test_a_rule_of_another_version_is_another_policy() -> None:
    first, *others = RULES
    assert policy(HERE, rules=(first._replace(version=2), *others)) != policy(HERE)
    assert policy(HERE, rules=(first._replace(name="other"), *others)) != policy(HERE)
    assert policy(HERE, rules=RULES[:-1]) != policy(HERE)
    assert policy(HERE, rules=(first._replace(digest="x"), *others)) != policy(HERE)


def test_a_rule_that_errs_lets_nothing_through() -> None:
    def errs(asking: Asking, endpoints: tuple[Endpoint, ...]) -> tuple[Endpoint, ...]:
        message = "the rule is broken"
        raise Bug(message)

    rules = house(HERE, rules=(*RULES, Rule("errs", 1, errs)))
    with pytest.raises(Bug):
        rules.judge(a_request())
    with pytest.raises(Bug):
        rules.visible(an_actor())


def test_an_actor_sees_what_it_may_use_in_the_order_of_the_catalogue() -> None:
    rules = house(HERE, BERLIN)
    assert rules.visible(an_actor()) == (HERE, BERLIN)
    assert rules.visible(an_actor(places=frozenset({"DE"}))) == (BERLIN,)
    assert rules.visible(an_actor(endpoints=frozenset({"here"}))) == (HERE,)


def test_an_actor_that_may_use_nothing_sees_nothing() -> None:
    assert house(HERE).visible(an_actor(endpoints=frozenset())) == ()
    assert house(HERE).visible(an_actor(places=frozenset({"DE"}))) == ()


def test_in_an_empty_house_there_is_nothing_to_see() -> None:
    assert house().visible(an_actor()) == ()


def test_nobody_sees_anything_without_a_key_that_holds() -> None:
    for actor in (None, an_actor(revoked=True), an_actor(expires_ms=4_999)):
        with pytest.raises(Unauthenticated):
            house(HERE).visible(actor)
    assert house(HERE).visible(an_actor(expires_ms=5_000)) == (HERE,)


def test_what_leaves_is_judged_once_more_for_where_it_goes() -> None:
    rules = house(HERE, BERLIN)
    at_home = a_request(actor=an_actor(places=frozenset({"on-prem"})))
    rules.admit(HERE, at_home)
    with pytest.raises(ResidencyRefused):
        rules.admit(BERLIN, at_home)
    with pytest.raises(Unauthenticated):
        rules.admit(HERE, a_request(actor=None))
    with pytest.raises(Unsupported):
        rules.admit(BERLIN, a_request(actor=an_actor(), needs=frozenset({"audio"})))


def test_a_refusal_says_what_the_data_was_taken_to_be_and_under_which_policy() -> None:
    rules = house(HERE)
    actor = an_actor(places=frozenset(), data_class=DataClass.INTERNAL, region="GB")
    with pytest.raises(ResidencyRefused) as refused:
        rules.judge(a_request(actor=actor, data_class=DataClass.PERSONAL))
    taken = Label(data_class=DataClass.PERSONAL, region="GB", unread=True)
    assert refused.value.label == taken
    assert refused.value.policy == rules.digest


def test_the_rules_are_named_with_their_versions() -> None:
    assert house(HERE, rules=RULES[:2]).asked == ("key-valid 1", "model-known 1")


@given(
    st.frozensets(st.sampled_from(["here", "berlin"])) | st.none(),
    st.frozensets(st.sampled_from(["on-prem", "DE"])) | st.none(),
)
def test_whatever_is_seen_can_be_asked(
    endpoints: frozenset[str] | None, places: frozenset[str] | None
) -> None:
    actor = an_actor(endpoints=endpoints, places=places)
    rules = house(HERE, BERLIN)
    for endpoint in rules.visible(actor):
        asked = a_request(actor=actor, model=endpoint.name)
        assert rules.judge(asked).endpoints == (endpoint,)
