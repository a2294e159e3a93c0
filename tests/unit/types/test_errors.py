"""An error carries what the edge has to say about it."""

from __future__ import annotations

from jevons.types.errors import MethodNotAllowed


def test_a_wrong_method_names_those_that_would_be_right() -> None:
    error = MethodNotAllowed("PUT /v1/models; it accepts GET", allowed=["GET", "HEAD"])
    assert (error.status, error.allowed) == (405, ("GET", "HEAD"))
    assert MethodNotAllowed("PUT").allowed == ()
