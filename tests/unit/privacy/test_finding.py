"""Findings raise a request to the class of the gravest among them, and never lower it."""

from __future__ import annotations

from typing import get_args

import pytest

from jevons.privacy import CLASSES, Kind, class_of
from jevons.types.custody import DataClass


def test_every_kind_has_a_class() -> None:
    assert set(CLASSES) == set(get_args(Kind))


@pytest.mark.parametrize(
    ("kinds", "data_class"),
    [
        ((), DataClass.PUBLIC),
        (("url",), DataClass.PUBLIC),
        (("url", "email"), DataClass.PERSONAL),
        (("email", "api_key", "phone"), DataClass.SPECIAL),
    ],
)
def test_the_gravest_finding_names_the_class(
    kinds: tuple[Kind, ...], data_class: DataClass
) -> None:
    assert class_of(kinds) is data_class
