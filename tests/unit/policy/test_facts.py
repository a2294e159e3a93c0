"""What is not known of an endpoint is told to policies at its worst."""

from __future__ import annotations

import pytest

from jevons.catalog.places import groups
from jevons.policy.facts import FOREVER_DAYS, Facts, facts_of
from jevons.testing.make import an_endpoint
from jevons.types.custody import OWN, Custody

FRENCH = Custody(owner="FR", storage="EU", access=("IE",), retention_days=30, trains=False)


def told(place: str, custody: Custody, *, day: str = "2026-11-23") -> Facts:
    return facts_of(an_endpoint("far", place=place, custody=custody), groups(), day=day)


def test_nothing_known_is_the_worst_there_is() -> None:
    facts = told("unknown", Custody())
    assert (facts.local, facts.eea, facts.adequate) == (False, False, False)
    assert facts.concern
    assert facts.trains
    assert facts.retention_days == FOREVER_DAYS
    assert facts.basis == "none"


def test_hardware_of_ones_own_is_as_near_as_can_be() -> None:
    facts = told("on-prem", OWN)
    assert facts.local
    assert facts.eea
    assert facts.adequate
    assert (facts.concern, facts.trains, facts.retention_days) == (False, False, 0)


def test_a_server_of_ones_own_that_another_owns_is_not_local() -> None:
    assert not told("on-prem", FRENCH).local


def test_the_eea_is_where_everybody_who_can_get_at_it_is() -> None:
    assert told("DE", FRENCH).eea


@pytest.mark.parametrize(
    ("place", "custody"),
    [
        ("US", FRENCH),
        ("unknown", FRENCH),
        ("DE", Custody(owner="CN", storage="EU", access=("IE",))),
        ("DE", Custody(owner="FR", storage="US", access=("IE",))),
        ("DE", Custody(owner="FR", storage="EU", access=("IN",))),
        ("DE", Custody(owner="FR", storage="EU", access=None)),
    ],
)
def test_one_way_out_of_the_eea_is_out_of_it(place: str, custody: Custody) -> None:
    facts = told(place, custody)
    assert not facts.eea
    assert not facts.adequate


def test_everywhere_in_the_eea_is_still_in_it() -> None:
    everywhere = tuple(sorted(groups().eea.places))
    assert told("DE", Custody(owner="FR", storage="EU", access=everywhere)).eea
    safe = (*everywhere, *sorted(groups().adequate.places))
    assert told("DE", Custody(owner="FR", storage="EU", access=safe)).adequate


def test_countries_that_the_commission_calls_adequate_are_as_good() -> None:
    facts = told("CH", Custody(owner="JP", storage="nowhere", access=()))
    assert facts.adequate
    assert not facts.eea
    assert not facts.concern


@pytest.mark.parametrize("access", [("CN",), ("HK",), None])
def test_staff_in_a_country_of_concern_is_of_concern(access: tuple[str, ...] | None) -> None:
    assert told("US", Custody(owner="US", storage="US", access=access)).concern


def test_a_basis_holds_to_its_last_day() -> None:
    custody = Custody(basis="scc-tia", basis_until="2026-11-23")
    assert told("US", custody).basis == "scc-tia"
    assert told("US", custody, day="2026-11-24").basis == "none"
    assert told("US", Custody(basis="dpf")).basis == "dpf"


def test_groups_name_their_law_and_when_it_was_read() -> None:
    for group in (groups().eea, groups().adequate, groups().concern):
        assert group.what
        assert group.url.startswith("https://")
        assert group.read
        assert all(len(place) == 2 and place.isupper() for place in group.places)
    assert len(groups().eea.places) == 31  # 27 members, three more, and `EU`
    assert groups().eea.places.isdisjoint(groups().adequate.places | groups().concern.places)
    assert groups().adequate.places.isdisjoint(groups().concern.places)
