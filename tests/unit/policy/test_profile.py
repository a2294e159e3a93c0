"""A profile is text, and says which line decides what."""

from __future__ import annotations

import pytest

from jevons.policy.profile import Statement, read_profile
from jevons.types.custody import DataClass, Label
from jevons.types.errors import Misconfigured

POLICIES = """// A comment, in which @id("no") is not at the beginning of a line.

@id("open")
permit (principal, action == Action::"send", resource);

@id("near")
@says("nothing \\"far\\" away")
forbid (principal, action == Action::"send", resource)
unless { resource.local };
"""
MANIFEST = """
says = "Near."
data_class = "personal"
region = "EEA"
[[invariants]]
name = "near"
says = "nothing goes far"
never = "!resource.local"
"""


def test_each_policy_is_found_with_its_line_and_its_reason() -> None:
    profile = read_profile("mine", policies=POLICIES, manifest=MANIFEST)
    assert profile.statements == (
        Statement("open", "", "mine.cedar", 3),
        Statement("near", 'nothing \\"far\\" away', "mine.cedar", 6),
    )
    assert profile.label == Label(data_class=DataClass.PERSONAL, region="EEA")
    assert [each.name for each in profile.invariants] == ["near"]
    assert profile.says == "Near."


def test_a_reason_before_any_policy_is_nobodys() -> None:
    profile = read_profile("mine", policies='@says("why")\n' + POLICIES, manifest=MANIFEST)
    assert [each.says for each in profile.statements] == ["", 'nothing \\"far\\" away']


@pytest.mark.parametrize(
    ("manifest", "named"),
    [
        ("says = 1", "says"),
        ("says = ", "profile 'mine'"),
        ('says = ""', "data_class"),
        ('says = ""\ndata_class = "secret"', "public, internal, personal, special"),
        ('says = ""\ndata_class = "public"\nwrong = 1', "wrong"),
    ],
)
def test_what_is_no_manifest_is_refused_by_name(manifest: str, named: str) -> None:
    with pytest.raises(Misconfigured, match=named):
        read_profile("mine", policies=POLICIES, manifest=manifest)
