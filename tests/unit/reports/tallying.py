"""Receipts as reports meet them: written as leaves, read, and added up."""

from __future__ import annotations

from typing import Any

import msgspec

from jevons.ledger.record import encode
from jevons.reports import Counted, Tally, add_up, tally_of
from jevons.testing.make import a_receipt
from jevons.types.units import Estimate


def estimate(p50: float, fold: float = 2.0, method: str = "modelled-hosted") -> Estimate:
    return Estimate(p05=p50 / fold, p50=p50, p95=p50 * fold, method=method, source="a test")


def counted(**fields: Any) -> Counted:
    """A receipt, written as a leaf and read as it is to be added up."""
    return msgspec.json.decode(encode(a_receipt(**fields)), type=Counted)


def tallied(*receipts: Counted) -> list[Tally]:
    return [tally_of(group, sums) for group, sums in add_up(receipts).items()]
