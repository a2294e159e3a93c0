"""A profile that ships says what it is meant to, and no small change to one goes unnoticed.

`JEVONS_CHANGES=1` (`make prove`) tries every change there is; otherwise a few, the same each time.
"""

from __future__ import annotations

import os
import random
from itertools import product
from typing import TYPE_CHECKING

import pytest
from tests.contract.policy.change import changes
from tests.contract.policy.law import LABELS, LAWS, TODAY, WORLD, Host, may_go

from jevons.boot.policy import load_profile, shipped_profiles
from jevons.catalog.places import groups
from jevons.policy.cedar import Policies
from jevons.policy.facts import facts_of
from jevons.policy.proof import Prover
from jevons.testing.make import an_endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.policy.change import Changed

    from jevons.policy.facts import Facts
    from jevons.policy.profile import Profile
    from jevons.types.custody import Label

SAMPLED = 5


def told(host: Host) -> Facts:
    endpoint = an_endpoint("far", place=host.place, custody=host.custody)
    return facts_of(endpoint, groups(), day=TODAY)


FACTS = tuple((host, told(host)) for host in WORLD)


def disagreements(profile: Profile) -> Iterator[tuple[Label, Host]]:
    """Yield each case in which a profile says other than it was meant to."""
    policies = Policies(profile)
    for (host, facts), label in product(FACTS, LABELS):
        if policies.decide(label, facts).is_allowed != may_go(profile.name, label, host):
            yield label, host


@pytest.mark.parametrize("name", shipped_profiles())
def test_what_ships_says_what_it_is_meant_to(name: str) -> None:
    assert next(disagreements(load_profile(name)), None) is None


def test_there_is_a_law_for_each_profile() -> None:
    assert sorted(LAWS) == sorted(shipped_profiles())


def test_each_profile_tells_the_world_apart() -> None:
    """Of a law that always says the same, no case shows anything."""
    for name in sorted({*shipped_profiles()} - {"open"}):
        said = {may_go(name, label, host) for host, label in product(WORLD, LABELS)}
        assert said == {True, False}


def tried(profile: Profile) -> list[Changed]:
    every = list(changes(profile))
    if os.environ.get("JEVONS_CHANGES"):
        return every
    return random.Random(profile.name).sample(every, min(SAMPLED, len(every)))


@pytest.mark.parametrize("name", shipped_profiles())
def test_no_change_to_what_ships_goes_unnoticed(name: str) -> None:
    """One that lets more through breaks a promise; one that refuses more is not what was meant.

    One that does neither decides every case there could be as before, which is proved.
    """
    whole = load_profile(name)
    before = Prover(whole, groups())
    counted = {"breaks a promise": 0, "refuses more than is meant": 0, "changes nothing": 0}
    for what, profile in tried(whole):
        after = Prover(profile, groups())
        if any(not each.holds for each in after.invariants()):
            counted["breaks a promise"] += 1
            continue
        assert after.newly_allows(before) is None, f"{what}: no promise minds"
        if before.newly_allows(after) is None:
            counted["changes nothing"] += 1
            continue
        assert next(disagreements(profile), None) is not None, f"{what}: nobody minds"
        counted["refuses more than is meant"] += 1
    print(f"\n{name}: {', '.join(f'{count} {what}' for what, count in counted.items())}")  # noqa: T201 `make prove` shows it
    assert sum(counted.values())
