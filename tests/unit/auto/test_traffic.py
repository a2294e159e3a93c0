"""A request is of the traffic of whoever pays for it, and of the kind of answer that it asks for."""

from __future__ import annotations

import pytest

from jevons.auto.traffic import Tenant, Traffic, traffic_of
from jevons.testing.make import a_request, an_actor
from jevons.types.errors import Malformed
from jevons.types.request import Output, Tool

LAB = an_actor(key="key_7", account=("search", "lab", "acme"))
ALONE = an_actor(account=("search", "acme"))


@pytest.mark.parametrize(
    ("level", "of_a_team", "of_none"),
    [
        ("house", "", ""),
        ("organisation", "acme", "acme"),
        ("team", "lab", "acme"),
        ("project", "search", "search"),
        ("key", "key_7", "key_1"),
    ],
)
def test_whose_it_is(level: Tenant, of_a_team: str, of_none: str) -> None:
    named = [
        traffic_of(a_request(actor=each), tenant=level, names=()).tenant for each in (LAB, ALONE)
    ]
    assert named == [of_a_team, of_none]


def test_nobody_s_is_the_house_s() -> None:
    assert traffic_of(a_request(actor=None), tenant="key", names=()) == Traffic("", "text")


def test_kinds_of_answers_are_classes() -> None:
    told = Output(kind="json_schema")
    tool = (Tool(name="search"),)
    asked = [a_request(), a_request(output=told), a_request(output=told, tools=tool)]
    names = [traffic_of(each, tenant="house", names=()).name for each in asked]
    assert names == ["text", "json", "tools"]


def test_callers_take_a_name_of_those_that_the_house_has() -> None:
    asked = a_request(traffic="invoices")
    assert traffic_of(asked, tenant="house", names=("invoices",)).name == "text:invoices"
    with pytest.raises(Malformed, match=r"x-jevons-class is 'invoices'; .* this house has: 'code'"):
        traffic_of(asked, tenant="house", names=("code",))
    with pytest.raises(Malformed, match="has: none"):
        traffic_of(asked, tenant="house", names=())
