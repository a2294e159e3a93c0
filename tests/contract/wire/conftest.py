"""How many recordings a test of them looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def report(record_property: Callable[[str, object], None]) -> Callable[[int], None]:
    """Say how many recordings were checked; a test that found none says so, and is no success."""

    def say(checked: int) -> None:
        record_property("checked", checked)
        print(f"checked {checked} recordings")  # noqa: T201 how many is part of the answer
        if not checked:
            pytest.skip("the folder of recordings holds none of this kind")

    return say
