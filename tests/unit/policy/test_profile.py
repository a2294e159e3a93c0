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


@pytest.mark.parametrize("parted", ["\n", " ", "\n\n  "])
def test_a_reason_is_that_of_its_own_policy_in_either_order(parted: str) -> None:
    policies = (
        f'@says("the first"){parted}@id("a")\npermit (principal, action, resource);\n'
        f'@id("b")\npermit (principal, action, resource);\n'
        f'  @note("x"){parted}@says("the third"){parted}@id("c")\npermit (principal, action, resource);'
    )
    found = read_profile("mine", policies=policies, manifest=MANIFEST).statements
    assert [(each.id, each.says) for each in found] == [
        ("a", "the first"),
        ("b", ""),
        ("c", "the third"),
    ]
    for each in found:
        assert f'@id("{each.id}")' in policies.splitlines()[each.line - 1]


def test_a_reason_without_a_policy_of_its_own_is_nobodys() -> None:
    read = read_profile(
        "mine", policies='@says("why")\n// no policy\n' + POLICIES, manifest=MANIFEST
    )
    assert [each.says for each in read.statements] == ["", 'nothing \\"far\\" away']


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
