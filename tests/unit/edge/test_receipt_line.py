"""The line about a receipt says what is known, in ASCII, and nothing for zero."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from jevons.edge.receipt_line import receipt_line
from jevons.testing.make import a_receipt
from jevons.types.units import Estimate, Priced


def test_what_is_not_known_is_null() -> None:
    line = json.loads(receipt_line(a_receipt()))
    assert (line["cost_nusd"], line["energy_mwh"], line["carbon_mg"]) == (None, None, None)


def test_energy_is_in_milliwatt_hours() -> None:
    energy = Estimate(p05=1, p50=7200, p95=9e9, method="modelled-cpu", source="a test")
    cost = Priced(nusd=12, method="price-row", source="a test")
    line = json.loads(receipt_line(a_receipt(energy_mj=energy, cost=cost)))
    assert (line["energy_mwh"], line["cost_nusd"]) == (2.0, 12)


@given(st.text())
def test_it_is_one_line_of_ascii_whatever_the_names(name: str) -> None:
    line = receipt_line(a_receipt(model=name, endpoint=name))
    assert line.isascii()
    assert b"\n" not in line
    assert json.loads(line)["model"] == name
