"""Advice after a refusal: the endpoint that differs least, and what the policies would take."""

from __future__ import annotations

import pytest

from jevons.catalog.places import groups
from jevons.policy.egress import Egress
from jevons.policy.nearest import nearest, wanting
from jevons.policy.profile import read_profile
from jevons.testing.make import an_endpoint
from jevons.types.custody import OWN, Custody, DataClass, Label

PERSONAL = Label(data_class=DataClass.PERSONAL, region="EEA", unread=True)
KNOWN = Custody(owner="US", storage="US", access=(), retention_days=365, trains=False)
FAR = an_endpoint("far", model="a/a", place="US", custody=KNOWN)


def test_of_those_that_may_the_one_that_differs_least_is_nearest() -> None:
    other = an_endpoint("other", model="a/a", place="JP", custody=KNOWN)
    nearer = an_endpoint("nearer", model="a/a", place="US", custody=OWN)
    found = nearest(FAR, (nearer, other))
    assert found is not None
    assert found.endpoint is other
    assert found.differs == ("processed in JP, not US",)


def test_the_same_model_is_nearer_than_any_other() -> None:
    alike = an_endpoint("alike", model="b/b", place="US", custody=KNOWN)
    found = nearest(FAR, (alike, an_endpoint("home", model="a/a", custody=OWN)))
    assert found is not None
    assert found.endpoint.name == "home"
    assert found.differs == (
        "processed in on-prem, not US",
        "owner house, not US",
        "stored in on-prem, not US",
        "kept for 0 days, not 365 days",
    )


def test_of_those_that_differ_in_as_much_the_first_is_nearest() -> None:
    twins = (an_endpoint("one", model="b/b"), an_endpoint("two", model="b/b"))
    found = nearest(FAR, twins)
    assert found is not None
    assert found.endpoint.name == "one"


def test_what_nobody_knows_is_a_difference_too() -> None:
    day = Custody(owner="US", storage="US", access=("US", "IN"), retention_days=1, basis="dpf")
    found = nearest(
        an_endpoint("x", place="US", custody=Custody()), [an_endpoint(place="US", custody=day)]
    )
    assert found is not None
    assert found.differs == (
        "owner US, not unknown",
        "stored in US, not unknown",
        "staff reaching in from IN and US, not unknown",
        "kept for 1 day, not an unknown time",
        "basis dpf, not none",
    )


def test_where_none_may_none_is_nearest() -> None:
    assert nearest(FAR, ()) is None


def wants(unless: str, label: Label = PERSONAL) -> tuple[str, ...] | None:
    text = (
        '@id("open")\npermit (principal, action == Action::"send", resource);\n'
        '@id("no")\nforbid (principal, action == Action::"send", resource)\n'
        f"unless {{ {unless} }};"
    )
    read = read_profile("mine", policies=text, manifest='says = ""\ndata_class = "public"')
    return wanting(Egress(read, groups()), label, FAR, 0)


@pytest.mark.parametrize(
    ("unless", "wanted"),
    [
        ("context.veiled", ("tokens stood for what identifies people in it",)),
        ("!context.unread", ("all of it could be looked through",)),
        ("resource.retention_days <= 30", ("it were kept for 30 days at most",)),
        ("resource.retention_days < 1", ("it were kept for no day at all",)),
        (
            'resource.basis != "none"',
            ("the vendor were certified under the Data Privacy Framework",),
        ),
        (
            'resource.basis == "scc-tia" && context.veiled',
            (
                "tokens stood for what identifies people in it",
                "standard contractual clauses were signed and the transfer's impact assessed",
            ),
        ),
        ("resource.eea", ("everybody who can get at it were in the EEA",)),
        ("resource.local", ("it ran on hardware of one's own",)),
        ("context.data_class < 2", None),
    ],
)
def test_the_least_that_would_be_enough_is_said(
    unless: str, wanted: tuple[str, ...] | None
) -> None:
    assert wants(unless) == wanted


def test_what_is_so_already_is_no_advice() -> None:
    read = Label(data_class=DataClass.PERSONAL, veiled=True)
    assert wants("resource.local", read) == ("it ran on hardware of one's own",)
    trained = an_endpoint("far", place="US", custody=Custody(owner="US", trains=True))
    text = '@id("x")\npermit (principal, action == Action::"send", resource) unless { resource.trains };'
    profile = read_profile("mine", policies=text, manifest='says = ""\ndata_class = "public"')
    assert wanting(Egress(profile, groups()), PERSONAL, trained, 0) == (
        "no model were trained on it",
    )
