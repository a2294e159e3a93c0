"""An error carries what the edge has to say about it."""

from __future__ import annotations

from jevons.types.errors import MethodNotAllowed, OnHold


def test_a_wrong_method_names_those_that_would_be_right() -> None:
    error = MethodNotAllowed("PUT /v1/models; it accepts GET", allowed=["GET", "HEAD"])
    assert (error.status, error.allowed) == (405, ("GET", "HEAD"))
    assert MethodNotAllowed("PUT").allowed == ()


def test_a_legal_hold_refuses_by_a_rule_of_its_own() -> None:
    error = OnHold("the answers of 'key_1' are on legal hold")
    assert (error.status, error.rule) == (403, "legal-hold")
