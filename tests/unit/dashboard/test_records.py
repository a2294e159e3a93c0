"""A page about a receipt says who answered, and that nobody was asked where nobody was."""

from __future__ import annotations

from jevons.dashboard.doors import Head
from jevons.dashboard.view.records import one
from jevons.testing.make import a_receipt
from jevons.types.account import Tried
from jevons.types.proof import Filed

FILED = Filed(leaf=b"{}", leaf_hash="", inclusion=None)


def test_an_answer_that_was_given_again_is_nobodys() -> None:
    again = a_receipt(
        endpoint="cache", chosen="cache", repeats="req_before", why="the same was asked 3 s ago"
    )
    page = one(again, FILED, Head("", "", None), names={})
    assert page.says.startswith("Nobody was asked: the answer of req_before was given again")
    facts = {fact.name: fact.value for _, group in page.facts for fact in group}
    assert (facts["answered by"], facts["repeats"]) == ("cache", "req_before")
    assert "auto" not in facts


def test_another_is_somebodys() -> None:
    page = one(a_receipt(chosen="certified"), FILED, Head("", "", None), names={})
    assert page.says.startswith("here answered on premises")
    facts = {fact.name: fact.value for _, group in page.facts for fact in group}
    assert "repeats" not in facts
    assert facts["auto"] == "certified"


def test_a_cascade_names_its_arm_and_every_draft() -> None:
    drafts = (
        Tried(endpoint="cheap", draft="taken"),
        Tried(endpoint="local", draft="agreed"),
    )
    receipt = a_receipt(chosen="certified", arm="cheap+local", endpoint="cheap", tried=drafts)
    facts = [
        (fact.name, fact.value)
        for _, group in one(receipt, FILED, Head("", "", None), names={}).facts
        for fact in group
    ]
    assert ("arm", "cheap+local") in facts
    assert [value for name, value in facts if name == "drafted"] == [
        "cheap: taken",
        "local: agreed",
    ]
