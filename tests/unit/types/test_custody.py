"""A number for each class is found by the class."""

from __future__ import annotations

from jevons.types.custody import DataClass, PerClass


def test_each_class_has_its_own_number() -> None:
    days = PerClass(public=4, internal=3, personal=2, special=1)
    assert [days.of(data_class) for data_class in DataClass] == [4, 3, 2, 1]


def test_all_classes_can_have_one() -> None:
    assert {PerClass.all(7).of(data_class) for data_class in DataClass} == {7}
