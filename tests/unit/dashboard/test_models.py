"""What an endpoint's tokens came to is a figure, or said to be unknown; never left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jevons.dashboard.blocks import NOTHING
from jevons.dashboard.view.models import _did  # pyright: ignore[reportPrivateUsage] its subject

if TYPE_CHECKING:
    from jevons.reports.spend import Bill

USED = NOTHING._replace(requests=4, failed=1, read=900_000, written=100_000)


def said(bill: Bill) -> list[str]:
    return [cell.text for cell in _did(bill)]


def test_what_is_known_of_some_answers_is_a_figure() -> None:
    bill = USED._replace(cost_nusd=2_000_000_000, unpriced=3, energy_mj=360_000_000.0)
    assert said(bill) == ["4", "25 %", "$2.00", "1.00 Wh"]


def test_what_is_known_of_none_is_unknown() -> None:
    assert said(USED._replace(unpriced=4, unmeasured=4))[2:] == ["unknown", "unknown"]


def test_what_nobody_asked_came_to_nothing() -> None:
    assert said(NOTHING) == ["0", "", "", ""]
