"""Paths of a log are those of the specification, and each has one spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.wire.tlog import Resource, read_path


@given(st.one_of(st.none(), st.integers(0, 63)), st.integers(0, 10**15 - 1), st.integers(1, 256))
def test_a_path_reads_back_as_what_it_names(level: int | None, number: int, width: int) -> None:
    asked = Resource(level, number, width)
    assert read_path(asked.path) == asked


def test_paths_are_those_of_the_specification() -> None:
    assert Resource(0, 1234067).path == "tile/0/x001/x234/067"
    assert Resource(None, 273, 112).path == "tile/entries/273.p/112"


@pytest.mark.parametrize(
    "path",
    [
        "", "checkpoint", "tile/64/000", "tile/00/000", "tile/0/0", "tile/0/1000", "tile/0/x000/007",
        "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p/", "tile/0/000/",
        "tile/entries/001/002", "tile/-1/000", "/tile/0/000", "tile/0/\u0660\u0660\u0660", "tile/0/000\n",
    ],
)  # fmt: skip
def test_a_path_that_no_log_has_is_nothing(path: str) -> None:
    assert read_path(path) is None


def test_a_path_is_read_as_what_it_names() -> None:
    assert read_path("tile/63/x001/x234/067.p/255") == Resource(63, 1234067, 255)
    assert read_path("tile/entries/007") == Resource(None, 7)
    assert Resource(1, 1_234_067).path == "tile/1/x001/x234/067"  # the specification's own
    assert Resource(None, 273, 112).path == "tile/entries/273.p/112"
